//! What one hub sees, as plain values: times are seconds of that hub's clock.

use std::fmt;

/// Seconds since 1970.
pub type Time = i64;

/// The five minutes of T2 and T3, the minute and the hour.
pub const MINUTE: Time = 60;
/// Sixty minutes.
pub const HOUR: Time = 60 * MINUTE;
/// Twenty-four hours.
pub const DAY: Time = 24 * HOUR;

/// The namespace of the operator's objects.
pub const NAMESPACE: &str = "open-cluster-management-backup";

/// This hub's view.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The time of the judgement.
    pub now: Time,
    /// This hub's id; none where it may not be looked up.
    pub own_id: Option<String>,
    /// Backups and markers.
    pub backups: Vec<SeenBackup>,
    /// ACM Restores.
    pub restores: Vec<SeenRestore>,
    /// Velero Restores.
    pub velero: Vec<SeenVelero>,
    /// ManagedClusters.
    pub clusters: Vec<SeenCluster>,
    /// BackupStorageLocations.
    pub locations: Vec<SeenLocation>,
    /// BackupSchedules.
    pub schedules: Vec<SeenSchedule>,
    /// When namespace `kube-system` was created; none where it may not be looked up.
    pub kube_system: Option<Time>,
    /// The record of accepted statements.
    pub accepted: Vec<SeenAccepted>,
    /// What could not be looked up.
    pub missing: Vec<Lost>,
}

/// What cannot be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// `backups.velero.io`
    Backups,
    /// `managedclusters`
    Clusters,
    /// `restores.velero.io`
    Velero,
    /// `backupstoragelocations`
    Locations,
}

