//! All of it, counted.

use crate::damage::{Cuts, try_all};
use crate::hub;
use crate::layout::Layout;
use anyhow::Result;
use std::fmt;
use std::time::{Duration, Instant};

/// How many complaints are told; the others are counted.
const SHOWN: usize = 20;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Each hub in each layout: its name, cuts, harmless ones, files and kinds taken away, complaints.
    pub rows: Vec<(String, u64, u64, u64, usize)>,
    /// What went wrong.
    pub complaints: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// Whether nothing went wrong.
    pub fn is_clean(&self) -> bool {
        self.complaints.is_empty()
    }
}

/// Tries every hub in every layout, with the cuts that are told for a layout and a hub's name.
///
/// # Errors
/// When a collection cannot be written.
pub fn soak(cuts: impl Fn(Layout, &str) -> Cuts, mut progress: impl FnMut(&str)) -> Result<Report> {
    let begin = Instant::now();
    let mut report = Report::default();
    for layout in Layout::ALL {
        for hub in hub::all() {
            let outcome = try_all(&hub, layout, cuts(layout, hub.name))?;
            let name = format!("{layout:?}, {}", hub.name);
            progress(&format!(
                "{name}: {} cuts, {} complaints",
                outcome.cuts,
                outcome.complaints.len()
            ));
            report.rows.push((
                name,
                outcome.cuts,
                outcome.harmless,
                outcome.taken,
                outcome.complaints.len(),
            ));
            report.complaints.extend(outcome.complaints);
        }
    }
    report.took = begin.elapsed();
    Ok(report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cuts: u64 = self.rows.iter().map(|row| row.1).sum();
        let taken: u64 = self.rows.iter().map(|row| row.3).sum();
        writeln!(
            f,
            "{cuts} cuts and {taken} missing files and kinds in {} s: {} complaints\n",
            self.took.as_secs(),
            self.complaints.len()
        )?;
        writeln!(
            f,
            "| collector, hub | cuts | of those harmless | taken away | complaints |"
        )?;
        writeln!(f, "|---|---|---|---|---|")?;
        for (name, cuts, harmless, taken, complaints) in &self.rows {
            writeln!(
                f,
                "| {name} | {cuts} | {harmless} | {taken} | {complaints} |"
            )?;
        }
        // Of those that say the same the first.
        let mut told: Vec<&str> = Vec::new();
        for complaint in &self.complaints {
            let why = complaint.rsplit("): ").next().unwrap_or(complaint);
            if !told.contains(&why) && told.len() < SHOWN {
                told.push(why);
                writeln!(f, "\n- {complaint}")?;
            }
        }
        Ok(())
    }
}
