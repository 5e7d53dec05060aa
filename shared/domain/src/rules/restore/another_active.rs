//! `restore/another-active`: two Restores at once burn each other.

use crate::hub::restores::RestoreState;
use crate::kinds::restore::{BackupChoice, Restore};
use crate::rules::finding::Finding;
use crate::rules::restore_state::{
    describe, judge_beside, look_who_wrote_it, see_what_velero_does, wait_for_velero, watch,
};
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::rules::words::{command, named, patch_spec, short};
use crate::snapshot::{Need, Snapshot};

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/another-active",
    protects_from: "two Restores side by side: one or both end as FinishedWithErrors for good, or both \
                    run at once (operator-facts §6.2)",
    subject: SubjectKind::Restore,
    operations: &[Operation::Create, Operation::Update],
    denies_when_blind: false,
    can_be_attested: false,
    since: "2.7",
    until: None,
    needs: |review| match review.starting_restore() {
        Some(_) => vec![Need::Restores, Need::VeleroRestores, Need::HubId],
        None => Vec::new(),
    },
    judge,
};

/// What an activation is asked, where it must be another request: the edit of the sync.
const ASKED_OF_THE_SYNC: &[&str] = &[
    super::backup_not_found::RULE.id,
    super::old_hub_live::RULE.id,
];

/// What every refused Restore suffers without us.
const BURNT: &str = "the operator would end this Restore as FinishedWithErrors for good, and may end the other one too";

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let Some(subject) = review.starting_restore() else {
        return Verdict::Pass;
    };
    judge_beside(
        "whether another Restore is active",
        &subject.meta.namespace,
        Some(&subject.meta),
        snapshot,
        |first, others| denial(first, others, subject, snapshot),
    )
}

fn denial(
    first: &RestoreState<'_>,
    others: &[&RestoreState<'_>],
    subject: &Restore,
    snapshot: &Snapshot,
) -> Finding {
    let other = &first.restore.meta.name;
    let this = named("Restore", &subject.meta.name);
    let sync_alone = others.len() == 1 && first.restore.is_passive_sync();
    let headline = if first.is_over_by_word_only() {
        format!(
            "Restore {other} says {}, but Velero still restores for it; {this} would run beside that",
            first.restore.phase
        )
    } else if sync_alone && takes_clusters(subject) {
        format!("do not add a Restore: activate the one that keeps this hub in sync, {other}")
    } else {
        format!("Restore {other} is still active beside {this}; {BURNT}")
    };
    let finding = others
        .iter()
        .fold(Finding::deny(RULE.id, headline), |finding, other| {
            describe(other, snapshot)
                .into_iter()
                .fold(finding, Finding::seen)
        });
    remedies(finding, first, sync_alone, subject, snapshot)
}

/// Whether it restores clusters; `Skip` in other letters does not, and is no wish to activate.
fn takes_clusters(restore: &Restore) -> bool {
    restore.activates()
        && BackupChoice::parse(restore.managed_clusters.as_deref()) != BackupChoice::Skip
}

fn remedies(
    finding: Finding,
    first: &RestoreState<'_>,
    sync_alone: bool,
    subject: &Restore,
    snapshot: &Snapshot,
) -> Finding {
    let namespace = &subject.meta.namespace;
    let name = &first.restore.meta.name;
    if first.restore.meta.deleted.is_some() {
        return finding.run(
            "wait until it is gone, then apply again:",
            watch(snapshot, namespace),
        );
    }
    if first.is_over_by_word_only() {
        return wait_for_velero(finding, snapshot, namespace, "apply again");
    }
    if sync_alone && takes_clusters(subject) {
        return finding
            .seen(format!("beside it, {BURNT}"))
            .run(
                format!("edit {name}; what must be known of the other hub is asked then:"),
                patch_spec(
                    snapshot,
                    namespace,
                    short::RESTORE,
                    name,
                    "veleroManagedClustersBackupName",
                    "\"latest\"",
                ),
            )
            .instead_of(ASKED_OF_THE_SYNC);
    }
    if first.may_be_at_rest() {
        return see_what_velero_does(finding, name, snapshot, namespace);
    }
    if first.is_at_rest() {
        return finding.run(
            format!("if {name} is no longer wanted, delete it (what it restored stays), then apply again:"),
            command(snapshot, namespace, "delete")
                .say(short::RESTORE)
                .name(name),
        );
    }
    let finding = finding.run(
        "wait until it has ended, then apply again:",
        watch(snapshot, namespace),
    );
    look_who_wrote_it(finding, first, snapshot)
}
