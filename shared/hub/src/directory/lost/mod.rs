//! Files that are gone. Of objects with a file each nothing says how many there were, but other objects do: a backup
//! names its location, a Velero restore its Restore, and a run has a backup of each type. One that is missing there was
//! lost on the way to us as likely as on the hub, so nothing is concluded from what is left of its kind.
//!
//! What no other object tells of (a cluster, a marker) may be lost unseen. Where it may,
//! [`Snapshot::uncounted`] says so.

mod backups;
mod clusters;
mod owners;
mod velero_restores;

use super::filed::{
    BACKUP_SCHEDULES, BACKUPS, Filed, MANAGED_CLUSTERS, RESTORES, STORAGE_LOCATIONS,
    VELERO_RESTORES, VELERO_SCHEDULES,
};
use super::tree::Tree;
use acm_backup_domain::snapshot::{Fact, Missing, Snapshot};
use std::collections::BTreeSet;

/// The kinds of which a hub may have many.
const MANY: [Filed; 7] = [
    RESTORES,
    BACKUP_SCHEDULES,
    BACKUPS,
    VELERO_RESTORES,
    VELERO_SCHEDULES,
    STORAGE_LOCATIONS,
    MANAGED_CLUSTERS,
];

/// Takes back what is known of kinds of which an object must be missing. `alone` are those with a file for each,
/// `tree` is where they are.
pub(super) fn take_back(snapshot: &mut Snapshot, alone: &BTreeSet<&str>, tree: &Tree) {
    snapshot.uncounted = MANY.iter().any(|kind| alone.contains(kind.resource.name));
    let missing = |kind: Filed, why: Option<String>| {
        Some(Missing::BrokenFile {
            resource: kind.resource.name.to_owned(),
            file: format!("{}/{}", kind.resource.group(), kind.resource.plural()),
            why: why.filter(|_| alone.contains(kind.resource.name))?,
        })
    };
    // Each is looked for in what was there, before anything is taken back.
    let restores = missing(RESTORES, owners::restore(snapshot));
    let backup_schedules = missing(BACKUP_SCHEDULES, owners::backup_schedule(snapshot));
    let backups = missing(BACKUPS, backups::lost(snapshot));
    let velero_restores = missing(VELERO_RESTORES, velero_restores::lost(snapshot));
    let velero_schedules = missing(VELERO_SCHEDULES, owners::velero_schedule(snapshot));
    let storage = missing(STORAGE_LOCATIONS, backups::location(snapshot));
    let clusters = missing(MANAGED_CLUSTERS, clusters::lost(snapshot, tree));
    take(&mut snapshot.restores, restores);
    take(&mut snapshot.backup_schedules, backup_schedules);
    take(&mut snapshot.backups, backups);
    take(&mut snapshot.velero_restores, velero_restores);
    take(&mut snapshot.velero_schedules, velero_schedules);
    take(&mut snapshot.storage_locations, storage);
    take(&mut snapshot.managed_clusters, clusters);
}

fn take<T>(fact: &mut Fact<T>, missing: Option<Missing>) {
    if let Some(missing) = missing {
        *fact = Fact::Missing(missing);
    }
}
