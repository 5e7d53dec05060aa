//! Files that are gone. Of objects with a file each nothing says how many there were, but other objects do: a sync
//! names what Velero restored for it, and a run has a backup of each type. One that is missing there was lost on the
//! way to us as likely as on the hub, so nothing is concluded from what is left of its kind.

use super::filed::{BACKUPS, Filed, VELERO_RESTORES};
use acm_backup_domain::kinds::backup::{Backup, BackupType};
use acm_backup_domain::snapshot::{Fact, Missing, Snapshot};
use acm_backup_domain::time::saturating::Saturating;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The backups of one run have names of so many seconds.
const RUN: SignedDuration = SignedDuration::from_secs(10);

/// Velero deletes what has expired once an hour, one after the other.
const GOES_WITHIN: SignedDuration = SignedDuration::from_hours(2);

/// Takes back what is known of kinds of which an object must be missing. `alone` are those with a file for each.
pub(super) fn take_back(snapshot: &mut Snapshot, alone: &BTreeSet<&str>) {
    let missing = |kind: &Filed, why: Option<String>| {
        Some(Missing::BrokenFile {
            resource: kind.resource.name.to_owned(),
            file: format!("{}/{}", kind.resource.group(), kind.resource.plural()),
            why: why.filter(|_| alone.contains(kind.resource.name))?,
        })
    };
    let restores = missing(&VELERO_RESTORES, velero_restore(snapshot));
    let backups = missing(&BACKUPS, backup(snapshot));
    if let Some(missing) = restores {
        snapshot.velero_restores = Fact::Missing(missing);
    }
    if let Some(missing) = backups {
        snapshot.backups = Fact::Missing(missing);
    }
}

/// What a sync that is at work names, and is not there.
fn velero_restore(snapshot: &Snapshot) -> Option<String> {
    let there: BTreeSet<_> = snapshot
        .velero_restores
        .value()?
        .iter()
        .map(|restore| restore.meta.name.as_str())
        .collect();
    let syncs = snapshot.restores.items().iter();
    syncs
        .filter(|restore| restore.is_passive_sync())
        .find_map(|sync| {
            let lost = sync
                .velero_restores
                .iter()
                .find(|name| !name.is_empty() && !there.contains(name.as_str()))?;
            Some(format!(
                "no file of {lost}, which Restore {} names",
                sync.meta.name
            ))
        })
}

/// What is missing of an earlier run of this hub. The newest may be on its way, what has expired on its way out, and of
/// another hub's runs only what went well is copied here.
fn backup(snapshot: &Snapshot) -> Option<String> {
    let own = snapshot.hub_id.value().filter(|id| id.is_known())?;
    let gone = |backup: &Backup| {
        backup
            .expires
            .is_some_and(|at| snapshot.now.is_past(at.less(GOES_WITHIN)))
    };
    let mut runs: BTreeMap<Timestamp, Vec<(BackupType, bool)>> = BTreeMap::new();
    let mut own: Vec<_> = snapshot
        .backups
        .items()
        .iter()
        .filter(|backup| backup.writer() == *own)
        .filter_map(|backup| {
            let kind = BackupType::of_name(&backup.meta.name)?;
            Some((backup.run()?, kind, gone(backup)))
        })
        .collect();
    own.sort_unstable();
    let mut first = None;
    for (run, kind, gone) in own {
        let begin = match first {
            Some(begin) if run.duration_since(begin) <= RUN => begin,
            _ => run,
        };
        first = Some(begin);
        runs.entry(begin).or_default().push((kind, gone));
    }
    runs.pop_last();
    runs.iter()
        .filter(|(_, members)| !members.iter().any(|(_, gone)| *gone))
        .find_map(|(run, members)| {
            let lost = BackupType::DATA
                .iter()
                .find(|kind| !members.iter().any(|(member, _)| member == *kind))?;
            Some(format!(
                "no file of the {lost} backup of {}, whose others are there",
                run.strftime("%Y-%m-%d %H:%M:%SZ")
            ))
        })
}
