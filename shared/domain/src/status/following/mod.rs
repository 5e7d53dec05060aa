//! A passive hub: whom it follows, how far behind, and whether it holds anything at all.

mod findings;

pub(super) use findings::findings;

use super::facts::Facts;
use super::others;
use super::restores::{Part, has_failed, is_done, is_made_here, newest, parts};
use crate::hub::identity::HubId;
use crate::kinds::backup::{Backup, BackupType, run_of_name};
use crate::kinds::restore::Restore;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// What a passive hub keeps: everything but the clusters.
const PASSIVE: [BackupType; 3] = [
    BackupType::Credentials,
    BackupType::ResourcesGeneric,
    BackupType::Resources,
];

/// The operator's interval where none is set (operator-facts §1.2).
const DEFAULT_INTERVAL: SignedDuration = SignedDuration::from_mins(30);

/// How long a pass may take before a newer backup counts as missed.
const PASS_GRACE: SignedDuration = SignedDuration::from_mins(5);

/// How a passive hub stands to the hub it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SyncState {
    /// It holds the newest backup of each type.
    InSync,
    /// There are newer backups, and the next pass is due to fetch them.
    Behind,
    /// A pass is running.
    Running,
    /// Velero restored some of it only.
    Incomplete,
    /// Velero restored nothing.
    HoldsNothing,
    /// Of a type of backups there is no Velero restore at all.
    PartMissing,
    /// There is no Velero restore at all, and nothing that would make one.
    NothingRuns,
    /// What Velero did could not be read.
    NotKnown,
    /// What it holds is whole, but whether there are newer backups could not be looked up.
    NotCompared,
}

/// What a passive hub holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Following {
    /// The sync Restore.
    pub restore: String,
    /// The operator's phase of it.
    pub phase: String,
    /// The hub whose backups were restored; none before the first pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<HubId>,
    /// Whose backups it holds, hub by hub: one, unless the sync took newer ones of another hub for a part.
    pub held: Vec<HeldFrom>,
    /// Types of which there are backups, and no Velero restore here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<BackupType>,
    /// Whether that hub has stopped writing, by a view of the storage fresh enough to tell.
    pub source_silent: bool,
    /// Whether newer backups would be seen here at all: not where the storage is not read.
    pub view_fresh: bool,
    /// How it stands.
    pub state: SyncState,
    /// The run of the oldest backup it holds: what happened on the other hub since is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored_run: Option<Timestamp>,
    /// When Velero finished restoring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<Timestamp>,
    /// How far the newest usable backup is ahead of what is held; 0 in sync.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind_seconds: Option<i64>,
    /// How often it looks for newer backups.
    pub interval_seconds: i64,
    /// What Velero did, type by type.
    pub parts: Vec<Part>,
}

/// What is held of one hub's backups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldFrom {
    /// The hub.
    pub hub: HubId,
    /// Whether that is this hub: a sync takes the newest, whoever wrote it.
    pub this_hub: bool,
    /// The types.
    pub types: Vec<BackupType>,
}

/// What the sync Restore of a passive hub has come to.
pub(super) fn following(facts: &Facts<'_>) -> Option<Following> {
    let restore = facts.passive_sync()?;
    let parts: Vec<_> = parts(facts, restore)
        .into_iter()
        .filter(|part| !part.activation)
        .collect();
    let behind = PASSIVE
        .iter()
        .filter_map(|kind| lag(facts, *kind, &parts))
        .max();
    let source = parts.iter().map(|part| part.source.clone()).next_back();
    Some(Following {
        restore: restore.meta.name.clone(),
        phase: restore.phase.clone(),
        held: held_from(facts, &parts),
        missing: missing(facts, &parts),
        source_silent: source
            .as_ref()
            .is_some_and(|source| others::is_silent(facts, source)),
        view_fresh: facts.snapshot.storage_locations.value().is_none() || others::is_seen(facts),
        source,
        state: state(facts, restore, &parts, behind),
        restored_run: parts
            .iter()
            .filter_map(|part| run_of_name(&part.backup))
            .min(),
        restored_at: parts.iter().filter_map(|part| part.completed).max(),
        behind_seconds: behind.map(|behind| behind.as_secs()),
        interval_seconds: interval(restore).as_secs(),
        parts,
    })
}

