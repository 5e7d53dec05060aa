//! What a review is answered with, before it becomes JSON.

use std::collections::BTreeMap;

use super::patch::AddLabel;

/// What stands before a refusal that passes.
const NOT_ARMED: &str =
    "acm-backup only warns (mode warn), so this passes. Mode deny would refuse it:";

/// Yes or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Let it through.
    Allowed,
    /// Refuse it.
    Denied {
        /// HTTP status the user sees: 403, or 422 for a spec nothing can be done with, or 500.
        code: u16,
        /// Kubernetes reason that goes with the code.
        reason: &'static str,
        /// What is wrong, the evidence, what to do, the rule.
        message: String,
    },
}

impl Verdict {
    /// A refusal by a rule. An API server turns codes below 400 into 400, so it is set here.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::Denied {
            code: 403,
            reason: "Forbidden",
            message: message.into(),
        }
    }

    /// A refusal of a spec that cannot mean anything.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Denied {
            code: 422,
            reason: "Invalid",
            message: message.into(),
        }
    }

    /// The API server's own refusal of a second object of one name, for whoever tells it by its code.
    #[must_use]
    pub fn exists(message: impl Into<String>) -> Self {
        Self::Denied {
            code: 409,
            reason: "AlreadyExists",
            message: message.into(),
        }
    }

    /// The API server's own refusal of a change of what is not there.
    #[must_use]
    pub fn missing(message: impl Into<String>) -> Self {
        Self::Denied {
            code: 404,
            reason: "NotFound",
            message: message.into(),
        }
    }

    /// A refusal because we failed, where letting it through could not be undone.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Denied {
            code: 500,
            reason: "InternalError",
            message: message.into(),
        }
    }
}

/// An answer, with what is said beside it and how it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Yes or no.
    pub verdict: Verdict,
    /// The change to make; only a mutating hook sends it.
    pub patch: Option<AddLabel>,
    /// Sentences kubectl prints before its own output.
    pub warnings: Vec<String>,
    /// Facts for the audit log. Keys are lower case; the API server prefixes them with the hook's name.
    pub audit: BTreeMap<&'static str, String>,
    /// Id of the rule that decided, `none` when none had anything to say.
    pub rule: String,
    /// One word for logs and metrics.
    pub decision: &'static str,
}

impl Answer {
    /// Lets it through with nothing to say.
    #[must_use]
    pub fn allowed() -> Self {
        Self {
            verdict: Verdict::Allowed,
            patch: None,
            warnings: Vec::new(),
            audit: BTreeMap::new(),
            rule: "none".to_owned(),
            decision: "allowed",
        }
    }

    /// Refuses.
    #[must_use]
    pub fn denied(rule: impl Into<String>, verdict: Verdict) -> Self {
        let rule = rule.into();
        Self {
            verdict,
            audit: BTreeMap::from([("decision", "denied".to_owned()), ("rule", rule.clone())]),
            rule,
            decision: "denied",
            ..Self::allowed()
        }
    }

    /// The same said as a warning, where the guard is not armed: a refusal becomes its own text, and passes.
    #[must_use]
    pub fn let_pass(mut self) -> Self {
        let Verdict::Denied { message, .. } = &self.verdict else {
            return self;
        };
        self.warnings.insert(0, format!("{NOT_ARMED}\n{message}"));
        self.audit.insert("decision", "would-deny".to_owned());
        Self {
            verdict: Verdict::Allowed,
            decision: "would-deny",
            ..self
        }
    }

    /// Lets it through with one more label.
    #[must_use]
    pub fn labelled(rule: impl Into<String>, patch: AddLabel) -> Self {
        let rule = rule.into();
        Self {
            audit: BTreeMap::from([
                ("decision", "labelled".to_owned()),
                ("rule", rule.clone()),
                ("label", format!("{}={}", patch.key, patch.value)),
            ]),
            patch: Some(patch),
            rule,
            decision: "labelled",
            ..Self::allowed()
        }
    }
}
