//! The recordings of the real operator and real Velero, as fixtures.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde_json::Value;

/// What a watch saw, or what was done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something was done or reached: [`Event::step`].
    Step,
    /// An object appeared, or was there when the watch began.
    Added,
    /// An object changed.
    Modified,
    /// An object went.
    Deleted,
}

/// One line of a recording.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it was seen.
    pub at: Timestamp,
    /// What kind of line it is.
    pub change: Change,
    /// The object; null for a step.
    pub object: Value,
    /// The text of a step; empty for an object.
    pub step: String,
}

/// One hub's side of one recording.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The lines, in order of arrival.
    pub events: Vec<Event>,
}

/// The recordings there are.
pub const RECORDINGS: [&str; 4] = ["2.13", "2.17", "2.17-loss", "2.17-traps"];

/// The recordings with our webhook in front of the operator: every kubectl command is a step, logged
/// once it has returned, with the first 400 characters of it.
pub const GUARDED: [&str; 2] = ["2.9-guarded", "2.17-guarded"];

/// The hubs of each, with the ids of their ClusterVersions.
pub const HUBS: [(&str, &str); 2] = [
    ("hub1", "81431db3-2b3e-56e4-93ca-3481bd29fa8b"),
    ("hub2", "75b1a9a2-89e1-59cb-84bc-9815403f475d"),
];

impl Recording {
    /// Reads a fixture, such as `("2.17-loss", "hub2")`.
    ///
    /// # Errors
    /// When there is no such fixture, or a line of it is not what it should be.
    pub fn open(name: &str, hub: &str) -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name)
            .join(format!("{hub}.jsonl.gz"));
        let file = File::open(&path).with_context(|| format!("recording {}", path.display()))?;
        let lines = BufReader::new(GzDecoder::new(file)).lines();
        let events = lines
            .map(|line| event(&line?))
            .collect::<Result<_>>()
            .with_context(|| format!("recording {}", path.display()))?;
        Ok(Self { events })
    }

    /// The objects as they were at a time, in order of kind and name.
    pub fn state_at(&self, moment: Timestamp) -> Vec<Value> {
        let mut objects = std::collections::BTreeMap::new();
        for event in self.events.iter().filter(|event| event.at <= moment) {
            let key = [
                "/apiVersion",
                "/kind",
                "/metadata/namespace",
                "/metadata/name",
            ]
            .map(|pointer| crate::object::text(&event.object, pointer).to_owned());
            match event.change {
                Change::Step => {}
                Change::Deleted => drop(objects.remove(&key)),
                Change::Added | Change::Modified => drop(objects.insert(key, event.object.clone())),
            }
        }
        objects.into_values().collect()
    }

    /// When the first step began whose text contains `text`.
    pub fn step(&self, text: &str) -> Option<Timestamp> {
        self.events
            .iter()
            .find(|event| event.change == Change::Step && event.step.contains(text))
            .map(|event| event.at)
    }
}

fn event(line: &str) -> Result<Event> {
    let mut line: Value = serde_json::from_str(line)?;
    let text = |name: &str| crate::object::text(&line, name).to_owned();
    let change = match text("/type").as_str() {
        "STEP" => Change::Step,
        "ADDED" => Change::Added,
        "MODIFIED" => Change::Modified,
        "DELETED" => Change::Deleted,
        other => anyhow::bail!("unknown type {other:?}"),
    };
    let at = text("/at").parse().context("field `at`")?;
    let step = text("/text");
    Ok(Event {
        at,
        change,
        step,
        object: line["object"].take(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{name, phase};

    #[test]
    fn every_recording_reads_and_ends_with_its_last_step() {
        for recording in RECORDINGS {
            for (hub, _) in HUBS {
                let recording = Recording::open(recording, hub).unwrap();
                assert!(recording.step("end").is_some());
                assert!(recording.events.len() > 100);
            }
        }
    }

    #[test]
    fn every_guarded_recording_reads_and_says_what_was_typed() {
        for recording in GUARDED {
            for (hub, _) in HUBS {
                let recording = Recording::open(recording, hub).unwrap();
                assert!(recording.step("[hub2] $ kubectl").is_some());
                assert!(recording.events.len() > 250);
            }
        }
    }

    #[test]
    fn the_state_at_a_step_is_what_was_seen_until_then() {
        let recording = Recording::open("2.17", "hub2").unwrap();
        let phase_at = |step: &str| {
            let state = recording.state_at(recording.step(step).unwrap());
            let restore = state
                .iter()
                .find(|object| name(object) == "restore-acm-passive-sync")?;
            Some(phase(restore).to_owned())
        };
        assert_eq!(phase_at("hub2: passive sync Restore"), None);
        assert_eq!(
            phase_at("hub2: activation by editing").as_deref(),
            Some("Enabled")
        );
        assert_eq!(
            phase_at("hub2: two Restores in the same instant").as_deref(),
            Some("Finished")
        );
        assert_eq!(phase_at("end"), None, "deleted meanwhile");
    }

    #[test]
    fn a_recording_that_is_not_there_is_named() {
        let error = Recording::open("1.0", "hub1").unwrap_err();
        assert!(
            format!("{error:#}").contains("1.0/hub1.jsonl.gz"),
            "{error:#}"
        );
    }
}
