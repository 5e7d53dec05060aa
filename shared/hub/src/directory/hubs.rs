//! Whether a directory is of one hub. What two hubs hold must never be judged as one.

use super::tree::{folders, ids, is_root, timestamp};
use super::{DirectoryError, clock};
use acm_backup_domain::time::age;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How deep below a directory a hub's folders are looked for: `must-gather/IMAGE/clusters/ID` is the deepest that a
/// collector makes, and somebody may have put several of those into one.
const DEPTH: usize = 4;

/// No more folders are looked into.
const FOLDERS: usize = 2_000;

/// No more are told.
const TOLD: usize = 6;

/// That the roots of a directory are of one hub, and of one collection of it.
///
/// Two ids are two hubs wherever they stand. Without ids, several folders are of one hub only where must-gather
/// made them, one for each image: it writes a `timestamp` above them.
pub(super) fn is_one(path: &Path, roots: &[PathBuf]) -> Result<(), DirectoryError> {
    let each: Vec<_> = roots.iter().map(|root| ids(root)).collect();
    let all: BTreeSet<_> = each.iter().flatten().collect();
    let found = || listed(path, roots);
    if all.len() > 1 {
        return Err(DirectoryError::SeveralHubs {
            path: path.to_owned(),
            found: found(),
        });
    }
    if roots.len() < 2 || timestamp(path).is_some() {
        return Ok(());
    }
    let same = all.len() == 1 && each.iter().all(|ids| !ids.is_empty());
    Err(if same {
        DirectoryError::SeveralTimes {
            path: path.to_owned(),
            found: found(),
        }
    } else {
        DirectoryError::SeveralHubs {
            path: path.to_owned(),
            found: found(),
        }
    })
}

/// The roots further down than a hub is read.
pub(super) fn deeper(path: &Path) -> Vec<PathBuf> {
    let (mut found, mut looked) = (Vec::new(), 0_usize);
    let mut level = vec![path.to_owned()];
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for folder in level {
            looked = looked.saturating_add(1);
            if looked > FOLDERS {
                return found;
            }
            for child in folders(&folder).unwrap_or_default() {
                if is_root(&child) {
                    found.push(child);
                } else {
                    next.push(child);
                }
            }
        }
        level = next;
    }
    found
}

/// `a (hub 1234, 2026-11-22 16:20:24Z), b (hub id not in it)`.
pub(super) fn listed(path: &Path, roots: &[PathBuf]) -> String {
    let mut all: Vec<_> = roots
        .iter()
        .take(TOLD)
        .map(|root| {
            let name = root.strip_prefix(path).unwrap_or(root).display();
            let name = match name.to_string() {
                name if name.is_empty() => ".".to_owned(),
                name => name,
            };
            let ids: Vec<_> = ids(root).into_iter().collect();
            let hub = match ids.as_slice() {
                [] => "hub id not in it".to_owned(),
                ids => format!("hub {}", ids.join(" and ")),
            };
            let begun = timestamp(root).and_then(|text| clock::begun(&text));
            match begun {
                Some(begun) => format!("{name} ({hub}, {})", age::stamp(begun)),
                None => format!("{name} ({hub})"),
            }
        })
        .collect();
    if let Some(more) = roots.len().checked_sub(TOLD).filter(|more| *more > 0) {
        all.push(format!("{more} more"));
    }
    all.join(", ")
}
