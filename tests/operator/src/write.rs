//! What a pass wants done, as data: the deciding code touches nothing.

use std::time::Duration;

use serde_json::Value;

use crate::cleanup_rule::CleanUp;
use crate::kinds::Kind;
use crate::object::ObjectName;

/// One change, in the order it is to be made.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Create this object. One that is there already is not an error.
    Create(Value),
    /// Replace an object's status.
    Status {
        /// Its kind.
        kind: Kind,
        /// Its place.
        at: ObjectName,
        /// The whole new status.
        status: Value,
    },
    /// Apply a JSON merge patch to an object.
    Patch {
        /// Its kind.
        kind: Kind,
        /// Its place.
        at: ObjectName,
        /// The patch (RFC 7386).
        patch: Value,
    },
    /// Delete an object. One that is gone already is not an error.
    Delete {
        /// Its kind.
        kind: Kind,
        /// Its place.
        at: ObjectName,
    },
    /// Delete what an earlier backup restored and the current one did not (operator-facts §6.8).
    CleanUp(CleanUp),
}

impl Write {
    /// A merge patch of an object.
    pub fn patch(kind: Kind, object: &Value, patch: Value) -> Self {
        Self::Patch {
            kind,
            at: ObjectName::of(object),
            patch,
        }
    }

    /// A new status of an object.
    pub fn status(kind: Kind, object: &Value, status: Value) -> Self {
        Self::Status {
            kind,
            at: ObjectName::of(object),
            status,
        }
    }

    /// The deletion of an object.
    pub fn delete(kind: Kind, object: &Value) -> Self {
        Self::Delete {
            kind,
            at: ObjectName::of(object),
        }
    }
}

/// When to look at an object again if nothing happens before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The pace of a healthy BackupSchedule: 5 minutes.
    Healthy,
    /// The pace after a failure: 60 seconds.
    Retry,
    /// The pace of waiting for Velero or a volume: 10 seconds.
    Waiting,
    /// A Restore's own `restoreSyncInterval`.
    Sync(Duration),
    /// The same pass goes on after this pause: the operator sleeps in the middle of it.
    Resume(Duration),
}

/// The outcome of one look at one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pass {
    /// What to do, in order.
    pub writes: Vec<Write>,
    /// When to come back; `None` leaves it to the next event.
    pub again: Option<Again>,
}

impl Pass {
    /// Adds a write.
    pub fn push(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// The same pass, with a time to come back.
    pub fn and_again(mut self, again: Again) -> Self {
        self.again = Some(again);
        self
    }
}
