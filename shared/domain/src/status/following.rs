//! A passive hub: whom it follows, how far behind, and whether it holds anything at all.

use super::facts::Facts;
use super::finding::Finding;
use super::restores::{Part, has_failed, is_done, newest, or_none, parts, told_by_parts};
use crate::identity::HubId;
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::restore::Restore;
use crate::liveness::Activity;
use crate::time::age;
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
        restored_run: parts.iter().filter_map(|part| run_of(&part.backup)).min(),
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

fn run_of(backup: &str) -> Option<Timestamp> {
    let named = crate::kinds::meta::Meta {
        name: backup.to_owned(),
        ..Default::default()
    };
    Backup {
        meta: named,
        ..Default::default()
    }
    .run()
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

/// What is wrong with a passive hub.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let (Some(restore), Some(view)) = (facts.passive_sync(), following(facts)) else {
        return Vec::new();
    };
    held(facts, restore, &view)
        .into_iter()
        .chain(source_silent(facts, &view))
        .collect()
}

fn held(facts: &Facts<'_>, restore: &Restore, view: &Following) -> Option<Finding> {
    let name = &view.restore;
    let phase = or_none(&view.phase);
    let all: Vec<_> = view.parts.iter().collect();
    let logs = |part: &Part| {
        facts.kubectl(&format!(
            "exec deploy/velero -- /velero restore logs {}",
            part.name
        ))
    };
    let failed: Vec<_> = view.parts.iter().filter(|part| has_failed(part)).collect();
    match view.state {
        _ if matches!(restore.phase.as_str(), "Error" | "EnabledWithErrors") => Some(
            Finding::critical(
                "restore/error",
                format!("Restore {name} is in {phase}: this hub is not kept in sync"),
            )
            .seen(restore.message.clone())
            .run(
                "see what it complains about:",
                facts.kubectl(&format!("get crst {name} -o yaml")),
            ),
        ),
        SyncState::HoldsNothing => {
            let why = failed
                .first()
                .or(all.first())
                .map(|part| logs(part))
                .unwrap_or_default();
            Some(
                told_by_parts(Finding::critical("passive/holds-nothing", format!("this hub holds nothing: Restore {name} says {phase}, but Velero restored 0 objects")), &all)
                    .run("see why (a Deployment velero must exist):", why),
            )
        }
        SyncState::Incomplete => {
            let why = failed.first().map(|part| logs(part)).unwrap_or_default();
            Some(
                told_by_parts(Finding::critical("passive/incomplete", format!("this hub holds a part only: Restore {name} says {phase}, but {} of {} parts failed", failed.len(), all.len())), &failed)
                    .run("see why:", why),
            )
        }
        SyncState::Behind => missed_pass(facts, restore, view),
        SyncState::Running
            if view.parts.is_empty() && restore.phase.is_empty() && old(facts, restore) =>
        {
            Some(
                Finding::critical(
                    "restore/unnoticed",
                    format!("the operator has not looked at Restore {name}"),
                )
                .run("see whether the operator runs:", facts.kubectl("get pods")),
            )
        }
        _ => None,
    }
}

fn old(facts: &Facts<'_>, restore: &Restore) -> bool {
    restore
        .meta
        .created
        .is_some_and(|created| facts.now.duration_since(created) > PASS_GRACE)
}

/// A newer backup that an earlier pass should have fetched.
fn missed_pass(facts: &Facts<'_>, restore: &Restore, view: &Following) -> Option<Finding> {
    let name = &view.restore;
    let interval = interval(restore);
    let waiting = PASSIVE
        .iter()
        .filter_map(|kind| newest(facts, *kind))
        .filter(|newest| {
            !view
                .parts
                .iter()
                .any(|part| part.backup == newest.meta.name)
        })
        .filter_map(|newest| Some((newest.meta.created.or(newest.completed)?, newest)))
        .filter(|(seen, _)| facts.now.duration_since(*seen) > interval + PASS_GRACE)
        .min_by_key(|(seen, _)| *seen)?;
    let (seen, backup) = waiting;
    Some(
        Finding::warning(
            "passive/behind",
            format!(
                "Restore {name} has not fetched newer backups; it looks every {}",
                age::span(interval)
            ),
        )
        .seen(format!(
            "{} is here since {}",
            backup.meta.name,
            facts.when(seen)
        ))
        .run("see whether the operator runs:", facts.kubectl("get pods")),
    )
}

/// The hub it follows has stopped writing. This hub cannot tell why.
fn source_silent(facts: &Facts<'_>, view: &Following) -> Option<Finding> {
    let source = view
        .source
        .as_ref()
        .filter(|source| source.is_known() && !facts.is_own(source))?;
    let activity = Activity::of(
        source,
        facts.backups,
        facts.snapshot.storage_locations.items(),
        None,
    );
    let fresh = facts
        .snapshot
        .storage_locations
        .items()
        .iter()
        .any(|location| location.is_view_fresh(facts.now));
    if !fresh || activity.is_live(facts.now) {
        return None;
    }
    let last = activity.last_started.as_ref()?;
    let period = activity
        .period
        .map(|period| format!("; it backed up every {}", age::span(period)))
        .unwrap_or_default();
    let hub = source.short();
    Some(
        Finding::warning("passive/source-silent", format!("hub {hub}, which this one follows, has stopped backing up"))
            .seen(format!("its last backup began {}{period}", facts.when(last.at)))
            .todo(format!("see by another way than the storage whether hub {hub} is up, and its BackupSchedule there")),
    )
}
