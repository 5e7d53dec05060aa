//! Why a text is no Go duration, in words for people and in Go's own.

use super::GoDuration;
use super::parse::{self, Fault};

/// Why a text is no Go duration.
///
/// `Display` is meant for the person who typed it and says what to write instead
/// where that can be told; [`go_text`](Self::go_text) is what the operator's and
/// Velero's own messages contain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing was written.
    #[error("the duration is empty: write one such as 720h or 1h30m")]
    Empty {
        /// The text as given: empty, or a lone sign.
        input: String,
    },
    /// Not a number followed by a unit.
    #[error("{input:?} is not a Go duration{}", write(.suggestion.as_deref(), "one such as 720h or 1h30m"))]
    Malformed {
        /// The text as given.
        input: String,
        /// The text probably meant.
        suggestion: Option<String>,
    },
    /// A number without a unit.
    #[error("a number in {input:?} has no unit: add h, m or s, for example 720h")]
    MissingUnit {
        /// The text as given.
        input: String,
    },
    /// A unit Go does not have, days above all.
    #[error("{}{}", unknown_unit(.unit), write_instead(.suggestion.as_deref(), .input))]
    UnknownUnit {
        /// The text as given.
        input: String,
        /// What stands where a unit is expected.
        unit: String,
        /// The same length in units Go knows, if it can be told.
        suggestion: Option<String>,
    },
    /// Beyond 64 bits of nanoseconds.
    #[error("{input:?} is longer than a Go duration can be (about 292 years, 2562047h)")]
    TooLong {
        /// The text as given.
        input: String,
    },
}

impl DurationError {
    pub(super) fn explain(input: &str, fault: Fault) -> Self {
        let input = input.to_owned();
        match fault {
            Fault::Empty => Self::Empty { input },
            Fault::Malformed => Self::Malformed {
                suggestion: suggestion(&input),
                input,
            },
            Fault::MissingUnit => Self::MissingUnit { input },
            Fault::UnknownUnit(unit) => Self::UnknownUnit {
                suggestion: suggestion(&input),
                input,
                unit,
            },
            Fault::TooLong => Self::TooLong { input },
        }
    }

    /// The message `time.ParseDuration` returns for the same text.
    #[must_use]
    pub fn go_text(&self) -> String {
        match self {
            Self::Empty { input } | Self::Malformed { input, .. } | Self::TooLong { input } => {
                format!("time: invalid duration {}", go_quoted(input))
            }
            Self::MissingUnit { input } => {
                format!("time: missing unit in duration {}", go_quoted(input))
            }
            Self::UnknownUnit { input, unit, .. } => format!(
                "time: unknown unit {} in duration {}",
                go_quoted(unit),
                go_quoted(input)
            ),
        }
    }
}

/// What the writer probably meant, in Go's spelling.
fn suggestion(input: &str) -> Option<String> {
    let nanos = parse::nanos(input.trim(), parse::human_unit).ok()?;
    Some(GoDuration::from_nanos(nanos).short())
}

fn unknown_unit(unit: &str) -> String {
    let has = match unit.trim() {
        "d" | "D" | "day" | "days" => "days",
        "w" | "W" | "week" | "weeks" => "weeks",
        "M" | "mo" | "month" | "months" => "months",
        "y" | "Y" | "year" | "years" => "years",
        trimmed if trimmed.is_empty() || parse::go_unit(trimmed).is_some() => "spaces",
        trimmed => return format!("Go durations have no unit {trimmed:?}"),
    };
    format!("Go durations have no {has}")
}

fn write(suggestion: Option<&str>, otherwise: &str) -> String {
    format!(": write {}", suggestion.unwrap_or(otherwise))
}

fn write_instead(suggestion: Option<&str>, input: &str) -> String {
    let write = write(suggestion, "it with h, m, s, ms, us or ns");
    match suggestion {
        Some(_) => format!("{write} instead of {}", input.trim()),
        None => write,
    }
}

/// Quotes as Go's `time` package does: bytes outside printable ASCII in hexadecimal.
fn go_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='\u{7f}' => quoted.push(c),
            _ => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    quoted.push_str(&format!("\\x{byte:02x}"));
                }
            }
        }
    }
    quoted.push('"');
    quoted
}
