//! `restore/activation-taken-back`: an activation that is edited away half-way.

use crate::hub::restores::RestoreState;
use crate::kinds::restore::{BackupChoice, Restore};
use crate::rules::finding::Finding;
use crate::rules::restore_state::describe;
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::rules::words::{command, patch_spec, short};
use crate::snapshot::{Need, Snapshot};

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/activation-taken-back",
    protects_from: "an activation that is edited away half-way, as a GitOps self-heal does: Velero restores the \
                    clusters all the same, and the hub that holds them calls itself passive \
                    (operator-facts §6.7, §6.9)",
    subject: SubjectKind::Restore,
    operations: &[Operation::Update],
    denies_when_blind: false,
    can_be_attested: false,
    since: "2.7",
    until: None,
    needs: |review| match taken_back(review) {
        Some(previous) if previous.is_terminal() => vec![Need::HubId, Need::VeleroRestores],
        Some(_) => vec![Need::HubId],
        None => Vec::new(),
    },
    judge,
};

const FIELD: &str = "veleroManagedClustersBackupName";

/// What else would be asked of the edit, were it an activation.
const NOT_ASKED: &[&str] = &[
    super::active_schedule::RULE.id,
    super::another_active::RULE.id,
    super::backup_not_found::RULE.id,
    super::old_hub_live::RULE.id,
];

/// The Restore as it is stored, where it activates and no longer would, or another backup. A `skip` in
/// other letters restores no cluster, so there is nothing to be taken back.
fn taken_back(review: &Review) -> Option<&Restore> {
    let choice = |restore: &Restore| BackupChoice::parse(restore.managed_clusters.as_deref());
    let (now, before) = (
        choice(review.restore()?),
        choice(review.previous_restore()?),
    );
    let activated = matches!(before, BackupChoice::Latest | BackupChoice::Named(_));
    review
        .previous_restore()
        .filter(|_| activated && now != before)
}

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let (Some(previous), Some(restore)) = (taken_back(review), review.restore()) else {
        return Verdict::Pass;
    };
    let name = &previous.meta.name;
    if previous.is_terminal()
        && let Err(missing) = snapshot.velero_restores.get()
    {
        return Verdict::blind(
            format!(
                "whether Velero still restores for Restore {name}, which says {}",
                previous.phase
            ),
            missing,
        );
    }
    let state = RestoreState::of(previous, snapshot.velero_restores.items());
    if state.is_over() {
        return Verdict::Pass;
    }
    denial(&state, restore, snapshot).into()
}

fn denial(state: &RestoreState<'_>, restore: &Restore, snapshot: &Snapshot) -> Finding {
    let previous = state.restore;
    let (name, namespace) = (&previous.meta.name, &previous.meta.namespace);
    let before = previous.managed_clusters.as_deref().unwrap_or_default();
    let now = restore.managed_clusters.as_deref().unwrap_or_default();
    let denial = Finding::deny(
        RULE.id,
        format!("Restore {name} is activating this hub, and this edit does not undo that"),
    );
    describe(state, snapshot)
        .into_iter()
        .fold(denial, Finding::seen)
        .seen("what Velero has begun goes on, but the operator would neither import the clusters nor tell the other hub; this hub would hold them and call itself passive")
        .about(format!("spec.{FIELD}: {before} -> {now}"))
        .todo(format!(
            "if this hub is to be the active one, write {FIELD}: {before} where this edit comes from (Git?), or stop its self-heal until the Restore has ended"
        ))
        .run(
            "if it is not, delete the Restore (in Git first); what it has restored stays here:",
            command(snapshot, namespace, "delete")
                .say(short::RESTORE)
                .name(name)
                .say("--wait=false"),
        )
        .run(
            "if the deletion hangs (operator 2.16 and later), set the name back then; it passes on a Restore that is being deleted:",
            patch_spec(
                snapshot,
                namespace,
                short::RESTORE,
                name,
                FIELD,
                "\"skip\"",
            ),
        )
        .instead_of(NOT_ASKED)
}
