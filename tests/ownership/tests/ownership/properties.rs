//! One fixed seed, many storages: the same everywhere, and a failure names its own.

use acm_backup_ownership::soak::{Report, soak};
use acm_backup_ownership::truth::UNKNOWN_KIND;
use std::sync::LazyLock;

/// What CI tries.
const SEED: u64 = 20_261_126;
const CASES: u64 = 200_000;

static REPORT: LazyLock<Report> = LazyLock::new(|| {
    let report = soak(SEED, CASES);
    println!("{report}");
    report
});

fn holds(what: &str) {
    let differences = REPORT.differences.get(what).copied().unwrap_or_default();
    assert_eq!(
        differences, 0,
        "{what}: {differences} of {} storages; the first ones are printed above",
        REPORT.cases
    );
}

#[test]
fn the_guard_denies_an_activation_exactly_where_the_oracle_does() {
    holds("activation");
}

#[test]
fn status_answers_what_the_guard_would() {
    holds("status");
}

#[test]
fn an_activation_that_passes_names_every_superseded_hub() {
    holds("warning");
}

#[test]
fn the_guard_denies_a_schedule_exactly_where_the_oracle_does() {
    holds("schedule");
}

#[test]
fn a_statement_answers_exactly_where_the_oracle_says() {
    holds("statements");
    holds("schedule statements");
}

#[test]
fn no_activation_takes_a_living_hubs_fleet_for_a_reason_nobody_knows() {
    assert!(REPORT.told > CASES / 100, "the storages let nothing pass");
    assert_eq!(
        REPORT.unsafe_passes.get(UNKNOWN_KIND),
        None,
        "{:?}",
        REPORT.examples
    );
}
