//! What was asked in the recordings, with what is right and why: one table a recording, in `requests/`.

use crate::command::Command;
use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;

/// What happened to a request when it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// It was stored and changed something.
    Stored,
    /// It was let pass and changed nothing.
    Unchanged,
    /// It was refused.
    Refused,
    /// It was a dry run; what was answered is not recorded.
    #[serde(rename = "dry run")]
    DryRun,
    /// The webhook was stopped, so the API server refused it.
    #[serde(rename = "not served")]
    NotServed,
    /// The schema of the kind refused it before any webhook was asked.
    Schema,
}

impl Then {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Unchanged => "stored, unchanged",
            Self::Refused => "refused",
            Self::DryRun => "dry run",
            Self::NotServed => "refused: webhook stopped",
            Self::Schema => "refused by the schema",
        }
    }
}

/// What is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Now {
    /// It must pass.
    Allowed,
    /// It must be refused.
    Refused,
    /// No webhook is ever asked.
    #[serde(rename = "not asked")]
    NotAsked,
}

/// One request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Time of day: of the step that names it, else of the change it made.
    pub at: String,
    /// The hub that was asked.
    pub hub: String,
    /// What was asked, in a few words.
    pub what: String,
    /// What happened.
    pub then: Then,
    /// Time of day of the change it made.
    pub stored: Option<String>,
    /// The command, where no step says it.
    pub request: Option<String>,
    /// The end of a command that the recording cut off; it overlaps with what is there.
    pub ends: Option<String>,
    /// What is right.
    pub now: Now,
    /// The rule that refuses it: at least one of these does.
    #[serde(default)]
    pub by: Vec<String>,
    /// Why that is right.
    pub why: String,
}

/// The requests of one recording.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rows: Vec<Row>,
}

/// The rows of a recording, in order of time.
///
/// # Errors
/// When the table cannot be read.
pub fn of(recording: &str) -> Result<Vec<Row>> {
    let text = match recording {
        "2.9-guarded" => include_str!("../requests/2.9-guarded.yaml"),
        "2.13" => include_str!("../requests/2.13.yaml"),
        "2.17" => include_str!("../requests/2.17.yaml"),
        "2.17-guarded" => include_str!("../requests/2.17-guarded.yaml"),
        "2.17-loss" => include_str!("../requests/2.17-loss.yaml"),
        "2.17-traps" => include_str!("../requests/2.17-traps.yaml"),
        other => anyhow::bail!("no requests are known of {other}"),
    };
    let table: Table =
        serde_saphyr::from_str(text).with_context(|| format!("requests/{recording}.yaml"))?;
    Ok(table.rows)
}

impl Row {
    /// When it was asked, or answered.
    ///
    /// # Errors
    /// When it says no time.
    pub fn time(&self, recording: &str) -> Result<Timestamp> {
        crate::at(recording, &self.at)
    }

    /// When the change it made was seen.
    ///
    /// # Errors
    /// When it says no time.
    pub fn stored_at(&self, recording: &str) -> Result<Option<Timestamp>> {
        let stored = self.stored.as_deref();
        stored.map(|time| crate::at(recording, time)).transpose()
    }

    /// The command. `step` is the step of its time, where it has one.
    ///
    /// # Errors
    /// When there is neither step nor request, or it is not understood.
    pub fn command(&self, step: Option<&str>) -> Result<Command> {
        let text = match (&self.request, step) {
            (Some(request), _) => format!("[{}] $ {request}", self.hub),
            (None, Some(step)) => whole(step, self.ends.as_deref().unwrap_or_default())?,
            (None, None) => anyhow::bail!("{} {}: no step says it", self.at, self.hub),
        };
        Command::read(&text)
            .with_context(|| format!("{} {}", self.at, self.hub))?
            .with_context(|| format!("{} {}: {text} writes nothing", self.at, self.hub))
    }

    /// Whether a rule is one of those that may refuse it.
    pub fn names(&self, rule: &str) -> bool {
        self.by.iter().any(|by| by == rule)
    }
}

/// A text that was cut off, with its end: as much of the end as is there already is laid over it.
fn whole(cut: &str, ends: &str) -> Result<String> {
    if ends.is_empty() {
        return Ok(cut.to_owned());
    }
    let overlap = (1..=ends.len())
        .rev()
        .find(|length| {
            ends.get(..*length)
                .is_some_and(|start| cut.ends_with(start))
        })
        .with_context(|| format!("{cut} does not go on with {ends}"))?;
    Ok(format!("{cut}{}", ends.get(overlap..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_laid_over_what_is_there() {
        let ends = "\"sync\": true, \"interval\": \"1m\"}}";
        for cut in [
            "{\"a\": {\"x\": \"l\", \"sy",
            "{\"a\": {\"x\": \"l\", \"sync\": true, \"",
        ] {
            assert_eq!(
                whole(cut, ends).unwrap(),
                "{\"a\": {\"x\": \"l\", \"sync\": true, \"interval\": \"1m\"}}"
            );
        }
        assert!(whole("{\"a\": 1", ends).is_err());
    }
}
