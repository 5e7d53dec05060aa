//! Keeping the record of accepted statements (OWNERSHIP S4, S6).

use crate::hub::record::Accepted;
use crate::hub::statement::VALID_FOR;
use jiff::Timestamp;

/// Longest text of the record. All annotations of an object together may have 256 KiB.
const MOST: usize = 160 * 1024;

/// What became of the object a statement was accepted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was seen stored.
    Stored,
    /// It was not, by someone who looked all the time.
    NeverStored,
    /// Nobody looked all the time.
    Unknown,
}

/// Reads the annotation.
///
/// # Errors
/// When it is not what we write: then nobody knows what was accepted.
pub fn read(annotation: Option<&str>) -> Result<Vec<Accepted>, String> {
    match annotation.filter(|text| !text.is_empty()) {
        None => Ok(Vec::new()),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            format!("the record of accepted statements is not what was written: {error}")
        }),
    }
}

/// Writes the annotation.
///
/// # Errors
/// When there is more than a Lease can hold. It is not shortened: what is forgotten could be used again.
pub fn write(record: &[Accepted]) -> Result<String, String> {
    let text = serde_json::to_string(record).map_err(|error| error.to_string())?;
    match text.len() {
        0..=MOST => Ok(text),
        length => Err(format!(
            "the record of accepted statements would have {length} bytes, and {MOST} are the most; \
             the oldest are forgotten four hours after their time"
        )),
    }
}

/// The record as it counts at `now`, the API server's: what was never stored is void once that is sure,
/// what was stored or may have been is settled, the rest stays open.
pub fn settle(
    record: Vec<Accepted>,
    now: Option<Timestamp>,
    fate: impl Fn(&Accepted) -> Fate,
) -> Vec<Accepted> {
    let settle = |entry: Accepted| {
        let Some(until) = entry.open_until else {
            return Some(entry);
        };
        let over = now.is_some_and(|now| now >= until);
        match fate(&entry) {
            Fate::NeverStored if over => None,
            Fate::Stored => Some(settled(entry)),
            Fate::Unknown if over => Some(settled(entry)),
            Fate::NeverStored | Fate::Unknown => Some(entry),
        }
    };
    record.into_iter().filter_map(settle).collect()
}

/// Forgets what no request could use any more. A `fenced` one stays as long as `has_marker`: what its
/// hub *made* decides about it (OWNERSHIP Q2).
pub fn forget(
    record: Vec<Accepted>,
    now: Timestamp,
    has_marker: impl Fn(&Accepted) -> bool,
) -> Vec<Accepted> {
    let stays = |entry: &Accepted| {
        now.duration_since(entry.at) <= VALID_FOR || (entry.kind == "fenced" && has_marker(entry))
    };
    record.into_iter().filter(stays).collect()
}

fn settled(entry: Accepted) -> Accepted {
    Accepted {
        open_until: None,
        ..entry
    }
}
