//! ACM BackupSchedule (`backupschedules.cluster.open-cluster-management.io`, operator-facts §1.1).

use super::{Kind, meta, meta::Meta, phase::Phases};
use crate::project::{NAME, Shape};
use crate::read::{Reader, Unreadable};
use crate::time::duration::GoDuration;
use serde_json::Value;

/// A BackupSchedule as far as we judge it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackupSchedule {
    /// Object metadata.
    pub meta: Meta,
    /// `spec.veleroSchedule`, a robfig cron expression.
    pub cron: String,
    /// `spec.veleroTtl`
    pub ttl: Option<GoDuration>,
    /// `spec.paused`
    pub paused: bool,
    /// `spec.useManagedServiceAccount`
    pub managed_service_accounts: bool,
    /// `spec.managedServiceAccountTTL`
    pub token_ttl: Option<GoDuration>,
    /// `spec.useOwnerReferencesInBackup`: the Backups go when the schedule goes.
    pub owns_backups: bool,
    /// `status.phase`, empty while the operator has not looked at it.
    pub phase: String,
    /// `status.lastMessage`
    pub message: String,
    /// Fields that could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl BackupSchedule {
    /// The operator's phases (operator-facts §1.3).
    pub const PHASES: Phases = Phases(&[
        "New",
        "Enabled",
        "Unknown",
        "FailedValidation",
        "Failed",
        "BackupCollision",
        "Paused",
    ]);

    /// What a judgement asks of a BackupSchedule under review: not its owners.
    pub const JUDGED: Shape = Shape::Fields(&[
        ("metadata", meta::JUDGED),
        (
            "spec",
            Shape::Fields(&[
                ("veleroSchedule", NAME),
                ("veleroTtl", NAME),
                ("paused", NAME),
                ("useManagedServiceAccount", NAME),
                ("managedServiceAccountTTL", NAME),
                ("useOwnerReferencesInBackup", NAME),
            ]),
        ),
        (
            "status",
            Shape::Fields(&[("phase", NAME), ("lastMessage", NAME)]),
        ),
    ]);

    /// Whether its phase is one that nobody knows. The operator counts it as running then.
    pub fn has_unknown_phase(&self) -> bool {
        !Self::PHASES.know(&self.phase)
    }

    /// Whether the operator counts it as running and so burns every Restore beside it. It looks at
    /// the phase alone: a schedule that never got one counts, one that is only *asked* to pause does
    /// too (operator-facts §6.2). One that was un-paused counts before the operator has got to it.
    pub fn blocks_restores(&self) -> bool {
        match self.phase.as_str() {
            "BackupCollision" => false,
            "Paused" => !self.paused,
            _ => true,
        }
    }

    /// Whether it lost the storage location to another hub; it stays so until it is deleted.
    pub fn is_in_collision(&self) -> bool {
        self.phase == "BackupCollision"
    }

    /// Fields that the operator's typed client cannot decode. It then never sees the object, nor, in
    /// one list, any other (operator-facts §12, G22).
    pub fn hidden_from_the_operator(&self) -> Option<&Unreadable> {
        self.unreadable
            .iter()
            .find(|unreadable| unreadable.field.starts_with("spec."))
    }
}

impl Kind for BackupSchedule {
    fn read(object: &Value) -> Self {
        let mut reader = Reader::new(object);
        let r = &mut reader;
        let mut schedule = Self {
            meta: Meta::read(r),
            cron: r.text("spec.veleroSchedule").unwrap_or_default(),
            ttl: r.duration("spec.veleroTtl"),
            paused: r.flag("spec.paused").unwrap_or_default(),
            managed_service_accounts: r.flag("spec.useManagedServiceAccount").unwrap_or_default(),
            token_ttl: r.duration("spec.managedServiceAccountTTL"),
            owns_backups: r
                .flag("spec.useOwnerReferencesInBackup")
                .unwrap_or_default(),
            phase: r.text("status.phase").unwrap_or_default(),
            message: r.text("status.lastMessage").unwrap_or_default(),
            unreadable: Vec::new(),
        };
        schedule.unreadable = reader.finish();
        schedule
    }
}
