//! When a hub was not to be heard: it was killed, and came back later.
//!
//! A watch that comes back lists anew, so objects that were known come as ADDED a second time; what was
//! seen before that is no view of the hub any more.

use crate::at;
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

/// After so long without a word the webhook's watch judges by nothing it knew: the bound of
/// `webhook/src/watch/contact.rs`.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// One absence.
#[derive(Clone, Copy, Debug)]
pub struct Absence {
    /// When it was last heard of.
    pub from: Timestamp,
    /// When the last of its kinds had been listed anew.
    pub until: Timestamp,
}

/// The recording, the hub, when it was last heard of, when it was heard of again, and what says so.
const ABSENCES: [(&str, &str, &str, &str, &str); 3] = [
    (
        "2.17-loss",
        "hub1",
        "16:20:24.141",
        "16:21:45.865",
        "STEP \"C: hub1 dies\"; the Velero Schedules are the last that are listed",
    ),
    (
        "2.17-guarded",
        "hub1",
        "19:14:20.081",
        "19:32:34.857",
        "STEP \"loss\"; the BackupSchedule is the last that is listed",
    ),
    (
        "2.9-guarded",
        "hub1",
        "19:52:16.471",
        "19:53:16.991",
        "the last request its guard answered; the BackupSchedule is the last that is listed",
    ),
];

/// The absences of one hub in one recording.
///
/// # Errors
/// When a time in the table is none.
pub fn absences(recording: &str, hub: &str) -> Result<Vec<Absence>> {
    ABSENCES
        .iter()
        .filter(|(of, who, ..)| *of == recording && *who == hub)
        .map(|(_, _, from, until, _)| {
            Ok(Absence {
                from: at(recording, from)?,
                until: at(recording, until)?,
            })
        })
        .collect()
}
