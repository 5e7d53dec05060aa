//! Backup sets: which backups belong together, by who wrote them and by run.
//!
//! The operator pairs nothing: it resolves `latest` type by type, across runs and hubs
//! (operator-facts §6.5). A set is what an administrator believes is restored.

use crate::hub::identity::HubId;
use crate::hub::{Party, made_here};
use crate::kinds::backup::{Backup, BackupType};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A run is a window, not an equal timestamp: Velero stamps each schedule's backup by itself, and
/// 60 s between them were seen (operator-facts §3.1).
const RUN_WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// The backups one hub made in one run.
#[derive(Clone, Debug)]
pub struct BackupSet<'a> {
    /// The hub that wrote them, as their labels tell.
    pub writer: HubId,
    /// Whether they were made on this hub, whatever their labels tell (OWNERSHIP E5).
    pub here: bool,
    /// The time in the name of the first of them.
    pub run: Timestamp,
    /// The backups, at most one of each type.
    pub members: BTreeMap<BackupType, &'a Backup>,
}

impl BackupSet<'_> {
    /// Whose it is.
    pub fn party(&self) -> Party {
        if self.here {
            Party::Here
        } else {
            Party::Other(self.writer.clone())
        }
    }

    /// Whether all data is there and complete.
    pub fn is_complete(&self) -> bool {
        BackupType::DATA.iter().all(|kind| {
            self.members
                .get(kind)
                .is_some_and(|backup| backup.is_complete())
        })
    }

    /// Whether each kind of data is there, complete or partially failed: `latest` would take it.
    pub fn is_usable(&self) -> bool {
        BackupType::DATA.iter().all(|kind| {
            self.members
                .get(kind)
                .is_some_and(|backup| backup.is_usable())
        })
    }

    /// Whether a part of the data ended without any: the set will never be whole.
    pub fn has_failed(&self) -> bool {
        let members = BackupType::DATA
            .iter()
            .filter_map(|kind| self.members.get(kind));
        members
            .filter(|backup| backup.meta.deleted.is_none())
            .any(|backup| matches!(backup.phase.as_str(), "Failed" | "FailedValidation"))
    }

    /// When Velero began the first of them.
    pub fn started(&self) -> Option<Timestamp> {
        self.members
            .values()
            .filter_map(|backup| backup.started)
            .min()
    }

    /// When Velero finished the last of them.
    pub fn completed(&self) -> Option<Timestamp> {
        self.members
            .values()
            .filter_map(|backup| backup.completed)
            .max()
    }

    /// From the time in the name to the end of the last backup, queueing included: how long after
    /// its run a set is still being written.
    pub fn duration(&self) -> Option<SignedDuration> {
        self.completed()
            .map(|completed| completed.duration_since(self.run))
    }
}

/// A backup that may belong to a set: its time, its type, itself.
type Member<'a> = (Timestamp, BackupType, &'a Backup);

/// All sets, oldest run first; runs of several hubs are kept apart.
///
/// Backups the operator did not name (or that are neither of the five types) belong to no set.
pub fn backup_sets(backups: &[Backup]) -> Vec<BackupSet<'_>> {
    let mut by_writer: BTreeMap<(HubId, bool), Vec<Member<'_>>> = BTreeMap::new();
    for (backup, here) in backups.iter().zip(made_here(backups)) {
        if let (Some(kind), Some(run)) = (backup.backup_type(), backup.run()) {
            by_writer
                .entry((backup.writer(), here))
                .or_default()
                .push((run, kind, backup));
        }
    }
    let mut sets: Vec<BackupSet<'_>> = Vec::new();
    for ((writer, here), mut backups) in by_writer {
        backups.sort_by_key(|(run, kind, _)| (*run, *kind));
        let mut current: Option<BackupSet<'_>> = None;
        for (run, kind, backup) in backups {
            let joins = current.as_ref().is_some_and(|set| {
                !set.members.contains_key(&kind) && run.duration_since(set.run) <= RUN_WINDOW
            });
            if !joins {
                sets.extend(current.take());
            }
            current
                .get_or_insert_with(|| BackupSet {
                    writer: writer.clone(),
                    here,
                    run,
                    members: BTreeMap::new(),
                })
                .members
                .insert(kind, backup);
        }
        sets.extend(current);
    }
    sets.sort_by(|a, b| (a.run, &a.writer).cmp(&(b.run, &b.writer)));
    sets
}

