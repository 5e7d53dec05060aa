//! What may happen to a collection.

use crate::hub::Hub;
use crate::judge::{OnDisk, Said, added, better, silent};
use crate::layout::Layout;
use anyhow::Result;
use std::collections::BTreeMap;

/// So many bytes lie between two cuts where a few will do.
const FEW: usize = 293;

/// Which of the cut points of a text are tried.
#[derive(Clone, Copy, Debug)]
pub enum Cuts {
    /// None: files are taken away only.
    None,
    /// Every byte.
    Every,
    /// In the first file of each folder the ends of all lines, where a cut leaves the least trace, and one place
    /// within each; in the others, which look alike, a few.
    Lines,
    /// Every so many bytes.
    Sampled(usize),
}

impl Cuts {
    fn of(self, text: &str, first: bool) -> Vec<usize> {
        match self {
            Self::None => Vec::new(),
            Self::Every => (0..text.len()).collect(),
            Self::Sampled(step) => (0..text.len()).step_by(step).collect(),
            Self::Lines if !first => Self::Sampled(FEW).of(text, first),
            Self::Lines => {
                let mut at = 0;
                let mut cuts = vec![0];
                for line in text.split_inclusive('\n') {
                    cuts.push(at + line.len() * 2 / 3);
                    at += line.len();
                    cuts.push(at);
                }
                cuts.retain(|cut| *cut < text.len());
                cuts.sort_unstable();
                cuts.dedup();
                cuts
            }
        }
    }
}

/// What was tried on one collection, and what was wrong.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Cuts tried.
    pub cuts: u64,
    /// Of those the ones after which the same was said, as nothing that counts was cut off.
    pub harmless: u64,
    /// Files and kinds taken away.
    pub taken: u64,
    /// What went wrong, and where.
    pub complaints: Vec<String>,
}

/// Cuts every file of a hub's collection, and takes every file away, and every kind.
///
/// # Errors
/// When the collection cannot be written.
pub fn try_all(hub: &Hub, layout: Layout, cuts: Cuts) -> Result<Outcome> {
    let dump = layout.of(hub);
    let disk = OnDisk::write(&dump)?;
    let whole = disk.judged();
    let mut outcome = Outcome::default();
    let name = |what: String| format!("{} by {layout:?}: {what}", hub.name);
    let mut folder = "";
    for (file, text) in &dump.files {
        let here = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let first = here != folder || !layout.is_of_single_objects();
        folder = here;
        for cut in cuts.of(text, first) {
            disk.put(file, &text.as_bytes()[..cut])?;
            let part = disk.judged();
            outcome.cuts += 1;
            if part == whole {
                outcome.harmless += 1;
            }
            let why = added(&whole, &part)
                .or_else(|| better(&whole, &part))
                .or_else(|| silent(&whole, &part));
            if let Some(why) = why {
                let line = text[..cut].lines().next_back().unwrap_or_default();
                let what = format!("{file} cut at {cut} (after {line:?}): {why}");
                outcome.complaints.push(name(what));
            }
        }
        disk.take(file)?;
        outcome.taken += 1;
        let part = disk.judged();
        let why = added(&whole, &part).or_else(|| better(&whole, &part));
        let why = why.filter(|_| !(untold(hub.name, file) && owns_up(&part)));
        if let Some(why) = why {
            outcome
                .complaints
                .push(name(format!("(without {file}): {why}")));
        }
        disk.put(file, text.as_bytes())?;
    }
    for (kind, files) in kinds(&dump.files) {
        for (file, _) in &files {
            disk.take(file)?;
        }
        outcome.taken += 1;
        let part = disk.judged();
        if let Some(why) = added(&whole, &part).or_else(|| better(&whole, &part)) {
            outcome
                .complaints
                .push(name(format!("(without {kind}): {why}")));
        }
        for (file, text) in &files {
            disk.put(file, text.as_bytes())?;
        }
    }
    Ok(outcome)
}

/// The files that no other object tells of, by the hub on which something is wrong with their object alone. Lost, they
/// take that with them; all there is to ask for is that the report says that a file may be lost.
const UNTOLD: [(&str, &str); 4] = [
    ("a-cluster-away", "/managedclusters/spoke-2"),
    ("taken-from", "/backups/acm-restore-clusters-"),
    ("a-second-schedule", "/backupschedules/schedule-2"),
    ("a-second-restore", "/restores/restore-2"),
];

fn untold(hub: &str, file: &str) -> bool {
    (UNTOLD.iter()).any(|(of, part)| *of == hub && file.contains(part))
}

fn owns_up(said: &Said) -> bool {
    matches!(said, Said::Judged(judged) if judged.uncounted)
}

type Files<'a> = Vec<(&'a String, &'a String)>;

/// The files of each kind.
fn kinds(files: &BTreeMap<String, String>) -> BTreeMap<String, Files<'_>> {
    let mut kinds: BTreeMap<String, Files<'_>> = BTreeMap::new();
    for (file, text) in files {
        let mut parts = file.rsplit('/');
        let (last, folder) = (parts.next().unwrap_or_default(), parts.next());
        let list = last.split('.').next().unwrap_or_default();
        let kind = match folder {
            Some(folder) if folder.contains('.') => format!("{folder}/{list}"),
            Some(folder) => format!("{}/{folder}", parts.next().unwrap_or_default()),
            None => list.to_owned(),
        };
        kinds.entry(kind).or_default().push((file, text));
    }
    kinds
}
