//! The clusters this hub holds, and what brought them (OWNERSHIP K3, K4).

use crate::kinds::managed_cluster::ManagedCluster;
use crate::upstream::{DEFAULT_LOCAL_CLUSTER, object_label};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The longest value of a label.
const LABEL: usize = 63;

/// How many characters of a hash Velero puts behind what it keeps of a longer name.
const HASHED: usize = 6;

/// The clusters of this hub but itself.
#[derive(Clone, Debug, Default)]
pub struct Fleet<'a> {
    count: usize,
    by_backup: BTreeSet<&'a str>,
    by_restore: BTreeMap<&'a str, Arrival<'a>>,
}

/// What one Velero Restore brought.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival<'a> {
    /// When the last of the clusters was created.
    pub created: Option<Timestamp>,
    /// The backup they were in, as their label tells.
    pub backup: Option<&'a str>,
}

impl<'a> Fleet<'a> {
    /// Looks through the ManagedClusters of this hub.
    pub fn new(clusters: &'a [ManagedCluster]) -> Self {
        let mut fleet = Self::default();
        for cluster in clusters.iter().filter(|cluster| !is_the_hub(cluster)) {
            fleet.count = fleet.count.saturating_add(1);
            let backup = cluster.meta.label(object_label::RESTORED_FROM);
            fleet.by_backup.extend(backup);
            if let Some(restore) = cluster.meta.label(object_label::RESTORED_BY) {
                let arrival = fleet.by_restore.entry(restore).or_default();
                arrival.created = arrival.created.max(cluster.meta.created);
                arrival.backup = arrival.backup.max(backup);
            }
        }
        fleet
    }

    /// How many clusters there are but this hub's own.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether there is none but this hub's own.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether a cluster here was in a backup.
    pub fn came_from(&self, backup: &str) -> bool {
        self.by_backup.contains(label_value(backup).as_str())
    }

    /// Whether a cluster here came by a Velero Restore.
    pub fn came_by(&self, restore: &str) -> bool {
        self.by_restore.contains_key(label_value(restore).as_str())
    }

    /// What each Velero Restore brought, by its name as a label tells it.
    pub fn arrivals(&self) -> impl Iterator<Item = (&'a str, &Arrival<'a>)> {
        self.by_restore
            .iter()
            .map(|(name, arrival)| (*name, arrival))
    }
}

/// Whether a ManagedCluster is the hub itself.
pub fn is_the_hub(cluster: &ManagedCluster) -> bool {
    cluster.is_local() || cluster.meta.name == DEFAULT_LOCAL_CLUSTER
}

/// A name as Velero writes it into a label: cut and hashed where it is too long (operator-facts §2.2).
pub fn label_value(name: &str) -> String {
    if name.len() <= LABEL {
        return name.to_owned();
    }
    let hash = Sha256::digest(name.as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let keep = LABEL.saturating_sub(HASHED);
    name.chars()
        .take(keep)
        .chain(hash.chars().take(HASHED))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_hashed_as_velero_does() {
        // As recorded on a real hub.
        assert_eq!(
            label_value("restore-acm-passive-sync-acm-managed-clusters-schedule-20261125190821"),
            "restore-acm-passive-sync-acm-managed-clusters-schedule-206c8c03"
        );
        assert_eq!(label_value("short"), "short");
    }
}
