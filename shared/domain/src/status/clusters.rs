//! The fleet as this hub has it. "Restored" and "reconnected" are two things: a restored cluster is an
//! object here; it is this hub's once its agent reports here.

use super::facts::Facts;
use super::finding::Finding;
use super::role::Role;
use crate::kinds::managed_cluster::ManagedCluster;
use crate::upstream::DEFAULT_LOCAL_CLUSTER;
use serde::Serialize;

/// Counts of managed clusters, the hub itself left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Clusters {
    /// All of them.
    pub total: usize,
    /// Those whose agents report to this hub.
    pub available: usize,
    /// Those that came by a restore.
    pub restored: usize,
    /// Those that came by a restore and report to this hub.
    pub reconnected: usize,
}

/// Counts the fleet; none where it could not be read.
pub(super) fn clusters(facts: &Facts<'_>) -> Option<Clusters> {
    let all = facts.snapshot.managed_clusters.value()?;
    let fleet = || {
        all.iter()
            .filter(|cluster| !cluster.is_local() && cluster.meta.name != DEFAULT_LOCAL_CLUSTER)
    };
    let count =
        |wanted: fn(&ManagedCluster) -> bool| fleet().filter(|cluster| wanted(cluster)).count();
    Some(Clusters {
        total: count(|_| true),
        available: count(|cluster| cluster.available),
        restored: count(ManagedCluster::was_restored),
        reconnected: count(|cluster| cluster.was_restored() && cluster.available),
    })
}

/// What is wrong with the fleet.
pub(super) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let Some(clusters) = clusters(facts).filter(|_| role == Role::Active) else {
        return Vec::new();
    };
    let missing = clusters.restored.saturating_sub(clusters.reconnected);
    let lost = clusters
        .total
        .saturating_sub(clusters.restored)
        .saturating_sub(clusters.available.saturating_sub(clusters.reconnected));
    let look = "kubectl get managedclusters";
    let mut found = Vec::new();
    if missing > 0 {
        found.push(
            Finding::warning(
                "clusters/not-reconnected",
                format!(
                    "{missing} of {} restored clusters have not reconnected to this hub",
                    clusters.restored
                ),
            )
            .run("see which, and import those by hand:", look),
        );
    }
    if lost > 0 {
        found.push(
            Finding::warning(
                "clusters/unavailable",
                format!("{lost} clusters do not report to this hub"),
            )
            .run("see which:", look),
        );
    }
    found
}
