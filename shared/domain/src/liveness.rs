//! Is another hub alive? What its backups in the shared storage say, and no more: fresh backups prove
//! life, silence does not prove death (operator-facts §7, DESIGN §3 "Old hub live").

use crate::identity::HubId;
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::storage_location::{StorageLocation, VELERO_SYNC_PACE};
use crate::sets::backup_sets;
use crate::time::saturating::Saturating;
use jiff::{SignedDuration, Timestamp};

/// The operator gives a validation backup the period of its schedule plus this (operator-facts §3.2).
const VALIDATION_GRACE: SignedDuration = SignedDuration::from_mins(5);

/// The least time a finished set is given to show up here.
const LEAST_DELAY: SignedDuration = SignedDuration::from_mins(2);

/// What the backups tell of one hub.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// The hub.
    pub hub: HubId,
    /// The backup of its that started last.
    pub last_started: Option<LastStarted>,
    /// The period of its schedule; none where nothing tells it.
    pub period: Option<SignedDuration>,
    /// How long a backup of its may take to be seen here: its last set's duration plus the sync
    /// interval, at least two minutes.
    pub delay: SignedDuration,
}

/// The newest sign of life.
#[derive(Clone, Debug, PartialEq)]
pub struct LastStarted {
    /// Name of the Backup.
    pub backup: String,
    /// When Velero began it.
    pub at: Timestamp,
}

impl Activity {
    /// What `hub` did after `since`, as far as `backups` show it. Markers are no evidence: they carry
    /// the id of the hub that was restored *from*.
    pub fn of(
        hub: &HubId,
        backups: &[Backup],
        locations: &[StorageLocation],
        since: Option<Timestamp>,
    ) -> Self {
        let last_started = backups
            .iter()
            .filter(|backup| backup.backup_type().is_some() && backup.writer() == *hub)
            .filter_map(|backup| Some((backup.started?, backup)))
            .filter(|(started, _)| since.is_none_or(|since| *started > since))
            .max_by_key(|(started, _)| *started)
            .map(|(at, backup)| LastStarted {
                backup: backup.meta.name.clone(),
                at,
            });
        let sync = locations
            .iter()
            .map(StorageLocation::sync_interval)
            .max()
            .unwrap_or(VELERO_SYNC_PACE);
        let last_set = backup_sets(backups)
            .iter()
            .filter(|set| set.writer == *hub)
            .filter_map(|set| set.duration())
            .next_back()
            .unwrap_or_default();
        Self {
            hub: hub.clone(),
            last_started,
            period: period(hub, backups),
            delay: last_set.plus(sync).max(LEAST_DELAY),
        }
    }

    /// How long after its last backup began this hub must still be taken for alive.
    pub fn horizon(&self) -> Option<SignedDuration> {
        self.period.map(|period| period.plus(self.delay))
    }

    /// Whether it began a backup recently enough to count as alive. Where nothing tells its period,
    /// anything within the delay counts.
    pub fn is_live(&self, now: Timestamp) -> bool {
        let horizon = self.horizon().unwrap_or(self.delay);
        self.last_started
            .as_ref()
            .is_some_and(|last| now.duration_since(last.at) <= horizon)
    }
}

/// The period of a hub's schedule: what its newest validation backup's TTL tells, else the gap
/// between its last two runs.
pub fn period(hub: &HubId, backups: &[Backup]) -> Option<SignedDuration> {
    let told = backups
        .iter()
        .filter(|backup| {
            backup.backup_type() == Some(BackupType::Validation) && backup.writer() == *hub
        })
        .filter(|backup| backup.ttl.is_some())
        .max_by_key(|backup| backup.run())
        .and_then(|backup| backup.ttl)
        .map(|ttl| SignedDuration::from(ttl).less(VALIDATION_GRACE))
        .filter(|period| period.is_positive());
    told.or_else(|| {
        let runs: Vec<_> = backup_sets(backups)
            .iter()
            .filter(|set| set.writer == *hub)
            .map(|set| set.run)
            .collect();
        match runs.as_slice() {
            [.., before, last] => {
                Some(last.duration_since(*before)).filter(|gap| gap.is_positive())
            }
            _ => None,
        }
    })
}

