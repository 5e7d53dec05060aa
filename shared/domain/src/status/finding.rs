//! What `status` has found wrong, with what it rests on and what to do.

use crate::act::command::Command;
use serde::Serialize;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Recovery works, but something should be looked at today.
    Warning,
    /// The hub cannot be recovered, or two hubs fight for the fleet.
    Critical,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it is for; names the hub where it is not this one.
    pub text: String,
    /// The exact command; none where only a person can look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable id, for scripts and documentation.
    pub id: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub headline: String,
    /// What that rests on, with UTC times and ages.
    pub evidence: Vec<String>,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

impl Finding {
    /// A finding that makes the verdict critical.
    pub fn critical(id: &'static str, headline: impl Into<String>) -> Self {
        Self {
            id,
            severity: Severity::Critical,
            headline: headline.into(),
            evidence: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// A finding that makes the verdict a warning.
    pub fn warning(id: &'static str, headline: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::critical(id, headline)
        }
    }

    /// Adds what it rests on.
    #[must_use]
    pub fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    /// Adds something only a person can do.
    #[must_use]
    pub fn todo(mut self, text: impl Into<String>) -> Self {
        self.steps.push(Step {
            text: text.into(),
            command: None,
        });
        self
    }

    /// Adds a command.
    #[must_use]
    pub fn run(mut self, text: impl Into<String>, command: Command) -> Self {
        let text = text.into();
        // What cannot be typed safely is told in words only.
        self.steps.push(match command.is_fit() {
            true => Step {
                text,
                command: Some(command),
            },
            false => Step {
                text: format!("{text} {command}"),
                command: None,
            },
        });
        self
    }
}
