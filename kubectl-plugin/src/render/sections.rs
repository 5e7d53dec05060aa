//! The parts of a report in words, shared by the narrow and the wide form.

use super::lines::Lines;
use super::paint::{self, LABEL};
use super::table::{Align, Cell, Table};
use crate::report::{Report, Source};
use acm_backup_domain::identity::HubId;
use acm_backup_domain::status::{
    Answer, Clusters, Finding, Following, NotChecked, Part, Purpose, RestoreView, Role, Row,
    Schedule, Set, Severity, StatusReport, SyncState, Verdict,
};
use acm_backup_domain::time::age;
use anstyle::Style;
use jiff::{SignedDuration, Timestamp};

/// `HUB`
pub fn hub(lines: &mut Lines, status: &StatusReport) {
    let id = status
        .hub_id
        .as_ref()
        .map_or_else(|| "(id not known)".to_owned(), HubId::to_string);
    lines.labelled("HUB", &format!("{id}, {}", status.role));
}

/// `AS OF`
pub fn as_of(lines: &mut Lines, report: &Report) {
    let time = age::stamp(report.status.as_of);
    let from = match &report.source {
        Source::Live {
            server,
            context: Some(context),
            ..
        } => format!(", {server} (context {context})"),
        Source::Live {
            server,
            context: None,
            ..
        } => format!(", {server}"),
        Source::Directory {
            path, time_from, ..
        } => format!(" ({time_from}), {path}"),
    };
    lines.labelled("AS OF", &format!("{time}{from}"));
}

/// `NAMESPACE`
pub fn namespace(lines: &mut Lines, report: &Report) {
    let (Source::Live { namespace_from, .. } | Source::Directory { namespace_from, .. }) =
        &report.source;
    lines.labelled(
        "NAMESPACE",
        &format!("{} ({namespace_from})", report.status.namespace),
    );
}

