//! The recordings of the real operator, judged again by what is built here.
//!
//! [`view`] turns what a hub's watch had seen by a moment into a snapshot; [`requests`] holds what was
//! asked of the guard, with what is right and why; [`judged`] asks the rules; [`truth`] says who really
//! held the fleet. What is right is written by hand, never taken from what the code answers.

pub mod away;
pub mod command;
pub mod document;
pub mod judged;
pub mod object;
pub mod requests;
pub mod truth;
pub mod view;

use acm_backup_operator::recording::{GUARDED, HUBS, RECORDINGS};
use anyhow::{Context, Result};
use jiff::Timestamp;

/// All recordings, those of the guard last.
pub fn recordings() -> impl Iterator<Item = &'static str> {
    RECORDINGS.into_iter().chain(GUARDED)
}

/// The id of a hub's ClusterVersion, which is not recorded.
///
/// # Errors
/// When there is no such hub.
pub fn id_of(hub: &str) -> Result<&'static str> {
    HUBS.into_iter()
        .find(|(name, _)| *name == hub)
        .map(|(_, id)| id)
        .with_context(|| format!("there is no {hub}"))
}

/// The day a recording was made, in UTC; none went past midnight.
pub fn day(recording: &str) -> &'static str {
    if GUARDED.contains(&recording) {
        "2026-11-25"
    } else {
        "2026-11-22"
    }
}

/// A time of day of a recording.
///
/// # Errors
/// When it is none.
pub fn at(recording: &str, time: &str) -> Result<Timestamp> {
    let text = format!("{}T{time}Z", day(recording));
    text.parse().with_context(|| format!("time {text}"))
}
