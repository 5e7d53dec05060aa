//! Phase, message and copies in a BackupSchedule's status (operator-facts §1.3, §1.4).

use serde_json::{Value, json};

use super::velero_schedules::{BackupType, CREDENTIALS, MANAGED_CLUSTERS, RESOURCES};
use crate::kinds::Kind;
use crate::object::{self, name};
use crate::write::Write;

/// Phase and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Phase.
    pub phase: &'static str,
    /// Message.
    pub message: String,
}

/// A verdict.
pub fn verdict(phase: &'static str, message: impl Into<String>) -> Verdict {
    Verdict {
        phase,
        message: message.into(),
    }
}

/// What the phases of the Velero Schedules make of their BackupSchedule.
pub fn of_velero_schedules(schedules: &[&Value]) -> Verdict {
    let any = |phase: &str| {
        schedules
            .iter()
            .any(|schedule| object::phase(schedule) == phase)
    };
    if any("") {
        verdict(
            "Unknown",
            "Some Velero schedules are not enabled. If the status doesn't change check the velero pod is running and \
             that you have created a Velero resource as documented in the install guide.",
        )
    } else if any("New") {
        verdict("New", "Velero schedules are initialized")
    } else if any("FailedValidation") {
        verdict("FailedValidation", "Velero schedules initialization failed")
    } else {
        verdict("Enabled", "Velero schedules are enabled")
    }
}

const COPIES: [(&str, BackupType); 3] = [
    ("veleroScheduleCredentials", CREDENTIALS),
    ("veleroScheduleManagedClusters", MANAGED_CLUSTERS),
    ("veleroScheduleResources", RESOURCES),
];

/// The status write, unless nothing changes. Copies of Velero Schedules that are not given stay.
pub fn write(owner: &Value, verdict: &Verdict, schedules: &[&Value]) -> Option<Write> {
    let mut status = owner.get("status").cloned().unwrap_or_else(|| json!({}));
    for (field, kind) in COPIES {
        if let Some(schedule) = schedules
            .iter()
            .find(|schedule| name(schedule) == kind.schedule)
        {
            status[field] = json!({
                "apiVersion": schedule["apiVersion"],
                "kind": schedule["kind"],
                "metadata": {},
                "spec": schedule["spec"],
                "status": schedule.get("status").cloned().unwrap_or_else(|| json!({})),
            });
        }
    }
    changed(owner, verdict, status)
}

/// The status write after the Velero Schedules were deleted.
pub fn write_without_copies(owner: &Value, verdict: &Verdict) -> Option<Write> {
    let mut status = owner.get("status").cloned().unwrap_or_else(|| json!({}));
    if let Some(status) = status.as_object_mut() {
        status.retain(|field, _| !COPIES.iter().any(|(copy, _)| copy == field));
    }
    changed(owner, verdict, status)
}

fn changed(owner: &Value, verdict: &Verdict, mut status: Value) -> Option<Write> {
    status["phase"] = json!(verdict.phase);
    status["lastMessage"] = json!(verdict.message);
    (owner.get("status") != Some(&status))
        .then(|| Write::status(Kind::BackupSchedule, owner, status))
}
