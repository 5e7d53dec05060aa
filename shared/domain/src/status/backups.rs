//! The newest set of backups, type by type.

use super::facts::Facts;
use super::finding::Finding;
use super::others;
use super::remedies::look_into_backup;
use super::role::Role;
use super::schedule::at_work;
use crate::hub::Party;
use crate::hub::identity::HubId;
use crate::hub::sets::BackupSet;
use crate::kinds::backup::{Backup, BackupType};
use crate::time::CronSchedule;
use crate::time::age::{self, count};
use crate::time::saturating::Saturating;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// How long the first set of a new BackupSchedule may take to be finished.
const FIRST_SET_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// How much earlier than its BackupSchedule a set may be called.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// A set of backups: what an activation would restore, or what this hub last wrote.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Set {
    /// The hub that wrote it.
    pub writer: HubId,
    /// Whether that is this hub.
    pub by_this_hub: bool,
    /// The time in its backups' names.
    pub run: Timestamp,
    /// Whether all data is there and was saved whole.
    pub complete: bool,
    /// Its backups, in the operator's order.
    pub backups: Vec<Row>,
    /// The run of a newer set that is still being written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_progress: Option<Timestamp>,
    /// Whether that one will never be whole: a part of it failed, or the hub that began it is silent.
    pub abandoned: bool,
}

/// One backup of a set.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Which of the five.
    #[serde(rename = "type")]
    pub kind: BackupType,
    /// Its name; none where the set lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Velero's phase; `Missing` where the set lacks it.
    pub phase: String,
    /// Objects saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<i64>,
    /// Errors Velero counted.
    pub errors: i64,
    /// Warnings Velero counted.
    pub warnings: i64,
    /// When Velero began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When Velero was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<Timestamp>,
}

/// The set that matters to a hub in this role: its own on the hub that backs up, else the newest
/// somebody else wrote.
pub(super) fn set(facts: &Facts<'_>, role: Role) -> Option<Set> {
    let candidates: Vec<&BackupSet<'_>> = match role {
        Role::Active | Role::Collision if facts.own_sets().next().is_some() => {
            facts.own_sets().collect()
        }
        // What an activation would take: `latest` by a sync, else the set it would name.
        Role::Passive | Role::Activating | Role::Idle | Role::Replaced | Role::Stray => {
            return restorable(facts);
        }
        _ => facts.sets.iter().collect(),
    };
    let newest = *candidates.last()?;
    // The set `latest` would come closest to: an older whole one beats a newer one that is still
    // being written, or of which only a part can be seen.
    let shown = candidates
        .iter()
        .rev()
        .find(|set| set.is_usable())
        .copied()
        .unwrap_or(newest);
    Some(seen(facts, shown, newest))
}

/// The set an activation would restore: for a sync the newest whole one of the hub that `latest` takes
/// the clusters of, else the one that it would name.
fn restorable(facts: &Facts<'_>) -> Option<Set> {
    let newest_of = |party: &Party| facts.sets.iter().rev().find(|set| set.party() == *party);
    let of_latest = facts
        .view
        .latest_clusters()
        .filter(|_| facts.passive_sync().is_some())
        .and_then(|clusters| {
            facts.sets.iter().find(|set| {
                set.members
                    .values()
                    .any(|backup| backup.meta.name == clusters.meta.name)
            })
        });
    let shown = match of_latest {
        Some(taken) => facts
            .sets
            .iter()
            .rev()
            .filter(|set| set.party() == taken.party() && set.run <= taken.run)
            .find(|set| set.is_usable())
            .unwrap_or(taken)
            .clone(),
        None => facts
            .view
            .best_set()
            .or_else(|| facts.sets.last().cloned())?,
    };
    let newest = newest_of(&shown.party()).unwrap_or(&shown);
    Some(seen(facts, &shown, newest))
}

fn seen(facts: &Facts<'_>, shown: &BackupSet<'_>, newest: &BackupSet<'_>) -> Set {
    Set {
        writer: shown.writer.clone(),
        by_this_hub: shown.here,
        run: shown.run,
        complete: shown.is_complete(),
        backups: BackupType::ALL
            .into_iter()
            .map(|kind| row(kind, shown.members.get(&kind).copied()))
            .collect(),
        in_progress: (newest.run > shown.run && newest.party() == shown.party())
            .then_some(newest.run),
        abandoned: newest.has_failed() || !newest.here && others::is_silent(facts, &newest.writer),
    }
}

fn row(kind: BackupType, backup: Option<&Backup>) -> Row {
    Row {
        kind,
        name: backup.map(|backup| backup.meta.name.clone()),
        phase: backup.map_or_else(|| "Missing".to_owned(), |backup| backup.phase.clone()),
        // Velero leaves the count out where it is zero.
        items: backup.and_then(|backup| backup.items.or(backup.completed.map(|_| 0))),
        errors: backup.map_or(0, |backup| backup.errors),
        warnings: backup.map_or(0, |backup| backup.warnings),
        started: backup.and_then(|backup| backup.started),
        completed: backup.and_then(|backup| backup.completed),
    }
}