/// Every hub that wrote a backup here, in the order of their ids.
pub fn writers(backups: &[Backup]) -> Vec<HubId> {
    let mut hubs: Vec<_> = backups
        .iter()
        .filter(|backup| backup.backup_type().is_some())
        .map(Backup::writer)
        .collect();
    hubs.sort();
    hubs.dedup();
    hubs
}

/// Every hub but this one that wrote a backup here, in the order of their ids.
pub fn foreign_writers(own: &HubId, backups: &[Backup]) -> Vec<HubId> {
    let mut hubs = writers(backups);
    hubs.retain(|hub| hub != own);
    hubs
}

/// An activation, as its marker in the storage tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    /// The hub that activated.
    pub hub: HubId,
    /// The hub it restored from.
    pub from: HubId,
    /// When: the marker's start, else the time in its name.
    pub at: Timestamp,
    /// Name of the marker.
    pub marker: String,
}

/// All activations the storage tells of, oldest first.
pub fn activations(backups: &[Backup]) -> Vec<Activation> {
    let mut found: Vec<_> = backups
        .iter()
        .filter_map(|backup| {
            Some(Activation {
                hub: backup.activated_hub()?,
                from: backup.writer(),
                at: backup.started.or_else(|| backup.run())?,
                marker: backup.meta.name.clone(),
            })
        })
        .collect();
    found.sort_by_key(|activation| activation.at);
    found
}

/// The last time `hub` activated.
pub fn last_activation(hub: &HubId, backups: &[Backup]) -> Option<Activation> {
    activations(backups)
        .into_iter()
        .rev()
        .find(|activation| activation.hub == *hub)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::meta::Meta;
    use crate::sets::tests::{at, backup};
    use crate::upstream::backup_label;

    fn with_ttl(mut backup: Backup, ttl: &str) -> Backup {
        backup.ttl = Some(ttl.parse().unwrap());
        backup
    }

    #[test]
    fn the_period_is_told_by_the_validation_backup_else_by_the_runs() {
        let a = HubId::new("a");
        let validation = with_ttl(backup("a", BackupType::Validation, "160000"), "7m0s");
        assert_eq!(
            period(&a, &[validation]),
            Some(SignedDuration::from_mins(2))
        );
        let runs = [
            backup("a", BackupType::Resources, "140000"),
            backup("a", BackupType::Resources, "160000"),
        ];
        assert_eq!(period(&a, &runs), Some(SignedDuration::from_hours(2)));
        assert_eq!(period(&a, &runs[..1]), None);
        assert_eq!(period(&HubId::new("b"), &runs), None);
    }

    #[test]
    fn a_hub_is_live_for_its_period_and_the_time_its_sets_take() {
        let backups = [
            with_ttl(backup("a", BackupType::Validation, "160000"), "1h5m0s"),
            backup("a", BackupType::Resources, "160000"),
        ];
        let activity = Activity::of(&HubId::new("a"), &backups, &[], None);
        assert_eq!(activity.horizon(), Some(SignedDuration::from_mins(62)));
        assert!(activity.is_live(at("17:02:00")));
        assert!(!activity.is_live(at("17:02:01")));
    }

    #[test]
    fn what_happened_before_an_activation_is_no_sign_of_life() {
        let backups = [backup("a", BackupType::Resources, "160000")];
        let activity = Activity::of(&HubId::new("a"), &backups, &[], Some(at("16:00:00")));
        assert_eq!(activity.last_started, None);
        assert!(!activity.is_live(at("16:00:01")));
    }

    #[test]
    fn a_marker_tells_who_activated_from_whom() {
        let marker = Backup {
            meta: Meta {
                name: "acm-restore-clusters-20261122162029".into(),
                labels: [
                    (backup_label::BACKUP_CLUSTER.to_owned(), "a".to_owned()),
                    (backup_label::RESTORE_CLUSTER.to_owned(), "b".to_owned()),
                ]
                .into(),
                ..Meta::default()
            },
            ..Backup::default()
        };
        let activation = last_activation(&HubId::new("b"), std::slice::from_ref(&marker)).unwrap();
        assert_eq!(
            (activation.from.as_str(), activation.at),
            ("a", at("16:20:29"))
        );
        assert_eq!(last_activation(&HubId::new("a"), &[marker]), None);
    }
}