/// `VERDICT`
pub fn verdict(lines: &mut Lines, status: &StatusReport) {
    let count = |severity| {
        status
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let mut parts = Vec::new();
    for (count, one, many) in [
        (count(Severity::Critical), "critical", "critical"),
        (count(Severity::Warning), "warning", "warnings"),
        (status.not_checked.len(), "not checked", "not checked"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {}", if count == 1 { one } else { many }));
        }
    }
    let text = if parts.is_empty() {
        status.summary.clone()
    } else {
        parts.join(", ")
    };
    let word = format!("{}:", status.verdict);
    lines.marked(
        LABEL,
        "VERDICT",
        paint::verdict(status.verdict),
        &word,
        &text,
    );
}

/// `ACTIVATE`
pub fn activate(lines: &mut Lines, status: &StatusReport) {
    let (word, style) = match status.activation.answer {
        Answer::Yes => ("yes:", paint::verdict(Verdict::Ok)),
        Answer::No => ("no:", LABEL),
        Answer::IfFenced => ("only if fenced:", paint::verdict(Verdict::Warning)),
        Answer::AlreadyActive => ("no need:", Style::new()),
        Answer::NotKnown => ("not known:", paint::verdict(Verdict::Unknown)),
    };
    lines.marked(LABEL, "ACTIVATE", style, word, &status.activation.because);
}

/// One finding, whole or only its headline.
pub fn finding(lines: &mut Lines, source: &Source, finding: &Finding, whole: bool) {
    let (style, word) = paint::severity(finding.severity);
    lines.marked(style, word, Style::new(), "", &finding.headline);
    if !whole {
        return;
    }
    for evidence in finding
        .evidence
        .iter()
        .filter(|evidence| !evidence.is_empty())
    {
        lines.item("-", evidence);
    }
    for step in &finding.steps {
        lines.item(">", &step.text);
        if let Some(command) = &step.command {
            lines.command(&source.command(command));
        }
    }
}

/// One fact that could not be looked up, with the way out.
pub fn not_checked(lines: &mut Lines, source: &Source, row: &NotChecked) {
    let style = paint::verdict(Verdict::Unknown);
    lines.marked(
        style,
        "NOT CHECKED",
        Style::new(),
        "",
        &format!("{}: {}", row.what, row.why),
    );
    way_out(lines, source, &row.way_out);
}

/// Several facts that could not be looked up, in one breath.
pub fn all_not_checked(lines: &mut Lines, source: &Source, rows: &[NotChecked]) {
    let first = match rows {
        [] => return,
        [only] => return not_checked(lines, source, only),
        [first, ..] => first,
    };
    let whats: Vec<_> = rows.iter().map(|row| row.what).collect();
    let style = paint::verdict(Verdict::Unknown);
    lines.marked(style, "NOT CHECKED", Style::new(), "", &whats.join(", "));
    lines.item("-", &format!("{}: {}", first.what, first.why));
    way_out(lines, source, &first.way_out);
    lines.item(">", "the reasons of the others: -o wide");
}

fn way_out(lines: &mut Lines, source: &Source, text: &str) {
    let command_at = [": kubectl ", ": oc "]
        .iter()
        .find_map(|mark| text.find(mark));
    match command_at.and_then(|at| text.split_at_checked(at + 1)) {
        Some((text, command)) => {
            lines.item(">", text);
            lines.command(&source.command(command.trim()));
        }
        None => lines.item(">", text),
    }
}

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

fn schedule_words(schedule: &Schedule, now: Timestamp) -> String {
    let phase = if schedule.phase.is_empty() {
        "no phase"
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
        Some(next) if next > now => words.push_str(&format!(", next {}", age::ago(now, next))),
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

/// Whether a fact could be looked up: what is not known is never told as "none".
fn is_known(status: &StatusReport, what: &str) -> bool {
    !status.not_checked.iter().any(|row| row.what == what)
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
        format!("hub {}", set.writer.short())
    };
    let complete = if set.complete {
        "complete"
    } else {
        "NOT complete"
    };
    let newer = match set.in_progress {
        Some(run) => format!(
            "; the next, of {}, is not whole yet",
            run.strftime("%H:%M:%SZ")
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
pub fn set_table(set: &Set, following: Option<&Following>, now: Timestamp) -> Table {
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

fn backup_cells(row: &Row, now: Timestamp) -> Vec<Cell> {
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

fn held_cells(row: &Row, following: &Following, now: Timestamp) -> Vec<Cell> {
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
        None if row.kind.label() == "managed-clusters" => "at activation".into(),
        None => "-".into(),
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

/// `FOLLOWS`
pub fn following(lines: &mut Lines, following: &Following, now: Timestamp) {
    let hub = following.source.as_ref().map_or_else(
        || "no hub yet".to_owned(),
        |hub| format!("hub {}", hub.short()),
    );
    let span = |seconds| age::span(SignedDuration::from_secs(seconds));
    let behind = following.behind_seconds.unwrap_or_default();
    let state = match following.state {
        SyncState::InSync => "in sync with its newest backups".to_owned(),
        SyncState::Behind => format!("{} behind its newest backups", span(behind)),
        SyncState::Running => "a pass is running".to_owned(),
        SyncState::Incomplete => "holds a part of its backups only".to_owned(),
        SyncState::HoldsNothing => "but holds nothing of it".to_owned(),
        SyncState::NotKnown => "what it holds could not be looked up".to_owned(),
    };
    let held = match (following.state, following.restored_run) {
        (SyncState::InSync | SyncState::Behind | SyncState::Incomplete, Some(run)) => {
            format!("; what it holds is {} old", age::age(now, run))
        }
        _ => String::new(),
    };
    lines.labelled(
        "FOLLOWS",
        &format!(
            "{hub}, {state}{held} ({} {}, every {})",
            following.restore,
            following.phase,
            span(following.interval_seconds)
        ),
    );
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
        lines.labelled(
            "STORAGE",
            &format!("{}{bucket} {phase}, {read}{only}{unused}", location.name),
        );
    }
}

/// `RESTORE`; none at all where there is no room: one that went wrong is a finding.
pub fn restores(lines: &mut Lines, status: &StatusReport, most: usize) {
    let sync = status
        .following
        .as_ref()
        .map(|following| following.restore.as_str());
    let others: Vec<_> = status
        .restores
        .iter()
        .filter(|restore| Some(restore.name.as_str()) != sync)
        .collect();
    if others.is_empty() && sync.is_none() && is_known(status, "Restores") {
        lines.labelled("RESTORE", "none");
    }
    if most == 0 {
        return;
    }
    for restore in others.iter().take(most) {
        lines.labelled("RESTORE", &restore_words(restore, status.as_of));
    }
    if others.len() > most {
        lines.labelled("", &format!("and {} more: -o wide", others.len() - most));
    }
}

fn restore_words(restore: &RestoreView, now: Timestamp) -> String {
    let purpose = match restore.purpose {
        Purpose::Sync => "sync",
        Purpose::Activation => "activation",
        Purpose::Partial => "of a part",
    };
    let phase = if restore.phase.is_empty() {
        "no phase"
    } else {
        restore.phase.as_str()
    };
    let mut words = format!("{} ({purpose}) {phase}", restore.name);
    if let Some(completed) = restore.completed {
        words.push_str(&format!(" {}", age::ago(now, completed)));
    }
    let done = restore
        .parts
        .iter()
        .filter(|part| part.phase == "Completed")
        .count();
    let objects: i64 = restore.parts.iter().map(|part| part.items).sum();
    if !restore.parts.is_empty() {
        words.push_str(&format!(
            ", {done}/{} parts Completed, {objects} objects",
            restore.parts.len()
        ));
    }
    words
}

/// `CLUSTERS`
pub fn clusters(lines: &mut Lines, clusters: Option<&Clusters>) {
    let Some(clusters) = clusters else { return };
    let words = match (clusters.total, clusters.restored) {
        (0, _) => "none on this hub".to_owned(),
        (total, 0) => format!("{total}; {} report to this hub", clusters.available),
        (total, restored) => format!(
            "{total}; {} report to this hub; {restored} were restored, {} of those reconnected",
            clusters.available, clusters.reconnected
        ),
    };
    lines.labelled("CLUSTERS", &words);
}

/// What no look-up tells.
pub fn not_knowable(lines: &mut Lines, status: &StatusReport) {
    lines.labelled(
        "NOT CHECKED",
        &format!(
            "as no API server can tell: {}",
            status.not_knowable.join("; ")
        ),
    );
}