/// What `latest` takes for one type: of the backups that are completed or partially failed, the one
/// that *started* last, whoever wrote it (operator-facts §6.5).
pub fn latest(backups: &[Backup], kind: BackupType) -> Option<&Backup> {
    backups
        .iter()
        .filter(|backup| {
            backup.has_data() && BackupType::of_prefix(&backup.meta.name) == Some(kind)
        })
        .max_by_key(|backup| backup.started)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::kinds::meta::Meta;
    use crate::upstream::backup_label;

    pub(crate) fn at(time: &str) -> Timestamp {
        format!("2026-11-22T{time}Z").parse().unwrap()
    }

    /// A completed backup of `hub`, named after `run` (HHMMSS), that started then and took a second.
    pub(crate) fn backup(hub: &str, kind: BackupType, run: &str) -> Backup {
        let time = format!("{}:{}:{}", &run[..2], &run[2..4], &run[4..]);
        Backup {
            meta: Meta {
                name: format!("{}-20261122{run}", kind.schedule_name()),
                labels: [(backup_label::BACKUP_CLUSTER.to_owned(), hub.to_owned())].into(),
                created: Some(at(&time)),
                ..Meta::default()
            },
            phase: "Completed".into(),
            started: Some(at(&time)),
            completed: Some(at(&time) + SignedDuration::from_secs(1)),
            ..Backup::default()
        }
    }

    #[test]
    fn sets_are_told_apart_by_run_and_writer() {
        let mut backups = Vec::new();
        for kind in BackupType::ALL {
            backups.push(backup("a", kind, "160000"));
            backups.push(backup("a", kind, "160200"));
            backups.push(backup("b", kind, "160000"));
        }
        let sets = backup_sets(&backups);
        let seen: Vec<_> = sets
            .iter()
            .map(|s| (s.writer.as_str(), s.run, s.members.len()))
            .collect();
        assert_eq!(
            seen,
            [
                ("a", at("16:00:00"), 5),
                ("b", at("16:00:00"), 5),
                ("a", at("16:02:00"), 5)
            ]
        );
        assert!(sets.iter().all(BackupSet::is_complete));
    }

    #[test]
    fn one_run_may_be_stamped_over_a_minute() {
        let backups = [
            backup("a", BackupType::ResourcesGeneric, "160014"),
            backup("a", BackupType::Resources, "160114"),
            backup("a", BackupType::Credentials, "160014"),
            backup("a", BackupType::ManagedClusters, "160014"),
        ];
        let sets = backup_sets(&backups);
        assert_eq!(sets.len(), 1);
        assert!(sets[0].is_complete());
    }

    #[test]
    fn a_set_that_lacks_a_type_or_failed_in_part_is_not_complete() {
        let mut backups: Vec<_> = BackupType::DATA
            .iter()
            .map(|kind| backup("a", *kind, "160000"))
            .collect();
        backups[0].phase = "PartiallyFailed".into();
        assert!(!backup_sets(&backups)[0].is_complete());
        assert!(backup_sets(&backups)[0].is_usable());
        backups.remove(1);
        assert!(!backup_sets(&backups)[0].is_usable());
    }

    #[test]
    fn latest_goes_by_start_not_by_name() {
        let mut queued = backup("a", BackupType::Resources, "160000");
        queued.started = Some(at("16:05:00"));
        let backups = [
            queued,
            backup("b", BackupType::Resources, "160400"),
            backup("b", BackupType::ResourcesGeneric, "160900"),
        ];
        let newest = latest(&backups, BackupType::Resources).unwrap();
        assert_eq!(newest.writer().as_str(), "a");
    }

    #[test]
    fn latest_takes_partially_failed_but_neither_failed_nor_running() {
        let mut backups = [
            backup("a", BackupType::Credentials, "160000"),
            backup("a", BackupType::Credentials, "160200"),
            backup("a", BackupType::Credentials, "160400"),
        ];
        backups[0].phase = "PartiallyFailed".into();
        backups[1].phase = "Failed".into();
        backups[2].phase = "InProgress".into();
        assert_eq!(
            latest(&backups, BackupType::Credentials).unwrap().run(),
            Some(at("16:00:00"))
        );
    }
}
