//! Which hubs must be fenced before this one may activate, and what is seen of them.

use crate::identity::HubId;
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::restore::{BackupChoice, Restore};
use crate::liveness::{self, Activity};
use crate::sets;
use crate::snapshot::{Missing, Snapshot};
use jiff::Timestamp;

/// A hub that may still manage the fleet.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    /// Its id, as an attestation must name it; none where it cannot be known.
    pub hub: Option<HubId>,
    /// What is known of it.
    pub state: State,
    /// Its BackupSchedule's name, so that a remedy can name it.
    pub schedule: Option<String>,
}

/// The answers that do not pass by themselves.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// It began a backup within its horizon.
    Live(Activity),
    /// Nothing for longer than that; which does not prove death.
    Silent(Activity),
    /// The backups carry this hub's own id, but were not made here.
    Twin {
        /// The backup that tells.
        backup: String,
    },
    /// The hubs have no ids.
    NoIds,
    /// What is seen of the storage is too old to judge by.
    StaleView {
        /// What the storage showed before.
        activity: Activity,
        /// When Velero last read the storage, if ever.
        synced: Option<Timestamp>,
    },
    /// Something could not be looked up.
    Blind {
        /// What.
        what: &'static str,
        /// Why.
        missing: Missing,
    },
}

/// The backup named for the managed clusters, if one is.
pub(super) fn named_backup(restore: &Restore) -> Option<String> {
    match BackupChoice::parse(restore.managed_clusters.as_deref()) {
        BackupChoice::Named(name) => Some(name),
        _ => None,
    }
}

/// A `skip` the operator does not take for one when it writes the activation marker.
pub(super) fn misspelt_skip(restore: &Restore) -> Option<&str> {
    let raw = restore.managed_clusters.as_deref()?;
    (raw != "skip" && BackupChoice::parse(Some(raw)) == BackupChoice::Skip).then_some(raw)
}

/// Every hub that must be fenced: the one that wrote the managed clusters to be restored, and any
/// other that still backs up here.
pub(super) fn of(restore: &Restore, snapshot: &Snapshot) -> Vec<Suspect> {
    let blind = |what, missing: &Missing| {
        vec![Suspect {
            hub: None,
            state: State::Blind {
                what,
                missing: missing.clone(),
            },
            schedule: None,
        }]
    };
    let own = match snapshot.hub_id.get() {
        Ok(own) => own,
        Err(missing) => return blind("this hub's own id", missing),
    };
    let backups = match snapshot.backups.get() {
        Ok(backups) => backups,
        Err(missing) => return blind("the backups of the other hub", missing),
    };
    let named = named_backup(restore).map(|name| snapshot.named_backup(&name));
    let chosen = match named.as_ref().map(|fact| fact.get()) {
        Some(Ok(found)) => found.as_ref(),
        Some(Err(missing)) => return blind("the backup it names", missing),
        None => sets::latest(backups, BackupType::ManagedClusters),
    };
    // What cannot be resolved is `restore/backup-not-found`'s to refuse.
    let Some(chosen) = chosen else {
        return Vec::new();
    };

    let mut suspects = Vec::new();
    let writer = chosen.writer();
    if !writer.is_known() {
        if own.is_known() || !chosen.was_made_here() {
            suspects.push(Suspect {
                hub: Some(HubId::unknown()),
                state: State::NoIds,
                schedule: schedule_of(&writer, backups),
            });
        }
    } else if writer != *own {
        suspects.push(observe(&writer, own, backups, snapshot));
    } else if !chosen.was_made_here() {
        let state = State::Twin {
            backup: chosen.meta.name.clone(),
        };
        suspects.push(Suspect {
            hub: Some(writer.clone()),
            state,
            schedule: schedule_of(&writer, backups),
        });
    }
    let others = liveness::foreign_writers(own, backups)
        .into_iter()
        .filter(|hub| hub.is_known() && *hub != writer)
        .map(|hub| observe(&hub, own, backups, snapshot))
        .filter(|other| matches!(other.state, State::Live(_)));
    suspects.extend(others);
    suspects
}

/// What the storage tells of one other hub. What it began before this hub's own activation is no
/// evidence: it was told apart then.
fn observe(hub: &HubId, own: &HubId, backups: &[Backup], snapshot: &Snapshot) -> Suspect {
    let locations = snapshot.storage_locations.items();
    let since = liveness::last_activation(own, backups).map(|activation| activation.at);
    let activity = Activity::of(hub, backups, locations, since);
    let state = if activity.is_live(snapshot.now) {
        State::Live(activity)
    } else if let Err(missing) = snapshot.storage_locations.get() {
        State::Blind {
            what: "how fresh this hub's view of the storage is",
            missing: missing.clone(),
        }
    } else if locations
        .iter()
        .any(|location| location.is_view_fresh(snapshot.now))
    {
        State::Silent(activity)
    } else {
        State::StaleView {
            activity,
            synced: locations
                .iter()
                .filter_map(|location| location.synced)
                .max(),
        }
    };
    Suspect {
        hub: Some(hub.clone()),
        state,
        schedule: schedule_of(hub, backups),
    }
}

/// The BackupSchedule behind a hub's newest backup.
fn schedule_of(hub: &HubId, backups: &[Backup]) -> Option<String> {
    backups
        .iter()
        .filter(|backup| backup.writer() == *hub)
        .max_by_key(|backup| backup.started)
        .and_then(|backup| {
            backup
                .meta
                .label(crate::upstream::backup_label::SCHEDULE_NAME)
        })
        .map(str::to_owned)
}
