//! What a rule found, in words an administrator can act on at 3am.

use crate::act::command::Paste;
use crate::hub::record::Accepted;
use crate::printable::line;
use serde::Serialize;
use std::fmt;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The request is refused.
    Deny,
    /// The request passes, and its author is told.
    Warn,
}

/// One thing to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// What it is for.
    pub text: String,
    /// The exact command or manifest line; none where only a person can look.
    pub command: Option<Paste>,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Id of the rule, for documentation, metrics and permissions.
    pub rule: &'static str,
    /// Whether it refuses or warns.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub headline: String,
    /// What that rests on, each with UTC time and age where it has one.
    pub evidence: Vec<String>,
    /// The field or object it is about.
    pub field: Option<String>,
    /// What to do, in order.
    pub remedies: Vec<Remedy>,
    /// Whether it only says that something could not be looked up.
    #[serde(skip)]
    pub blind: bool,
    /// Rules that have nothing to add: this finding's way on leads to another request, and what they
    /// want to know is asked of that one.
    #[serde(skip)]
    pub instead_of: &'static [&'static str],
    /// The statements it let the request pass on; to be recorded by whoever lets it pass (OWNERSHIP S6).
    #[serde(skip)]
    pub accepted: Vec<Accepted>,
}

impl Finding {
    /// A finding that refuses.
    pub fn deny(rule: &'static str, headline: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Deny,
            headline: headline.into(),
            evidence: Vec::new(),
            field: None,
            remedies: Vec::new(),
            blind: false,
            instead_of: &[],
            accepted: Vec::new(),
        }
    }

    /// A finding that only warns.
    pub fn warn(rule: &'static str, headline: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warn,
            ..Self::deny(rule, headline)
        }
    }

    /// Adds what it rests on.
    #[must_use]
    pub fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    /// Names the field or object it is about.
    #[must_use]
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Silences rules whose question is another request's; see [`Finding::instead_of`].
    #[must_use]
    pub fn instead_of(mut self, rules: &'static [&'static str]) -> Self {
        self.instead_of = rules;
        self
    }

    /// Adds something only a person can do.
    #[must_use]
    pub fn todo(mut self, text: impl Into<String>) -> Self {
        self.remedies.push(Remedy {
            text: text.into(),
            command: None,
        });
        self
    }

    /// Adds a command to run or a line to write.
    #[must_use]
    pub fn run(mut self, text: impl Into<String>, command: impl Into<Paste>) -> Self {
        self.remedies.push(Remedy {
            text: text.into(),
            command: Some(command.into()),
        });
        self
    }
}

/// The whole text of a denial. Each part is one line, whatever the objects it speaks of hold: a message must not
/// forge a line of its own.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", line(&self.headline))?;
        for evidence in &self.evidence {
            write!(f, "\n  seen:  {}", line(evidence))?;
        }
        if let Some(field) = &self.field {
            write!(f, "\n  field: {}", line(field))?;
        }
        let several = self.remedies.len() > 1;
        for (number, remedy) in (1..).zip(&self.remedies) {
            match several {
                true => write!(f, "\n  {number}. {}", line(&remedy.text))?,
                false => write!(f, "\n  do:    {}", line(&remedy.text))?,
            }
            match remedy.command.as_ref().map(Paste::to_string) {
                // Several lines are pasted as they stand.
                Some(command) if command.contains('\n') => write!(f, "\n{command}")?,
                Some(command) => write!(f, "\n       {command}")?,
                None => {}
            }
        }
        write!(f, "\n  rule:  {}", self.rule)
    }
}
