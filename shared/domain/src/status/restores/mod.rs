//! The Restores on this hub, judged by what Velero did and not by what their phases say.

mod findings;

pub(super) use findings::findings;

use super::facts::Facts;
use super::finding::Finding;
use crate::hub::identity::HubId;
use crate::hub::restores::RestoreState;
use crate::hub::{Party, Written};
use crate::kinds::backup::Backup;
use crate::kinds::backup::{BackupType, run_of_name};
use crate::kinds::restore::Restore;
use crate::kinds::velero_restore::{VeleroRestore, is_last};
use crate::time::age::count;
use jiff::Timestamp;
use serde::Serialize;

/// What a Restore is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// Keeps a passive hub in sync.
    Sync,
    /// Makes this hub the active one.
    Activation,
    /// Anything else: credentials only, resources only.
    Partial,
}

/// An ACM Restore and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreView {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The operator's phase, which is a claim.
    pub phase: String,
    /// The operator's message.
    pub message: String,
    /// Whether it still keeps others from running.
    pub active: bool,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<Timestamp>,
    /// What Velero did for it, newest of each type.
    pub parts: Vec<Part>,
}

/// One Velero Restore.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Name of the Velero Restore.
    pub name: String,
    /// The type of its backup.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<BackupType>,
    /// Only what is kept for an activation.
    pub activation: bool,
    /// The backup it restored.
    pub backup: String,
    /// The hub that wrote that.
    pub source: HubId,
    /// Velero's phase.
    pub phase: String,
    /// Objects restored.
    pub items: i64,
    /// Errors Velero counted.
    pub errors: i64,
    /// Velero's own words for what went wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// When Velero was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<Timestamp>,
}

/// All Restores, active ones first, then the newest.
pub(super) fn restores(facts: &Facts<'_>) -> Vec<RestoreView> {
    let mut all: Vec<_> = facts.restores().iter().collect();
    all.sort_by_key(|restore| {
        (
            !restore.is_active(),
            std::cmp::Reverse(restore.meta.created),
        )
    });
    all.into_iter()
        .map(|restore| view(facts, restore))
        .collect()
}

fn view(facts: &Facts<'_>, restore: &Restore) -> RestoreView {
    RestoreView {
        name: restore.meta.name.clone(),
        purpose: if restore.activates() {
            Purpose::Activation
        } else if restore.sync {
            Purpose::Sync
        } else {
            Purpose::Partial
        },
        phase: restore.phase.clone(),
        message: restore.message.clone(),
        active: restore.is_active(),
        completed: restore.completed,
        parts: parts(facts, restore),
    }
}

/// The Velero Restores that count for a Restore: those its status names with their `-active` twins,
/// else (an operator that lost its status leaves it empty, operator-facts §12 G52) all it owns, and of
/// each type the newest.
pub(super) fn parts(facts: &Facts<'_>, restore: &Restore) -> Vec<Part> {
    let owned = || {
        facts
            .snapshot
            .velero_restores
            .items()
            .iter()
            .filter(|velero| velero.is_of(&restore.meta.name))
    };
    let tracked = |velero: &&VeleroRestore| {
        let name = velero.meta.name.as_str();
        restore
            .velero_restores
            .iter()
            .any(|named| named == name || Some(named.as_str()) == name.strip_suffix("-active"))
    };
    let mut all: Vec<_> = owned().filter(tracked).collect();
    for velero in owned() {
        let known = |other: &&VeleroRestore| kind_of(other) == kind_of(velero);
        if !all.iter().any(known) {
            all.push(velero);
        }
    }
    let mut newest: Vec<&VeleroRestore> = Vec::new();
    all.sort_by_key(|velero| std::cmp::Reverse(velero.meta.created));
    for velero in all {
        if !newest.iter().any(|other| kind_of(other) == kind_of(velero)) {
            newest.push(velero);
        }
    }
    newest.sort_by_key(|velero| kind_of(velero));
    newest
        .into_iter()
        .map(|velero| part(facts, velero))
        .collect()
}

fn kind_of(velero: &VeleroRestore) -> (Option<BackupType>, bool) {
    (
        BackupType::of_prefix(&velero.backup),
        velero.meta.name.ends_with("-active"),
    )
}

