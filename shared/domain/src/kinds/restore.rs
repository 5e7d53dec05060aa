//! ACM Restore (`restores.cluster.open-cluster-management.io`, operator-facts §1.2).

use super::{Kind, meta, meta::Meta, phase::Phases};
use crate::project::{NAME, Shape};
use crate::read::{Reader, Unreadable};
use crate::time::duration::GoDuration;
use jiff::Timestamp;
use serde_json::Value;

/// A Restore as far as we judge it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restore {
    /// Object metadata.
    pub meta: Meta,
    /// `spec.veleroManagedClustersBackupName`, as written.
    pub managed_clusters: Option<String>,
    /// `spec.veleroCredentialsBackupName`, as written.
    pub credentials: Option<String>,
    /// `spec.veleroResourcesBackupName`, as written.
    pub resources: Option<String>,
    /// `spec.cleanupBeforeRestore`
    pub cleanup: Option<String>,
    /// `spec.syncRestoreWithNewBackups`
    pub sync: bool,
    /// `spec.restoreSyncInterval`
    pub sync_interval: Option<GoDuration>,
    /// `status.phase`, empty while the operator has not looked at it.
    pub phase: String,
    /// `status.lastMessage`
    pub message: String,
    /// `status.messages`: what came of the import of each cluster.
    pub messages: Vec<String>,
    /// `status.velero…RestoreName`, those that are set.
    pub velero_restores: Vec<String>,
    /// `status.completionTimestamp`
    pub completed: Option<Timestamp>,
    /// Fields that could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// What one of the three backup names asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupChoice {
    /// The field is absent or empty.
    Unset,
    /// Nothing of this kind.
    Skip,
    /// The newest usable backup.
    Latest,
    /// The backup of this name.
    Named(String),
}

impl BackupChoice {
    /// Reads a backup name as the operator does when it resolves it: trimmed and lower-cased
    /// (operator-facts §6.5).
    pub fn parse(raw: Option<&str>) -> Self {
        match raw.unwrap_or_default().trim().to_lowercase().as_str() {
            "" => Self::Unset,
            "skip" => Self::Skip,
            "latest" => Self::Latest,
            name => Self::Named(name.to_owned()),
        }
    }
}

/// Sync phases between two passes (operator-facts §1.3; 2.17 adds the second).
const SYNCING: [&str; 2] = ["Enabled", "EnabledWithErrors"];

impl Restore {
    /// The operator's phases (operator-facts §1.3).
    pub const PHASES: Phases = Phases(&[
        "Started",
        "Running",
        "Enabled",
        "EnabledWithErrors",
        "Error",
        "Unknown",
        "Finished",
        "FinishedWithErrors",
    ]);

    /// What a judgement asks of a Restore under review: not its owners, nor what came of each import.
    pub const JUDGED: Shape = Shape::Fields(&[
        ("metadata", meta::JUDGED),
        (
            "spec",
            Shape::Fields(&[
                ("veleroManagedClustersBackupName", NAME),
                ("veleroCredentialsBackupName", NAME),
                ("veleroResourcesBackupName", NAME),
                ("cleanupBeforeRestore", NAME),
                ("syncRestoreWithNewBackups", NAME),
                ("restoreSyncInterval", NAME),
            ]),
        ),
        (
            "status",
            Shape::Fields(&[
                ("phase", NAME),
                ("lastMessage", NAME),
                ("veleroCredentialsRestoreName", NAME),
                ("veleroResourcesRestoreName", NAME),
                ("veleroGenericResourcesRestoreName", NAME),
                ("veleroManagedClustersRestoreName", NAME),
                ("completionTimestamp", NAME),
            ]),
        ),
    ]);

    /// Whether its phase is one that nobody knows. The operator counts it as active then.
    pub fn has_unknown_phase(&self) -> bool {
        !Self::PHASES.know(&self.phase)
    }

    /// Whether the operator counts it as active, and so lets no other Restore and no BackupSchedule
    /// beside it (operator-facts §1.3).
    pub fn is_active(&self) -> bool {
        !self.is_terminal()
    }

