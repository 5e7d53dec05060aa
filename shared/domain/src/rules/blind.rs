//! The one text of a rule that could not look.

use super::finding::Finding;
use super::review::Review;
use super::rule::Rule;
use super::words::{told, way_out};
use crate::snapshot::Missing;

/// What is said where a rule could not tell: it refuses where the rule says that the harm cannot be
/// undone, and wherever another try may be answered. Only what stays so until somebody changes the
/// installation may be a warning: else whoever makes the API server slow decides what passes.
pub(super) fn finding(
    rule: &Rule,
    what: &str,
    missing: &Missing,
    review: &Review,
    cli: &'static str,
) -> Finding {
    let headline = format!("not checked: {what} ({})", told(missing, &review.origin));
    let mut finding = if rule.denies_when_blind || !missing.is_lasting() {
        Finding::deny(rule.id, headline)
    } else {
        Finding::warn(rule.id, headline)
    };
    finding.blind = true;
    finding.todo(way_out(missing, &review.origin, cli))
}
