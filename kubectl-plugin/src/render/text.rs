//! One screen of 80 columns and 24 lines, the prompt included.

use super::line::Line;
use super::lines::Lines;
use super::sections;
use crate::report::Report;
use acm_backup_domain::status::Verdict;
use std::io::{self, Write};

const COLUMNS: usize = 80;

/// One line is the shell's.
const ROWS: usize = 23;

/// How much is told. What is wrong is never left out for what is well.
#[derive(Clone, Copy)]
struct Detail {
    /// Where the facts come from, to the last detail.
    origin: bool,
    /// The set type by type.
    table: bool,
    /// Findings told whole.
    whole: usize,
    /// What a finding rests on, line by line.
    evidence: usize,
    /// Findings told at all.
    headlines: usize,
    /// Missing facts told one by one.
    rows: usize,
    /// Restores told one by one.
    restores: usize,
}

/// From everything to the least, until it fits.
const DETAILS: [Detail; 9] = [
    Detail {
        origin: true,
        table: true,
        whole: 9,
        evidence: 9,
        headlines: 9,
        rows: 9,
        restores: 3,
    },
    Detail {
        origin: false,
        table: true,
        whole: 9,
        evidence: 9,
        headlines: 9,
        rows: 9,
        restores: 3,
    },
    Detail {
        origin: false,
        table: true,
        whole: 1,
        evidence: 9,
        headlines: 4,
        rows: 2,
        restores: 2,
    },
    Detail {
        origin: false,
        table: false,
        whole: 9,
        evidence: 9,
        headlines: 9,
        rows: 3,
        restores: 2,
    },
    Detail {
        origin: false,
        table: false,
        whole: 2,
        evidence: 9,
        headlines: 5,
        rows: 0,
        restores: 1,
    },
    Detail {
        origin: false,
        table: false,
        whole: 1,
        evidence: 9,
        headlines: 4,
        rows: 0,
        restores: 1,
    },
    Detail {
        origin: false,
        table: false,
        whole: 1,
        evidence: 9,
        headlines: 2,
        rows: 0,
        restores: 0,
    },
    Detail {
        origin: false,
        table: false,
        whole: 1,
        evidence: 2,
        headlines: 2,
        rows: 0,
        restores: 0,
    },
    Detail {
        origin: false,
        table: false,
        whole: 1,
        evidence: 1,
        headlines: 1,
        rows: 0,
        restores: 0,
    },
];

/// Writes it.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Vec::new();
    for detail in DETAILS {
        lines = screen(report, detail);
        if lines.len() <= ROWS {
            break;
        }
    }
    lines.iter().try_for_each(|line| line.write(out))
}

fn screen(report: &Report, detail: Detail) -> Vec<Line> {
    let status = &report.status;
    let now = status.as_of;
    let mut lines = Lines::new(COLUMNS);
    sections::hub(&mut lines, status);
    sections::as_of(&mut lines, report);
    if detail.origin {
        sections::namespace(&mut lines, report);
    }
    sections::verdict(&mut lines, status);
    sections::activate(&mut lines, status);
    for (number, finding) in status.findings.iter().take(detail.headlines).enumerate() {
        let evidence = (number < detail.whole).then_some(detail.evidence);
        sections::finding(&mut lines, &report.source, finding, evidence);
    }
    if let Some(more) = status
        .findings
        .len()
        .checked_sub(detail.headlines)
        .filter(|more| *more > 0)
    {
        lines.labelled("", &format!("and {more} more: -o wide"));
    }
    if status.not_checked.len() <= detail.rows {
        status
            .not_checked
            .iter()
            .for_each(|row| sections::not_checked(&mut lines, &report.source, row));
    } else if detail.evidence < 9 {
        sections::names_not_checked(&mut lines, &status.not_checked);
    } else {
        sections::all_not_checked(&mut lines, &report.source, &status.not_checked);
    }
    if let Some(following) = &status.following {
        sections::following(&mut lines, following, status);
    }
    sections::schedules(&mut lines, status);
    sections::set(&mut lines, status);
    if let Some(set) = status.set.as_ref().filter(|_| detail.table) {
        lines.extend(sections::set_table(set, status.following.as_ref(), now).lines(2));
    }
    sections::storage(&mut lines, status);
    sections::restores(&mut lines, status, detail.restores);
    sections::clusters(&mut lines, status.clusters.as_ref(), now);
    if detail.table {
        sections::guard(&mut lines, status);
        sections::not_knowable(&mut lines, status);
    }
    if let Some(next) = sections::look_again(status.clusters.as_ref()) {
        lines.labelled("NEXT", &next);
    } else if status.verdict == Verdict::Ok {
        lines.labelled("NEXT", "nothing to do");
    }
    lines.done
}
