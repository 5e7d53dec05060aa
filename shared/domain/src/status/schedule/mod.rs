//! The BackupSchedule: does it run, when did it last, when will it next.

mod findings;
mod several;

pub(super) use findings::findings;

use super::facts::Facts;
use crate::kinds::backup::BackupType;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::velero_schedule::VeleroSchedule;
use crate::time::CronSchedule;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Velero looks at its schedules once a minute, and so do its queue and its sync; a run that is later
/// than a few of those is not coming.
const OVERDUE_GRACE: SignedDuration = SignedDuration::from_mins(5);

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
    let first = at_work(facts).map(|schedule| schedule.meta.name.as_str());
    let rank = |schedule: &Schedule| (Some(schedule.name.as_str()) != first, schedule.name.clone());
    schedules.sort_by_key(rank);
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
fn velero_schedules<'a>(facts: &Facts<'a>, schedule: &BackupSchedule) -> Vec<&'a VeleroSchedule> {
    facts
        .snapshot
        .velero_schedules
        .items()
        .iter()
        .filter(|velero| BackupType::of_schedule(&velero.meta.name).is_some())
        .filter(|velero| velero.meta.owners.is_empty() || velero.is_owned_by(&schedule.meta.name))
        .collect()
}

/// The BackupSchedule that Velero works for: the one that owns Velero's schedules, else the oldest of
/// those the operator can read. There can be one at a time, as their names are fixed.
pub(super) fn at_work<'a>(facts: &Facts<'a>) -> Option<&'a BackupSchedule> {
    let owns = |schedule: &BackupSchedule| {
        let all = facts.snapshot.velero_schedules.items();
        all.iter()
            .any(|velero| velero.is_owned_by(&schedule.meta.name))
    };
    facts.schedules().iter().min_by_key(|schedule| {
        (
            !owns(schedule),
            schedule.hidden_from_the_operator().is_some(),
            schedule.meta.created,
        )
    })
}

/// Since when a backup is due that Velero has not begun.
pub(super) fn overdue_since(facts: &Facts<'_>) -> Option<Timestamp> {
    view(facts, at_work(facts)?)
        .next
        .filter(|due| facts.now.duration_since(*due) > OVERDUE_GRACE)
}
