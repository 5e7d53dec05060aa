//! `docs/recorded.md`, from the tables of requests.

use crate::day;
use crate::requests::{self, Now, Row};
use anyhow::Result;
use std::fmt::Write;

/// Where it stands, from this crate.
pub const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/recorded.md");

const HEAD: &str = "# What was asked of the guard, and what is right

Two cycles were recorded with this webhook of 2026-11-22 in front of the real operator: what was refused, what was not and
should have been. Each request is judged again by the rules as they are now, on what its hub could see at that moment, and
must get the answer of this table (`tests/recorded`); deletions pass without a rule. Letters with numbers (P1, K3) are the
sentences of the specification of ownership. *Then* is what happened when it was recorded.

This page is written by `cargo run -p acm-backup-recorded > docs/recorded.md` from `tests/recorded/requests/`.
";

/// The page.
///
/// # Errors
/// When a table cannot be read.
pub fn render() -> Result<String> {
    let mut page = HEAD.to_owned();
    for (recording, title) in [
        ("2.17-guarded", "Operator 2.17"),
        ("2.9-guarded", "Operator 2.9"),
    ] {
        let day = day(recording);
        write!(
            page,
            "\n## {title} ({day}, UTC)\n\n| time | hub | request | then | now | why |\n|---|---|---|---|---|---|\n"
        )?;
        for row in requests::of(recording)? {
            writeln!(page, "{}", line(&row))?;
        }
    }
    Ok(page)
}

fn line(row: &Row) -> String {
    let now = match row.now {
        Now::Allowed => "passes".to_owned(),
        Now::NotAsked => "not asked".to_owned(),
        Now::Refused => match row.by.first() {
            Some(rule) => format!("refused: `{rule}`"),
            None => "refused".to_owned(),
        },
    };
    let time = row.at.split('.').next().unwrap_or_default();
    let cells = [time, &row.hub, &row.what, row.then.word(), &now, &row.why];
    format!(
        "| {} |",
        cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
    )
}
