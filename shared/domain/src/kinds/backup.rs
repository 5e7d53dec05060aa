//! Velero Backup, as the operator names and labels it (operator-facts §2.1, §3.1).

use super::{Kind, meta::Meta, phase::Phases};
use crate::hub::identity::HubId;
use crate::read::{Reader, Unreadable};
use crate::time::duration::GoDuration;
use crate::upstream::{MARKER_PREFIX, backup_label};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// The five backups of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BackupType {
    /// Secrets and ConfigMaps.
    Credentials,
    /// The clusters themselves: what activates a hub.
    ManagedClusters,
    /// Everything else that is labelled for backup.
    ResourcesGeneric,
    /// Policies, applications, sets and the like.
    Resources,
    /// A small backup whose TTL tells the period of the hub that wrote it.
    Validation,
}

impl BackupType {
    /// All five, in the order the operator makes them.
    pub const ALL: [Self; 5] = [
        Self::Credentials,
        Self::ManagedClusters,
        Self::ResourcesGeneric,
        Self::Resources,
        Self::Validation,
    ];

    /// The four that hold data; a set without one of them restores a hub in part.
    pub const DATA: [Self; 4] = [
        Self::Credentials,
        Self::ManagedClusters,
        Self::ResourcesGeneric,
        Self::Resources,
    ];

    /// Name of the Velero Schedule, and prefix of the backups' names before `-<timestamp>`.
    pub fn schedule_name(self) -> &'static str {
        match self {
            Self::Credentials => "acm-credentials-schedule",
            Self::ManagedClusters => "acm-managed-clusters-schedule",
            Self::ResourcesGeneric => "acm-resources-generic-schedule",
            Self::Resources => "acm-resources-schedule",
            Self::Validation => "acm-validation-policy-schedule",
        }
    }

    /// What an administrator calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::ManagedClusters => "managed-clusters",
            Self::ResourcesGeneric => "resources-generic",
            Self::Resources => "resources",
            Self::Validation => "validation",
        }
    }

    /// The value of the operator's type label (operator-facts §2.1).
    pub fn label_value(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::ManagedClusters => "managedClusters",
            Self::ResourcesGeneric => "resourcesGeneric",
            Self::Resources => "resources",
            Self::Validation => "validation",
        }
    }

    /// The type the operator's type label tells.
    pub fn of_label(value: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.label_value() == value)
    }

    /// The type that is made for a Velero Schedule of this name.
    pub fn of_schedule(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.schedule_name() == name)
    }

    /// Whether a name is that of a managed-clusters backup, with or without a time behind it.
    pub fn of_clusters(name: &str) -> bool {
        Self::of_prefix(name) == Some(Self::ManagedClusters)
    }

    /// The type `latest` takes a name for: by its beginning alone, so a backup made by hand counts
    /// (operator-facts §6.5).
    pub fn of_prefix(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| name.starts_with(kind.schedule_name()))
    }

    /// The type of a backup, by its name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| stamp_after(name, kind.schedule_name()).is_some())
    }
}

impl fmt::Display for BackupType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A Backup as far as we judge it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backup {
    /// Object metadata. `created` is when *this* API server stored it.
    pub meta: Meta,
    /// `spec.storageLocation`: the location it is in, where it says so.
    pub location: Option<String>,
    /// `status.phase`
    pub phase: String,
    /// `status.startTimestamp`: when Velero began, which may be minutes after the time in the name.
    pub started: Option<Timestamp>,
    /// `status.completionTimestamp`
    pub completed: Option<Timestamp>,
    /// `status.expiration`
    pub expires: Option<Timestamp>,
    /// `spec.ttl`
    pub ttl: Option<GoDuration>,
    /// `status.progress.itemsBackedUp`
    pub items: Option<i64>,
    /// `status.errors`
    pub errors: i64,
    /// `status.warnings`
    pub warnings: i64,
    /// Velero's own words for what went wrong: validation errors and the reason of a failure.
    pub reasons: Vec<String>,
    /// Fields that could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl Backup {
    /// Velero's phases, from 1.9 (which still had the two of uploading) to 1.18.
    pub const PHASES: Phases = Phases(&[
        "New",
        "Queued",
        "ReadyToStart",
        "FailedValidation",
        "InProgress",
        "Uploading",
        "UploadingPartialFailure",
        "WaitingForPluginOperations",
        "WaitingForPluginOperationsPartiallyFailed",
        "Finalizing",
        "FinalizingPartiallyFailed",
        "Completed",
        "PartiallyFailed",
        "Failed",
        "Deleting",
    ]);

    /// Which of the five it is; none for a marker and for what others back up.
    pub fn backup_type(&self) -> Option<BackupType> {
        BackupType::of_name(&self.meta.name)
    }

    /// The time in its name, the run it was made for.
    pub fn run(&self) -> Option<Timestamp> {
        run_of_name(&self.meta.name)
    }

