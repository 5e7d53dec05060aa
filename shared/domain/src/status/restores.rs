//! The Restores on this hub, judged by what Velero did and not by what their phases say.

use super::facts::Facts;
use super::finding::Finding;
use super::role::Role;
use crate::identity::HubId;
use crate::kinds::backup::Backup;
use crate::kinds::backup::BackupType;
use crate::kinds::restore::Restore;
use crate::kinds::velero_restore::VeleroRestore;
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
            .filter(|velero| {
                velero.owner() == Some(&restore.meta.name)
                    || (velero.owner().is_none()
                        && velero
                            .meta
                            .name
                            .starts_with(&format!("{}-acm-", restore.meta.name)))
            })
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
    newest.into_iter().map(part).collect()
}

fn kind_of(velero: &VeleroRestore) -> (Option<BackupType>, bool) {
    (
        BackupType::of_name(&velero.backup),
        velero.meta.name.ends_with("-active"),
    )
}

fn part(velero: &VeleroRestore) -> Part {
    let (kind, activation) = kind_of(velero);
    Part {
        name: velero.meta.name.clone(),
        kind,
        activation,
        backup: velero.backup.clone(),
        source: velero.source_hub(),
        phase: velero.phase.clone(),
        items: velero.items.unwrap_or_default(),
        errors: velero.errors,
        completed: velero.completed,
    }
}

/// Velero gave up on it, or restored a part.
pub(super) fn has_failed(part: &Part) -> bool {
    part.phase.contains("Failed")
}

/// Whether Velero is done with it.
pub(super) fn is_done(part: &Part) -> bool {
    part.phase == "Completed" || has_failed(part)
}

/// What is wrong with the Restores; the sync Restore of a passive hub is judged by itself.
pub(super) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let sync = facts
        .passive_sync()
        .map(|restore| restore.meta.name.as_str());
    facts
        .restores()
        .iter()
        .filter(|restore| Some(restore.meta.name.as_str()) != sync)
        .filter_map(|restore| of_one(facts, role, restore))
        .collect()
}

fn of_one(facts: &Facts<'_>, role: Role, restore: &Restore) -> Option<Finding> {
    let name = &restore.meta.name;
    let delete = facts.kubectl(&format!("delete crst {name}"));
    let parts = parts(facts, restore);
    if restore.was_refused() {
        // A sync Restore that worked for weeks can be refused at its next pass, and of two that were
        // created at once both can run and one be called refused: the message alone tells nothing.
        let objects = parts
            .iter()
            .fold(0_i64, |sum, part| sum.saturating_add(part.items));
        let ended =
            format!("was ended for good, after Velero had restored {objects} objects for it");
        let finding = match (
            parts.is_empty(),
            restore.sync && !restore.activates() && role != Role::Passive,
        ) {
            (true, _) => Finding::warning(
                "restore/refused",
                format!("Restore {name} did nothing, and never will: it was refused"),
            ),
            (false, true) => Finding::critical(
                "restore/sync-ended",
                format!("this hub is not kept in sync: Restore {name} {ended}"),
            ),
            (false, false) => Finding::warning("restore/ended", format!("Restore {name} {ended}")),
        };
        return Some(
            finding
                .seen(restore.message.clone())
                .run("delete it, and create it anew if it is wanted:", delete),
        );
    }
    if matches!(restore.phase.as_str(), "Error" | "EnabledWithErrors") {
        return Some(
            Finding::critical(
                "restore/error",
                format!(
                    "Restore {name} is stuck in {}, and no other can run beside it",
                    restore.phase
                ),
            )
            .seen(restore.message.clone())
            .run("remove what it complains about, or it:", delete),
        );
    }
    let failed: Vec<_> = parts.iter().filter(|part| has_failed(part)).collect();
    let first = failed.first()?;
    let headline = format!(
        "Restore {name} says {}, but {} of {} parts failed",
        or_none(&restore.phase),
        failed.len(),
        parts.len()
    );
    Some(
        told_by_parts(Finding::critical("restore/failed", headline), &failed).run(
            "see why:",
            facts.kubectl(&format!(
                "exec deploy/velero -- /velero restore logs {}",
                first.name
            )),
        ),
    )
}

/// Adds a line for each part.
pub(super) fn told_by_parts(mut finding: Finding, parts: &[&Part]) -> Finding {
    for part in parts {
        let kind = part.kind.map_or("backup", BackupType::label);
        finding = finding.seen(format!(
            "{kind}: {}, {} objects restored, errors: {}",
            part.phase, part.items, part.errors
        ));
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
    crate::sets::latest(facts.backups, kind)
}
