//! Of a cluster other things are collected, in a namespace of its name.

use acm_backup_domain::snapshot::Snapshot;
use std::collections::BTreeSet;

/// A cluster that something is of, and that is not there.
pub(super) fn lost(snapshot: &Snapshot, of: &BTreeSet<String>) -> Option<String> {
    let there: BTreeSet<_> = snapshot
        .managed_clusters
        .value()?
        .iter()
        .map(|cluster| &cluster.meta.name)
        .collect();
    let lost = of.iter().find(|name| !there.contains(name))?;
    Some(format!(
        "no file of {lost}, whose namespace holds what a cluster's does"
    ))
}
