//! Ages and moments in words short enough for a table cell.

use super::now::Now;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Display;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How far `then` lies from `now`: `4m12s` if it has passed, `in 57m` if it is to come. Where `now` is no moment,
/// the least and the most it can be: `19m-1h04m`, or `19m+` where nothing tells the most.
///
/// A moment in the future is never shown as an age of zero: clocks of two hubs
/// differ, and a backup "from the future" is something the reader must see.
#[must_use]
pub fn age(now: impl Into<Now>, then: Timestamp) -> String {
    match distance(now.into(), then) {
        Distance::Passed(length) => length,
        Distance::ToCome(length) => format!("in {length}"),
    }
}

/// As [`age`], for the middle of a sentence: `4m12s ago` or `in 57m`.
#[must_use]
pub fn ago(now: impl Into<Now>, then: Timestamp) -> String {
    match distance(now.into(), then) {
        Distance::Passed(length) => format!("{length} ago"),
        Distance::ToCome(length) => format!("in {length}"),
    }
}

enum Distance {
    Passed(String),
    ToCome(String),
}

fn distance(now: Now, then: Timestamp) -> Distance {
    let least = now.earliest().duration_since(then);
    let most = now.latest().map(|latest| latest.duration_since(then));
    let range = |from: SignedDuration, to: SignedDuration| match (span(from), span(to)) {
        (from, to) if from == to || now.is_moment() => from,
        (from, to) => format!("{from}-{to}"),
    };
    match (is_to_come(least), most) {
        (false, Some(most)) => Distance::Passed(range(least, most)),
        (false, None) => Distance::Passed(format!("{}+", span(least))),
        (true, Some(most)) if is_to_come(most) => match now.is_moment() {
            true => Distance::ToCome(span(least)),
            false => Distance::ToCome(range(most, least)),
        },
        // It came while it was looked.
        (true, Some(most)) => Distance::Passed(range(SignedDuration::ZERO, most)),
        (true, None) => Distance::ToCome(format!("{} at most", span(least))),
    }
}

/// A length of time, cut (not rounded) to what matters at its size, sign dropped:
/// `12s`, `4m12s`, `57m`, `1h02m`, `3d4h`, `12d`.
///
/// Seconds are told below ten minutes, minutes below a day, hours below ten days.
#[must_use]
pub fn span(length: SignedDuration) -> String {
    let seconds = length.as_secs().unsigned_abs();
    match seconds {
        0..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => {
            let (minutes, rest) = (seconds / MINUTE, seconds % MINUTE);
            if minutes < 10 && rest > 0 {
                format!("{minutes}m{rest:02}s")
            } else {
                format!("{minutes}m")
            }
        }
        HOUR..DAY => match (seconds / HOUR, seconds % HOUR / MINUTE) {
            (hours, 0) => format!("{hours}h"),
            (hours, minutes) => format!("{hours}h{minutes:02}m"),
        },
        _ => match (seconds / DAY, seconds % DAY / HOUR) {
            (days @ 0..10, hours @ 1..) => format!("{days}d{hours}h"),
            (days, _) => format!("{days}d"),
        },
    }
}

/// A moment in UTC to the second, `2026-11-22 13:02:44Z`: sorts as text, and names
/// its zone, because the hubs, the bucket and the reader rarely share one.
#[must_use]
pub fn stamp(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A moment with its age, `2026-11-22 13:02:44Z (4m12s ago)`: how evidence is told.
#[must_use]
pub fn when(now: impl Into<Now>, moment: Timestamp) -> String {
    format!("{} ({})", stamp(moment), ago(now, moment))
}

/// `1 cluster`, `2 clusters`.
#[must_use]
pub fn count<N: Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    count_with(number, what, &format!("{what}s"))
}

/// `1 backup has`, `2 backups have`.
#[must_use]
pub fn count_with<N: Display + PartialEq + From<u8>>(
    number: N,
    one: &str,
    several: &str,
) -> String {
    let word = if number == N::from(1) { one } else { several };
    format!("{number} {word}")
}

/// Less than a second ahead counts as now: the parts round to whole seconds.
fn is_to_come(passed: SignedDuration) -> bool {
    passed.as_secs() < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn span_tells_what_matters_at_its_size() {
        let cases = [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (61, "1m01s"),
            (252, "4m12s"),
            (599, "9m59s"),
            (600, "10m"),
            (3_459, "57m"),
            (3_600, "1h"),
            (3_659, "1h"),
            (3_720, "1h02m"),
            (86_399, "23h59m"),
            (86_400, "1d"),
            (3 * 86_400 + 4 * 3_600, "3d4h"),
            (9 * 86_400 + 86_399, "9d23h"),
            (12 * 86_400 + 4 * 3_600, "12d"),
            (400 * 86_400, "400d"),
            (i64::MIN, "106751991167300d"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text, "{seconds}");
        }
    }

    #[test]
    fn past_and_future_read_differently() {
        let now = at("2026-11-22T13:02:44Z");
        assert_eq!(age(now, at("2026-11-22T12:58:32Z")), "4m12s");
        assert_eq!(ago(now, at("2026-11-22T12:58:32Z")), "4m12s ago");
        assert_eq!(age(now, at("2026-11-22T14:00:00Z")), "in 57m");
        assert_eq!(ago(now, at("2026-11-22T14:00:00Z")), "in 57m");
        assert_eq!(age(now, now), "0s");
        assert_eq!(age(now, at("2026-11-22T13:02:44.9Z")), "0s");
        assert_eq!(age(Timestamp::MIN, Timestamp::MAX), "in 7304481d");
    }

    #[test]
    fn an_age_at_no_moment_is_the_least_and_the_most() {
        let now = Now::between(at("2026-11-20T10:20:00Z"), at("2026-11-20T11:05:00Z"));
        for (then, text) in [
            ("10:00:05", "19m-1h04m ago"),
            ("10:50:00", "0s-15m ago"),
            ("12:00:00", "in 55m-1h40m"),
        ] {
            assert_eq!(ago(now, at(&format!("2026-11-20T{then}Z"))), text, "{then}");
        }
        assert_eq!(age(now, at("2026-11-10T10:00:00Z")), "10d");
        let short = Now::between(at("2026-11-20T10:20:00Z"), at("2026-11-20T10:20:50Z"));
        assert_eq!(age(short, at("2026-11-20T10:20:30Z")), "0s");
        assert_eq!(age(short, at("2026-11-20T10:00:00Z")), "20m");
        let open = Now::after(at("2026-11-20T10:20:00Z"));
        assert_eq!(age(open, at("2026-11-20T10:00:00Z")), "20m+");
        assert_eq!(age(open, at("2026-11-20T10:30:00Z")), "in 10m at most");
    }

    #[test]
    fn stamp_is_utc_to_the_second() {
        assert_eq!(
            stamp(at("2026-11-22T14:02:44.987654321+01:00")),
            "2026-11-22 13:02:44Z"
        );
        assert_eq!(stamp(at("0033-04-03T15:00:00Z")), "0033-04-03 15:00:00Z");
    }
}
