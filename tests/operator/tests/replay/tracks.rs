//! What was written, as comparable lines, one sequence for each thing written to. Times and ids are
//! normalised, repeats of a state are one.

use std::collections::{BTreeMap, BTreeSet};

use acm_backup_domain::upstream::object_label;
use acm_backup_operator::kinds::Kind;
use acm_backup_operator::object::{annotation, flag, label, name, namespace, phase, text};
use serde_json::{Value, json};

use crate::author::{IMMEDIATE_IMPORT, TOKEN_TIMES};
use crate::deviations;

/// Lines by what they are about.
#[derive(Debug, Default)]
pub struct Tracks(BTreeMap<String, Vec<String>>);

impl Tracks {
    /// Adds a line, unless the last one of its track says the same.
    pub fn add(&mut self, (track, line): (String, String)) {
        let lines = self.0.entry(track).or_default();
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }

    /// Adds several.
    pub fn add_all(&mut self, lines: impl IntoIterator<Item = (String, String)>) {
        lines.into_iter().for_each(|line| self.add(line));
    }

    /// Loses the last line of the first track.
    pub fn drop_one(&mut self) {
        self.0.values_mut().next().unwrap().pop();
    }

    /// The distinct lines of each track, without what differs from one cycle to the next: numbers (times in
    /// names, ids) and the cron expression. Several things of a kind become one.
    pub fn shape(&self, cron: &str) -> BTreeMap<String, BTreeSet<String>> {
        let bare = |text: &str| -> String {
            let text = text.replace(cron, "CRON");
            text.chars()
                .map(|char| if char.is_ascii_digit() { '#' } else { char })
                .collect()
        };
        let mut shape: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (track, lines) in &self.0 {
            shape
                .entry(bare(track))
                .or_default()
                .extend(lines.iter().map(|line| bare(line)));
        }
        shape
    }

    /// How many lines there are.
    pub fn steps(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

/// Both sides of a replay.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the operator wrote.
    pub expected: Tracks,
    /// What the stand-in would have written.
    pub got: Tracks,
    /// What makes the comparison void, such as work of Velero on an object nobody made.
    pub problems: Vec<String>,
}

/// Every difference, readable.
pub fn differences(outcome: &Outcome) -> Vec<String> {
    let mut found = outcome.problems.clone();
    let tracks: BTreeSet<_> = outcome
        .expected
        .0
        .keys()
        .chain(outcome.got.0.keys())
        .collect();
    for track in tracks {
        let side = |tracks: &Tracks| tracks.0.get(track).cloned().unwrap_or_default();
        let (expected, got) = (side(&outcome.expected), side(&outcome.got));
        if expected != got {
            found.push(difference(track, &expected, &got));
        }
    }
    found
}

fn difference(track: &str, expected: &[String], got: &[String]) -> String {
    let mut text = format!(
        "== {track}: the operator wrote {} states, the stand-in {}\n",
        expected.len(),
        got.len()
    );
    for index in 0..expected.len().max(got.len()) {
        match (expected.get(index), got.get(index)) {
            (Some(one), Some(other)) if one == other => text.push_str(&format!("   {one}\n")),
            (one, other) => {
                if let Some(one) = one {
                    text.push_str(&format!(" - {one}\n"));
                }
                if let Some(other) = other {
                    text.push_str(&format!(" + {other}\n"));
                }
            }
        }
    }
    text
}

/// The lines for a created object or a new state of one: one about the object, and for a Velero Restore
/// one about its place in the order.
pub fn all_written(kind: Kind, object: &Value) -> impl Iterator<Item = (String, String)> {
    let ordered = (kind == Kind::VeleroRestore).then(|| {
        let owner = text(object, "/metadata/ownerReferences/0/name");
        (
            format!("Velero Restores of {owner}, in order"),
            name(object).to_owned(),
        )
    });
    written(kind, object).into_iter().chain(ordered)
}

/// The line for a created object or a new state of one; `None` for what is not compared.
pub fn written(kind: Kind, object: &Value) -> Option<(String, String)> {
    let place = format!("{} {}", kind.api().kind, name(object));
    let labels = &object["metadata"]["labels"];
    let content = || format!("created {labels} {}", object["spec"]);
    Some(match kind {
        Kind::AcmRestore => (
            format!("Restore {} status", name(object)),
            deviations::restore_line(object)?,
        ),
        Kind::BackupSchedule => (place, deviations::schedule_line(object)?),
        Kind::VeleroSchedule => {
            let mut spec = object["spec"].clone();
            deviations::normalise_schedule(&mut spec);
            let paused = flag(object, "/spec/paused");
            spec["paused"] = json!(paused);
            (place, format!("{labels} {spec}"))
        }
        Kind::Backup => {
            let schedule = label(object, "velero.io/schedule-name");
            (
                schedule.map_or("markers".to_owned(), |schedule| {
                    format!("immediate {schedule}")
                }),
                content(),
            )
        }
        Kind::VeleroRestore => (format!("Velero Restore {}", name(object)), content()),
        Kind::DeleteBackupRequest => ("DeleteBackupRequests".to_owned(), content()),
        Kind::Event => (
            format!("Event for {}", text(object, "/message")),
            format!(
                "{} {} {}",
                text(object, "/reason"),
                text(object, "/type"),
                text(object, "/source/component")
            ),
        ),
        Kind::Secret => secret(object),
        Kind::ManagedServiceAccount => (format!("{place} in {}", namespace(object)), content()),
        Kind::ManagedCluster => (
            place,
            format!("annotated {:?}", annotation(object, IMMEDIATE_IMPORT)),
        ),
        _ => return None,
    })
}

/// What tells that the stand-in has decided as the operator did: for a BackupSchedule without the copies
/// of Velero Schedules in its status, which follow Velero's own changes.
pub fn decided(kind: Kind, object: &Value) -> Option<(String, String)> {
    if kind == Kind::BackupSchedule {
        return Some((
            phase(object).to_owned(),
            text(object, "/status/lastMessage").to_owned(),
        ));
    }
    written(kind, object)
}

fn secret(object: &Value) -> (String, String) {
    let track = format!("Secret {}/{}", namespace(object), name(object));
    if name(object) == crate::author::AUTO_IMPORT_SECRET {
        let keys: Vec<_> = object["data"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
            .collect();
        let metadata = &object["metadata"];
        return (
            track,
            format!(
                "{} {} {keys:?}",
                metadata["labels"], metadata["annotations"]
            ),
        );
    }
    let times = TOKEN_TIMES.map(|key| annotation(object, key));
    (
        track,
        format!(
            "labelled {:?}, times {times:?}",
            label(object, object_label::BACKUP)
        ),
    )
}

/// The line for a deletion.
pub fn deleted(kind: Kind, object: &Value) -> Option<(String, String)> {
    match kind {
        Kind::VeleroSchedule => Some((format!("Schedule {}", name(object)), "deleted".to_owned())),
        Kind::Secret if name(object) == crate::author::AUTO_IMPORT_SECRET => None,
        _ => Some((
            format!("{} {}", kind.api().kind, name(object)),
            format!("deleted in {:?}", phase(object)),
        )),
    }
}
