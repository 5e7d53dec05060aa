//! Everything, for a wide screen.

use super::lines::Lines;
use super::paint;
use super::sections;
use super::table::{Align, Cell, Table};
use crate::report::Report;
use acm_backup_domain::status::{RestoreView, Set, StatusReport};
use acm_backup_domain::time::{Now, age};
use jiff::SignedDuration;
use std::io::{self, Write};

const COLUMNS: usize = 160;

/// Writes it.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let status = &report.status;
    let now = status.as_of;
    let mut lines = Lines::new(COLUMNS);
    sections::hub(&mut lines, status);
    sections::as_of(&mut lines, report);
    sections::namespace(&mut lines, report);
    sections::verdict(&mut lines, status);
    sections::activate(&mut lines, status);
    if !status.activation.rules.is_empty() {
        lines.labelled(
            "",
            &format!("rules: {}", status.activation.rules.join(", ")),
        );
    }
    for finding in &status.findings {
        sections::finding(&mut lines, &report.source, finding, Some(usize::MAX));
        lines.item("#", finding.id);
    }
    for row in &status.not_checked {
        sections::not_checked(&mut lines, &report.source, row);
        lines.item("-", &format!("leaves open {}", row.leaves_open));
    }
    if let Some(following) = &status.following {
        sections::following(&mut lines, following, status);
    }
    sections::schedules(&mut lines, status);
    sections::set(&mut lines, status);
    if let Some(set) = &status.set {
        lines.extend(backups(set, now).lines(2));
    }
    sections::storage(&mut lines, status);
    if status.following.is_none() {
        sections::restores(&mut lines, status, usize::MAX);
    }
    for restore in &status.restores {
        lines.item("-", &format!("{}: {}", restore.name, restore.message));
        lines.extend(parts(restore).lines(4));
    }
    if !status.writers.is_empty() {
        lines.labelled("WRITERS", "the hubs whose backups are in the storage");
        lines.extend(writers(status).lines(2));
    }
    sections::clusters(&mut lines, status.clusters.as_ref(), now);
    sections::guard(&mut lines, status);
    if let Some(next) = sections::look_again(status.clusters.as_ref()) {
        lines.labelled("NEXT", &next);
    }
    sections::not_knowable(&mut lines, status);
    lines.done.iter().try_for_each(|line| line.write(out))
}

fn backups(set: &Set, now: Now) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[
        ("TYPE", left),
        ("BACKUP", left),
        ("PHASE", left),
        ("ITEMS", right),
        ("ERRORS", right),
        ("WARNINGS", right),
        ("STARTED", left),
        ("AGE", right),
    ]);
    for row in &set.backups {
        table.row(vec![
            row.kind.label().into(),
            row.name.as_deref().unwrap_or("-").into(),
            Cell::styled(row.phase.clone(), paint::phase(&row.phase)),
            row.items
                .map_or_else(|| "-".to_owned(), |items| items.to_string())
                .into(),
            row.errors.to_string().into(),
            row.warnings.to_string().into(),
            row.started
                .map_or_else(|| "-".to_owned(), age::stamp)
                .into(),
            row.started
                .map_or_else(|| "-".to_owned(), |started| age::age(now, started))
                .into(),
        ]);
    }
    table
}

fn parts(restore: &RestoreView) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[
        ("BACKUP", left),
        ("KEPT FOR ACTIVATION", left),
        ("OF HUB", left),
        ("PHASE", left),
        ("OBJECTS", right),
        ("ERRORS", right),
    ]);
    for part in &restore.parts {
        table.row(vec![
            part.backup.clone().into(),
            if part.activation { "yes" } else { "no" }.into(),
            part.source.short().into(),
            Cell::styled(part.phase.clone(), paint::phase(&part.phase)),
            part.items.to_string().into(),
            part.errors.to_string().into(),
        ]);
    }
    table
}

fn writers(status: &StatusReport) -> Table {
    let now = status.as_of;
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[
        ("HUB", left),
        ("LAST BACKUP BEGUN", left),
        ("AT", left),
        ("AGE", right),
        ("EVERY", right),
        ("IS", left),
    ]);
    for writer in &status.writers {
        let hub = if writer.this_hub {
            format!("{} (this hub)", writer.hub)
        } else if writer.hub.is_twin_of(status.hub_id.as_ref()) {
            format!("{} (a twin)", writer.hub)
        } else {
            writer.hub.to_string()
        };
        table.row(vec![
            hub.into(),
            writer.last_backup.as_deref().unwrap_or("-").into(),
            writer
                .last_started
                .map_or_else(|| "-".to_owned(), age::stamp)
                .into(),
            writer
                .last_started
                .map_or_else(|| "-".to_owned(), |at| age::age(now, at))
                .into(),
            writer
                .period_seconds
                .map_or_else(
                    || "-".to_owned(),
                    |period| age::span(SignedDuration::from_secs(period)),
                )
                .into(),
            if writer.live { "alive" } else { "silent" }.into(),
        ]);
    }
    table
}
