//! Of a cluster other things are collected, in a namespace of its name.

use crate::directory::tree::Tree;
use acm_backup_domain::snapshot::Snapshot;
use std::collections::BTreeSet;

/// A cluster that something is of, and that is not there. What is left of one that was detached may be held back.
pub(super) fn lost(snapshot: &Snapshot, tree: &Tree) -> Option<String> {
    let there: BTreeSet<_> = snapshot
        .managed_clusters
        .value()?
        .iter()
        .map(|cluster| &cluster.meta.name)
        .collect();
    let of = tree.of_clusters();
    let lost = (of.iter()).find(|name| !there.contains(name) && !tree.is_going(name))?;
    Some(format!(
        "no file of {lost}, whose namespace holds what a cluster's does"
    ))
}
