//! How a Restore that still holds the hub is told, and how it is waited for.

use super::finding::Finding;
use super::words::{command, short};
use crate::hub::restores::RestoreState;
use crate::snapshot::Snapshot;
use crate::time::age;
use crate::upstream::resource;

/// Where a Restore stands: its phase, and each restore that Velero has not ended.
pub(super) fn describe(state: &RestoreState<'_>, snapshot: &Snapshot) -> Vec<String> {
    let restore = state.restore;
    let phase = match (restore.meta.deleted, restore.phase.as_str()) {
        (Some(_), _) => "is being deleted".to_owned(),
        (None, "") => "was not yet looked at by the operator".to_owned(),
        (None, phase) => format!("has phase {phase}"),
    };
    let created = restore
        .meta
        .created
        .map(|at| format!(", created {}", age::when(snapshot.now, at)))
        .unwrap_or_default();
    let name = &restore.meta.name;
    let mut lines = vec![format!("Restore {name} {phase}{created}")];
    lines.extend(state.running.iter().map(|velero| {
        let since = velero
            .started
            .map(|at| format!(" since {}", age::when(snapshot.now, at)))
            .or(velero
                .meta
                .created
                .map(|at| format!(", made {}", age::when(snapshot.now, at))))
            .unwrap_or_default();
        match velero.phase.as_str() {
            "" => format!("Velero has not begun {}{since}", velero.meta.name),
            phase => format!("Velero has {} in phase {phase}{since}", velero.meta.name),
        }
    }));
    lines
}

/// Watches the Restores of a namespace.
pub(super) fn watch(snapshot: &Snapshot, namespace: &str) -> String {
    command(snapshot, namespace, &format!("get {} -w", short::RESTORE))
}

/// What to do about a Restore that is over by its own word only. `then` is what is to be done at last.
pub(super) fn wait_for_velero(
    finding: Finding,
    snapshot: &Snapshot,
    namespace: &str,
    then: &str,
) -> Finding {
    finding
        .run(
            format!("wait until Velero has ended what it began (Completed, PartiallyFailed or Failed), then {then}:"),
            command(
                snapshot,
                namespace,
                &format!("get {} -w", resource::VELERO_RESTORES),
            ),
        )
        .run(
            "only if nothing moves any more: Velero, started anew, ends as Failed what it had begun:",
            command(snapshot, namespace, "rollout restart deploy/velero"),
        )
}
