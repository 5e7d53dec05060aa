//! Schedules, sets and storage.

use super::{another, is_known};
use crate::render::lines::Lines;
use crate::render::paint;
use crate::render::table::{Align, Cell, Table};
use acm_backup_domain::kinds::backup::BackupType;
use acm_backup_domain::status::{Following, Part, Role, Row, Schedule, Set, StatusReport};
use acm_backup_domain::time::{Now, age};
use jiff::SignedDuration;

/// `SCHEDULE`
pub fn schedules(lines: &mut Lines, status: &StatusReport) {
    if status.schedules.is_empty() {
        if status.role != Role::Passive && is_known(status, "BackupSchedules") {
            lines.labelled("SCHEDULE", "none");
        }
        return;
    }
    for schedule in &status.schedules {
        lines.labelled("SCHEDULE", &schedule_words(schedule, status.as_of));
    }
}

fn schedule_words(schedule: &Schedule, now: Now) -> String {
    let phase = if schedule.phase.is_empty() {
        "not seen by the operator"
    } else {
        schedule.phase.as_str()
    };
    let mut words = format!(
        "{} {phase}, {} {}",
        schedule.name, schedule.cron, schedule.zone
    );
    if let Some(last) = schedule.last {
        words.push_str(&format!(", last {}", age::ago(now, last)));
    }
    match schedule.next {
        Some(next) if !now.may_have_come(next) || now.latest().is_none() && !now.is_past(next) => {
            words.push_str(&format!(", next {}", age::ago(now, next)))
        }
        // While all this was collected: whether it began was not looked at since.
        Some(next) if !now.is_past(next) => {
            words.push_str(&format!(", next due {}", age::ago(now, next)))
        }
        // Velero looks once a minute, and works on one backup after the other.
        Some(next) if now.duration_since(next) <= SignedDuration::from_mins(5) => {
            words.push_str(", next due now")
        }
        Some(next) => words.push_str(&format!(", overdue since {}", age::age(now, next))),
        None => {}
    }
    if schedule.managed_service_accounts {
        words.push_str(", MSA tokens on");
    }
    words
}

/// `SET`
pub fn set(lines: &mut Lines, status: &StatusReport) {
    let now = status.as_of;
    let Some(set) = &status.set else {
        if is_known(status, "backups") {
            lines.labelled("SET", "none: there is no backup");
        }
        return;
    };
    let writer = if set.by_this_hub {
        "this hub".to_owned()
    } else {
        another(&set.writer, status)
    };
    let complete = if set.complete {
        "complete"
    } else {
        "NOT complete"
    };
    let newer = match set.in_progress {
        Some(run) => format!(
            "; the next, of {}, {}",
            run.strftime("%H:%M:%SZ"),
            if set.abandoned {
                "was never finished"
            } else {
                "is not whole yet"
            }
        ),
        None => String::new(),
    };
    lines.labelled(
        "SET",
        &format!(
            "{} ({}) by {writer}, {complete}{newer}",
            age::stamp(set.run),
            age::ago(now, set.run)
        ),
    );
}

/// The set type by type; on a passive hub with what is held of it.
pub fn set_table(set: &Set, following: Option<&Following>, now: Now) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let mut table = match following {
        None => Table::new(&[
            ("TYPE", left),
            ("PHASE", left),
            ("ITEMS", right),
            ("STARTED", left),
            ("AGE", right),
        ]),
        Some(_) => Table::new(&[
            ("TYPE", left),
            ("BACKUP", left),
            ("ITEMS", right),
            ("AGE", right),
            ("RESTORED HERE", left),
            ("OBJECTS", right),
        ]),
    };
    for row in &set.backups {
        table.row(match following {
            None => backup_cells(row, now),
            Some(following) => held_cells(row, following, now),
        });
    }
    table
}

fn items(row: &Row) -> String {
    row.items
        .map_or_else(|| "-".to_owned(), |items| items.to_string())
}

fn backup_cells(row: &Row, now: Now) -> Vec<Cell> {
    vec![
        row.kind.label().into(),
        Cell::styled(row.phase.clone(), paint::phase(&row.phase)),
        items(row).into(),
        row.started
            .map_or_else(|| "-".to_owned(), age::stamp)
            .into(),
        row.started
            .map_or_else(|| "-".to_owned(), |started| age::age(now, started))
            .into(),
    ]
}

fn held_cells(row: &Row, following: &Following, now: Now) -> Vec<Cell> {
    let part = following
        .parts
        .iter()
        .find(|part| part.kind == Some(row.kind));
    let restored: Cell = match part {
        Some(part) if row.name.as_ref() != Some(&part.backup) => {
            let words = format!("{} ({})", part.phase, run_of(part));
            Cell::styled(words, paint::phase(&part.phase))
        }
        Some(part) => Cell::styled(part.phase.clone(), paint::phase(&part.phase)),
        None if row.kind == BackupType::ManagedClusters => "at activation".into(),
        None if row.kind == BackupType::Validation => "-".into(),
        None => Cell::styled("no", paint::phase("Missing")),
    };
    vec![
        row.kind.label().into(),
        Cell::styled(row.phase.clone(), paint::phase(&row.phase)),
        items(row).into(),
        row.started
            .map_or_else(|| "-".to_owned(), |started| age::age(now, started))
            .into(),
        restored,
        part.map_or_else(|| "-".to_owned(), |part| part.items.to_string())
            .into(),
    ]
}

/// The time in the name of the backup that was restored.
fn run_of(part: &Part) -> String {
    let stamp = part.backup.rsplit('-').next().unwrap_or_default();
    match (stamp.get(8..10), stamp.get(10..12), stamp.get(12..14)) {
        (Some(hour), Some(minute), Some(second)) => format!("{hour}:{minute}:{second}Z"),
        _ => "another".to_owned(),
    }
}

/// `STORAGE`
pub fn storage(lines: &mut Lines, status: &StatusReport) {
    let now = status.as_of;
    if status.storage.is_empty() && is_known(status, "storage") {
        lines.labelled("STORAGE", "none");
    }
    for location in &status.storage {
        let bucket = location
            .bucket
            .as_ref()
            .map(|bucket| format!(" (bucket {bucket})"))
            .unwrap_or_default();
        let phase = if location.phase.is_empty() {
            "no phase"
        } else {
            location.phase.as_str()
        };
        let read = location.last_synced.map_or_else(
            || "never read".to_owned(),
            |at| format!("read {}", age::ago(now, at)),
        );
        let only = if location.read_only {
            ", read-only"
        } else {
            ""
        };
        let unused = if location.usable || location.phase != "Available" {
            ""
        } else {
            ", not used by the operator"
        };
        let read = if location.sync_off {
            format!("{read}, and never again: its sync is switched off")
        } else {
            read
        };
        lines.labelled(
            "STORAGE",
            &format!("{}{bucket} {phase}, {read}{only}{unused}", location.name),
        );
    }
}