    /// The BackupStorageLocation it lies in: what its spec says, else the label Velero puts on a copy.
    pub fn storage_location(&self) -> Option<&str> {
        self.location
            .as_deref()
            .filter(|name| !name.is_empty())
            .or_else(|| self.meta.label(backup_label::STORAGE_LOCATION))
    }

    /// The hub that wrote it (on a marker: the hub that was restored from).
    pub fn writer(&self) -> HubId {
        HubId::new(
            self.meta
                .label(backup_label::BACKUP_CLUSTER)
                .unwrap_or_default(),
        )
    }

    /// On an activation marker, the hub that activated.
    pub fn activated_hub(&self) -> Option<HubId> {
        self.meta
            .name
            .starts_with(MARKER_PREFIX)
            .then(|| {
                self.meta
                    .label(backup_label::RESTORE_CLUSTER)
                    .map(HubId::new)
            })
            .flatten()
    }

    /// Whether its phase is one that nobody knows: it is no part of a whole set then.
    pub fn has_unknown_phase(&self) -> bool {
        !Self::PHASES.know(&self.phase)
    }

    /// Whether Velero is done with it, well or not, or takes it away. In any other phase, one that nobody
    /// knows included, it may still be written.
    pub fn is_over(&self) -> bool {
        self.has_data() || self.has_failed() || self.phase == "Deleting"
    }

    /// Whether Velero gave it up.
    pub fn has_failed(&self) -> bool {
        matches!(self.phase.as_str(), "Failed" | "FailedValidation")
    }

    /// Whether `latest` would take it: the operator asks for the phase alone (operator-facts §6.5).
    pub fn has_data(&self) -> bool {
        matches!(self.phase.as_str(), "Completed" | "PartiallyFailed")
    }

    /// Whether it can be restored: it has data, and is not being deleted.
    pub fn is_usable(&self) -> bool {
        self.has_data() && self.meta.deleted.is_none()
    }

    /// Whether Velero saved everything it was asked to.
    pub fn is_complete(&self) -> bool {
        self.phase == "Completed" && self.meta.deleted.is_none()
    }

    /// Whether it was made on this hub rather than synced from the bucket: a synced copy is stored
    /// here after the backup was over (DESIGN §3, "Own id").
    pub fn was_made_here(&self) -> bool {
        match (self.meta.created, self.completed) {
            (Some(created), Some(completed)) => created <= completed,
            // Unfinished backups are not synced (operator-facts §7).
            (_, None) => true,
            (None, _) => false,
        }
    }
}

impl Kind for Backup {
    fn read(object: &Value) -> Self {
        let mut reader = Reader::new(object);
        let r = &mut reader;
        let mut backup = Self {
            meta: Meta::read(r),
            location: r.text("spec.storageLocation"),
            phase: r.text("status.phase").unwrap_or_default(),
            started: r.time("status.startTimestamp"),
            completed: r.time("status.completionTimestamp"),
            expires: r.time("status.expiration"),
            ttl: r.duration("spec.ttl"),
            items: r.number("status.progress.itemsBackedUp"),
            errors: r.number("status.errors").unwrap_or_default(),
            warnings: r.number("status.warnings").unwrap_or_default(),
            reasons: r.reasons(),
            unreadable: Vec::new(),
        };
        backup.unreadable = reader.finish();
        backup
    }
}

/// The time in the name of one of the five or of a marker.
pub fn run_of_name(name: &str) -> Option<Timestamp> {
    BackupType::of_name(name)
        .and_then(|kind| stamp_after(name, kind.schedule_name()))
        .or_else(|| stamp_after(name, MARKER_PREFIX.trim_end_matches('-')))
}

/// The `YYYYMMDDHHMMSS` after `<prefix>-`, in UTC; none where the name is built differently.
fn stamp_after(name: &str, prefix: &str) -> Option<Timestamp> {
    let stamp = name.strip_prefix(prefix)?.strip_prefix('-')?;
    if stamp.len() != 14 {
        return None;
    }
    let time = DateTime::strptime("%Y%m%d%H%M%S", stamp).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_runs_are_told_by_the_name() {
        for (name, kind, run) in [
            (
                "acm-resources-schedule-20261122153706",
                Some(BackupType::Resources),
                Some("2026-11-22T15:37:06Z"),
            ),
            (
                "acm-resources-generic-schedule-20261122153706",
                Some(BackupType::ResourcesGeneric),
                Some("2026-11-22T15:37:06Z"),
            ),
            (
                "acm-restore-clusters-20261122162029",
                None,
                Some("2026-11-22T16:20:29Z"),
            ),
            ("acm-resources-schedule-by-hand", None, None),
            ("nightly-20261122153706", None, None),
        ] {
            let backup = Backup {
                meta: Meta {
                    name: name.into(),
                    ..Meta::default()
                },
                ..Backup::default()
            };
            assert_eq!(backup.backup_type(), kind, "{name}");
            assert_eq!(backup.run(), run.map(|run| run.parse().unwrap()), "{name}");
        }
    }
}
