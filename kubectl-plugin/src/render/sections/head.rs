//! Who, when, and the answer.

use crate::render::lines::Lines;
use crate::render::paint::{self, LABEL};
use crate::report::{Report, Source};

use acm_backup_domain::status::{Answer, Guard, Severity, StatusReport, Verdict};
use acm_backup_domain::time::age;
use anstyle::Style;

/// `HUB`
pub fn hub(lines: &mut Lines, status: &StatusReport) {
    let id = status.hub_id.as_ref().map_or_else(
        || "(id not looked up)".to_owned(),
        |id| {
            if id.is_known() {
                id.to_string()
            } else {
                format!("{id} (it has no ClusterVersion)")
            }
        },
    );
    lines.labelled("HUB", &format!("{id}, {}", status.role));
}

/// `AS OF`
pub fn as_of(lines: &mut Lines, report: &Report) {
    let now = report.status.as_of;
    let begin = age::stamp(now.earliest());
    let time = match now.latest() {
        _ if now.is_moment() => begin,
        Some(end) => {
            let (begin, end) = (begin.trim_end_matches('Z'), age::stamp(end));
            // Of one day the day is told once.
            match (begin.split_once(' '), end.split_once(' ')) {
                (Some((day, _)), Some((same, time))) if day == same => format!("{begin}-{time}"),
                _ => format!("{begin} to {end}"),
            }
        }
        None => format!("{begin} or later"),
    };
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
        Answer::OnceKnown => ("yes,", paint::verdict(Verdict::Warning)),
        Answer::AlreadyActive => ("no need:", Style::new()),
        Answer::NotKnown => ("not known:", paint::verdict(Verdict::Unknown)),
    };
    lines.marked(LABEL, "ACTIVATE", style, word, &status.activation.because);
}

/// `GUARD`
pub fn guard(lines: &mut Lines, status: &StatusReport) {
    let Some(guard) = status.guard else { return };
    let text = match guard {
        Guard::NotInstalled => "not installed: nothing is refused on this hub",
        Guard::Warn => "in mode warn: nothing is refused",
        Guard::Deny => "in mode deny",
        Guard::Lifted => "lifted: nothing is refused",
        Guard::Disarmed => "in mode deny, but not asked, or not answering: nothing is refused",
        Guard::Unanswered => "in mode deny, and cannot answer: every Restore is refused",
    };
    lines.labelled("GUARD", text);
}
