//! Two hubs in one directory.

use crate::hub::Hub;
use crate::judge::{OnDisk, Said, added, better};
use crate::layout::{Dump, Layout};
use anyhow::Result;

/// What was tried, and what was wrong.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Pairs that were refused.
    pub refused: usize,
    /// Pairs of which was said what is said of the second alone.
    pub as_the_second: usize,
    /// What went wrong.
    pub complaints: Vec<String>,
}

/// How they came together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The documented command was run for one and then for the other, with the same `--dest-dir`: what has the same name
    /// is overwritten, and the times are appended.
    Collected,
    /// The one was copied over the other: the times are overwritten as well.
    Copied,
}

/// What two collections make in one directory.
pub fn after(first: &Dump, second: &Dump, way: Way) -> Dump {
    let mut files = first.files.clone();
    for (file, text) in &second.files {
        match files.get_mut(file) {
            Some(times) if way == Way::Collected && file.ends_with("timestamp") => {
                // The second run began when the first had ended.
                times.push_str(&text.replace(" 10:2", " 10:3"));
            }
            _ => {
                files.insert(file.clone(), text.clone());
            }
        }
    }
    Dump {
        files,
        from: second.from.clone(),
    }
}

/// Puts each of these hubs after each other one into one directory.
///
/// # Errors
/// When one cannot be written.
pub fn try_all(hubs: &[Hub], layout: Layout, way: Way) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for second in hubs {
        let other = layout.of(second);
        let alone = OnDisk::write(&other)?.judged();
        for first in hubs.iter().filter(|first| first.id != second.id) {
            let both = after(&layout.of(first), &other, way);
            let mixed = OnDisk::write(&both)?.judged();
            if matches!(mixed, Said::Refused(_)) {
                outcome.refused += 1;
            } else if let Some(why) = added(&alone, &mixed).or_else(|| better(&alone, &mixed)) {
                let pair = format!("{} and then {}: {why}", first.name, second.name);
                outcome.complaints.push(pair);
            } else {
                outcome.as_the_second += 1;
            }
        }
    }
    Ok(outcome)
}
