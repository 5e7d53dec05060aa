//! Sums of times and durations that cannot fail.
//!
//! Times come from objects that anyone may write. jiff's operators panic where a result leaves its
//! range, so the crate denies them (`clippy::arithmetic_side_effects`); these stop at the range's end.

use jiff::{SignedDuration, Timestamp};

/// Addition and subtraction that end at the last value there is.
pub trait Saturating: Sized {
    /// So much later, or longer.
    #[must_use]
    fn plus(self, length: SignedDuration) -> Self;

    /// So much earlier, or shorter.
    #[must_use]
    fn less(self, length: SignedDuration) -> Self;
}

impl Saturating for Timestamp {
    fn plus(self, length: SignedDuration) -> Self {
        self.checked_add(length)
            .unwrap_or_else(|_| end_of_time(length))
    }

    fn less(self, length: SignedDuration) -> Self {
        self.checked_sub(length)
            .unwrap_or_else(|_| end_of_time(SignedDuration::ZERO.less(length)))
    }
}

impl Saturating for SignedDuration {
    fn plus(self, length: SignedDuration) -> Self {
        self.saturating_add(length)
    }

    fn less(self, length: SignedDuration) -> Self {
        self.saturating_sub(length)
    }
}

/// Where a step of this direction ends at the latest.
fn end_of_time(step: SignedDuration) -> Timestamp {
    match step.is_negative() {
        true => Timestamp::MIN,
        false => Timestamp::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_ends_where_time_does() {
        let second = SignedDuration::from_secs(1);
        let epoch = Timestamp::UNIX_EPOCH;
        assert_eq!(epoch.plus(second).as_second(), 1);
        assert_eq!(epoch.less(second).as_second(), -1);
        assert_eq!(Timestamp::MAX.plus(second), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.less(SignedDuration::MIN), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.less(second), Timestamp::MIN);
        assert_eq!(Timestamp::MIN.plus(SignedDuration::MIN), Timestamp::MIN);
        assert_eq!(SignedDuration::MAX.plus(second), SignedDuration::MAX);
        assert_eq!(SignedDuration::MIN.less(second), SignedDuration::MIN);
    }
}
