//! Cron expressions as robfig/cron v3.0.1 reads them.
//!
//! Both the operator and Velero hand `spec.veleroSchedule` to its `ParseStandard` and
//! ask the result for `Next`. No Rust crate agrees with it on all of: which
//! expressions are valid, when day of month and day of week combine with "or", what
//! happens to a run in a daylight saving gap. So the algorithm is followed here step
//! by step, and held to recorded answers of the original (testdata/README.md).

mod atoi;
mod clock;
mod error;
mod field;
mod next;
mod parse;
#[cfg(test)]
mod tests;
mod zone;

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use error::CronError;
use field::Bits;

/// A valid cron expression and the times it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronSchedule {
    expression: String,
    plan: Plan,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Plan {
    /// Five fields, or a descriptor that stands for five fields.
    Calendar {
        fields: Fields,
        /// From `CRON_TZ=` or `TZ=`; without, the zone of the process that asks.
        zone: Option<TimeZone>,
    },
    /// `@every`: whole seconds counted from wherever one starts.
    Every(SignedDuration),
}

/// The admitted values of each field.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    minute: Bits,
    hour: Bits,
    day_of_month: Bits,
    month: Bits,
    day_of_week: Bits,
}

impl CronSchedule {
    /// Reads an expression: five fields, or a descriptor such as `@daily` or
    /// `@every 6h`, with or without a `CRON_TZ=` or `TZ=` prefix.
    ///
    /// # Errors
    ///
    /// The error displays as robfig's own text, which the operator puts into
    /// `status.lastMessage` behind a prefix of its own.
    pub fn parse(expression: &str) -> Result<Self, CronError> {
        Ok(Self {
            expression: expression.to_owned(),
            plan: parse::plan(expression)?,
        })
    }

    /// The first run strictly after a moment, or `None` if robfig finds none within
    /// five years ("0 0 30 2 *" never runs).
    ///
    /// Expressions that name no zone are read in UTC, the zone of the operator's and
    /// Velero's containers unless someone changed them.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.plan {
            Plan::Calendar { fields, zone } => {
                next::calendar(fields, after, zone.as_ref().unwrap_or(&TimeZone::UTC))
            }
            Plan::Every(delay) => next::every(*delay, after),
        }
    }

    /// The time between the next two runs, as the operator computes it when it sets
    /// the TTL of the validation backup (this period and five minutes). It differs
    /// from day to day for expressions such as `0 9,17 * * *`.
    #[must_use]
    pub fn period(&self, at: Timestamp) -> Option<SignedDuration> {
        let first = self.next(at)?;
        let second = self.next(first)?;
        Some(second.duration_since(first))
    }

    /// The zone the expression itself names (`Europe/Prague`), if it names one and
    /// has a use for it: `@every` does not.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        match &self.plan {
            Plan::Calendar { zone, .. } => zone.as_ref()?.iana_name(),
            Plan::Every(_) => None,
        }
    }

    /// The expression as it was given.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.expression
    }
}

impl FromStr for CronSchedule {
    type Err = CronError;

    fn from_str(expression: &str) -> Result<Self, Self::Err> {
        Self::parse(expression)
    }
}

impl fmt::Display for CronSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.expression)
    }
}
