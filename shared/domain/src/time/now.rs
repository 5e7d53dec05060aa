//! The time of a judgement, which need not be a moment.
//!
//! A collection takes minutes, on a large hub most of an hour, and nothing in it tells when which object was
//! read. So what has *passed* counts to the earliest time, when as little as possible has: a run that was not
//! overdue then may have been seen before it was, and nobody is called silent, stale or overdue for the time
//! that the collection took. What lies *ahead* counts from the latest: an object written meanwhile is of no wrong
//! clock. Evidence of life is safe either way: what was alive at the earliest time was.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// A span as long as this is told as a moment: that of most collections.
const MOMENT: SignedDuration = SignedDuration::from_mins(1);

/// The time of a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    earliest: Timestamp,
    latest: Option<Timestamp>,
}

impl Now {
    /// Somewhere between two times.
    pub fn between(earliest: Timestamp, latest: Timestamp) -> Self {
        Self {
            earliest,
            latest: Some(latest.max(earliest)),
        }
    }

    /// No earlier than this; nothing tells how much later.
    pub fn after(earliest: Timestamp) -> Self {
        Self {
            earliest,
            latest: None,
        }
    }

    /// The time by which nothing can have been looked at.
    pub fn earliest(self) -> Timestamp {
        self.earliest
    }

    /// The time by which everything had been looked at; none where nothing tells.
    pub fn latest(self) -> Option<Timestamp> {
        self.latest
    }

    /// Whether it is short enough to be told as a moment.
    pub fn is_moment(self) -> bool {
        self.latest
            .is_some_and(|latest| latest.duration_since(self.earliest) <= MOMENT)
    }

    /// How much time had passed for certain.
    pub fn duration_since(self, moment: Timestamp) -> SignedDuration {
        self.earliest.duration_since(moment)
    }

    /// Whether a moment had passed for certain.
    pub fn is_past(self, moment: Timestamp) -> bool {
        self.earliest > moment
    }

    /// Whether a moment may have come.
    pub fn may_have_come(self, moment: Timestamp) -> bool {
        self.latest.is_none_or(|latest| moment <= latest)
    }

    /// The same, each of its times changed.
    #[must_use]
    pub fn map(self, change: impl Fn(Timestamp) -> Timestamp) -> Self {
        Self {
            earliest: change(self.earliest),
            latest: self.latest.map(change),
        }
    }
}

impl From<Timestamp> for Now {
    fn from(moment: Timestamp) -> Self {
        Self::between(moment, moment)
    }
}

/// What is known of a source, it is known since no later than this.
impl From<Now> for Timestamp {
    fn from(now: Now) -> Self {
        now.earliest
    }
}

/// As fields of what it is the time of: `asOf`, and `asOfUntil` where it is no moment, null where that is not known.
impl Serialize for Now {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Now", 2)?;
        fields.serialize_field("asOf", &self.earliest)?;
        if self.is_moment() {
            fields.skip_field("asOfUntil")?;
        } else {
            fields.serialize_field("asOfUntil", &self.latest)?;
        }
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-20T{time}Z").parse().unwrap()
    }

    #[test]
    fn what_has_passed_counts_to_the_earliest_and_what_lies_ahead_from_the_latest() {
        let now = Now::between(at("10:20:00"), at("11:05:00"));
        assert_eq!(
            now.duration_since(at("10:00:00")),
            SignedDuration::from_mins(20)
        );
        assert!(!now.is_past(at("11:00:00")));
        assert!(now.may_have_come(at("11:05:00")));
        assert!(!now.may_have_come(at("11:05:01")));
        assert!(Now::after(at("10:20:00")).may_have_come(Timestamp::MAX));
    }

    #[test]
    fn in_json_a_span_has_two_ends() {
        let json = |now: Now| serde_json::to_string(&now).unwrap();
        assert_eq!(
            json(at("10:20:00").into()),
            r#"{"asOf":"2026-11-20T10:20:00Z"}"#
        );
        assert_eq!(
            json(Now::between(at("10:20:00"), at("11:05:00"))),
            r#"{"asOf":"2026-11-20T10:20:00Z","asOfUntil":"2026-11-20T11:05:00Z"}"#
        );
        assert_eq!(
            json(Now::after(at("10:20:00"))),
            r#"{"asOf":"2026-11-20T10:20:00Z","asOfUntil":null}"#
        );
    }
}
