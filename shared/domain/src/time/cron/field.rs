//! One field of an expression: a comma-separated list of ranges.

use super::CronError;
use super::atoi::non_negative;

/// Marks a field written with `*` or `?` and no step above one. Its bit is never a
/// value: the largest value of any field is 59.
const STAR: u64 = 1 << 63;

/// The admitted values of a field, and whether it was a star.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bits(u64);

impl Bits {
    pub(super) const fn only(value: u64) -> Self {
        Self(1 << value)
    }

    pub(super) const fn all(bounds: &Bounds) -> Self {
        Self(range(bounds.min, bounds.max, 1) | STAR)
    }

    pub(super) fn admits(self, value: i8) -> bool {
        u32::try_from(value)
            .ok()
            .and_then(|value| 1_u64.checked_shl(value))
            .is_some_and(|bit| self.0 & bit != 0)
    }

    pub(super) const fn is_star(self) -> bool {
        self.0 & STAR != 0
    }

    /// A field of nothing but commas is accepted and admits no value.
    pub(super) const fn is_empty(self) -> bool {
        self.0 & !STAR == 0
    }
}

/// The values a field may take and the names some of them have, counted from `min`.
pub(super) struct Bounds {
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

pub(super) const MINUTES: Bounds = Bounds {
    min: 0,
    max: 59,
    names: &[],
};
pub(super) const HOURS: Bounds = Bounds {
    min: 0,
    max: 23,
    names: &[],
};
pub(super) const DAYS_OF_MONTH: Bounds = Bounds {
    min: 1,
    max: 31,
    names: &[],
};
pub(super) const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
/// Sunday is 0 and only 0.
pub(super) const DAYS_OF_WEEK: Bounds = Bounds {
    min: 0,
    max: 6,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

/// Reads a whole field. Empty pieces between commas are passed over.
pub(super) fn field(text: &str, bounds: &Bounds) -> Result<Bits, CronError> {
    text.split(',')
        .filter(|part| !part.is_empty())
        .try_fold(0, |bits, part| Ok(bits | range_bits(part, bounds)?))
        .map(Bits)
}

/// Reads `number`, `number-number` or a star, each with an optional `/step`.
fn range_bits(part: &str, bounds: &Bounds) -> Result<u64, CronError> {
    let owned = || part.to_owned();
    let (range_text, steps) = match part.split_once('/') {
        Some((range, steps)) => (range, Some(steps)),
        None => (part, None),
    };
    let (low, highs) = match range_text.split_once('-') {
        Some((low, highs)) => (low, Some(highs)),
        None => (range_text, None),
    };

    let mut star = 0;
    let (start, mut end) = if matches!(low, "*" | "?") {
        // Whatever follows a hyphen here is not even looked at.
        star = STAR;
        (bounds.min, bounds.max)
    } else {
        let start = number_or_name(low, bounds)?;
        match highs {
            None => (start, start),
            Some(highs) if highs.contains('-') => {
                return Err(CronError::TooManyHyphens { part: owned() });
            }
            Some(high) => (start, number_or_name(high, bounds)?),
        }
    };

    let step = match steps {
        None => 1,
        Some(steps) if steps.contains('/') => {
            return Err(CronError::TooManySlashes { part: owned() });
        }
        Some(step) => {
            let step = non_negative(step)?;
            // "N/step" means from N to the end.
            if highs.is_none() {
                end = bounds.max;
            }
            if step > 1 {
                star = 0;
            }
            step
        }
    };

    if start < bounds.min {
        return Err(CronError::BelowMinimum {
            start,
            minimum: bounds.min,
            part: owned(),
        });
    }
    if end > bounds.max {
        return Err(CronError::AboveMaximum {
            end,
            maximum: bounds.max,
            part: owned(),
        });
    }
    if start > end {
        return Err(CronError::Backwards {
            start,
            end,
            part: owned(),
        });
    }
    if step == 0 {
        return Err(CronError::ZeroStep { part: owned() });
    }
    Ok(range(start, end, step) | star)
}

fn number_or_name(text: &str, bounds: &Bounds) -> Result<u64, CronError> {
    // Go lowers the dotted capital I of Turkish keyboards to a plain i.
    let lower = text.replace('\u{130}', "i").to_ascii_lowercase();
    match (bounds.min..)
        .zip(bounds.names)
        .find(|(_, name)| **name == lower)
    {
        Some((value, _)) => Ok(value),
        None => non_negative(text),
    }
}

/// The bits from `start` to `end`, both below 63, `step` apart.
const fn range(start: u64, end: u64, step: u64) -> u64 {
    let mut bits = 0;
    let mut value = start;
    while value <= end {
        bits |= 1 << value;
        value = value.saturating_add(step);
    }
    bits
}
