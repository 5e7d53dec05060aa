//! The rules: what must not be applied, and what must be said about it.
//!
//! A rule is data plus a pure function, one a file. The webhook refuses by them, and whatever judges
//! files or stored objects uses the same table, ids and words.

pub mod backup_schedule;
mod blind;
pub mod finding;
pub mod restore;
mod restore_state;
pub mod review;
pub mod rule;
pub mod words;

use crate::hub::record::Accepted;
use crate::snapshot::{Need, Snapshot};
use finding::{Finding, Severity};
use review::Review;
use rule::{Rule, Verdict};

/// All rules, in the order their findings are told: of several that refuse one request, the first says
/// what to do.
pub const RULES: &[&Rule] = &[
    &restore::edit_after_end::RULE,
    &restore::activation_taken_back::RULE,
    &restore::active_schedule::RULE,
    &restore::another_active::RULE,
    &restore::backup_not_found::RULE,
    &restore::old_hub_live::RULE,
    &backup_schedule::active_restore::RULE,
    &backup_schedule::fleet_owned_elsewhere::RULE,
];

/// What the rules say about one review.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Everything there is to say, denials first.
    pub findings: Vec<Finding>,
    /// The statements the review was accepted by, for the record; who, when and for what is filled in by
    /// whoever keeps it.
    pub accepted: Vec<Accepted>,
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

    /// The findings that only warn.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Warn)
    }

    /// The text of the refusal, where there is one: one situation, one text and one way on. What the
    /// other rules object to is named, so that nobody is surprised by it at the next try.
    pub fn refusal(&self) -> Option<String> {
        let mut denials = self.denials();
        let first = denials.next()?.clone();
        let whole = denials.fold(first, |whole, other| {
            whole.seen(format!(
                "and once that is solved: {} ({})",
                other.headline, other.rule
            ))
        });
        Some(whole.to_string())
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
    let (mut findings, mut blind) = (Vec::new(), Vec::new());
    for rule in applicable(review) {
        match (rule.judge)(review, snapshot) {
            Verdict::Pass => {}
            Verdict::Found(finding) => findings.push(*finding),
            Verdict::Blind { what, missing } => blind.push(blind::finding(
                rule,
                &what,
                &missing,
                review,
                snapshot.cli(),
            )),
        }
    }
    // What was seen says more than what was not.
    findings.append(&mut blind);
    let silenced: Vec<_> = findings
        .iter()
        .flat_map(|finding| finding.instead_of)
        .copied()
        .collect();
    findings.retain(|finding| !silenced.contains(&finding.rule));
    findings.sort_by_key(|finding| finding.severity);
    Judgement {
        accepted: findings
            .iter()
            .flat_map(|finding| finding.accepted.iter().cloned())
            .collect(),
        findings,
    }
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
    use super::review::SubjectKind;
    use super::*;

    #[test]
    fn ids_are_unique_and_name_their_kind() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        for rule in RULES {
            let kind = match rule.subject {
                SubjectKind::Restore => "restore/",
                SubjectKind::BackupSchedule => "backup-schedule/",
            };
            assert!(rule.id.starts_with(kind), "{}", rule.id);
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
    }
}
