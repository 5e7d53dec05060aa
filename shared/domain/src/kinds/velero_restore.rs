//! Velero Restore, the facts behind a phase of an ACM Restore.

use super::{Kind, meta::Meta, phase::Phases};
use crate::hub::identity::HubId;
use crate::read::{Reader, Unreadable};
use crate::upstream::backup_label;
use jiff::Timestamp;
use serde_json::Value;

/// A Velero Restore as far as we judge it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VeleroRestore {
    /// Object metadata.
    pub meta: Meta,
    /// `spec.backupName`
    pub backup: String,
    /// `status.phase`
    pub phase: String,
    /// `status.startTimestamp`
    pub started: Option<Timestamp>,
    /// `status.completionTimestamp`
    pub completed: Option<Timestamp>,
    /// `status.progress.itemsRestored`
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

impl VeleroRestore {
    /// Velero's phases, up to 1.18.
    pub const PHASES: Phases = Phases(&[
        "New",
        "FailedValidation",
        "InProgress",
        "WaitingForPluginOperations",
        "WaitingForPluginOperationsPartiallyFailed",
        "Finalizing",
        "FinalizingPartiallyFailed",
        "Completed",
        "PartiallyFailed",
        "Failed",
    ]);

    /// Whether its phase is one that nobody knows: it has not ended then.
    pub fn has_unknown_phase(&self) -> bool {
        !Self::PHASES.know(&self.phase)
    }

    /// Name of the ACM Restore it was made for.
    pub fn owner(&self) -> Option<&str> {
        self.meta
            .owners
            .iter()
            .find(|(kind, _)| kind == "Restore")
            .map(|(_, name)| name.as_str())
    }

    /// The hub whose backup it restores.
    pub fn source_hub(&self) -> HubId {
        HubId::new(
            self.meta
                .label(backup_label::BACKUP_CLUSTER)
                .unwrap_or_default(),
        )
    }

    /// The hub whose backup it restores, where its label tells: the operator writes it since 2.10
    /// (OWNERSHIP E1).
    pub fn source(&self) -> Option<HubId> {
        self.meta
            .label(backup_label::BACKUP_CLUSTER)
            .filter(|id| !id.is_empty())
            .map(HubId::new)
    }

    /// Whether Velero is done with it, well or not.
    pub fn is_over(&self) -> bool {
        is_last(&self.phase)
    }

    /// Whether it was made for an ACM Restore: it is owned by it, or nobody owns it and it has its name.
    pub fn is_of(&self, restore: &str) -> bool {
        match self.owner() {
            Some(owner) => owner == restore,
            None => self
                .meta
                .name
                .strip_prefix(restore)
                .is_some_and(|rest| rest.starts_with("-acm-")),
        }
    }

    /// Whether it ended without restoring all it was asked to.
    pub fn has_failed(&self) -> bool {
        self.phase.contains("Failed")
    }
}

/// Whether Velero ends a restore in this phase. In any other, one that nobody knows yet included, it may
/// still write objects.
pub fn is_last(phase: &str) -> bool {
    matches!(
        phase,
        "Completed" | "PartiallyFailed" | "Failed" | "FailedValidation"
    )
}

impl Kind for VeleroRestore {
    fn read(object: &Value) -> Self {
        let mut reader = Reader::new(object);
        let r = &mut reader;
        let mut restore = Self {
            meta: Meta::read(r),
            backup: r.text("spec.backupName").unwrap_or_default(),
            phase: r.text("status.phase").unwrap_or_default(),
            started: r.time("status.startTimestamp"),
            completed: r.time("status.completionTimestamp"),
            items: r.number("status.progress.itemsRestored"),
            errors: r.number("status.errors").unwrap_or_default(),
            warnings: r.number("status.warnings").unwrap_or_default(),
            reasons: r.reasons(),
            unreadable: Vec::new(),
        };
        restore.unreadable = reader.finish();
        restore
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn velero_s_own_reasons_are_read() {
        let restore = VeleroRestore::read(&json!({"status": {
            "phase": "FailedValidation",
            "validationErrors": ["backup not found", 7],
            "failureReason": "found a restore with status \"InProgress\""
        }}));
        assert_eq!(
            restore.reasons,
            [
                "backup not found",
                "found a restore with status \"InProgress\""
            ]
        );
        assert_eq!(restore.unreadable, []);
    }
}
