//! `restore/active-schedule`: a Restore beside a running BackupSchedule is burnt.

use super::{could_not_look, kubectl};
use crate::kinds::backup_schedule::BackupSchedule;
use crate::rules::finding::Finding;
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::snapshot::{Need, Snapshot};
use crate::upstream::resource;

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/active-schedule",
    protects_from: "a Restore on a hub that backs up: the operator refuses it for good, and a half-restored \
                    hub would be written into the backups (operator-facts §6.2)",
    subject: SubjectKind::Restore,
    operations: &[Operation::Create, Operation::Update],
    denies_when_blind: false,
    can_be_attested: false,
    since: "2.7",
    until: None,
    needs: |review| {
        review
            .starting_restore()
            .map(|_| Need::BackupSchedules)
            .into_iter()
            .collect()
    },
    judge,
};

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let Some(subject) = review.starting_restore() else {
        return Verdict::Pass;
    };
    let schedules = match snapshot.backup_schedules.get() {
        Ok(schedules) => schedules,
        Err(missing) => {
            return could_not_look(
                RULE.id,
                "whether a BackupSchedule is active",
                missing,
                &review.origin,
            )
            .into();
        }
    };
    let mut blocking = schedules.iter().filter(|schedule| {
        schedule.blocks_restores() && schedule.meta.namespace == subject.meta.namespace
    });
    let Some(schedule) = blocking.next() else {
        return Verdict::Pass;
    };
    if let Some(hidden) = schedule.hidden_from_the_operator() {
        return Finding::warn(
            RULE.id,
            format!(
                "BackupSchedule {} is invisible to the operator and no longer backs up",
                schedule.meta.name
            ),
        )
        .seen(format!(
            "{} is {}: {}",
            hidden.field, hidden.value, hidden.why
        ))
        .run(
            "after the restore, correct or delete it:",
            kubectl(
                &subject.meta,
                "edit",
                resource::BACKUP_SCHEDULES,
                &schedule.meta.name,
            ),
        )
        .into();
    }
    denial(schedule, &subject.meta.name).into()
}

fn denial(schedule: &BackupSchedule, restore: &str) -> Finding {
    let name = &schedule.meta.name;
    let finding = Finding::deny(
        RULE.id,
        format!(
            "BackupSchedule {name} is active on this hub; the operator would end Restore {restore} as FinishedWithErrors for good"
        ),
    );
    let get = format!(
        "{} -w",
        kubectl(&schedule.meta, "get", resource::BACKUP_SCHEDULES, name)
    );
    if schedule.meta.deleted.is_some() {
        return finding
            .seen(format!("BackupSchedule {name} is being deleted"))
            .run("wait until it is gone, then apply the Restore again:", get);
    }
    let phase = if schedule.phase.is_empty() {
        "empty"
    } else {
        &schedule.phase
    };
    let finding = finding.seen(format!(
        "BackupSchedule {name} has phase {phase}{}",
        if schedule.paused {
            ", though spec.paused is true: the operator has not got to it yet"
        } else {
            ""
        }
    ));
    if schedule.paused {
        return finding.run("wait for phase Paused, then apply the Restore again:", get);
    }
    finding
        .run(
            "if this hub is to be restored, pause its backups:",
            format!(
                "{} --type merge -p '{{\"spec\":{{\"paused\":true}}}}'",
                kubectl(&schedule.meta, "patch", resource::BACKUP_SCHEDULES, name)
            ),
        )
        .run("wait for phase Paused, then apply the Restore again:", get)
        .todo("if this hub is the active one and healthy, you are on the wrong hub: check your context")
}
