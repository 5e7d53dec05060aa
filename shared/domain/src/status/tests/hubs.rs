//! Hubs to judge, well unless a test spoils them.

use crate::hub::identity::HubId;
pub(super) use crate::hub::sets::tests::{at, backup};
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::definition::Definition;
use crate::kinds::guards::Guards;
use crate::kinds::managed_cluster::ManagedCluster;
use crate::kinds::meta::Meta;
use crate::kinds::restore::Restore;
use crate::kinds::storage_location::StorageLocation;
use crate::kinds::velero_restore::VeleroRestore;
use crate::kinds::velero_schedule::VeleroSchedule;
use crate::snapshot::{Fact, Footing, Snapshot};
use crate::status::{Finding, StatusReport, assess};
use crate::upstream::{backup_label, object_label};
use jiff::{SignedDuration, Timestamp};

/// The time of every judgement, unless a test says otherwise.
pub const NOW: &str = "16:01:00";

/// A hub under construction.
#[derive(Clone)]
pub struct Hub {
    pub id: String,
    pub now: Timestamp,
    pub schedules: Vec<BackupSchedule>,
    pub velero_schedules: Vec<VeleroSchedule>,
    pub restores: Vec<Restore>,
    pub velero_restores: Vec<VeleroRestore>,
    pub backups: Vec<Backup>,
    pub locations: Vec<StorageLocation>,
    pub clusters: Vec<ManagedCluster>,
    /// Of the label that lifts the guards.
    pub guard_label: Option<&'static str>,
    pub guards: Option<Guards>,
    pub footing: Footing,
}

fn named(name: &str, created: &str) -> Meta {
    Meta {
        name: name.into(),
        namespace: "open-cluster-management-backup".into(),
        created: Some(at(created)),
        ..Meta::default()
    }
}

/// A complete set of `hub` of the run at `run` (HHMMSS), hourly.
pub fn set_of(hub: &str, run: &str) -> Vec<Backup> {
    BackupType::ALL
        .iter()
        .map(|kind| {
            let mut backup = backup(hub, *kind, run);
            backup.items = Some(5);
            backup.meta.labels.insert(
                backup_label::SCHEDULE_NAME.to_owned(),
                "schedule-acm".to_owned(),
            );
            if *kind == BackupType::Validation {
                backup.ttl = Some("1h5m0s".parse().unwrap());
            }
            backup
        })
        .collect()
}

/// The marker `hub` leaves when it activates from the backups of `from`.
pub fn marker(hub: &str, from: &str, time: &str) -> Backup {
    Backup {
        meta: Meta {
            name: format!("acm-restore-clusters-20261122{}", time.replace(':', "")),
            labels: [
                (backup_label::BACKUP_CLUSTER.to_owned(), from.to_owned()),
                (backup_label::RESTORE_CLUSTER.to_owned(), hub.to_owned()),
                (
                    backup_label::RESTORED_CLUSTERS.to_owned(),
                    "acm-managed-clusters-schedule-20261122160000".to_owned(),
                ),
            ]
            .into(),
            created: Some(at(time)),
            ..Meta::default()
        },
        phase: "Completed".into(),
        started: Some(at(time)),
        completed: Some(at(time)),
        ..Backup::default()
    }
}

impl Hub {
    /// A hub with storage and nothing else.
    pub fn new(id: &str) -> Self {
        let location = StorageLocation {
            meta: Meta {
                owners: vec![("DataProtectionApplication".into(), "dpa".into())],
                ..named("dpa-1", "10:00:00")
            },
            phase: "Available".into(),
            synced: Some(at("16:00:30")),
            ..StorageLocation::default()
        };
        Self {
            id: id.into(),
            now: at(NOW),
            schedules: Vec::new(),
            velero_schedules: Vec::new(),
            restores: Vec::new(),
            velero_restores: Vec::new(),
            backups: Vec::new(),
            locations: vec![location],
            clusters: Vec::new(),
            guard_label: None,
            guards: None,
            footing: Footing {
                asked: false,
                service: false,
                account: false,
                available: false,
            },
        }
    }

    /// A hub that backs up on the hour, and has two clusters that report to it.
    pub fn active(id: &str) -> Self {
        let mut hub = Self::new(id).scheduled();
        hub.backups = set_of(id, "160000");
        hub.clusters = ["c1", "c2"]
            .map(|name| ManagedCluster {
                meta: named(name, "10:00:00"),
                available: true,
                ..ManagedCluster::default()
            })
            .into();
        hub
    }

    /// A hub that holds the newest set of `source`, which is live.
    pub fn passive(id: &str, source: &str) -> Self {
        let mut hub = Self::new(id);
        hub.backups = set_of(source, "160000");
        for backup in &mut hub.backups {
            backup.meta.created = Some(at("16:00:30"));
        }
        hub.restores.push(Restore {
            meta: named("sync", "12:00:00"),
            managed_clusters: Some("skip".into()),
            credentials: Some("latest".into()),
            resources: Some("latest".into()),
            sync: true,
            phase: "Enabled".into(),
            ..Restore::default()
        });
        let held = [
            BackupType::Credentials,
            BackupType::ResourcesGeneric,
            BackupType::Resources,
        ];
        hub.velero_restores = held.map(|kind| hub.velero_restore(kind, source)).into();
        hub
    }

