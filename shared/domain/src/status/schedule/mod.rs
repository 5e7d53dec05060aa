//! The BackupSchedule: does it run, when did it last, when will it next.

use super::facts::{Facts, is_unfinished};
use super::finding::Finding;
use super::role::Role;
use crate::kinds::backup::BackupType;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::time::CronSchedule;
use crate::time::age;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Velero looks at its schedules once a minute, and so do its queue and its sync; a run that is later
/// than a few of those is not coming.
const OVERDUE_GRACE: SignedDuration = SignedDuration::from_mins(5);

/// The operator passes every five minutes, but new objects at once; one that has no phase after a
/// minute has not been seen.
const NOTICED_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// A BackupSchedule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// `status.phase`, as written; empty while the operator has not looked at it.
    pub phase: String,
    /// The cron expression.
    pub cron: String,
    /// The zone it is read in.
    pub zone: String,
    /// Whether it is asked to pause.
    pub paused: bool,
    /// Whether tokens for imported clusters are made.
    pub managed_service_accounts: bool,
    /// When Velero last began a run, by its own schedules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// When Velero will begin the next, counted as it counts; it may lie in the past, and is due then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
}

/// The BackupSchedules, the one that runs first.
pub(super) fn schedules(facts: &Facts<'_>) -> Vec<Schedule> {
    let mut schedules: Vec<_> = facts
        .schedules()
        .iter()
        .map(|schedule| view(facts, schedule))
        .collect();
    schedules.sort_by(|a, b| (a.phase != "Enabled", &a.name).cmp(&(b.phase != "Enabled", &b.name)));
    schedules
}

fn view(facts: &Facts<'_>, schedule: &BackupSchedule) -> Schedule {
    let cron = CronSchedule::parse(&schedule.cron).ok();
    let runs = velero_schedules(facts, schedule);
    let running = cron.as_ref().filter(|_| !schedule.is_in_collision());
    Schedule {
        name: schedule.meta.name.clone(),
        phase: schedule.phase.clone(),
        cron: schedule.cron.clone(),
        zone: cron
            .as_ref()
            .and_then(CronSchedule::zone)
            .unwrap_or("UTC")
            .to_owned(),
        paused: schedule.paused,
        managed_service_accounts: schedule.managed_service_accounts,
        last: runs.iter().filter_map(|run| run.last_backup).max(),
        // The earliest run is the run: five schedules count for themselves.
        next: running.and_then(|cron| {
            runs.iter()
                .filter(|run| run.is_running())
                .filter_map(|run| cron.next(run.counts_from()?))
                .min()
        }),
    }
}

/// Velero's schedules of one BackupSchedule. Their names are fixed, so there is one set of them, and
/// its owner tells whose (operator-facts §3.1).
fn velero_schedules<'a>(
    facts: &Facts<'a>,
    schedule: &BackupSchedule,
) -> Vec<&'a crate::kinds::velero_schedule::VeleroSchedule> {
    facts
        .snapshot
        .velero_schedules
        .items()
        .iter()
        .filter(|velero| {
            BackupType::ALL
                .iter()
                .any(|kind| kind.schedule_name() == velero.meta.name)
        })
        .filter(|velero| {
            velero.meta.owners.is_empty()
                || velero
                    .meta
                    .owners
                    .iter()
                    .any(|(_, name)| *name == schedule.meta.name)
        })
        .collect()
}

/// What is wrong with the BackupSchedules.
pub(super) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let mut found: Vec<_> = facts
        .schedules()
        .iter()
        .filter_map(|schedule| of_one(facts, role, schedule))
        .collect();
    if role == Role::Active
        && facts.schedules().is_empty()
        && facts.snapshot.backup_schedules.value().is_some()
    {
        found.push(none(facts));
    }
    found
}

fn none(facts: &Facts<'_>) -> Finding {
    Finding::critical(
        "schedule/none",
        "this hub is active, and nothing backs it up: there is no BackupSchedule",
    )
    .todo("apply a BackupSchedule; a Restore that has not finished must be deleted first")
    .run(
        "see whether one stands in the way:",
        facts.kubectl("get crst,bsch"),
    )
}

