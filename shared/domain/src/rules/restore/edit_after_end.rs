//! `restore/edit-after-end`: an activation that is edited into a Restore that has ended.

use crate::rules::finding::Finding;
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::rules::words::{command, short};
use crate::snapshot::{Need, Snapshot};
use crate::time::age;

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/edit-after-end",
    protects_from: "an activation that nobody carries out: the operator never looks at a Restore again that has \
                    ended, unless somebody writes its status, and then it activates without having been \
                    asked anything (operator-facts §1.3)",
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

/// Whether the names of a Restore that has ended are made to activate.
fn edited(review: &Review) -> bool {
    review.activating_restore().is_some()
        && review.reawakened_restore().is_none()
        && review
            .previous_restore()
            .is_some_and(|previous| previous.is_terminal())
}

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let (true, Some(restore)) = (edited(review), review.restore()) else {
        return Verdict::Pass;
    };
    let name = &restore.meta.name;
    let ended = restore
        .completed
        .map(|at| format!(" since {}", age::when(snapshot.now, at)))
        .unwrap_or_default();
    Finding::deny(
        RULE.id,
        format!("Restore {name} has ended; editing it activates nothing"),
    )
    .seen(format!(
        "Restore {name} has phase {}{ended}, which the operator never leaves",
        restore.phase
    ))
    .about(format!(
        "spec.veleroManagedClustersBackupName: {}",
        restore.managed_clusters.as_deref().unwrap_or_default()
    ))
    .run(
        "make a new Restore, under another name, from this one:",
        command(
            snapshot,
            &restore.meta.namespace,
            &format!("get {} {name} -o yaml", short::RESTORE),
        ),
    )
    .instead_of(ASKED_OF_THE_NEW_ONE)
    .into()
}
