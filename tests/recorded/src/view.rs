//! What one hub's watch had seen by a moment, as a snapshot.

use crate::away::{self, Absence, STALE_AFTER};
use crate::object::{self, NAMESPACE, text};
use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::hub::record::Accepted;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::backup::Backup;
use acm_backup_domain::kinds::backup_schedule::BackupSchedule;
use acm_backup_domain::kinds::definition::Definition;
use acm_backup_domain::kinds::managed_cluster::ManagedCluster;
use acm_backup_domain::kinds::restore::Restore;
use acm_backup_domain::kinds::storage_location::StorageLocation;
use acm_backup_domain::kinds::velero_restore::VeleroRestore;
use acm_backup_domain::kinds::velero_schedule::VeleroSchedule;
use acm_backup_domain::snapshot::{Fact, Missing, Snapshot};
use acm_backup_domain::upstream::resource;
use acm_backup_operator::recording::{Change, Event, Recording};
use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

/// How long after its first line a watch may still be listing what was there.
const FIRST_LIST: SignedDuration = SignedDuration::from_secs(3);

/// The objects of one kind by name, each with the time it was last seen.
#[derive(Clone)]
struct Shelf<T>(BTreeMap<String, (Timestamp, T)>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Kind + Clone> Shelf<T> {
    fn take(&mut self, event: &Event) {
        let name = object::name(&event.object).to_owned();
        match event.change {
            Change::Step => {}
            Change::Deleted => drop(self.0.remove(&name)),
            Change::Added | Change::Modified => {
                let seen = (event.at, T::read(&event.object));
                self.0.insert(name, seen);
            }
        }
    }

    /// All of them, but for those that a list made anew no longer had.
    fn all(&self, gone: Option<Timestamp>) -> Vec<T> {
        self.0
            .values()
            .filter(|(seen, _)| gone.is_none_or(|gone| *seen > gone))
            .map(|(_, object)| object.clone())
            .collect()
    }
}

/// One hub of one recording, as far as it was seen.
#[derive(Clone)]
pub struct View {
    own: HubId,
    kube_system: Timestamp,
    definition: Definition,
    absences: Vec<Absence>,
    restores: Shelf<Restore>,
    backup_schedules: Shelf<BackupSchedule>,
    storage_locations: Shelf<StorageLocation>,
    backups: Shelf<Backup>,
    velero_restores: Shelf<VeleroRestore>,
    velero_schedules: Shelf<VeleroSchedule>,
    managed_clusters: Shelf<ManagedCluster>,
    guarded: BTreeMap<(String, String), Value>,
}

impl View {
    /// A hub of which nothing was seen yet.
    ///
    /// # Errors
    /// When there is no such hub, or nothing was ever created on it.
    pub fn new(name: &str, hub: &str, recording: &Recording) -> Result<Self> {
        // How old the cluster is was not recorded: a minute older than the oldest thing on it.
        let oldest = recording
            .events
            .iter()
            .filter_map(|event| created(&event.object))
            .min()
            .with_context(|| format!("nothing was created on {hub} of {name}"))?;
        Ok(Self {
            own: HubId::new(crate::id_of(hub)?),
            kube_system: oldest - SignedDuration::from_mins(1),
            definition: definition(name),
            absences: away::absences(name, hub)?,
            restores: Shelf::default(),
            backup_schedules: Shelf::default(),
            storage_locations: Shelf::default(),
            backups: Shelf::default(),
            velero_restores: Shelf::default(),
            velero_schedules: Shelf::default(),
            managed_clusters: Shelf::default(),
            guarded: BTreeMap::new(),
        })
    }

    /// Takes in what was seen next. Returns whether a snapshot may differ for it.
    pub fn see(&mut self, event: &Event) -> bool {
        let group = text(&event.object, "/apiVersion")
            .split('/')
            .next()
            .unwrap_or_default();
        let kind = text(&event.object, "/kind");
        if kind != "ManagedCluster" && text(&event.object, "/metadata/namespace") != NAMESPACE {
            return false;
        }
        match (group, kind) {
            ("cluster.open-cluster-management.io", "Restore") => self.restores.take(event),
            ("cluster.open-cluster-management.io", "BackupSchedule") => {
                self.backup_schedules.take(event);
            }
            ("cluster.open-cluster-management.io", "ManagedCluster") => {
                self.managed_clusters.take(event);
            }
            ("velero.io", "BackupStorageLocation") => self.storage_locations.take(event),
            ("velero.io", "Backup") => self.backups.take(event),
            ("velero.io", "Restore") => self.velero_restores.take(event),
            ("velero.io", "Schedule") => self.velero_schedules.take(event),
            _ => return false,
        }
        if object::is_guarded(&event.object) {
            let key = (kind.to_owned(), object::name(&event.object).to_owned());
            match event.change {
                Change::Deleted => drop(self.guarded.remove(&key)),
                _ => drop(self.guarded.insert(key, event.object.clone())),
            }
        }
        true
    }

    /// This hub's id.
    pub fn own(&self) -> &HubId {
        &self.own
    }

    /// A Restore or BackupSchedule as it is stored.
    pub fn stored(&self, kind: &str, name: &str) -> Option<&Value> {
        self.guarded.get(&(kind.to_owned(), name.to_owned()))
    }

    /// Names of the stored objects of a guarded kind.
    pub fn stored_names(&self, kind: &str) -> Vec<String> {
        let of_kind = self.guarded.keys().filter(|(of, _)| of == kind);
        of_kind.map(|(_, name)| name.clone()).collect()
    }

    /// What a judgement rests on at `now`. What is not recorded and no list of a hub (statements that
    /// were accepted, rights) is the caller's to add.
    pub fn snapshot(&self, now: Timestamp, accepted: Vec<Accepted>) -> Snapshot {
        let away = self
            .absences
            .iter()
            .find(|absence| absence.from < now && now < absence.until);
        let gone = self
            .absences
            .iter()
            .rfind(|absence| absence.until <= now)
            .map(|absence| absence.from);
        let mut snapshot = Snapshot::empty(now, NAMESPACE);
        snapshot.hub_id = Fact::known(self.own.clone(), now);
        snapshot.restores = Fact::known(self.restores.all(gone), now);
        snapshot.backup_schedules = Fact::known(self.backup_schedules.all(gone), now);
        snapshot.storage_locations = Fact::known(self.storage_locations.all(gone), now);
        snapshot.velero_restores = Fact::known(self.velero_restores.all(gone), now);
        snapshot.velero_schedules = Fact::known(self.velero_schedules.all(gone), now);
        snapshot.managed_clusters = Fact::known(self.managed_clusters.all(gone), now);
        snapshot.kube_system_created = Fact::known(self.kube_system, now);
        snapshot.backup_schedule_definition = Fact::known(self.definition.clone(), now);
        snapshot.accepted = Fact::known(accepted, now);
        snapshot.guard_label = Fact::known(None, now);
        snapshot.guards = Fact::known(None, now);
        snapshot.backups = match away {
            Some(away) if now.duration_since(away.from) > STALE_AFTER => {
                Fact::Missing(Missing::Stale {
                    resource: resource::BACKUPS.to_owned(),
                    last_contact: away.from,
                })
            }
            Some(away) => Fact::known(self.backups.all(gone), away.from),
            None => Fact::known(self.backups.all(gone), now),
        };
        snapshot
    }
}

/// What BackupSchedules of the recorded operator know, which was not recorded: 2.9 has no pause
/// (operator-facts §1).
fn definition(recording: &str) -> Definition {
    match recording.starts_with("2.9") {
        true => Definition::with_spec_fields(&["veleroSchedule", "veleroTtl"]),
        false => Definition::with_spec_fields(&["veleroSchedule", "veleroTtl", "paused"]),
    }
}

fn created(object: &Value) -> Option<Timestamp> {
    text(object, "/metadata/creationTimestamp").parse().ok()
}

/// When a hub's watch had listed what was there at first: before that, absent is not known.
pub fn listed(recording: &Recording) -> Option<Timestamp> {
    let first = recording.events.first()?.at;
    recording
        .events
        .iter()
        .take_while(|event| event.at.duration_since(first) <= FIRST_LIST)
        .filter(|event| created(&event.object).is_some_and(|created| created <= first))
        .map(|event| event.at)
        .max()
}
