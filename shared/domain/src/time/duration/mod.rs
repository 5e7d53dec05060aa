//! Durations as Go reads and writes them (`veleroTtl`, `spec.ttl`, `@every`).

mod error;
mod format;
mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use error::DurationError;

/// A length of time with the range, grammar and spelling of Go's `time.Duration`:
/// whole nanoseconds in an `i64`, about ±292 years.
///
/// Parses what `time.ParseDuration` parses and nothing else, and displays as
/// `Duration.String` does (`720h0m0s`), so a value read, printed and read again by
/// the operator stays the same. In JSON it is that string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

impl GoDuration {
    /// No time at all, `0s`.
    pub const ZERO: Self = Self(0);

    /// A duration of so many nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The whole length in nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The text a person would write: `720h` where [`Display`](fmt::Display) says
    /// `720h0m0s`. Parses to the same value.
    #[must_use]
    pub fn short(self) -> String {
        format::short(self.0)
    }
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::nanos(text, parse::go_unit)
            .map(Self)
            .map_err(|fault| DurationError::explain(text, fault))
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format::full(self.0))
    }
}

impl From<GoDuration> for SignedDuration {
    fn from(duration: GoDuration) -> Self {
        Self::from_nanos(duration.0)
    }
}

impl TryFrom<SignedDuration> for GoDuration {
    type Error = std::num::TryFromIntError;

    fn try_from(duration: SignedDuration) -> Result<Self, Self::Error> {
        i64::try_from(duration.as_nanos()).map(Self)
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A plain string: the CRDs put no format on their duration fields.
impl JsonSchema for GoDuration {
    fn schema_name() -> Cow<'static, str> {
        "GoDuration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
