//! `restore/edit-after-end`: an activation that is edited into a Restore that has ended, or is on its way out.

use crate::kinds::restore::Restore;
use crate::rules::finding::Finding;
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::rules::words::{command, short};
use crate::snapshot::{Need, Snapshot};
use crate::time::age;
use jiff::Timestamp;

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/edit-after-end",
    protects_from: "an activation that nobody carries out: the operator never looks at a Restore again that has \
                    ended, unless somebody writes its status, and then it activates without having been \
                    asked anything (operator-facts §1.3); one that is being deleted an operator before 2.14 \
                    still carries out (§2.4)",
    subject: SubjectKind::Restore,
    operations: &[Operation::Update],
    denies_when_blind: false,
    can_be_attested: false,
    since: "2.7",
    until: None,
    needs: |review| match edited(review) {
        true => vec![Need::HubId],
        false => Vec::new(),
    },
    judge,
};

/// Every rule that an activation is asked: they are the new Restore's.
const ASKED_OF_THE_NEW_ONE: &[&str] = &[
    super::activation_taken_back::RULE.id,
    super::active_schedule::RULE.id,
    super::another_active::RULE.id,
    super::backup_not_found::RULE.id,
    super::old_hub_live::RULE.id,
];

/// Whether the names of a Restore that has ended, or is being deleted, are made to activate.
fn edited(review: &Review) -> bool {
    let over = |previous: &Restore| previous.is_terminal() || review.is_of_departing();
    review.activating_restore().is_some()
        && review.reawakened_restore().is_none()
        && review.previous_restore().is_some_and(over)
}

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let (true, Some(restore)) = (edited(review), review.restore()) else {
        return Verdict::Pass;
    };
    let name = &restore.meta.name;
    let since = |at: Option<Timestamp>| {
        at.map(|at| format!(" since {}", age::when(snapshot.now, at)))
            .unwrap_or_default()
    };
    let (headline, evidence) = match restore.meta.deleted {
        Some(_) => (
            format!("Restore {name} is being deleted; it must not activate any more"),
            format!(
                "Restore {name} is being deleted{}; what keeps it is in its metadata.finalizers",
                since(restore.meta.deleted)
            ),
        ),
        None => (
            format!("Restore {name} has ended; editing it activates nothing"),
            format!(
                "Restore {name} has phase {}{}, which the operator never leaves",
                restore.phase,
                since(restore.completed)
            ),
        ),
    };
    Finding::deny(RULE.id, headline)
        .seen(evidence)
        .about(format!(
            "spec.veleroManagedClustersBackupName: {}",
            restore.managed_clusters.as_deref().unwrap_or_default()
        ))
        .run(
            "make a new Restore, under another name, from this one:",
            command(snapshot, &restore.meta.namespace, "get")
                .say(short::RESTORE)
                .name(name)
                .say("-o yaml"),
        )
        .instead_of(ASKED_OF_THE_NEW_ONE)
        .into()
}
