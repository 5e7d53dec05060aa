//! The storage locations: can Velero reach them, and how fresh is what is seen of them.

use super::facts::Facts;
use super::finding::Finding;
use super::role::Role;
use crate::kinds::storage_location::StorageLocation;
use crate::time::age;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// How long after a location was made Velero may take to read it for the first time.
const FIRST_READ_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// The end of Velero's log, of whichever pod runs it.
const VELERO_LOG: &str = "logs deploy/velero --tail 50";

/// A BackupStorageLocation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Its name.
    pub name: String,
    /// The bucket, with its prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// Velero's phase; empty while Velero has not looked at it.
    pub phase: String,
    /// Whether nothing may be written to it.
    pub read_only: bool,
    /// Whether the operator would use it: Available, and owned by what made it.
    pub usable: bool,
    /// When Velero last compared the bucket with this hub's Backups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_synced: Option<Timestamp>,
    /// Whether that is recent enough to judge other hubs by.
    pub fresh: bool,
    /// Whether Velero is told never to look.
    pub sync_off: bool,
}

/// The storage locations, usable ones first.
pub(super) fn storage(facts: &Facts<'_>) -> Vec<Storage> {
    let mut all: Vec<_> = facts
        .snapshot
        .storage_locations
        .items()
        .iter()
        .map(|location| view(facts, location))
        .collect();
    all.sort_by(|a, b| (!a.usable, &a.name).cmp(&(!b.usable, &b.name)));
    all
}

fn view(facts: &Facts<'_>, location: &StorageLocation) -> Storage {
    let bucket = match (&location.bucket, location.prefix.as_deref()) {
        (Some(bucket), Some(prefix)) if !prefix.is_empty() => Some(format!("{bucket}/{prefix}")),
        (bucket, _) => bucket.clone(),
    };
    Storage {
        name: location.meta.name.clone(),
        bucket,
        phase: location.phase.clone(),
        read_only: location.read_only,
        usable: location.is_usable(),
        last_synced: location.synced,
        fresh: location.is_view_fresh(facts.now),
        sync_off: location.is_sync_off(),
    }
}

/// What is wrong with the storage.
pub(super) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let Some(locations) = facts.snapshot.storage_locations.value() else {
        return Vec::new();
    };
    let needed = !matches!(role, Role::Idle | Role::Unknown);
    let all = locations;
    let locations = deciding(all);
    if locations.iter().any(|location| location.is_usable()) {
        return stale(facts, role, &locations, all)
            .into_iter()
            .filter(|_| needed)
            .collect();
    }
    let look = facts.kubectl("get backupstoragelocations.velero.io -o yaml");
    let finding = match locations.first().copied() {
        None => Finding::critical(
            "storage/none",
            "there is no storage location: backups can neither be made nor restored",
        )
        .run(
            "see whether OADP is set up:",
            facts.kubectl("get dataprotectionapplications.oadp.openshift.io"),
        ),
        Some(location) if location.is_available() => Finding::critical(
            "storage/no-owner",
            format!(
                "the operator does not use storage location {}: nothing owns it",
                location.meta.name
            ),
        )
        .seen("it takes only those a DataProtectionApplication owns")
        .run("see which exist:", look),
        Some(location) => {
            let phase = if location.phase.is_empty() {
                "not looked at by Velero yet"
            } else {
                location.phase.as_str()
            };
            let finding = Finding::critical(
                "storage/unavailable",
                format!("storage location {} is {phase}", location.meta.name),
            );
            let finding = if location.message.is_empty() {
                finding
            } else {
                finding.seen(location.message.clone())
            };
            finding.run("see why:", look)
        }
    };
    if needed || !locations.is_empty() {
        vec![finding]
    } else {
        Vec::new()
    }
}

/// The locations that another one's health cannot stand for: the default one, where backups go; all of them
/// where none is.
fn deciding(all: &[StorageLocation]) -> Vec<&StorageLocation> {
    let default: Vec<_> = all.iter().filter(|location| location.is_default).collect();
    if default.is_empty() {
        all.iter().collect()
    } else {
        default
    }
}