fn part(facts: &Facts<'_>, velero: &VeleroRestore) -> Part {
    let (kind, activation) = kind_of(velero);
    Part {
        name: velero.meta.name.clone(),
        kind,
        activation,
        backup: velero.backup.clone(),
        // Before 2.10 the operator writes no label on it; the backup it names tells then (OWNERSHIP E1).
        source: velero.source().unwrap_or_else(|| {
            facts
                .backups
                .iter()
                .find(|backup| backup.meta.name == velero.backup)
                .map_or_else(HubId::unknown, Backup::writer)
        }),
        phase: velero.phase.clone(),
        items: velero.items.unwrap_or_default(),
        errors: velero.errors,
        reasons: velero.reasons.clone(),
        completed: velero.completed,
    }
}

/// Whether what it restored was made on this hub: its id says so, unless the backup is a twin's.
pub(super) fn is_made_here(facts: &Facts<'_>, part: &Part) -> bool {
    let twins = |one: &Written<'_>| one.backup.meta.name == part.backup && one.by != Party::Here;
    facts.is_own(&part.source) && !facts.view.written.iter().any(twins)
}

/// Velero gave up on it, or restored a part.
pub(super) fn has_failed(part: &Part) -> bool {
    part.phase.contains("Failed")
}

/// Whether Velero is done with it.
pub(super) fn is_done(part: &Part) -> bool {
    is_last(&part.phase)
}

/// Whether a Restore may be deleted: whoever deletes one that is worked for leaves a hub that is restored
/// in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing works for it.
    Rests,
    /// The operator or Velero is busy with it.
    Works,
    /// What Velero does for it could not be looked up.
    NotSeen,
    /// It is being deleted already.
    Leaving,
}

/// By the operator's word and by what Velero does, neither of which is enough.
pub(super) fn rest(facts: &Facts<'_>, restore: &Restore) -> Rest {
    let waits = restore.is_syncing() || restore.is_terminal() || restore.phase == "Error";
    match velero_rest(facts, restore) {
        Rest::Leaving => Rest::Leaving,
        _ if !waits => Rest::Works,
        rest => rest,
    }
}

/// By what Velero does alone: for a Restore that says it works, and for which nothing does.
pub(super) fn velero_rest(facts: &Facts<'_>, restore: &Restore) -> Rest {
    if restore.meta.deleted.is_some() {
        return Rest::Leaving;
    }
    let state = RestoreState::seen(restore, &facts.snapshot.velero_restores);
    match (state.unseen, state.running.is_empty()) {
        (true, _) => Rest::NotSeen,
        (false, true) => Rest::Rests,
        (false, false) => Rest::Works,
    }
}

/// Adds a line for each part.
pub(super) fn told_by_parts(mut finding: Finding, parts: &[&Part]) -> Finding {
    for part in parts {
        let kind = part.kind.map_or("backup", BackupType::label);
        finding = finding.seen(format!(
            "{kind}: {}, {} restored, errors: {}",
            or_none(&part.phase),
            count(part.items, "object"),
            part.errors
        ));
        for reason in &part.reasons {
            finding = finding.seen(format!("{kind}: {reason}"));
        }
    }
    finding
}

/// A phase in words.
pub(super) fn or_none(phase: &str) -> &str {
    if phase.is_empty() {
        "nothing yet"
    } else {
        phase
    }
}

/// The newest usable backup of a type that a passive hub should hold: what `latest` would take.
pub(super) fn newest<'a>(facts: &Facts<'a>, kind: BackupType) -> Option<&'a Backup> {
    crate::hub::sets::latest(facts.backups, kind)
}

/// The run of the oldest backup that is held: what happened on the other hub since is not here.
pub(super) fn held_of(parts: &[Part]) -> Option<Timestamp> {
    parts
        .iter()
        .filter(|part| part.phase == "Completed" || part.items > 0)
        .filter_map(|part| run_of_name(&part.backup))
        .min()
}

/// What a Restore that is over left on a hub that does nothing now.
pub(super) fn brought(facts: &Facts<'_>) -> Option<String> {
    facts
        .restores()
        .iter()
        .filter(|restore| restore.is_terminal() && !restore.activates())
        .filter_map(|restore| Some((restore, held_of(&parts(facts, restore))?)))
        .max_by_key(|(_, run)| *run)
        .map(|(restore, run)| {
            format!(
                "this hub follows no other; Restore {} brought what was saved at {}",
                restore.meta.name,
                facts.when(run)
            )
        })
}
