//! What several parts of the report rest on, worked out once.

use crate::identity::HubId;
use crate::kinds::backup::Backup;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::restore::Restore;
use crate::liveness::{self, Activation, Activity};
use crate::sets::{BackupSet, backup_sets};
use crate::snapshot::Snapshot;
use crate::time::age;
use jiff::Timestamp;

/// A snapshot with what follows from it.
pub(super) struct Facts<'a> {
    pub snapshot: &'a Snapshot,
    pub now: Timestamp,
    /// This hub's id, where it is known and tells hubs apart.
    pub own: Option<&'a HubId>,
    pub backups: &'a [Backup],
    pub sets: Vec<BackupSet<'a>>,
    /// Every activation the storage tells of, oldest first.
    pub activations: Vec<Activation>,
}

impl<'a> Facts<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let backups = snapshot.backups.items();
        Self {
            snapshot,
            now: snapshot.now,
            own: snapshot.hub_id.value().filter(|id| id.is_known()),
            backups,
            sets: backup_sets(backups),
            activations: liveness::activations(backups),
        }
    }

    pub fn schedules(&self) -> &'a [BackupSchedule] {
        self.snapshot.backup_schedules.items()
    }

    pub fn restores(&self) -> &'a [Restore] {
        self.snapshot.restores.items()
    }

    /// The Restore that keeps this hub in sync with another.
    pub fn passive_sync(&self) -> Option<&'a Restore> {
        self.restores()
            .iter()
            .find(|restore| restore.is_passive_sync())
    }

    /// Whether a hub is this one. Where ids tell nothing apart, only what was made here is ours.
    pub fn is_own(&self, hub: &HubId) -> bool {
        self.own == Some(hub)
    }

    /// The newest activation, where hubs have ids to be told apart by.
    pub fn owner(&self) -> Option<&Activation> {
        self.activations
            .last()
            .filter(|activation| activation.hub.is_known())
    }

    /// Whether this hub has taken its work up again after another had activated: somebody created its
    /// BackupSchedule anew since, and the other hub is silent. The end of a recovery test looks so
    /// (operator-facts §12, G24).
    pub fn has_resumed(&self) -> bool {
        let Some(owner) = self.owner().filter(|owner| !self.is_own(&owner.hub)) else {
            return false;
        };
        let anew = |schedule: &BackupSchedule| {
            schedule
                .meta
                .created
                .is_some_and(|created| created > owner.at)
        };
        let locations = self.snapshot.storage_locations.items();
        !self.schedules().is_empty()
            && self
                .schedules()
                .iter()
                .all(|schedule| anew(schedule) && !schedule.is_in_collision())
            && !Activity::of(&owner.hub, self.backups, locations, None).is_live(self.now)
    }

    /// The sets this hub made, oldest first.
    pub fn own_sets(&self) -> impl Iterator<Item = &BackupSet<'a>> {
        self.sets.iter().filter(|set| match self.own {
            Some(own) => set.writer == *own,
            None => set.members.values().any(|backup| backup.was_made_here()),
        })
    }

    /// The sets other hubs made, oldest first.
    pub fn foreign_sets(&self) -> impl Iterator<Item = &BackupSet<'a>> {
        self.sets.iter().filter(|set| match self.own {
            Some(own) => set.writer != *own,
            None => !set.members.values().any(|backup| backup.was_made_here()),
        })
    }

    /// `2026-11-22 16:20:29Z (2m18s ago)`
    pub fn when(&self, moment: Timestamp) -> String {
        age::when(self.now, moment)
    }

    /// `kubectl -n NAMESPACE …`
    pub fn kubectl(&self, rest: &str) -> String {
        format!("kubectl -n {} {rest}", self.snapshot.namespace)
    }
}

/// A backup Velero still works on, or has not begun.
pub(super) fn is_unfinished(backup: &Backup) -> bool {
    !matches!(
        backup.phase.as_str(),
        "Completed" | "PartiallyFailed" | "Failed" | "FailedValidation" | "Deleting"
    )
}
