//! Velero Schedule: what really makes the backups, whatever the BackupSchedule says.

use super::{Kind, meta::Meta, phase::Phases};
use crate::read::{Reader, Unreadable};
use jiff::Timestamp;
use serde_json::Value;

/// A Velero Schedule as far as we judge it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VeleroSchedule {
    /// Object metadata.
    pub meta: Meta,
    /// `spec.schedule`
    pub cron: String,
    /// `spec.paused`
    pub paused: bool,
    /// `status.phase`
    pub phase: String,
    /// `status.lastBackup`
    pub last_backup: Option<Timestamp>,
    /// `status.lastSkipped`
    pub last_skipped: Option<Timestamp>,
    /// Velero's own words for what went wrong: validation errors and the reason of a failure.
    pub reasons: Vec<String>,
    /// Fields that could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl VeleroSchedule {
    /// Velero's phases, up to 1.18.
    pub const PHASES: Phases = Phases(&["New", "Enabled", "FailedValidation"]);

    /// Whether its phase is one that nobody knows.
    pub fn has_unknown_phase(&self) -> bool {
        !Self::PHASES.know(&self.phase)
    }

    /// Whether Velero will make backups for it.
    pub fn is_running(&self) -> bool {
        !self.paused && self.phase == "Enabled" && self.meta.deleted.is_none()
    }

    /// Whether it may make a backup: it runs, or Velero has not looked at it yet.
    pub fn will_run(&self) -> bool {
        !self.paused && self.meta.deleted.is_none() && !self.was_refused()
    }

    /// Whether it was made for the BackupSchedule of this name.
    pub fn is_owned_by(&self, schedule: &str) -> bool {
        self.meta
            .owners
            .iter()
            .any(|(kind, name)| kind == "BackupSchedule" && name == schedule)
    }

    /// Whether Velero refused it: it makes no backup until it is corrected.
    pub fn was_refused(&self) -> bool {
        self.phase == "FailedValidation"
    }

    /// The time from which Velero counts to the next run (cli-anchors §4.3).
    pub fn counts_from(&self) -> Option<Timestamp> {
        self.last_backup
            .or(self.meta.created)
            .max(self.last_skipped)
    }
}

impl Kind for VeleroSchedule {
    fn read(object: &Value) -> Self {
        let mut reader = Reader::new(object);
        let r = &mut reader;
        let mut schedule = Self {
            meta: Meta::read(r),
            cron: r.text("spec.schedule").unwrap_or_default(),
            paused: r.flag("spec.paused").unwrap_or_default(),
            phase: r.text("status.phase").unwrap_or_default(),
            last_backup: r.time("status.lastBackup"),
            last_skipped: r.time("status.lastSkipped"),
            reasons: r.reasons(),
            unreadable: Vec::new(),
        };
        schedule.unreadable = reader.finish();
        schedule
    }
}
