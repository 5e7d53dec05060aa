//! What several parts of the report rest on, worked out once.

use crate::act::command::Command;
use crate::hub::identity::HubId;
use crate::hub::sets::{BackupSet, backup_sets};
use crate::hub::{HubView, Party, Standing, Takeover};
use crate::kinds::backup::Backup;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::restore::Restore;
use crate::snapshot::Snapshot;
use crate::time::{Now, age};
use jiff::Timestamp;

/// A snapshot with what follows from it.
pub(super) struct Facts<'a> {
    pub snapshot: &'a Snapshot,
    pub now: Now,
    /// This hub's id, where it is known and tells hubs apart.
    pub own: Option<&'a HubId>,
    pub backups: &'a [Backup],
    pub sets: Vec<BackupSet<'a>>,
    /// Who owns the fleet, and which other hubs are in question.
    pub view: &'a HubView<'a>,
}

impl<'a> Facts<'a> {
    pub fn new(snapshot: &'a Snapshot, view: &'a HubView<'a>) -> Self {
        let backups = snapshot.backups.items();
        Self {
            snapshot,
            now: snapshot.now,
            own: view.own,
            backups,
            sets: backup_sets(backups),
            view,
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

    /// Whether an id is this hub's. A twin has it as well: ask for the party where there is one.
    pub fn is_own(&self, hub: &HubId) -> bool {
        self.own == Some(hub)
    }

    /// Another hub, by id.
    pub fn other(&self, id: &HubId) -> Option<&'a Standing<'a>> {
        self.view.others.get(id)
    }

    /// Whether this hub holds a cluster but itself; none where that could not be looked up.
    pub fn holds_clusters(&self) -> Option<bool> {
        self.snapshot
            .managed_clusters
            .value()
            .map(|_| !self.view.fleet.is_empty())
    }

    /// The takeover by which another hub owns the fleet; none where this hub is an owner too.
    pub fn taken_over(&self) -> Option<&'a Takeover<'a>> {
        self.view
            .newest_takeover()
            .filter(|takeover| takeover.by != Party::Here && !self.view.owns(&Party::Here))
    }

    /// Whether other hubs own the fleet, by takeover or because they alone wrote managed clusters.
    pub fn others_own(&self) -> bool {
        !self.view.owners.is_empty() && !self.view.owns(&Party::Here)
    }

    /// Whether this hub has taken its work up again after another had activated: somebody created its
    /// BackupSchedule anew since, and the other hub is silent. The end of a recovery test looks so
    /// (operator-facts §12, G24).
    pub fn has_resumed(&self) -> bool {
        let Some((owner, at)) = self
            .taken_over()
            .and_then(|takeover| Some((takeover.by.other()?, takeover.at?)))
        else {
            return false;
        };
        let anew =
            |schedule: &BackupSchedule| schedule.meta.created.is_some_and(|created| created > at);
        !self.schedules().is_empty()
            && self
                .schedules()
                .iter()
                .all(|schedule| anew(schedule) && !schedule.is_in_collision())
            && self
                .other(owner)
                .is_none_or(|standing| !standing.activity.live)
    }

    /// The sets this hub made, oldest first.
    pub fn own_sets(&self) -> impl Iterator<Item = &BackupSet<'a>> {
        self.sets.iter().filter(|set| set.here)
    }

    /// The sets other hubs made, oldest first.
    pub fn foreign_sets(&self) -> impl Iterator<Item = &BackupSet<'a>> {
        self.sets.iter().filter(|set| !set.here)
    }

    /// Another hub, as it is called in a text.
    pub fn name(&self, hub: &HubId) -> String {
        hub.called_on(self.own)
    }

    /// `2026-11-22 16:20:29Z (2m18s ago)`
    pub fn when(&self, moment: Timestamp) -> String {
        age::when(self.now, moment)
    }

    /// `kubectl -n NAMESPACE …`, with the command at hand.
    pub fn kubectl(&self, words: &'static str) -> Command {
        Command::new(self.snapshot.cli())
            .namespace(&self.snapshot.namespace)
            .say(words)
    }
}
