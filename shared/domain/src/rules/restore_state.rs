//! How a Restore that still holds the hub is told, and how it is waited for.

use super::finding::Finding;
use super::rule::Verdict;
use super::words::{command, short};
use crate::act::command::Command;
use crate::hub::restores::RestoreState;
use crate::kinds::meta::Meta;
use crate::kinds::restore::Restore;
use crate::kinds::velero_restore::VeleroRestore;
use crate::snapshot::Snapshot;
use crate::time::age;
use crate::upstream::resource;

/// Judges what wants to start in a namespace by the Restores that are not over there, `except` left out:
/// `denial` gets the first and all of them, what must be waited for before what may be deleted.
pub(super) fn judge_beside(
    wanted: &str,
    namespace: &str,
    except: Option<&Meta>,
    snapshot: &Snapshot,
    denial: impl FnOnce(&RestoreState<'_>, &[&RestoreState<'_>]) -> Finding,
) -> Verdict {
    let restores = match snapshot.restores.get() {
        Ok(restores) => restores,
        Err(missing) => return Verdict::blind(wanted, missing),
    };
    let velero = &snapshot.velero_restores;
    let beside: Vec<_> = restores
        .iter()
        .filter(|other| !except.is_some_and(|except| other.meta.is_same_object(except)))
        .filter(|other| other.meta.namespace == namespace)
        .map(|other| RestoreState::seen(other, velero))
        .collect();
    let mut active: Vec<_> = beside.iter().filter(|other| !other.is_over()).collect();
    active.sort_by_key(|other| other.is_at_rest());
    match (
        active.first(),
        beside.first(),
        snapshot.velero_restores.get(),
    ) {
        (Some(first), ..) => denial(first, &active).into(),
        (None, Some(ended), Err(missing)) => Verdict::blind(
            format!(
                "whether Velero still restores for Restore {}, which says {}",
                ended.restore.meta.name, ended.restore.phase
            ),
            missing,
        ),
        (None, ..) => Verdict::Pass,
    }
}

/// Where a Restore stands: its phase, and each restore that Velero has not ended.
pub(super) fn describe(state: &RestoreState<'_>, snapshot: &Snapshot) -> Vec<String> {
    let restore = state.restore;
    let phase = match (restore.meta.deleted, restore.phase.as_str()) {
        (Some(_), _) => "is being deleted".to_owned(),
        (None, "") => "was not yet looked at by the operator".to_owned(),
        (None, phase) => format!("has phase {}", Restore::PHASES.told(phase)),
    };
    let created = restore
        .meta
        .created
        .map(|at| format!(", created {}", age::when(snapshot.now, at)))
        .unwrap_or_default();
    let name = &restore.meta.name;
    let mut lines = vec![format!("Restore {name} {phase}{created}")];
    lines.extend(unexplained(state));
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
            phase => format!(
                "Velero has {} in phase {}{since}{}",
                velero.meta.name,
                VeleroRestore::PHASES.told(phase),
                match velero.has_unknown_phase() {
                    true => "; so it is taken for one that goes on",
                    false => "",
                }
            ),
        }
    }));
    lines
}

/// What a phase that nobody knows is taken for, and what Velero says of the same Restore.
fn unexplained(state: &RestoreState<'_>) -> Option<String> {
    state.restore.has_unknown_phase().then(|| {
        let velero = state.what_velero_does();
        format!("the operator counts every phase but Finished and FinishedWithErrors as active; {velero}")
    })
}

/// What to do about a Restore whose phase nobody knows: it may never change.
pub(super) fn look_who_wrote_it(
    finding: Finding,
    state: &RestoreState<'_>,
    snapshot: &Snapshot,
) -> Finding {
    if !state.restore.has_unknown_phase() {
        return finding;
    }
    let (name, namespace) = (&state.restore.meta.name, &state.restore.meta.namespace);
    finding
        .run(
            "see who wrote its phase and when (the operator, or a person by hand):",
            command(snapshot, namespace, "get")
                .say(short::RESTORE)
                .name(name)
                .say("-o yaml --show-managed-fields"),
        )
        .todo(format!(
            "if the operator does nothing more for it, delete {name} (what it restored stays), then apply again"
        ))
}

/// Watches the Restores of a namespace.
pub(super) fn watch(snapshot: &Snapshot, namespace: &str) -> Command {
    command(snapshot, namespace, "get")
        .say(short::RESTORE)
        .say("-w")
}

/// What to do about a Restore that waits by its own word, while what Velero does is not known.
pub(super) fn see_what_velero_does(
    finding: Finding,
    name: &str,
    snapshot: &Snapshot,
    namespace: &str,
) -> Finding {
    finding.run(
        format!("what Velero does for {name} could not be looked up: try again, and leave it alone until you see that none of these runs:"),
        command(snapshot, namespace, "get").say(resource::VELERO_RESTORES),
    )
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
            command(snapshot, namespace, "get")
                .say(resource::VELERO_RESTORES)
                .say("-w"),
        )
        .run(
            "only if nothing moves any more: Velero, started anew, ends as Failed what it had begun:",
            command(snapshot, namespace, "rollout restart deploy/velero"),
        )
}