/// A Backup.
#[derive(Clone, Debug, Default)]
pub struct SeenBackup {
    /// `metadata.name`
    pub name: String,
    /// `metadata.generation`
    pub generation: Option<i64>,
    /// `metadata.creationTimestamp`
    pub created: Option<Time>,
    /// `metadata.deletionTimestamp`
    pub deleted: Option<Time>,
    /// `metadata.labels`
    pub labels: Vec<(&'static str, String)>,
    /// `spec.storageLocation`
    pub location: Option<String>,
    /// `status.phase`
    pub phase: &'static str,
    /// `status.startTimestamp`
    pub started: Option<Time>,
    /// `status.completionTimestamp`
    pub completed: Option<Time>,
    /// `spec.ttl` in seconds
    pub ttl: Option<Time>,
    /// `status.progress.itemsBackedUp`
    pub items: Option<i64>,
}

/// An ACM Restore.
#[derive(Clone, Debug, Default)]
pub struct SeenRestore {
    /// `metadata.name`
    pub name: String,
    /// `metadata.uid`
    pub uid: String,
    /// `spec.veleroManagedClustersBackupName`
    pub clusters: String,
    /// `spec.veleroCredentialsBackupName`
    pub credentials: String,
    /// `spec.veleroResourcesBackupName`
    pub resources: String,
    /// `spec.syncRestoreWithNewBackups`
    pub sync: bool,
    /// `status.phase`
    pub phase: &'static str,
    /// The statements on it.
    pub statement: Option<String>,
    /// `status.veleroManagedClustersRestoreName` and the others.
    pub velero: Vec<String>,
}

/// A Velero Restore.
#[derive(Clone, Debug, Default)]
pub struct SeenVelero {
    /// `metadata.name`
    pub name: String,
    /// The ACM Restore that owns it.
    pub owner: String,
    /// `spec.backupName`
    pub backup: String,
    /// Label `backup-cluster`; 2.9 writes none.
    pub source: Option<String>,
    /// `metadata.creationTimestamp`
    pub created: Time,
    /// `status.phase`
    pub phase: &'static str,
    /// `status.completionTimestamp`
    pub completed: Option<Time>,
}

/// A ManagedCluster.
#[derive(Clone, Debug, Default)]
pub struct SeenCluster {
    /// `metadata.name`
    pub name: String,
    /// The hub itself.
    pub local: bool,
    /// `metadata.creationTimestamp`
    pub created: Time,
    /// Label `velero.io/backup-name`
    pub from: Option<String>,
    /// Label `velero.io/restore-name`
    pub by: Option<String>,
}

/// A BackupStorageLocation.
#[derive(Clone, Debug, Default)]
pub struct SeenLocation {
    /// `metadata.name`
    pub name: String,
    /// `spec.default`
    pub default: bool,
    /// `spec.accessMode: ReadOnly`
    pub read_only: bool,
    /// `spec.backupSyncPeriod` in seconds
    pub period: Option<Time>,
    /// `status.phase: Available`
    pub available: bool,
    /// `status.lastSyncedTime`
    pub synced: Option<Time>,
}

/// A BackupSchedule.
#[derive(Clone, Debug, Default)]
pub struct SeenSchedule {
    /// `metadata.name`
    pub name: String,
    /// `spec.veleroSchedule`
    pub cron: &'static str,
    /// `spec.paused`
    pub paused: bool,
    /// `status.phase`
    pub phase: &'static str,
}

/// One accepted statement.
#[derive(Clone, Debug, Default)]
pub struct SeenAccepted {
    /// Its kind.
    pub kind: &'static str,
    /// A hub's whole id, `unknown`, or `location/NAME`.
    pub about: String,
    /// The time it gives.
    pub at: Time,
    /// Kind and name of the object.
    pub holder: String,
    /// Uid of that object.
    pub uid: String,
    /// When it was accepted.
    pub accepted: Time,
}

/// The name Velero and the operator give what is made at a time.
pub fn stamped(prefix: &str, at: Time) -> String {
    format!("{prefix}-{}", timestamp(at).strftime("%Y%m%d%H%M%S"))
}

/// The time as the product takes it; what lies beyond the calendar is its last day.
pub fn timestamp(at: Time) -> jiff::Timestamp {
    jiff::Timestamp::from_second(at).unwrap_or(if at < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

/// One line an object, times as ages: what a failing test prints.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ago = |at: Time| {
            let ago = self.now.saturating_sub(at);
            format!("{}{ago}s", if ago < 0 { "+" } else { "-" }).replace("+-", "+")
        };
        let maybe = |at: Option<Time>| at.map_or("none".to_owned(), ago);
        writeln!(f, "  now {} own id {:?}", timestamp(self.now), self.own_id)?;
        for it in &self.backups {
            let labels: Vec<_> = it
                .labels
                .iter()
                .map(|(key, value)| {
                    format!("{}={value}", key.rsplit('/').next().unwrap_or_default())
                })
                .collect();
            let named = crate::oracle::names::time_in(&it.name);
            writeln!(
                f,
                "  Backup {} (name {}) gen {:?} created {} started {} completed {} phase {} ttl {:?} items {:?} in {:?} deleted {} [{}]",
                it.name,
                maybe(named),
                it.generation,
                maybe(it.created),
                maybe(it.started),
                maybe(it.completed),
                it.phase,
                it.ttl,
                it.items,
                it.location,
                maybe(it.deleted),
                labels.join(" ")
            )?;
        }
        for it in &self.velero {
            writeln!(
                f,
                "  VeleroRestore {} of {} backup {} source {:?} created {} completed {} phase {}",
                it.name,
                it.owner,
                it.backup,
                it.source,
                ago(it.created),
                maybe(it.completed),
                it.phase
            )?;
        }
        for it in &self.restores {
            writeln!(
                f,
                "  Restore {} uid {} clusters {} credentials {} resources {} sync {} phase {} statement {:?}",
                it.name,
                it.uid,
                it.clusters,
                it.credentials,
                it.resources,
                it.sync,
                it.phase,
                it.statement
            )?;
        }
        for it in &self.clusters {
            writeln!(
                f,
                "  ManagedCluster {} local {} created {} from {:?} by {:?}",
                it.name,
                it.local,
                ago(it.created),
                it.from,
                it.by
            )?;
        }
        for it in &self.locations {
            writeln!(
                f,
                "  Location {} default {} readonly {} period {:?} available {} synced {}",
                it.name,
                it.default,
                it.read_only,
                it.period,
                it.available,
                maybe(it.synced)
            )?;
        }
        for it in &self.schedules {
            writeln!(f, "  BackupSchedule {} phase {}", it.name, it.phase)?;
        }
        for it in &self.accepted {
            writeln!(
                f,
                "  accepted {} {} at {} for {} uid {} accepted {}",
                it.kind,
                it.about,
                ago(it.at),
                it.holder,
                it.uid,
                ago(it.accepted)
            )?;
        }
        writeln!(
            f,
            "  kube-system {} missing {:?}",
            maybe(self.kube_system),
            self.missing
        )
    }
}
