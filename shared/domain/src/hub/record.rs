//! What was stated and accepted before: the record that outlives the Restore (OWNERSHIP S4, S6).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One statement that was accepted, for one request.
///
/// Kept as JSON in an annotation of the slot's Lease, written by the same compare-and-swap that takes
/// the slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// Hash of what the statement means: its kind, what it is about (a hub's whole id, `unknown`, a
    /// location) and its time; never of its bytes.
    pub meaning: String,
    /// The kind's word, e.g. `fenced`.
    pub kind: String,
    /// What it is about: a hub's whole id, `unknown`, or `location/NAME`.
    pub about: String,
    /// The time the statement gives.
    pub at: Timestamp,
    /// Kind and name of the object it was accepted for, e.g. `Restore/activate`.
    pub holder: String,
    /// Uid of that object: another one is another request.
    pub uid: String,
    /// When it was accepted, by the API server's clock.
    pub accepted: Timestamp,
    /// Until when it is open whether that object was stored at all: a conflict or a quota after the guard's
    /// yes burns nothing, and another request may use the statement once that is sure. None where it is
    /// settled, and the statement used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_until: Option<Timestamp>,
}
