//! Several BackupSchedules in one namespace: only one can run, whatever their phases say.

use super::at_work;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::status::remedies::{delete_schedule, git_first};
use crate::status::restores::or_none;
use crate::status::words::list;
use crate::time::age::count;

/// Those that do nothing, because another one does the work. One that the operator cannot read is told
/// by itself.
pub(super) fn idle<'a>(facts: &Facts<'a>) -> Vec<&'a BackupSchedule> {
    let Some(first) = at_work(facts) else {
        return Vec::new();
    };
    facts
        .schedules()
        .iter()
        .filter(|schedule| schedule.meta.name != first.meta.name)
        .filter(|schedule| schedule.hidden_from_the_operator().is_none())
        .collect()
}

/// Which of them works, which to delete, and what becomes of the first.
pub(super) fn told(facts: &Facts<'_>) -> Option<Finding> {
    let first = at_work(facts)?;
    let idle = idle(facts);
    if idle.is_empty() {
        return None;
    }
    let owns = |schedule: &BackupSchedule| {
        let all = facts.snapshot.velero_schedules.items();
        all.iter()
            .any(|velero| velero.is_owned_by(&schedule.meta.name))
    };
    let kept = &first.meta.name;
    let named: Vec<_> = idle
        .iter()
        .map(|schedule| format!("{} ({})", schedule.meta.name, or_none(&schedule.phase)))
        .collect();
    let whose = if owns(first) {
        format!("Velero's schedules belong to {kept}")
    } else {
        format!("only one can run, {kept} is the oldest")
    };
    let mut finding = Finding::warning(
        "schedule/several",
        format!(
            "{}: {whose}; {} {} nothing",
            count(facts.schedules().len(), "BackupSchedule"),
            list(&named),
            if idle.len() == 1 { "does" } else { "do" },
        ),
    );
    for schedule in &idle {
        finding = finding.seen(format!(
            "{} says: {}",
            schedule.meta.name,
            or_none(&schedule.message)
        ));
    }
    if first.is_in_collision() {
        let text = format!(
            "{kept} is stopped for good; where this hub owns the fleet, delete it, {}:",
            git_first(Some(&first.meta))
        );
        return Some(delete_schedule(finding, facts, first, text));
    }
    finding = finding.seen(format!(
        "the names of Velero's schedules are fixed: without the others {kept} goes on as before; deleting {kept} would end its backups"
    ));
    for schedule in idle {
        let text = format!(
            "delete {}, {}:",
            schedule.meta.name,
            git_first(Some(&schedule.meta))
        );
        finding = delete_schedule(finding, facts, schedule, text);
    }
    Some(finding)
}