    /// Whether its phase is one the operator never leaves; edits of its spec have no effect then.
    pub fn is_terminal(&self) -> bool {
        matches!(self.phase.as_str(), "Finished" | "FinishedWithErrors")
    }

    /// Whether the operator refused to run it: `FinishedWithErrors` stands for that too, and the
    /// message tells (operator-facts §1.3, §1.5).
    pub fn was_refused(&self) -> bool {
        self.phase == "FinishedWithErrors"
            && (self.message.starts_with("This resource is ignored because")
                || self
                    .message
                    .starts_with("invalid CleanupBeforeRestore value")
                || self
                    .message
                    .starts_with("cleanupBeforeRestore=CleanupAll requires"))
    }

    /// Whether it keeps a passive hub in sync (between two passes, or in one).
    pub fn is_passive_sync(&self) -> bool {
        self.sync && self.is_active() && !self.activates()
    }

    /// Whether it is a sync Restore that waits for the next backup.
    pub fn is_syncing(&self) -> bool {
        SYNCING.contains(&self.phase.as_str())
    }

    /// Whether it makes this hub the active one.
    ///
    /// Any value but exactly `skip` does: the operator compares the raw text when it decides on the
    /// activation marker, so `Skip` restores no cluster and still stops the other hub's backups
    /// (operator-facts §6.7).
    pub fn activates(&self) -> bool {
        self.managed_clusters
            .as_deref()
            .is_some_and(|name| !name.is_empty() && name != "skip")
    }

    /// The three choices with their field paths.
    pub fn choices(&self) -> [(&'static str, BackupChoice); 3] {
        [
            (
                "spec.veleroManagedClustersBackupName",
                BackupChoice::parse(self.managed_clusters.as_deref()),
            ),
            (
                "spec.veleroCredentialsBackupName",
                BackupChoice::parse(self.credentials.as_deref()),
            ),
            (
                "spec.veleroResourcesBackupName",
                BackupChoice::parse(self.resources.as_deref()),
            ),
        ]
    }
}

impl Kind for Restore {
    fn read(object: &Value) -> Self {
        let mut reader = Reader::new(object);
        let r = &mut reader;
        let mut restore = Self {
            meta: Meta::read(r),
            managed_clusters: r.text("spec.veleroManagedClustersBackupName"),
            credentials: r.text("spec.veleroCredentialsBackupName"),
            resources: r.text("spec.veleroResourcesBackupName"),
            cleanup: r.text("spec.cleanupBeforeRestore"),
            sync: r.flag("spec.syncRestoreWithNewBackups").unwrap_or_default(),
            sync_interval: r.duration("spec.restoreSyncInterval"),
            phase: r.text("status.phase").unwrap_or_default(),
            message: r.text("status.lastMessage").unwrap_or_default(),
            messages: r.texts("status.messages"),
            velero_restores: [
                "status.veleroCredentialsRestoreName",
                "status.veleroResourcesRestoreName",
                "status.veleroGenericResourcesRestoreName",
                "status.veleroManagedClustersRestoreName",
            ]
            .iter()
            .filter_map(|path| r.text(path))
            .filter(|name| !name.is_empty())
            .collect(),
            completed: r.time("status.completionTimestamp"),
            unreadable: Vec::new(),
        };
        restore.unreadable = reader.finish();
        restore
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exactly_skip_does_not_activate() {
        for (name, activates) in [
            (Some("skip"), false),
            (None, false),
            (Some(""), false),
            (Some("latest"), true),
            (Some("Skip"), true),
            (Some(" skip"), true),
            (Some("acm-managed-clusters-schedule-20261122153228"), true),
        ] {
            let restore = Restore {
                managed_clusters: name.map(str::to_owned),
                ..Restore::default()
            };
            assert_eq!(restore.activates(), activates, "{name:?}");
        }
    }

    #[test]
    fn choices_are_read_as_the_operator_resolves_them() {
        for (raw, choice) in [
            ("Latest ", BackupChoice::Latest),
            ("SKIP", BackupChoice::Skip),
            (" ", BackupChoice::Unset),
            ("ACM-x", BackupChoice::Named("acm-x".into())),
        ] {
            assert_eq!(BackupChoice::parse(Some(raw)), choice);
        }
    }
}
