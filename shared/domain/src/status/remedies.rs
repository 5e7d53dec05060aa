//! Steps that several findings share. A command is printed only where it can work, hits nothing but what
//! is meant, and is not done already as far as can be seen from here.

use super::facts::Facts;
use super::finding::Finding;
use super::restores::Rest;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::meta::Meta;
use crate::kinds::restore::Restore;
use crate::upstream::resource;

/// Velero uploads a log when a backup or a restore got to run, and none before.
fn has_log(phase: &str) -> bool {
    matches!(phase, "Completed" | "PartiallyFailed" | "Failed")
}

/// How to see why a Velero Restore went wrong.
pub(super) fn look_into_restore(
    finding: Finding,
    facts: &Facts<'_>,
    name: &str,
    phase: &str,
) -> Finding {
    look_into(
        finding,
        facts,
        ("restore", resource::VELERO_RESTORES),
        name,
        phase,
    )
}

/// How to see why a Backup went wrong.
pub(super) fn look_into_backup(
    finding: Finding,
    facts: &Facts<'_>,
    name: &str,
    phase: &str,
) -> Finding {
    look_into(finding, facts, ("backup", resource::BACKUPS), name, phase)
}

fn look_into(
    finding: Finding,
    facts: &Facts<'_>,
    (kind, resource): (&'static str, &'static str),
    name: &str,
    phase: &str,
) -> Finding {
    if has_log(phase) {
        finding.run(
            "see why (a Deployment velero must exist):",
            facts
                .kubectl("exec deploy/velero -- /velero")
                .say(kind)
                .say("logs")
                .name(name),
        )
    } else {
        finding.run(
            "see what Velero says of it; it never ran, so there is no log:",
            facts.kubectl("get").say(resource).name(name).say("-o yaml"),
        )
    }
}

/// Adds that a Restore is to be deleted, `text` telling what for; where that would stop something half-way,
/// or may, what to wait for instead.
pub(super) fn delete_restore(
    finding: Finding,
    facts: &Facts<'_>,
    restore: &Restore,
    rest: Rest,
    text: String,
) -> Finding {
    let name = &restore.meta.name;
    match rest {
        Rest::Rests => finding.run(text, facts.kubectl("delete crst").name(name)),
        Rest::Works => finding.run(
            "do not delete it yet: wait until Velero is done with all of them:",
            facts.kubectl("get restores.velero.io -w"),
        ),
        Rest::NotSeen => finding.run(
            "what Velero does for it could not be looked up; do not delete it before you see that none of these runs:",
            facts.kubectl("get restores.velero.io"),
        ),
        Rest::Leaving => finding.run(
            format!("{name} is being deleted; wait until it is gone:"),
            facts.kubectl("get crst -w"),
        ),
    }
}

/// Adds that a BackupSchedule is to be deleted, `text` telling what for, and what goes with it; one that is
/// being deleted is waited for.
pub(super) fn delete_schedule(
    finding: Finding,
    facts: &Facts<'_>,
    schedule: &BackupSchedule,
    text: String,
) -> Finding {
    let name = &schedule.meta.name;
    if schedule.meta.deleted.is_some() {
        return finding.run(
            format!("{name} is being deleted; wait until it is gone:"),
            facts.kubectl("get bsch -w"),
        );
    }
    let finding = if schedule.owns_backups {
        finding.seen(format!(
            "useOwnerReferencesInBackup is set on {name}: its Backups go when it goes"
        ))
    } else {
        finding
    };
    finding.run(text, facts.kubectl("delete bsch").name(name))
}

/// Who will put an object back that is changed or deleted by hand.
fn git(meta: &Meta) -> Option<&'static str> {
    let has = |key: &str| meta.labels.contains_key(key) || meta.annotations.contains_key(key);
    if has("argocd.argoproj.io/tracking-id") || has("argocd.argoproj.io/instance") {
        return Some("Argo CD");
    }
    if has("kustomize.toolkit.fluxcd.io/name") || has("helm.toolkit.fluxcd.io/name") {
        return Some("Flux");
    }
    if has("apps.open-cluster-management.io/hosting-subscription") {
        return Some("a Subscription");
    }
    None
}

/// `in Git first: Argo CD owns it`: what has to be said before an object is changed or deleted.
pub(super) fn git_first(meta: Option<&Meta>) -> String {
    match meta.and_then(git) {
        Some(owner) => format!("in Git first: {owner} owns it"),
        None => "in Git first if it is there".to_owned(),
    }
}