    fn velero_restore(&self, kind: BackupType, source: &str) -> VeleroRestore {
        let backup = format!("{}-20261122160000", kind.schedule_name());
        VeleroRestore {
            meta: Meta {
                owners: vec![("Restore".into(), "sync".into())],
                labels: [(backup_label::BACKUP_CLUSTER.to_owned(), source.to_owned())].into(),
                ..named(&format!("sync-{backup}"), "16:00:31")
            },
            backup,
            phase: "Completed".into(),
            completed: Some(at("16:00:40")),
            items: Some(5),
            ..VeleroRestore::default()
        }
    }

    /// With an hourly BackupSchedule.
    pub fn scheduled(mut self) -> Self {
        self.schedules.push(BackupSchedule {
            meta: named("schedule-acm", "10:00:00"),
            cron: "0 * * * *".into(),
            phase: "Enabled".into(),
            ..BackupSchedule::default()
        });
        self.velero_schedules = BackupType::ALL
            .map(|kind| VeleroSchedule {
                meta: named(kind.schedule_name(), "10:00:00"),
                cron: "0 * * * *".into(),
                phase: "Enabled".into(),
                last_backup: Some(at("16:00:00")),
                ..VeleroSchedule::default()
            })
            .into();
        self
    }

    /// With nothing in the storage.
    pub fn without_backups(mut self) -> Self {
        self.backups.clear();
        self
    }

    /// With the clusters of an activation, `available` of which report here.
    pub fn with_restored_clusters(mut self, total: usize, available: usize) -> Self {
        self.clusters = (0..total)
            .map(|number| {
                let mut meta = named(&format!("c{number}"), "16:00:00");
                meta.labels.insert(
                    object_label::RESTORED_FROM.to_owned(),
                    "acm-managed-clusters-schedule-20261122160000".to_owned(),
                );
                ManagedCluster {
                    meta,
                    available: number < available,
                    ..ManagedCluster::default()
                }
            })
            .collect();
        self
    }

    /// Seen at another time.
    pub fn seen_at(mut self, time: &str) -> Self {
        let passed = at(time).duration_since(self.now);
        self.now = at(time);
        for location in &mut self.locations {
            location.synced = location.synced.map(|synced| synced + passed);
        }
        self
    }

    /// The backups as this hub's API server stores them: its own written to many times, those of others
    /// as copies that came a few seconds after they were over. What a test has set itself stays.
    fn stored_backups(&self) -> Vec<Backup> {
        let mut all = self.backups.clone();
        for backup in all
            .iter_mut()
            .filter(|backup| backup.meta.generation.is_none())
        {
            let labels = &backup.meta.labels;
            let by = labels
                .get(backup_label::RESTORE_CLUSTER)
                .or(labels.get(backup_label::BACKUP_CLUSTER));
            let own = by == Some(&self.id);
            backup.meta.generation = Some(if own { 9 } else { 1 });
            if !own && let Some(completed) = backup.completed {
                backup.meta.created = Some(completed + SignedDuration::from_secs(5));
            }
        }
        all
    }

    /// Everything looked up.
    pub fn snapshot(&self) -> Snapshot {
        fn known<T: Clone>(value: &[T], now: Timestamp) -> Fact<Vec<T>> {
            Fact::known(value.to_vec(), now)
        }
        let now = self.now;
        Snapshot {
            hub_id: Fact::known(HubId::new(self.id.clone()), now),
            restores: known(&self.restores, now),
            backup_schedules: known(&self.schedules, now),
            storage_locations: known(&self.locations, now),
            backups: Fact::known(self.stored_backups(), now),
            accepted: Fact::known(Vec::new(), now),
            guard_label: Fact::known(self.guard_label.map(str::to_owned), now),
            guards: Fact::known(self.guards.clone(), now),
            guard_footing: Fact::known(self.footing, now),
            backup_schedule_definition: Fact::known(Definition::with_spec_fields(&["paused"]), now),
            velero_restores: known(&self.velero_restores, now),
            velero_schedules: known(&self.velero_schedules, now),
            managed_clusters: known(&self.clusters, now),
            ..Snapshot::empty(now, "open-cluster-management-backup")
        }
    }

    /// Judged.
    pub fn report(&self) -> StatusReport {
        assess(&self.snapshot())
    }

    /// The findings' ids, with `!` before those that are critical.
    pub fn found(&self) -> Vec<String> {
        self.report().findings.iter().map(mark).collect()
    }
}

fn mark(finding: &Finding) -> String {
    match finding.severity {
        crate::status::Severity::Critical => format!("!{}", finding.id),
        crate::status::Severity::Warning => finding.id.to_owned(),
    }
}

/// A moment that lies before another by so many minutes.
pub fn minutes_before(time: &str, minutes: i64) -> Timestamp {
    at(time) - SignedDuration::from_mins(minutes)
}

/// The finding of an id.
pub fn finding(hub: &Hub, id: &str) -> Finding {
    let report = hub.report();
    let all: Vec<_> = report.findings.iter().map(|finding| finding.id).collect();
    report
        .findings
        .iter()
        .find(|finding| finding.id == id)
        .cloned()
        .unwrap_or_else(|| panic!("{id} is not among {all:?}"))
}

/// All of a finding, as it is read.
pub fn text(finding: &Finding) -> String {
    let steps = finding.steps.iter().map(|step| match &step.command {
        Some(command) => format!("> {} {command}", step.text),
        None => format!("> {}", step.text),
    });
    [finding.headline.clone()]
        .into_iter()
        .chain(finding.evidence.iter().cloned())
        .chain(steps)
        .collect::<Vec<_>>()
        .join("\n")
}
