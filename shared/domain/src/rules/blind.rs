//! The one text of a rule that could not look.

use super::finding::Finding;
use super::review::Review;
use super::rule::Rule;
use super::words::{told, way_out};
use crate::snapshot::Missing;

/// What is said where a rule could not tell: it refuses where the rule says that the harm cannot be
/// undone, and where there was only too little time.
pub(super) fn finding(
    rule: &Rule,
    what: &str,
    missing: &Missing,
    review: &Review,
    cli: &'static str,
) -> Finding {
    let late = matches!(missing, Missing::TimedOut { .. });
    let headline = format!("not checked: {what} ({})", told(missing, &review.origin));
    let finding = if rule.denies_when_blind || late {
        Finding::deny(rule.id, headline)
    } else {
        Finding::warn(rule.id, headline)
    };
    finding.todo(way_out(missing, &review.origin, cli))
}
