//! A rule as data.

use super::finding::Finding;
use super::review::{Operation, Review, SubjectKind};
use crate::snapshot::{Missing, Need, Snapshot};

/// One rule: what it protects from, when it is asked, and how it judges.
pub struct Rule {
    /// Stable id, `<kind>/<what is wrong>`; also its documentation's anchor and RBAC resourceName.
    pub id: &'static str,
    /// The incident it prevents.
    pub protects_from: &'static str,
    /// The kind it judges.
    pub subject: SubjectKind,
    /// The operations it is asked about.
    pub operations: &'static [Operation],
    /// What happens when it cannot look because it may not, or because the kind is not there: `true`
    /// refuses, because the harm cannot be undone. Whatever stands here, any other reason refuses: another
    /// try may be answered, and costs nothing.
    pub denies_when_blind: bool,
    /// Whether a person may answer for what it cannot know.
    pub can_be_attested: bool,
    /// First operator version it makes sense for.
    pub since: &'static str,
    /// Last operator version it makes sense for.
    pub until: Option<&'static str>,
    /// What it must know. Must not depend on anything but the review.
    pub needs: fn(&Review) -> Vec<Need>,
    /// The judgement.
    pub judge: fn(&Review, &Snapshot) -> Verdict,
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing to say.
    Pass,
    /// Something to deny or to warn about.
    Found(Box<Finding>),
    /// It cannot tell; the engine says so, and denies or warns as the rule declares.
    Blind {
        /// What it wanted to know, behind "could not tell".
        what: String,
        /// Why it does not.
        missing: Missing,
    },
}

impl Verdict {
    /// The verdict of a rule that could not look.
    pub fn blind(what: impl Into<String>, missing: &Missing) -> Self {
        Self::Blind {
            what: what.into(),
            missing: missing.clone(),
        }
    }
}

impl From<Finding> for Verdict {
    fn from(finding: Finding) -> Self {
        Self::Found(Box::new(finding))
    }
}

impl Rule {
    /// Whether it is asked about this review.
    pub fn applies_to(&self, review: &Review) -> bool {
        self.subject == review.subject.kind() && self.operations.contains(&review.operation)
    }
}
