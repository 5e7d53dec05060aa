//! `backup-schedule/active-restore`: a hub that is being restored must not back itself up.

use crate::hub::restores::RestoreState;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::rules::finding::Finding;
use crate::rules::restore_state::{
    describe, judge_beside, look_who_wrote_it, see_what_velero_does, wait_for_velero, watch,
};
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::rules::words::{command, named, short};
use crate::snapshot::{Need, Snapshot};

/// See the module.
pub const RULE: Rule = Rule {
    id: "backup-schedule/active-restore",
    protects_from: "a BackupSchedule beside an active Restore: the operator ends the Restore for good, this hub \
                    writes backups of its own over a fleet it does not hold, and the hub that holds it stops \
                    its backups (operator-facts §6.2, §12 G1 and G2)",
    subject: SubjectKind::BackupSchedule,
    operations: &[Operation::Create, Operation::Update],
    denies_when_blind: false,
    can_be_attested: false,
    since: "2.7",
    until: None,
    needs: |review| match review.starting_schedule() {
        Some(_) => vec![
            Need::Restores,
            Need::VeleroRestores,
            Need::HubId,
            Need::BackupScheduleDefinition,
        ],
        None => Vec::new(),
    },
    judge,
};

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let Some(subject) = review.starting_schedule() else {
        return Verdict::Pass;
    };
    judge_beside(
        "whether a Restore is active",
        &subject.meta.namespace,
        None,
        snapshot,
        |first, active| denial(first, active, subject, snapshot),
    )
}

fn denial(
    first: &RestoreState<'_>,
    active: &[&RestoreState<'_>],
    subject: &BackupSchedule,
    snapshot: &Snapshot,
) -> Finding {
    let this = named("BackupSchedule", &subject.meta.name);
    let restore = first.restore;
    let name = &restore.meta.name;
    let headline = if first.is_over_by_word_only() {
        format!(
            "Restore {name} says {}, but Velero still restores for it; {this} would back up a half-restored hub",
            restore.phase
        )
    } else if restore.is_passive_sync() {
        format!(
            "this hub is passive: beside {this} the operator would end Restore {name}, which keeps it in sync, for good"
        )
    } else {
        format!("Restore {name} is still active; beside {this} the operator would end it for good")
    };
    let mut finding = active
        .iter()
        .flat_map(|restore| describe(restore, snapshot))
        .fold(Finding::deny(RULE.id, headline), Finding::seen);
    if restore.is_passive_sync() {
        finding = finding.seen(
            "this hub would then write backups under its own id, and the hub that manages the fleet would stop its own (BackupCollision)",
        );
    }
    remedies(finding, first, snapshot)
}

fn remedies(finding: Finding, first: &RestoreState<'_>, snapshot: &Snapshot) -> Finding {
    let restore = first.restore;
    let (name, namespace) = (&restore.meta.name, &restore.meta.namespace);
    if restore.meta.deleted.is_some() {
        return finding.run(
            "wait until it is gone, then apply again:",
            watch(snapshot, namespace),
        );
    }
    if first.is_over_by_word_only() {
        return wait_for_velero(finding, snapshot, namespace, "apply again");
    }
    if first.may_be_at_rest() {
        return see_what_velero_does(finding, name, snapshot, namespace);
    }
    let delete = command(snapshot, namespace, "delete")
        .say(short::RESTORE)
        .name(name);
    if restore.is_passive_sync() {
        let paused = match snapshot.can_pause() {
            Some(false) => "",
            _ => ", or leave it paused",
        };
        let finding = finding.todo(format!(
            "if this hub is to stay passive, do not create it here{paused}: the hub that manages the fleet backs it up"
        ));
        return match first.is_at_rest() {
            true => finding.run(
                "if the sync is to end, delete its Restore first (what it restored stays), then apply again:",
                delete,
            ),
            false => look_who_wrote_it(
                finding.run(
                    "if the sync is to end, wait for its pass to end, delete its Restore, then apply again:",
                    watch(snapshot, namespace),
                ),
                first,
                snapshot,
            ),
        };
    }
    if first.is_at_rest() {
        return finding.run(
            format!("remove what it complains about; or, if {name} is no longer wanted, delete it (what it restored stays), then apply again:"),
            delete,
        );
    }
    let finding = finding.run(
        "wait until it is Finished, then apply again at once, for nothing backs this hub up meanwhile:",
        watch(snapshot, namespace),
    );
    look_who_wrote_it(finding, first, snapshot)
}