/// What is not known because no location that decides is read, or any never is.
fn stale(
    facts: &Facts<'_>,
    role: Role,
    locations: &[&StorageLocation],
    all: &[StorageLocation],
) -> Option<Finding> {
    let usable = || locations.iter().filter(|location| location.is_usable());
    let fresh = usable().any(|location| location.is_view_fresh(facts.now));
    let off = all
        .iter()
        .find(|location| location.is_usable() && location.is_sync_off());
    if let Some(off) = off {
        return Some(switched_off(facts, role, off, fresh));
    }
    if fresh {
        return None;
    }
    let Some(synced) = usable().filter_map(|location| location.synced).max() else {
        return Some(unread(facts, locations));
    };
    let finding = match super::schedule::overdue_since(facts) {
        // A hub that was away does not know who took its place, and goes on as if nobody had.
        Some(due) if matches!(role, Role::Active | Role::Collision | Role::Replaced) => {
            Finding::critical(
                "storage/stale",
                format!(
                    "this hub was away: whether another has taken over since {} is not known",
                    age::stamp(synced)
                ),
            )
            .seen(format!(
                "a backup was due {} and has not begun",
                facts.when(due)
            ))
        }
        _ => Finding::warning(
            "storage/stale",
            "what other hubs have written since is not known: Velero has stopped reading the storage",
        ),
    };
    Some(
        finding
            .seen(format!("last read {}", facts.when(synced)))
            .run("see whether Velero runs:", facts.kubectl(VELERO_LOG)),
    )
}

/// `backupSyncPeriod: 0s`: a hub that waits gets no backup any more, and one that backs up is blind.
fn switched_off(
    facts: &Facts<'_>,
    role: Role,
    location: &StorageLocation,
    another_is_fresh: bool,
) -> Finding {
    let name = &location.meta.name;
    let headline = format!(
        "what other hubs write is not seen here: storage location {name} has spec.backupSyncPeriod {}",
        location
            .sync_period
            .map(|period| period.to_string())
            .unwrap_or_default()
    );
    let waits = matches!(role, Role::Passive | Role::Activating) && !another_is_fresh;
    let finding = if waits {
        Finding::critical("storage/sync-off", headline)
    } else {
        Finding::warning("storage/sync-off", headline)
    };
    let finding = finding
        .seen("a period of zero switches the sync off: Velero does not look into the bucket")
        .seen(location.synced.map_or_else(
            || "it was never read".to_owned(),
            |at| format!("last read {}", facts.when(at)),
        ));
    let owner = location
        .meta
        .owners
        .iter()
        .find(|(kind, _)| kind == "DataProtectionApplication");
    match owner {
        Some((_, dpa)) => finding.run(
            format!("take backupSyncPeriod out of DataProtectionApplication {dpa}, which owns it:"),
            facts
                .kubectl("edit dataprotectionapplications.oadp.openshift.io")
                .name(dpa),
        ),
        None => finding.run(
            "take spec.backupSyncPeriod out, or write 1m0s:",
            facts
                .kubectl("edit backupstoragelocations.velero.io")
                .name(name),
        ),
    }
}

/// No location was ever read: normal for a hub that was just set up, and told as what it is.
fn unread(facts: &Facts<'_>, locations: &[&StorageLocation]) -> Finding {
    let made = locations
        .iter()
        .filter_map(|location| location.meta.created)
        .max();
    let evidence = made
        .map(|at| format!("the storage location was created {}", facts.when(at)))
        .unwrap_or_default();
    let young = made.is_some_and(|at| facts.now.duration_since(at) <= FIRST_READ_WITHIN);
    if young {
        Finding::warning(
            "storage/unread",
            "what other hubs have written is not known yet: Velero has not read the storage so far",
        )
        .seen(evidence)
        .todo("look again in a few minutes: Velero reads it once a minute")
    } else {
        Finding::warning(
            "storage/unread",
            "what other hubs have written is not known: Velero has never read the storage",
        )
        .seen(evidence)
        .run("see whether Velero runs:", facts.kubectl(VELERO_LOG))
    }
}
