//! An attestation: a person states what became of the old hub, because no bucket can tell a dead hub
//! from a quiet one (DESIGN §3 "Old hub live").
//!
//! One annotation, four words and a reason: `KIND HUB TIME REASON…`, for example
//! `down 81431db3-2b3e-56e4-93ca-3481bd29fa8b 2026-11-22T16:20:26Z power of rack 4 is off, seen on site`.
//! Words rather than JSON, so that it can be typed into a manifest or a patch at 3am unquoted.

use crate::identity::HubId;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// How long an attestation holds. The state of a hub that was looked at yesterday is not known today.
pub const VALID_FOR: SignedDuration = SignedDuration::from_hours(4);

/// How far ahead of ours the clock of whoever wrote it may be.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What became of the old hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttestedState {
    /// It does not run and will not come back by itself.
    Down,
    /// It runs, but neither backs up nor re-imports clusters.
    Fenced,
    /// The backups are read from a copy or a read-only location the old hub does not write to.
    IsolatedCopy,
    /// This hub is the old one, built anew.
    Rebuilt,
}

impl AttestedState {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Down, Self::Fenced, Self::IsolatedCopy, Self::Rebuilt];

    /// The word that stands in the annotation.
    pub fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Fenced => "fenced",
            Self::IsolatedCopy => "isolated-copy",
            Self::Rebuilt => "rebuilt",
        }
    }
}

impl fmt::Display for AttestedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A parsed attestation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attestation {
    /// What is stated.
    pub state: AttestedState,
    /// The old hub it is stated of.
    pub hub: HubId,
    /// When it was looked at.
    pub at: Timestamp,
    /// Why the author is sure.
    pub reason: String,
}

/// Why an attestation cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// Fewer than four words.
    #[error("it must read \"KIND HUB TIME REASON\"; {0} is missing")]
    Incomplete(&'static str),
    /// An unknown first word.
    #[error("{0:?} is not one of down, fenced, isolated-copy, rebuilt")]
    Kind(String),
    /// The third word is no time.
    #[error("{0:?} is not a time such as 2026-11-22T16:20:26Z")]
    Time(String),
    /// The reason is a placeholder.
    #[error("the reason still reads {0:?}; say what was seen, where and by whom")]
    Reason(String),
}

/// What our own messages print in the place of a reason; it must be replaced by a person.
pub const REASON_PLACEHOLDER: &str = "REASON";

impl FromStr for Attestation {
    type Err = AttestationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rest = text.trim();
        let mut word = |name| {
            let (word, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            rest = tail.trim_start();
            if word.is_empty() {
                Err(AttestationError::Incomplete(name))
            } else {
                Ok(word)
            }
        };
        let state = word("the kind")?;
        let hub = word("the old hub's id")?;
        let time = word("the time")?;
        let state = AttestedState::ALL
            .into_iter()
            .find(|known| known.word() == state)
            .ok_or_else(|| AttestationError::Kind(state.to_owned()))?;
        let at = time
            .parse()
            .map_err(|_| AttestationError::Time(time.to_owned()))?;
        match rest {
            "" => Err(AttestationError::Incomplete("the reason")),
            REASON_PLACEHOLDER => Err(AttestationError::Reason(rest.to_owned())),
            reason => Ok(Self {
                state,
                hub: HubId::new(hub),
                at,
                reason: reason.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} {}",
            self.state,
            self.hub,
            self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            self.reason
        )
    }
}

impl Attestation {
    /// Why it counts as none at `now`, as far as its own time tells.
    pub fn staleness(&self, now: Timestamp) -> Option<String> {
        let age = now.duration_since(self.at);
        if age > VALID_FOR {
            return Some(format!(
                "it is {} old and an attestation holds for {}",
                crate::time::age::span(age),
                crate::time::age::span(VALID_FOR)
            ));
        }
        (age < -CLOCK_SKEW).then(|| {
            format!(
                "its time {} lies in the future (it is {} now)",
                crate::time::age::stamp(self.at),
                crate::time::age::stamp(now)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_the_denial_tells_to_write() {
        let text = "down 81431db3-2b3e 2026-11-22T16:20:26Z  power of rack 4 is off";
        let attestation: Attestation = text.parse().unwrap();
        assert_eq!(attestation.state, AttestedState::Down);
        assert_eq!(attestation.hub.as_str(), "81431db3-2b3e");
        assert_eq!(attestation.reason, "power of rack 4 is off");
        assert_eq!(
            attestation.to_string(),
            "down 81431db3-2b3e 2026-11-22T16:20:26Z power of rack 4 is off"
        );
    }

    #[test]
    fn says_what_is_wrong_with_the_rest() {
        for (text, error) in [
            (
                "",
                "it must read \"KIND HUB TIME REASON\"; the kind is missing",
            ),
            (
                "down",
                "it must read \"KIND HUB TIME REASON\"; the old hub's id is missing",
            ),
            (
                "down x",
                "it must read \"KIND HUB TIME REASON\"; the time is missing",
            ),
            (
                "dead x 2026-11-22T16:20:26Z y",
                "\"dead\" is not one of down, fenced, isolated-copy, rebuilt",
            ),
            (
                "down x yesterday y",
                "\"yesterday\" is not a time such as 2026-11-22T16:20:26Z",
            ),
            (
                "down x 2026-11-22T16:20:26Z",
                "it must read \"KIND HUB TIME REASON\"; the reason is missing",
            ),
            (
                "down x 2026-11-22T16:20:26Z REASON",
                "the reason still reads \"REASON\"; say what was seen, where and by whom",
            ),
        ] {
            assert_eq!(text.parse::<Attestation>().unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn holds_for_four_hours() {
        let attestation: Attestation = "down x 2026-11-22T16:00:00Z y".parse().unwrap();
        let at = |time: &str| format!("2026-11-22T{time}Z").parse::<Timestamp>().unwrap();
        for (now, holds) in [
            ("15:54:59", false),
            ("15:55:00", true),
            ("16:00:00", true),
            ("20:00:00", true),
            ("20:00:01", false),
        ] {
            assert_eq!(attestation.staleness(at(now)).is_none(), holds, "{now}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,80}") {
            let _ = text.parse::<Attestation>();
        }
    }
}
