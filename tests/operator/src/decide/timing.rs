//! Cron expressions and durations in specs.

use std::str::FromStr;

use acm_backup_domain::time::{CronSchedule, GoDuration};
use jiff::Timestamp;
use serde_json::Value;

use crate::object::text;

/// Fields that Go decodes as a duration: one that does not parse makes the whole object unreadable
/// to the operator, as if it were not there (operator-facts G22, real-parts.md).
const DURATIONS: [&str; 3] = [
    "/spec/veleroTtl",
    "/spec/managedServiceAccountTTL",
    "/spec/restoreSyncInterval",
];

/// Whether the operator can decode the object at all.
pub fn is_readable(object: &Value) -> bool {
    DURATIONS
        .iter()
        .filter_map(|pointer| object.pointer(pointer))
        .all(|value| {
            value
                .as_str()
                .is_some_and(|text| GoDuration::from_str(text).is_ok())
        })
}

/// The duration at a JSON pointer; zero where there is none.
pub fn duration(object: &Value, pointer: &str) -> GoDuration {
    GoDuration::from_str(text(object, pointer)).unwrap_or(GoDuration::ZERO)
}

/// What is wrong with a BackupSchedule's cron expression, in the operator's words.
pub fn cron_problem(expression: &str) -> Option<String> {
    if expression.is_empty() {
        return Some("Schedule must be a non-empty valid Cron expression".to_owned());
    }
    CronSchedule::from_str(expression)
        .err()
        .map(|error| format!("invalid schedule: {}", error))
}

/// How long a validation backup lives: until shortly after the next one (operator-facts §3.2).
pub fn validation_ttl(expression: &str, now: Timestamp) -> String {
    const SLACK: i64 = 5 * 60 * 1_000_000_000;
    let period = || {
        let cron = CronSchedule::from_str(expression).ok()?;
        let next = cron.next(now)?;
        let second = cron.next(next)?;
        i64::try_from(second.duration_since(next).as_nanos()).ok()
    };
    period().map_or_else(
        || "1h0m0s".to_owned(),
        |nanos| GoDuration::from_nanos(nanos.saturating_add(SLACK)).to_string(),
    )
}