fn interval(restore: &Restore) -> SignedDuration {
    restore
        .sync_interval
        .map(SignedDuration::from)
        .filter(|set| set.is_positive())
        .unwrap_or(DEFAULT_INTERVAL)
}

fn state(
    facts: &Facts<'_>,
    restore: &Restore,
    parts: &[Part],
    behind: Option<SignedDuration>,
) -> SyncState {
    if facts.snapshot.velero_restores.value().is_none() {
        SyncState::NotKnown
    } else if parts.is_empty() {
        if restore.is_syncing() || restore.phase == "Error" || is_old(facts, restore) {
            SyncState::NothingRuns
        } else {
            SyncState::Running
        }
    } else if !parts.iter().all(is_done) {
        SyncState::Running
    } else if parts.iter().all(|part| part.items == 0)
        && parts
            .iter()
            .any(|part| has_failed(part) || had_items(facts, part))
    {
        SyncState::HoldsNothing
    } else if parts.iter().any(has_failed) {
        SyncState::Incomplete
    } else if !missing(facts, parts).is_empty() {
        // The operator makes all of a pass at once, and says Enabled only after. A phase that nobody knows
        // does not say that a pass goes on.
        if restore.is_syncing() || restore.has_unknown_phase() {
            SyncState::PartMissing
        } else {
            SyncState::Running
        }
    } else if facts.snapshot.backups.value().is_none() {
        SyncState::NotCompared
    } else if behind.is_some_and(|behind| behind.is_positive()) {
        SyncState::Behind
    } else {
        SyncState::InSync
    }
}

/// The types of which there is a usable backup and no Velero restore, whatever else is held.
fn missing(facts: &Facts<'_>, parts: &[Part]) -> Vec<BackupType> {
    PASSIVE
        .into_iter()
        .filter(|kind| !parts.iter().any(|part| part.kind == Some(*kind)))
        .filter(|kind| newest(facts, *kind).is_some())
        .collect()
}

/// Long enough here for the first pass to have begun.
fn is_old(facts: &Facts<'_>, restore: &Restore) -> bool {
    restore
        .meta
        .created
        .is_some_and(|created| facts.now.duration_since(created) > PASS_GRACE)
}

fn held_from(facts: &Facts<'_>, parts: &[Part]) -> Vec<HeldFrom> {
    let mut held: Vec<HeldFrom> = Vec::new();
    for part in parts {
        let Some(kind) = part.kind else { continue };
        let this_hub = is_made_here(facts, part);
        let same = |other: &&mut HeldFrom| other.hub == part.source && other.this_hub == this_hub;
        match held.iter_mut().find(same) {
            Some(other) => other.types.push(kind),
            None => held.push(HeldFrom {
                this_hub,
                hub: part.source.clone(),
                types: vec![kind],
            }),
        }
    }
    held
}

fn backup<'a>(facts: &Facts<'a>, part: &Part) -> Option<&'a Backup> {
    facts
        .backups
        .iter()
        .find(|backup| backup.meta.name == part.backup)
}

fn had_items(facts: &Facts<'_>, part: &Part) -> bool {
    backup(facts, part).is_some_and(|backup| backup.items.is_some_and(|items| items > 0))
}

/// How far the newest backup of a type is ahead of the one that is held. One that is held may be gone
/// from the storage; its name still tells its time.
fn lag(facts: &Facts<'_>, kind: BackupType, parts: &[Part]) -> Option<SignedDuration> {
    let part = parts.iter().find(|part| part.kind == Some(kind))?;
    let newest = newest(facts, kind)?;
    if newest.meta.name == part.backup {
        return Some(SignedDuration::ZERO);
    }
    let begun = newest.started.or_else(|| newest.run())?;
    let held = backup(facts, part)
        .and_then(|backup| backup.started)
        .or_else(|| run_of_name(&part.backup))?;
    Some(begun.duration_since(held))
}
