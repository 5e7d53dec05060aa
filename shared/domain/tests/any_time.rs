//! Times are whatever somebody wrote: no arithmetic on one may fail, from the first moment there is to the
//! last, alone or in a whole hub.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use acm_backup_domain::kinds::storage_location::StorageLocation;
use acm_backup_domain::rules::judge;
use acm_backup_domain::rules::review::{Operation, Review};
use acm_backup_domain::status::assess;
use acm_backup_domain::time::saturating::Saturating;
use acm_backup_domain::time::{CronSchedule, age};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use world::{words, world};

/// Any moment at all, both ends of time more often than others, and moments close to each other.
fn moment() -> impl Strategy<Value = Timestamp> {
    let range = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
    prop_oneof![
        4 => range.prop_map(|second| Timestamp::from_second(second).unwrap()),
        2 => (0_i64..600).prop_map(|ahead| Timestamp::MIN.plus(SignedDuration::from_secs(ahead))),
        2 => (0_i64..600).prop_map(|left| Timestamp::MAX.less(SignedDuration::from_secs(left))),
        3 => (0_i64..6000).prop_map(|second| {
            Timestamp::from_second(1_795_363_200 + second).unwrap()
        }),
    ]
}

fn length() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        any::<i64>().prop_map(SignedDuration::from_secs),
        any::<i64>().prop_map(SignedDuration::from_nanos),
        Just(SignedDuration::MIN),
        Just(SignedDuration::MAX),
    ]
}

fn cron() -> impl Strategy<Value = CronSchedule> {
    prop::sample::select(vec![
        "*/10 * * * *",
        "0 */2 * * *",
        "0 0 1 1 *",
        "0 0 29 2 *",
        "30 2 * * 1-5",
        "@yearly",
        "@every 1s",
        "@every 2562047h",
        "CRON_TZ=Europe/Prague 30 2 * * *",
        "CRON_TZ=Pacific/Apia 0 0 * * *",
        "CRON_TZ=America/New_York 0 0 31 12 *",
    ])
    .prop_map(|expression| CronSchedule::parse(expression).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn sums_are_never_out_of_range(at in moment(), by in length(), more in length()) {
        prop_assert!(at.plus(by) >= at || by.is_negative());
        prop_assert!(at.less(by) <= at || by.is_negative());
        prop_assert!(by.plus(more) >= by || more.is_negative());
        prop_assert!(by.less(more) <= by || more.is_negative());
        if let Ok(sum) = at.checked_add(by) {
            prop_assert_eq!(at.plus(by), sum);
        }
    }

    #[test]
    fn every_age_can_be_told(now in moment(), then in moment(), any in length()) {
        prop_assert!(!age::when(now, then).is_empty());
        prop_assert!(!age::age(now, then).is_empty());
        prop_assert!(!age::span(any).is_empty());
    }

    #[test]
    fn a_run_is_found_later_or_not_at_all(cron in cron(), at in moment()) {
        if let Some(next) = cron.next(at) {
            prop_assert!(next > at);
        }
        if let Some(period) = cron.period(at) {
            prop_assert!(period.is_positive());
        }
    }

    #[test]
    fn a_view_is_fresh_or_not(now in moment(), synced in moment(), period in any::<i64>()) {
        let location = StorageLocation {
            phase: "Available".into(),
            synced: Some(synced),
            sync_period: Some(acm_backup_domain::time::GoDuration::from_nanos(period)),
            ..StorageLocation::default()
        };
        // Three sync periods of 292 years, and a minute.
        let longest = SignedDuration::from_hours(3 * 2_562_048);
        if location.is_view_fresh(now) {
            prop_assert!(now.duration_since(synced) <= longest);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_hub_of_any_times_is_judged(
        words in words(),
        times in vec(moment(), 24..100),
        lengths in vec(prop_oneof![any::<i64>(), 0..7_200_000_000_000_i64], 4..16),
    ) {
        let (snapshot, review) = world(&words, &times, &lengths, &|_| {});
        let report = assess(&snapshot);
        prop_assert!(serde_json::to_string(&report).is_ok());
        for finding in judge(&review, &snapshot).findings {
            prop_assert!(!finding.to_string().is_empty());
        }
        let create = Review { operation: Operation::Create, previous: None, ..review };
        judge(&create, &snapshot);
    }
}
