//! A storage under construction, as hub B sees it.

use crate::hub::identity::HubId;
pub(super) use crate::hub::sets::tests::at;
use crate::kinds::Kind;
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::managed_cluster::ManagedCluster;
use crate::kinds::storage_location::StorageLocation;
use crate::kinds::velero_restore::VeleroRestore;
use crate::snapshot::{Fact, Snapshot};
use crate::upstream::backup_label;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

pub(super) const A: &str = "a";
pub(super) const B: &str = "b";
pub(super) const C: &str = "c";

#[derive(Clone)]
pub(super) struct Storage {
    pub own: &'static str,
    pub now: Timestamp,
    pub backups: Vec<Backup>,
    pub clusters: Vec<ManagedCluster>,
    pub velero_restores: Vec<VeleroRestore>,
    pub locations: Vec<StorageLocation>,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            own: B,
            now: at("16:10:00"),
            backups: Vec::new(),
            clusters: Vec::new(),
            velero_restores: Vec::new(),
            locations: vec![StorageLocation::read(&json!({
                "metadata": {"name": "default"},
                "spec": {"default": true},
                "status": {"phase": "Available", "lastSyncedTime": "2026-11-22T16:09:55Z"}
            }))],
        }
    }
}

fn stamp(moment: Timestamp) -> String {
    moment.strftime("%Y%m%d%H%M%S").to_string()
}

fn backup(name: String, labels: &[(&str, &str)], moment: Timestamp) -> Backup {
    let mut backup = Backup::read(&json!({
        "metadata": {"name": name},
        "status": {"phase": "Completed", "progress": {"itemsBackedUp": 10}}
    }));
    backup.meta.labels = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    backup.started = Some(moment);
    backup.completed = Some(moment + SignedDuration::from_secs(1));
    backup
}

fn copied(mut backup: Backup, seconds: i64) -> Backup {
    backup.meta.generation = Some(1);
    backup.meta.created = backup
        .started
        .map(|at| at + SignedDuration::from_secs(seconds));
    backup
}

fn made_here(mut backup: Backup) -> Backup {
    backup.meta.generation = Some(9);
    backup.meta.created = backup.started;
    backup
}

fn members(hub: &str, moment: Timestamp) -> impl Iterator<Item = Backup> {
    BackupType::ALL.into_iter().map(move |kind| {
        let name = format!("{}-{}", kind.schedule_name(), stamp(moment));
        let mut one = backup(name, &[(backup_label::BACKUP_CLUSTER, hub)], moment);
        if kind == BackupType::Validation {
            one.ttl = Some("7m0s".parse().unwrap());
        }
        one
    })
}

fn marker(taker: &str, source: &str, restored: &str, moment: Timestamp) -> Backup {
    backup(
        format!("acm-restore-clusters-{}", stamp(moment)),
        &[
            (backup_label::RESTORE_CLUSTER, taker),
            (backup_label::BACKUP_CLUSTER, source),
            (backup_label::RESTORED_CLUSTERS, restored),
            (backup_label::RESTORE_NAME, "activate"),
        ],
        moment,
    )
}

/// The set every activation here restores.
const RESTORED: &str = "acm-managed-clusters-schedule-20261122160000";

impl Storage {
    /// A set of another hub, copied nine seconds after it began.
    pub fn set(self, hub: &str, time: &str) -> Self {
        self.set_arriving(hub, time, 9)
    }

    pub fn set_arriving(mut self, hub: &str, time: &str, seconds: i64) -> Self {
        self.backups
            .extend(members(hub, at(time)).map(|one| copied(one, seconds)));
        self
    }

    /// A set of another hub at 09:00 of a day, without what tells its period.
    pub fn daily_set(mut self, hub: &str, day: &str) -> Self {
        let moment = format!("{day}T09:00:00Z").parse().unwrap();
        self.backups.extend(members(hub, moment).map(|mut one| {
            one.ttl = None;
            copied(one, 9)
        }));
        self
    }

    /// A set made here, under an id.
    pub fn own_set_as(mut self, id: &str, time: &str) -> Self {
        self.backups.extend(members(id, at(time)).map(made_here));
        self
    }

    pub fn marker(mut self, taker: &str, source: &str, time: &str) -> Self {
        self.backups
            .push(copied(marker(taker, source, RESTORED, at(time)), 9));
        self
    }

    pub fn hollow_marker(mut self, taker: &str, time: &str) -> Self {
        self.backups
            .push(copied(marker(taker, "", "", at(time)), 9));
        self
    }

    pub fn own_marker(mut self, source: &str, time: &str) -> Self {
        self.backups
            .push(made_here(marker(self.own, source, RESTORED, at(time))));
        self
    }

    /// Velero ended a restore of managed clusters here.
    pub fn restored(mut self, name: &str, time: &str) -> Self {
        self.velero_restores.push(VeleroRestore::read(&json!({
            "metadata": {"name": name},
            "spec": {"backupName": RESTORED},
            "status": {"phase": "Completed", "completionTimestamp": at(time).to_string()}
        })));
        self
    }

    /// A cluster that came in the set of a time.
    pub fn holding(self, time: &str) -> Self {
        self.holding_by("by-something", time)
    }

    pub fn holding_by(mut self, restore: &str, time: &str) -> Self {
        let backup = format!("acm-managed-clusters-schedule-{}", stamp(at(time)));
        let mut cluster = ManagedCluster::read(&json!({"metadata": {
            "name": "c1",
            "creationTimestamp": "2026-11-22T16:01:00Z",
            "labels": {"velero.io/backup-name": backup, "velero.io/restore-name": restore}
        }}));
        if restore == "by-something" {
            cluster.meta.labels.remove("velero.io/restore-name");
        }
        self.clusters.push(cluster);
        self
    }

    pub fn holding_imported(mut self) -> Self {
        self.clusters.push(ManagedCluster::read(
            &json!({"metadata": {"name": "imported"}}),
        ));
        self
    }

    fn one(&mut self, name: &str) -> &mut Backup {
        self.backups
            .iter_mut()
            .find(|backup| backup.meta.name == name)
            .unwrap()
    }

    pub fn strip_labels(&mut self, name: &str) {
        self.one(name).meta.labels.clear();
    }

    pub fn forget_generation_of(&mut self, name: &str) {
        self.one(name).meta.generation = Some(1);
    }

    pub fn rename(&mut self, name: &str, to: &str) {
        self.one(name).meta.name = to.to_owned();
    }

    pub fn shrink(&mut self, name: &str, phase: &str, items: i64) {
        let one = self.one(name);
        one.phase = phase.to_owned();
        one.items = Some(items);
    }

    pub fn snapshot(&self) -> Snapshot {
        let now = self.now;
        let mut locations = self.locations.clone();
        for location in &mut locations {
            location.synced = location.synced.map(|_| now - SignedDuration::from_secs(5));
        }
        Snapshot {
            hub_id: Fact::known(HubId::new(self.own), now),
            restores: Fact::known(Vec::new(), now),
            storage_locations: Fact::known(locations, now),
            backups: Fact::known(self.backups.clone(), now),
            velero_restores: Fact::known(self.velero_restores.clone(), now),
            managed_clusters: Fact::known(self.clusters.clone(), now),
            accepted: Fact::known(Vec::new(), now),
            ..Snapshot::empty(now, "ns")
        }
    }
}
