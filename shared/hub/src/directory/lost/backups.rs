//! What tells of a backup: its run, the schedule that made it, the restore it was restored by.

use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::hub::sets::{BackupSet, backup_sets};
use acm_backup_domain::kinds::backup::{Backup, BackupType, run_of_name};
use acm_backup_domain::snapshot::Snapshot;
use acm_backup_domain::time::Now;
use acm_backup_domain::time::saturating::Saturating;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Velero names the backups of one run after the moment it makes each; a minute between them was seen.
const MADE_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// The name of a backup and the time its schedule notes are of one clock, but not of one look at it.
const NOTED_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// Velero deletes what has expired once an hour, one after the other.
const GOES_WITHIN: SignedDuration = SignedDuration::from_hours(2);

/// The label Velero puts on an expired backup that it cannot delete, as its location is gone or answers nothing.
const UNDELETABLE: &str = "velero.io/gc-failure";

/// A location that a backup of its writer's newest run says it is in, and that is not there. Older ones may be left of a
/// location that was given up: Velero never deletes them then.
pub(super) fn location(snapshot: &Snapshot) -> Option<String> {
    let there: BTreeSet<_> = snapshot
        .storage_locations
        .value()?
        .iter()
        .map(|location| location.meta.name.as_str())
        .collect();
    let backups = snapshot.backups.items();
    let made = |backup: &Backup| backup.run().or(backup.started);
    let mut newest: BTreeMap<HubId, Timestamp> = BTreeMap::new();
    for (writer, made) in (backups.iter()).filter_map(|one| Some((one.writer(), made(one)?))) {
        let last = newest.entry(writer).or_insert(made);
        *last = made.max(*last);
    }
    let counts = |backup: &&Backup| {
        let expired = (backup.expires).is_some_and(|at| snapshot.now.is_past(at));
        let of_the_newest = (made(backup).zip(newest.get(&backup.writer())))
            .is_none_or(|(made, newest)| made.plus(MADE_WITHIN) >= *newest);
        !expired && of_the_newest && backup.meta.label(UNDELETABLE).is_none()
    };
    backups.iter().filter(counts).find_map(|backup| {
        let lost = backup
            .storage_location()
            .filter(|name| !there.contains(name))?;
        Some(format!(
            "no file of {lost}, which backup {} is in",
            backup.meta.name
        ))
    })
}

/// A backup that must have been there.
pub(super) fn lost(snapshot: &Snapshot) -> Option<String> {
    let backups = snapshot.backups.value()?;
    let sets = backup_sets(backups);
    let own: Vec<_> = sets.iter().filter(|set| is_own(set, snapshot)).collect();
    of_a_run(&own, snapshot)
        .or_else(|| noted(&own, snapshot))
        .or_else(|| restored(&sets, snapshot))
}

/// Of what other hubs wrote, and of what this one wrote before it was installed anew, only what went well is copied
/// here, and all of it has its writer's labels.
fn is_own(set: &BackupSet<'_>, snapshot: &Snapshot) -> bool {
    let own = snapshot.hub_id.value().filter(|id| id.is_known());
    set.here && own.is_none_or(|id| set.writer == *id)
}

/// What is missing of a run of this hub, whose others are there. Of those that hold data: the fifth expires after little
/// more than a period, and tells nothing about the others. What is older than the newest whole run decides nothing, and
/// its backups may have been deleted one by one.
fn of_a_run(own: &[&BackupSet<'_>], snapshot: &Snapshot) -> Option<String> {
    let now = snapshot.now;
    let newest_whole = own.iter().rposition(|set| set.is_complete());
    (own.iter().enumerate())
        .skip(newest_whole.unwrap_or_default())
        .find_map(|(index, set)| {
            let data: Vec<_> = data(set).collect();
            let expires = data.iter().filter_map(|(_, backup)| backup.expires).min();
            if expires.is_some_and(|at| goes(at, now))
                || !now.is_past(set.run.plus(MADE_WITHIN))
                || data.iter().all(|(_, backup)| backup.has_failed())
            {
                return None;
            }
            let earlier = own.get(..index).unwrap_or_default();
            let later = own.get(index.saturating_add(1)).copied();
            let lost = BackupType::DATA.into_iter().find(|kind| {
                !set.members.contains_key(kind)
                    && !was_busy(earlier, *kind, set.run)
                    && !is_in_the_rest(set, earlier.last().copied(), *kind)
                    && !is_in_the_rest(set, later, *kind)
                    && !has_no_schedule(snapshot, *kind)
            })?;
            Some(format!(
                "no file of the {lost} backup of {}, whose others are there",
                set.run.strftime("%Y-%m-%d %H:%M:%SZ")
            ))
        })
}

fn data<'a>(set: &BackupSet<'a>) -> impl Iterator<Item = (BackupType, &'a Backup)> {
    BackupType::DATA
        .into_iter()
        .filter_map(|kind| Some((kind, *set.members.get(&kind)?)))
}