fn of_one(facts: &Facts<'_>, role: Role, schedule: &BackupSchedule) -> Option<Finding> {
    let name = &schedule.meta.name;
    let look = || facts.kubectl(&format!("get bsch {name} -o yaml"));
    if let Some(unreadable) = schedule.hidden_from_the_operator() {
        let field = &unreadable.field;
        return Some(
            Finding::critical("schedule/unreadable", format!("BackupSchedule {name} hides every BackupSchedule from the operator: {field} is {}", unreadable.value))
                .seen(format!("{}; while it is stored, the operator's lists of BackupSchedules fail", unreadable.why))
                .run("correct it, or delete it:", facts.kubectl(&format!("edit bsch {name}"))),
        );
    }
    if schedule.is_in_collision() {
        // Who collided with whom is told by the ownership of the fleet, where that is known.
        return (role == Role::Collision).then(|| {
            Finding::critical("schedule/collision", format!("BackupSchedule {name} is stopped for good: another hub writes to the same storage"))
                .seen(schedule.message.clone())
                .todo("find out which hub owns the fleet; only on that one, delete this and create it anew:")
                .run("remove the dead object:", facts.kubectl(&format!("delete bsch {name}")))
        });
    }
    if role == Role::Replaced {
        return None;
    }
    if let Err(error) = CronSchedule::parse(&schedule.cron) {
        return Some(
            Finding::critical(
                "schedule/cron",
                format!("BackupSchedule {name} never runs: {error}"),
            )
            .run(
                "correct spec.veleroSchedule:",
                facts.kubectl(&format!("edit bsch {name}")),
            ),
        );
    }
    match schedule.phase.as_str() {
        "Failed" | "FailedValidation" => Some(
            Finding::critical(
                "schedule/failed",
                format!("BackupSchedule {name} is {}", schedule.phase),
            )
            .seen(schedule.message.clone())
            .run("see it as a whole:", look()),
        ),
        "" if schedule
            .meta
            .created
            .is_some_and(|created| facts.now.duration_since(created) > NOTICED_WITHIN) =>
        {
            Some(
                Finding::critical(
                    "schedule/unnoticed",
                    format!("the operator has not looked at BackupSchedule {name}"),
                )
                .seen(
                    schedule
                        .meta
                        .created
                        .map(|at| format!("created {}", facts.when(at)))
                        .unwrap_or_default(),
                )
                .run("see whether the operator runs:", facts.kubectl("get pods")),
            )
        }
        "Paused" => Some(
            Finding::warning(
                "schedule/paused",
                format!("BackupSchedule {name} is paused: nothing is backed up"),
            )
            .run(
                "resume it:",
                facts.kubectl(&format!(
                    "patch bsch {name} --type merge -p '{{\"spec\":{{\"paused\":false}}}}'"
                )),
            ),
        ),
        _ => overdue(facts, schedule),
    }
}

/// A run Velero should have begun, and has not. It begins none while one of its own is unfinished.
fn overdue(facts: &Facts<'_>, schedule: &BackupSchedule) -> Option<Finding> {
    let view = view(facts, schedule);
    let due = view
        .next
        .filter(|due| facts.now.duration_since(*due) > OVERDUE_GRACE)?;
    let busy = facts
        .own_sets()
        .flat_map(|set| set.members.values())
        .any(|backup| is_unfinished(backup));
    let finding = Finding::critical(
        "schedule/overdue",
        format!(
            "a backup was due {} ago and has not begun",
            age::span(facts.now.duration_since(due))
        ),
    )
    .seen(format!("due {}", age::stamp(due)));
    Some(if busy {
        finding
            .seen("a backup of an earlier run is not finished; Velero begins no other meanwhile")
            .run(
                "see what it works on:",
                facts.kubectl("logs deploy/velero --tail 50"),
            )
    } else {
        finding.run(
            "see whether Velero runs:",
            facts.kubectl("logs deploy/velero --tail 50"),
        )
    })
}
