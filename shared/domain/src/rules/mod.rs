//! The rules: what must not be applied, and what must be said about it.
//!
//! A rule is data plus a pure function, one a file. The webhook refuses by them, and whatever judges
//! files or stored objects uses the same table, ids and words.

pub mod finding;
pub mod restore;
pub mod review;
pub mod rule;

use crate::hub::record::Accepted;
use crate::snapshot::{Need, Snapshot};
use finding::{Finding, Severity};
use review::Review;
use rule::{Rule, Verdict};

/// All rules, in the order their findings are told.
pub const RULES: &[&Rule] = &[
    &restore::active_schedule::RULE,
    &restore::another_active::RULE,
    &restore::backup_not_found::RULE,
    &restore::old_hub_live::RULE,
];

/// What the rules say about one review.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Everything there is to say, denials first.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// Whether the review must be refused.
    pub fn is_denied(&self) -> bool {
        self.denials().next().is_some()
    }

    /// The findings that refuse.
    pub fn denials(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Deny)
    }

    /// The statements it passes on, for the record; who, when and for what is filled in by whoever keeps it.
    pub fn accepted(&self) -> Vec<Accepted> {
        let each = self.findings.iter().map(|finding| &finding.accepted);
        each.flatten().cloned().collect()
    }

    /// The findings that only warn.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Warn)
    }
}

/// What has to be looked up to judge a review: the union of its rules' needs, nothing for a review
/// that is exempt.
pub fn needs(review: &Review) -> Vec<Need> {
    let mut needs: Vec<_> = applicable(review)
        .flat_map(|rule| (rule.needs)(review))
        .collect();
    needs.sort();
    needs.dedup();
    needs
}

/// Judges a review by every rule that applies to it.
pub fn judge(review: &Review, snapshot: &Snapshot) -> Judgement {
    let mut findings: Vec<_> = applicable(review)
        .filter_map(|rule| match (rule.judge)(review, snapshot) {
            Verdict::Pass => None,
            Verdict::Found(finding) => Some(*finding),
        })
        .collect();
    findings.sort_by_key(|finding| finding.severity);
    Judgement { findings }
}

fn applicable(review: &Review) -> impl Iterator<Item = &'static Rule> {
    let exempt = review.is_exempt();
    RULES
        .iter()
        .copied()
        .filter(move |rule| !exempt && rule.applies_to(review))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_name_their_kind() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        assert!(ids.iter().all(|id| id.starts_with("restore/")));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
    }
}
