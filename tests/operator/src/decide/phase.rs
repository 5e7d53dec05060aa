//! What the phases of the Velero Restores make of their Restore (operator-facts §1.3, §6.7, §13).

use serde_json::Value;

use super::restore_status::RestoreStatus;
use super::sync;
use super::velero_restores::{is_activation, is_nothing};
use crate::object::{name, phase};
use crate::version::Version;

/// The judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Under way: phase and message.
    UnderWay(&'static str, String),
    /// Nothing to tell apart from before.
    Unchanged,
    /// A Velero Restore failed.
    Failed(String),
    /// A sync cycle is over.
    CycleOver,
    /// All done, with errors or without.
    Over {
        /// Whether a Velero Restore ended `PartiallyFailed`.
        with_errors: bool,
    },
    /// Every type is skipped.
    NothingToDo,
}

/// Judges a Restore by the Velero Restores it owns.
pub fn judge(
    restore: &Value,
    status: &RestoreStatus,
    owned: &[&Value],
    version: Version,
) -> Judgement {
    let considered: Vec<_> = owned
        .iter()
        .copied()
        .filter(|velero| !version.splits_activation() || is_tracked(status, velero))
        .collect();
    if considered.is_empty() {
        return if is_nothing(restore) {
            Judgement::NothingToDo
        } else {
            Judgement::UnderWay("Started", format!("Restore {} started", name(restore)))
        };
    }
    considered
        .iter()
        .find_map(|velero| unfinished(velero, version))
        .unwrap_or_else(|| {
            if sync::is_on(restore) && !is_activation(restore) {
                Judgement::CycleOver
            } else if considered.iter().all(|velero| is_finished(velero)) {
                let with_errors = considered
                    .iter()
                    .any(|velero| phase(velero).contains("PartiallyFailed"));
                Judgement::Over { with_errors }
            } else {
                Judgement::Unchanged
            }
        })
}

/// The operator's word on one Velero Restore that is new, in progress or failed.
fn unfinished(velero: &Value, version: Version) -> Option<Judgement> {
    let name = name(velero);
    match phase(velero) {
        "" if !version.splits_activation() => Some(Judgement::UnderWay(
            "Unknown",
            format!("Unknown status for Velero restore {name}"),
        )),
        "" | "New" => Some(Judgement::UnderWay(
            "Started",
            format!("Velero restore {name} has started"),
        )),
        "InProgress" => Some(Judgement::UnderWay(
            "Running",
            format!("Velero restore {name} is currently executing"),
        )),
        "Failed" | "FailedValidation" => Some(Judgement::Failed(format!(
            "Velero restore {name} has failed validation or encountered errors"
        ))),
        _ => None,
    }
}

fn is_finished(velero: &Value) -> bool {
    matches!(phase(velero), "Completed" | "PartiallyFailed")
}

/// Whether the status names a Velero Restore, or the passive twin of an `-active` one.
pub fn is_tracked(status: &RestoreStatus, velero: &Value) -> bool {
    let twin = name(velero).strip_suffix("-active").unwrap_or(name(velero));
    status
        .tracked()
        .any(|tracked| tracked == name(velero) || tracked == twin)
}
