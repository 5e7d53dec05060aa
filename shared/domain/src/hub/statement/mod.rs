//! Statements: what a person says of a hub or a location that no storage can tell (OWNERSHIP S1).
//!
//! One annotation, one statement a line: `KIND HUB TIME REASON…`, for example
//! `down 81431db3 2026-11-22T16:20:26Z power of rack 4 is off, seen on site`.
//! Words rather than JSON, so that they can be typed into a manifest or a patch at 3am.

mod answer;
mod refuted;
mod used;

pub use answer::{Asker, Outcome, Subject, answer, named, recorded};
pub use refuted::{Refutation, refutation};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;

/// How long a statement holds. What was looked at yesterday is not known today (OWNERSHIP S3).
pub const VALID_FOR: SignedDuration = SignedDuration::from_hours(4);

/// What is stated (OWNERSHIP S2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The hub does not run and will not by itself.
    Down,
    /// It neither backs up nor re-imports clusters.
    Fenced,
    /// This hub reaches none of the fleet's clusters and reads what the other does not write.
    IsolatedCopy,
    /// This hub is it, built anew.
    Rebuilt,
    /// A location whose content does not matter.
    Unread,
}

impl Kind {
    /// All five.
    pub const ALL: [Self; 5] = [
        Self::Down,
        Self::Fenced,
        Self::IsolatedCopy,
        Self::Rebuilt,
        Self::Unread,
    ];

    /// The word that stands in the annotation.
    pub fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Fenced => "fenced",
            Self::IsolatedCopy => "isolated-copy",
            Self::Rebuilt => "rebuilt",
            Self::Unread => "unread",
        }
    }

    /// The kind of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What our own messages print in the places a person must fill in; each is refused as it stands
/// (OWNERSHIP S5).
pub mod placeholder {
    /// For the kind.
    pub const KIND: &str = "KIND";
    /// For the time.
    pub const WHEN: &str = "WHEN";
    /// For the reason.
    pub const SEEN: &str = "WHAT-I-SAW";
    /// Other words that stand for a reason nobody gave.
    pub const EMPTY_REASONS: [&str; 4] = [SEEN, "REASON", "MY-NAME", "TODO"];
}

/// What a statement is about, as it was written.
const LOCATION: &str = "location/";

/// One statement, read but not believed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// What is stated.
    pub kind: Kind,
    /// Of what: a hub's id or the beginning of one, `unknown`, or `location/NAME`, as written.
    pub about: String,
    /// When it was looked at.
    pub at: Timestamp,
    /// Why the author is sure.
    pub reason: String,
}

impl Statement {
    /// The location it is about.
    pub fn location(&self) -> Option<&str> {
        self.about.strip_prefix(LOCATION)
    }

    /// Hash of what it means, once it is known of what: kind, object and time. The reason is how it is
    /// told, and blanks are nothing (OWNERSHIP S4).
    pub fn meaning(kind: Kind, about: &str, at: Timestamp) -> String {
        let text = format!("{kind}\n{about}\n{}", at.as_second());
        let hash = Sha256::digest(text.as_bytes());
        hash.iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Why a line is no statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Fewer than four words.
    #[error("it must read \"KIND HUB TIME REASON\"; {0} is missing")]
    Incomplete(&'static str),
    /// A character that looks like another one.
    #[error("{word:?} holds {character}, which is no plain letter, digit or blank; type it anew")]
    LookAlike {
        /// The word.
        word: String,
        /// The character's number.
        character: String,
    },
    /// A placeholder was left in its place.
    #[error("{0} still stands there; replace it")]
    Placeholder(&'static str),
    /// An unknown first word.
    #[error("{0:?} is none of down, fenced, isolated-copy, rebuilt, unread{1}")]
    Kind(String, String),
    /// The third word is no time.
    #[error("{0:?} is not a time with its zone, such as 2026-11-22T16:20:26Z")]
    Time(String),
    /// A kind that cannot be said of that.
    #[error("{0} cannot be said of {1}: {2}")]
    Unfit(Kind, String, &'static str),
}

/// The statements of an annotation; for each line that is none, its number and why.
pub fn read(text: &str) -> Result<Vec<Statement>, Vec<(usize, StatementError)>> {
    let mut statements = Vec::new();
    let mut errors = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match statement(line) {
            Ok(statement) => statements.push(statement),
            Err(error) => errors.push((number, error)),
        }
    }
    if errors.is_empty() {
        Ok(statements)
    } else {
        Err(errors)
    }
}

fn statement(line: &str) -> Result<Statement, StatementError> {
    let blank = |c: char| c == ' ' || c == '\t' || c == '\r';
    let mut rest = line.trim_matches(blank);
    let mut word = |name: &'static str| {
        let (word, tail) = rest.split_once(blank).unwrap_or((rest, ""));
        rest = tail.trim_start_matches(blank);
        match word.chars().find(|c| !c.is_ascii_graphic()) {
            _ if word.is_empty() => Err(StatementError::Incomplete(name)),
            Some(c) => Err(StatementError::LookAlike {
                word: word.to_owned(),
                character: format!("U+{:04X}", u32::from(c)),
            }),
            None => Ok(word),
        }
    };
    let kind_word = word("the kind")?;
    let about = word("the hub")?;
    let time = word("the time")?;
    if kind_word == placeholder::KIND {
        return Err(StatementError::Placeholder(placeholder::KIND));
    }
    let kind = Kind::of_word(kind_word).ok_or_else(|| {
        let lower = kind_word.to_lowercase();
        let hint = Kind::of_word(&lower).map_or_else(String::new, |_| format!("; write {lower}"));
        StatementError::Kind(kind_word.to_owned(), hint)
    })?;
    if time == placeholder::WHEN || time == "TIME" {
        return Err(StatementError::Placeholder(placeholder::WHEN));
    }
    let at = time
        .parse()
        .map_err(|_| StatementError::Time(time.to_owned()))?;
    let reason = rest.trim_end_matches(blank);
    if reason.chars().all(|c| c.is_whitespace() || c.is_control()) {
        return Err(StatementError::Incomplete("the reason"));
    }
    if let Some(empty) = placeholder::EMPTY_REASONS.into_iter().find(|empty| {
        reason
            .split(|c: char| !(c.is_alphanumeric() || c == '-'))
            .any(|word| word == *empty)
    }) {
        return Err(StatementError::Placeholder(empty));
    }
    match (kind, about.starts_with(LOCATION)) {
        (Kind::Unread, false) => {
            return Err(StatementError::Unfit(
                kind,
                about.to_owned(),
                "a location is unread, as location/NAME",
            ));
        }
        (Kind::Unread, true) => {}
        (_, true) => {
            return Err(StatementError::Unfit(
                kind,
                about.to_owned(),
                "of a location only unread can be said",
            ));
        }
        (_, false) => {}
    }
    Ok(Statement {
        kind,
        about: about.to_owned(),
        at,
        reason: reason.to_owned(),
    })
}

#[cfg(test)]
mod tests;
