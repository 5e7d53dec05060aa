//! A passive hub: whom it follows, how far behind, and whether it holds anything at all.

mod findings;

pub(super) use findings::findings;

use super::facts::Facts;
use super::restores::{Part, has_failed, is_done, newest, parts};
use crate::identity::HubId;
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
    /// What Velero did could not be read.
    NotKnown,
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

/// What the sync Restore of a passive hub has come to.
pub(super) fn following(facts: &Facts<'_>) -> Option<Following> {
    let restore = facts.passive_sync()?;
    let parts: Vec<_> = parts(facts, restore)
        .into_iter()
        .filter(|part| !part.activation)
        .collect();
    let held: Vec<_> = parts
        .iter()
        .filter_map(|part| Some((part.kind?, backup(facts, part))))
        .collect();
    let behind = PASSIVE
        .iter()
        .filter_map(|kind| lag(facts, *kind, &held))
        .max();
    let state = if facts.snapshot.velero_restores.value().is_none() {
        SyncState::NotKnown
    } else if parts.is_empty() || !parts.iter().all(is_done) {
        SyncState::Running
    } else if parts.iter().all(|part| part.items == 0)
        && parts
            .iter()
            .any(|part| has_failed(part) || had_items(facts, part))
    {
        SyncState::HoldsNothing
    } else if parts.iter().any(has_failed) {
        SyncState::Incomplete
    } else if behind.is_some_and(|behind| behind.is_positive()) {
        SyncState::Behind
    } else {
        SyncState::InSync
    };
    Some(Following {
        restore: restore.meta.name.clone(),
        phase: restore.phase.clone(),
        source: parts.iter().map(|part| part.source.clone()).next_back(),
        state,
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

fn backup<'a>(facts: &Facts<'a>, part: &Part) -> Option<&'a Backup> {
    facts
        .backups
        .iter()
        .find(|backup| backup.meta.name == part.backup)
}

fn had_items(facts: &Facts<'_>, part: &Part) -> bool {
    backup(facts, part).is_some_and(|backup| backup.items.is_some_and(|items| items > 0))
}

/// How far the newest backup of a type is ahead of the one that is held.
fn lag(
    facts: &Facts<'_>,
    kind: BackupType,
    held: &[(BackupType, Option<&Backup>)],
) -> Option<SignedDuration> {
    let (_, held) = held.iter().find(|(other, _)| *other == kind)?;
    let newest = newest(facts, kind)?.started?;
    Some(newest.duration_since((*held)?.started?))
}
