//! What is wrong, and what could not be looked at.

use crate::render::lines::Lines;
use crate::render::paint;
use crate::report::Source;
use acm_backup_domain::snapshot::WayOut;
use acm_backup_domain::status::{Finding, NotChecked, StatusReport, Verdict};
use anstyle::Style;

/// One finding, whole with so many lines of what it rests on, or only its headline.
pub fn finding(lines: &mut Lines, source: &Source, finding: &Finding, evidence: Option<usize>) {
    let (style, word) = paint::severity(finding.severity);
    lines.marked(style, word, Style::new(), "", &finding.headline);
    let Some(most) = evidence else { return };
    let told: Vec<_> = finding
        .evidence
        .iter()
        .filter(|evidence| !evidence.is_empty())
        .collect();
    for (number, evidence) in told.iter().take(most).enumerate() {
        if number.saturating_add(1) == most && told.len() > most {
            lines.item("-", &format!("{evidence} (more: -o wide)"));
        } else {
            lines.item("-", evidence);
        }
    }
    for step in &finding.steps {
        lines.item(">", &step.text);
        if let Some(command) = &step.command {
            lines.command(&source.command(command.clone()));
        }
    }
}

/// Facts that could not be looked up, one by one, with what each leaves open where that is told too. The way out
/// stands once for neighbours that share it.
pub fn not_checked(lines: &mut Lines, source: &Source, rows: &[NotChecked], leaves_open: bool) {
    let style = paint::verdict(Verdict::Unknown);
    let next = rows.iter().skip(1).map(Some).chain([None]);
    for (row, next) in rows.iter().zip(next) {
        let text = format!("{}: {}", row.what, row.why);
        lines.marked(style, "NOT CHECKED", Style::new(), "", &text);
        if leaves_open {
            lines.item("-", &format!("leaves open {}", row.leaves_open));
        }
        if next.is_none_or(|next| next.way_out != row.way_out) {
            way_out(lines, source, &row.way_out);
        }
    }
}

/// Several facts that could not be looked up, in one breath.
pub fn all_not_checked(lines: &mut Lines, source: &Source, rows: &[NotChecked]) {
    let first = match rows {
        [] => return,
        [_] => return not_checked(lines, source, rows, false),
        [first, ..] => first,
    };
    let whats: Vec<_> = rows.iter().map(|row| row.what).collect();
    let style = paint::verdict(Verdict::Unknown);
    lines.marked(style, "NOT CHECKED", Style::new(), "", &whats.join(", "));
    lines.item("-", &format!("{}: {}", first.what, first.why));
    way_out(lines, source, &first.way_out);
    lines.item(">", "the reasons of the others: -o wide");
}

/// Facts that could not be looked up, where there is no room for more than their names.
pub fn names_not_checked(lines: &mut Lines, rows: &[NotChecked]) {
    let whats: Vec<_> = rows.iter().map(|row| row.what).collect();
    let style = paint::verdict(Verdict::Unknown);
    let text = format!("{} (why: -o wide)", whats.join(", "));
    lines.marked(style, "NOT CHECKED", Style::new(), "", &text);
}

fn way_out(lines: &mut Lines, source: &Source, way: &WayOut) {
    match &way.command {
        Some(command) => {
            lines.item(">", way.text);
            lines.command(&source.command(command.clone()));
        }
        None => lines.item(">", way.text),
    }
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