/// What is wrong with the backups of a hub that backs up.
pub(super) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    if role != Role::Active
        || facts.snapshot.backups.value().is_none()
        || facts.schedules().is_empty()
    {
        return Vec::new();
    }
    // What was made before is not what a new BackupSchedule makes.
    let since = new_since(facts);
    let sets: Vec<_> = facts
        .own_sets()
        .filter(|set| since.is_none_or(|since| set.run >= since.less(CLOCKS_DIFFER)))
        .collect();
    let Some(newest) = sets.last() else {
        return no_backup(facts).into_iter().collect();
    };
    let mut found = Vec::new();
    match sets.iter().rev().find(|set| set.is_complete()) {
        None => found.extend(no_complete_set(facts, newest)),
        Some(good) => found.extend(outdated(facts, good)),
    }
    if let Some(finished) = sets
        .iter()
        .rev()
        .find(|set| set.members.values().all(|backup| backup.is_over()))
    {
        found.extend(failed(facts, finished));
    }
    found
}

/// Since when the BackupSchedule is here, as long as its first set may still be written.
fn new_since(facts: &Facts<'_>) -> Option<Timestamp> {
    at_work(facts)
        .and_then(|schedule| schedule.meta.created)
        .filter(|created| facts.now.duration_since(*created) <= FIRST_SET_WITHIN)
}

fn is_new(facts: &Facts<'_>) -> bool {
    new_since(facts).is_some()
}

fn no_backup(facts: &Facts<'_>) -> Option<Finding> {
    let text = if facts.own_sets().next().is_some() {
        "the BackupSchedule is new, and its first set has not begun yet"
    } else {
        "this hub has no backup yet"
    };
    // A schedule that failed, or is paused or stopped, is told by the schedule itself.
    let enabled = facts.schedules().iter().any(|schedule| {
        matches!(schedule.phase.as_str(), "Enabled" | "New" | "Unknown" | "")
            || schedule.has_unknown_phase()
    });
    enabled.then(|| {
        if is_new(facts) {
            Finding::warning("backup/none", text).run(
                "watch the first one:",
                facts.kubectl("get backups.velero.io -w"),
            )
        } else {
            Finding::critical("backup/none", text).run(
                "see whether Velero runs:",
                facts.kubectl("logs deploy/velero --tail 50"),
            )
        }
    })
}

fn no_complete_set(facts: &Facts<'_>, newest: &BackupSet<'_>) -> Option<Finding> {
    // Between two of its backups nothing may be unfinished, and yet it is not over.
    let failed = newest
        .members
        .values()
        .any(|backup| backup.is_over() && !backup.is_complete());
    if is_new(facts) && !failed {
        return Some(
            Finding::warning(
                "backup/none-complete",
                "the first set of backups is still being written",
            )
            .run("watch it:", facts.kubectl("get backups.velero.io -w")),
        );
    }
    // What was made before the BackupSchedule was made anew is still there to be restored.
    let headline = match facts.own_sets().filter(|set| set.is_complete()).last() {
        Some(good) => format!(
            "no set is complete since the BackupSchedule was made anew; the newest complete one is {} old",
            age::age(facts.now, good.run)
        ),
        None => "no set of this hub's backups is complete: it could be recovered in part at best"
            .to_owned(),
    };
    Some(
        Finding::critical("backup/none-complete", headline)
            .run("see them all:", facts.kubectl("get backups.velero.io")),
    )
}

/// The newest complete set is older than two runs should let it be.
fn outdated(facts: &Facts<'_>, good: &BackupSet<'_>) -> Option<Finding> {
    let cron = CronSchedule::parse(&at_work(facts)?.cron).ok()?;
    let period = cron.period(good.run)?;
    let allowed = period
        .saturating_mul(2)
        .plus(good.duration().unwrap_or_default())
        .plus(SignedDuration::from_mins(10));
    (facts.now.duration_since(good.run) > allowed).then(|| {
        Finding::critical(
            "backup/outdated",
            format!(
                "the newest complete set is {} old; one is made every {}",
                age::age(facts.now, good.run),
                age::span(period)
            ),
        )
        .seen(format!("its run was {}", facts.when(good.run)))
        .run(
            "see what became of later ones:",
            facts.kubectl("get backups.velero.io"),
        )
    })
}

/// A finished set of which something was not saved.
fn failed(facts: &Facts<'_>, set: &BackupSet<'_>) -> Option<Finding> {
    let bad: Vec<_> = set
        .members
        .iter()
        .filter(|(_, backup)| !backup.is_complete())
        .collect();
    let (_, first) = bad.first()?;
    let lost = bad
        .iter()
        .any(|(kind, backup)| !backup.is_usable() && BackupType::DATA.contains(kind));
    let headline = format!(
        "the newest finished set lacks something: {} did not complete",
        count(bad.len(), "backup")
    );
    let mut finding = if lost {
        Finding::critical("backup/failed", headline)
    } else {
        Finding::warning("backup/failed", headline)
    };
    for (kind, backup) in &bad {
        finding = finding.seen(format!(
            "{kind}: {}, errors: {}, warnings: {}",
            backup.phase, backup.errors, backup.warnings
        ));
        for reason in &backup.reasons {
            finding = finding.seen(format!("{kind}: {reason}"));
        }
    }
    Some(look_into_backup(
        finding,
        facts,
        &first.meta.name,
        &first.phase,
    ))
}