/// Whether the run before or after has it, and nothing that this one has: where Velero starts anew in the middle of a
/// run, it makes the rest of it later.
fn is_in_the_rest(set: &BackupSet<'_>, rest: Option<&BackupSet<'_>>, kind: BackupType) -> bool {
    rest.is_some_and(|rest| {
        rest.members.contains_key(&kind) && !data(rest).any(|(of, _)| set.members.contains_key(&of))
    })
}

/// Whether the Velero Schedules are known, and none makes it: they go with their BackupSchedule, in the middle of a run
/// too.
fn has_no_schedule(snapshot: &Snapshot, kind: BackupType) -> bool {
    snapshot.velero_schedules.value().is_some_and(|schedules| {
        !schedules
            .iter()
            .any(|one| BackupType::of_schedule(&one.meta.name) == Some(kind))
    })
}

/// Whether an earlier backup of the type was still being made: Velero may leave one out then.
fn was_busy(earlier: &[&BackupSet<'_>], kind: BackupType, run: Timestamp) -> bool {
    let before = earlier.iter().filter_map(|set| set.members.get(&kind));
    before
        .max_by_key(|backup| backup.run())
        .is_some_and(|backup| match backup.completed {
            Some(completed) => completed > run,
            None => !backup.is_over(),
        })
}

/// One that the Velero Schedule which made it still notes as its last.
fn noted(own: &[&BackupSet<'_>], snapshot: &Snapshot) -> Option<String> {
    let members = || own.iter().flat_map(|set| &set.members);
    // All that hold data live equally long.
    let lives = members()
        .filter(|(kind, _)| BackupType::DATA.contains(kind))
        .max_by_key(|(_, backup)| backup.run())
        .and_then(|(_, backup)| life(backup))?;
    snapshot
        .velero_schedules
        .items()
        .iter()
        .find_map(|schedule| {
            let kind = BackupType::of_schedule(&schedule.meta.name)?;
            let noted = schedule.last_backup?;
            let newest = members()
                .filter(|(of, _)| **of == kind)
                .filter_map(|(_, backup)| backup.run())
                .max();
            let there = newest.is_some_and(|run| run.plus(NOTED_WITHIN) >= noted);
            let passed = snapshot.now.is_past(noted.plus(MADE_WITHIN));
            let lost = BackupType::DATA.contains(&kind)
                && !there
                && passed
                && !goes(noted.plus(lives), snapshot.now);
            lost.then(|| {
                format!(
                    "no file of the {kind} backup that {} made at {}",
                    schedule.meta.name,
                    noted.strftime("%Y-%m-%d %H:%M:%SZ")
                )
            })
        })
}

/// How long after the time in its name it may be deleted.
fn life(backup: &Backup) -> Option<SignedDuration> {
    Some(backup.expires?.duration_since(backup.run()?))
}

/// One that was restored here, and whose others are there, whoever wrote them.
fn restored(sets: &[BackupSet<'_>], snapshot: &Snapshot) -> Option<String> {
    snapshot.velero_restores.items().iter().find_map(|restore| {
        let name = &restore.backup;
        let run = run_of_name(name)?;
        let others = sets.iter().find(|set| {
            run.duration_since(set.run).abs() <= MADE_WITHIN
                && restore.source().is_none_or(|hub| hub == set.writer)
        })?;
        let expires = others.members.values().filter_map(|backup| {
            let kind = backup.backup_type()?;
            backup.expires.filter(|_| BackupType::DATA.contains(&kind))
        });
        let goes = expires.min().is_some_and(|at| goes(at, snapshot.now));
        (!goes && !is_there(sets, name)).then(|| {
            format!(
                "no file of {name}, which Velero restore {} restored, and whose others are there",
                restore.meta.name
            )
        })
    })
}

fn is_there(sets: &[BackupSet<'_>], name: &str) -> bool {
    let mut members = sets.iter().flat_map(|set| set.members.values());
    members.any(|backup| backup.meta.name == name)
}

/// Whether what expires then is gone, or going.
fn goes(expires: Timestamp, now: Now) -> bool {
    now.is_past(expires.less(GOES_WITHIN))
}
