use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde::Deserialize;

use super::CronSchedule;

/// A valid expression and, for some moments, the runs robfig found in turn; see
/// testdata/README.md.
#[derive(Deserialize)]
struct Runs {
    spec: String,
    runs: Vec<Vec<String>>,
}

/// An expression robfig refused, and its words.
#[derive(Deserialize)]
struct Refusal {
    spec: String,
    error: String,
}

fn parse(expression: &str) -> CronSchedule {
    CronSchedule::parse(expression).unwrap_or_else(|error| panic!("{expression:?}: {error}"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn runs_when_robfig_runs() {
    let vectors: Vec<Runs> =
        serde_json::from_str(include_str!("../testdata/cron_runs.json")).unwrap();
    assert!(vectors.len() > 300);
    for Runs { spec, runs } in vectors {
        let schedule = parse(&spec);
        for chain in runs {
            for pair in chain.windows(2) {
                let next = schedule
                    .next(at(&pair[0]))
                    .map_or("never".to_owned(), |next| next.to_string());
                assert_eq!(next, pair[1], "{spec:?} after {}", pair[0]);
            }
        }
    }
}

#[test]
fn refuses_what_robfig_refuses_in_its_words() {
    let vectors: Vec<Refusal> =
        serde_json::from_str(include_str!("../testdata/cron_errors.json")).unwrap();
    assert!(vectors.len() > 100);
    for Refusal { spec, error } in vectors {
        let said = CronSchedule::parse(&spec).map_err(|error| error.to_string());
        assert_eq!(said.err(), Some(error), "{spec:?}");
    }
}

#[test]
fn period_is_the_time_between_the_next_two_runs() {
    let cases = [
        ("0 */6 * * *", "2026-11-22T13:02:44Z", Some(6)),
        ("0 9,17 * * *", "2026-11-22T08:00:00Z", Some(8)),
        ("0 9,17 * * *", "2026-11-22T09:00:00Z", Some(16)),
        ("@every 36h", "2026-11-22T09:00:00.5Z", Some(36)),
        // The night the clocks go forward is an hour short.
        ("TZ=Europe/Prague @daily", "2026-03-28T12:00:00Z", Some(23)),
        ("0 0 30 2 *", "2026-11-22T09:00:00Z", None),
    ];
    for (expression, moment, hours) in cases {
        assert_eq!(
            parse(expression).period(at(moment)),
            hours.map(SignedDuration::from_hours),
            "{expression}"
        );
    }
}

#[test]
fn names_its_zone() {
    let cases = [
        ("@daily", None),
        ("TZ=Local @daily", None),
        ("TZ=UTC @daily", Some("UTC")),
        ("CRON_TZ=Europe/Prague 0 0 * * *", Some("Europe/Prague")),
        ("CRON_TZ=US/Eastern 0 0 * * *", Some("US/Eastern")),
        ("TZ=Europe/Prague @every 1h", None),
    ];
    for (expression, zone) in cases {
        assert_eq!(parse(expression).zone(), zone, "{expression}");
        assert_eq!(parse(expression).to_string(), expression);
    }
}

#[test]
fn ends_with_the_calendar() {
    for expression in [
        "* * * * *",
        "@yearly",
        "@every 2540400h",
        "TZ=Asia/Tokyo 0 0 31 12 *",
    ] {
        assert_eq!(parse(expression).next(Timestamp::MAX), None);
    }
}

/// robfig itself never returns from this one.
#[test]
fn gives_up_on_a_day_that_never_was() {
    let schedule = parse("TZ=Pacific/Apia 0 0 15 * *");
    assert_eq!(schedule.next(at("2011-12-20T00:00:00Z")), None);
}

fn numbers(min: u8, max: u8) -> impl Strategy<Value = String> {
    let range = (min..=max, min..=max).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)));
    prop_oneof![
        Just("*".to_owned()),
        Just("?".to_owned()),
        (min..=max).prop_map(|value| value.to_string()),
        range.clone(),
        (range, 1..=max).prop_map(|(range, step)| format!("{range}/{step}")),
        (1..=max).prop_map(|step| format!("*/{step}")),
        (min..=max, min..=max).prop_map(|(a, b)| format!("{a},{b}")),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    let zone = prop_oneof![
        Just(""),
        Just("TZ=America/New_York "),
        Just("CRON_TZ=Australia/Lord_Howe "),
        Just("TZ=Asia/Beirut "),
    ];
    let fields = (
        numbers(0, 59),
        numbers(0, 23),
        numbers(1, 31),
        numbers(1, 12),
        numbers(0, 6),
    );
    (zone, fields).prop_map(|(zone, (minute, hour, day, month, week))| {
        format!("{zone}{minute} {hour} {day} {month} {week}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn next_is_later_and_on_the_minute(
        expression in expression(),
        second in 0_i64..4_000_000_000,
        nanosecond in 0..1_000_000_000,
    ) {
        let after = Timestamp::new(second, nanosecond).unwrap();
        if let Some(next) = parse(&expression).next(after) {
            prop_assert!(next > after);
            prop_assert_eq!(next.as_second() % 60, 0);
            prop_assert_eq!(next.subsec_nanosecond(), 0);
        }
    }

    /// No run is jumped over: every moment before the next run has the same next run.
    #[test]
    fn next_is_the_same_from_in_between(
        expression in expression(),
        second in 1_500_000_000_i64..2_000_000_000,
        share in 0.0..1.0_f64,
    ) {
        prop_assume!(!expression.contains("TZ="));
        let schedule = parse(&expression);
        let after = Timestamp::from_second(second).unwrap();
        if let Some(next) = schedule.next(after) {
            let gap = next.duration_since(after).as_secs() - 1;
            let between = after + SignedDuration::from_secs((gap as f64 * share) as i64);
            prop_assert_eq!(schedule.next(between), Some(next));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Err(error) = CronSchedule::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn any_near_miss_is_read_or_refused(text in "((CRON_)?TZ=[A-Z]{0,3} ?)?@?([0-9*?/,a-f-]{1,5} ?){0,6}") {
        if let Ok(schedule) = CronSchedule::parse(&text) {
            let after = Timestamp::try_from(SystemTime::UNIX_EPOCH).unwrap();
            prop_assert!(schedule.next(after).is_none_or(|next| next > after));
        }
    }
}
