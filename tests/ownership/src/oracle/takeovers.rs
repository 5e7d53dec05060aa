//! Takeovers and owners (K1 to K5).

use super::facts::{Facts, ODD, Who, Written};
use super::names::{CLUSTERS, as_label, prefix_of, time_in};
use crate::seen::Time;
use std::collections::{BTreeMap, BTreeSet};

/// A takeover: a full marker, or an activation here (K1, K4).
#[derive(Clone, Debug)]
pub struct Takeover<'a> {
    /// Who took over.
    pub by: Who,
    /// When; what is ahead is put at its arrival (T2), and is left out where that is ahead as well.
    pub at: Option<Time>,
    /// It supersedes nobody (T2).
    pub ahead: bool,
    /// K3: it counts. One that does not still uses up statements (S4).
    pub counts: bool,
    /// The marker that tells of it; none for K4.
    pub marker: Option<&'a Written>,
    /// P2: who wrote the backup it restored.
    pub sources: Vec<Who>,
}

impl Takeover<'_> {
    /// T3: nobody can tell which of the two markers was first.
    pub fn conflicts_with(&self, other: &Written) -> bool {
        let Some(mine) = self.marker else {
            return false;
        };
        let arrival = |later: &Written, earlier: &Written| match (later.arrived, earlier.arrived) {
            (Some(later), Some(earlier)) => later > earlier + ODD,
            _ => false,
        };
        // reading: a name that T2 found ahead says no order; its arrival does, which cannot differ from itself.
        let named = |it: &Written| if it.ahead { it.arrived } else { it.named };
        let (ours, theirs) = (named(mine), named(other));
        mine.named == other.named
            || ours < theirs && arrival(mine, other)
            || theirs < ours && arrival(other, mine)
    }

    /// Whether it is certainly later than another one.
    fn beats(&self, other: &Takeover<'_>) -> bool {
        let (Some(mine), Some(theirs)) = (self.at, other.at) else {
            return false;
        };
        !self.ahead
            && mine > theirs
            && !other
                .marker
                .is_some_and(|marker| self.conflicts_with(marker))
    }
}

/// All takeovers, in no order.
pub fn takeovers<'a>(facts: &'a Facts<'_>) -> Vec<Takeover<'a>> {
    let markers = facts.written.iter().filter_map(|written| {
        let marker = written.marker.as_ref()?;
        // K2: a hollow one is no takeover.
        (!marker.restored.is_empty()).then(|| Takeover {
            by: written.who.clone(),
            at: written.made,
            ahead: written.ahead,
            counts: written.who != Who::Us || holds_restored_from(facts, &marker.restored),
            marker: Some(written),
            sources: sources(facts, &marker.restored, marker.source.as_deref()),
        })
    });
    markers.chain(activations_here(facts)).collect()
}

/// K3: this hub holds a ManagedCluster restored from that backup.
fn holds_restored_from(facts: &Facts<'_>, backup: &str) -> bool {
    facts
        .snapshot
        .managed_clusters
        .items()
        .iter()
        .any(|cluster| {
            cluster.meta.label("velero.io/backup-name") == Some(as_label(backup).as_str())
        })
}

/// P2: the writer of a restored backup: whose it is where it can be seen, else what the label says. Our own
/// id in a label means us or our twin.
fn sources(facts: &Facts<'_>, backup: &str, label: Option<&str>) -> Vec<Who> {
    if let Some(writer) = facts.writer_of(backup) {
        return vec![writer.clone()];
    }
    match label {
        None => Vec::new(),
        Some(id) if facts.own_id.as_deref() == Some(id) => vec![Who::Us, Who::Twin],
        Some(id) => vec![facts.stranger(id)],
    }
}

/// K4.
fn activations_here<'a>(facts: &Facts<'_>) -> Vec<Takeover<'a>> {
    let clusters = facts.snapshot.managed_clusters.items();
    let mut restored: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for cluster in clusters {
        if let Some(by) = cluster.meta.label("velero.io/restore-name") {
            restored.entry(by).or_default().push(cluster);
        }
    }
    let mut found = Vec::new();
    let mut here = BTreeSet::new();
    for velero in facts.snapshot.velero_restores.items() {
        if prefix_of(&velero.backup) != Some(CLUSTERS) {
            continue;
        }
        let label = as_label(&velero.meta.name);
        let counts = restored.contains_key(label.as_str());
        here.insert(label);
        let Some(ended) = velero.completed else {
            continue;
        };
        let arrival = velero.meta.created.map(|at| at.as_second());
        found.push(at_end(facts, ended.as_second(), arrival, counts, || {
            let label = velero.meta.label(super::names::WRITER);
            sources(facts, &velero.backup, label.filter(|id| !id.is_empty()))
        }));
    }
    for (by, clusters) in restored {
        if here.contains(by) {
            continue;
        }
        // reading: of several clusters of one restore, the one that tells the latest.
        let told = clusters
            .iter()
            .filter_map(|cluster| {
                let created = cluster.meta.created.map(|at| at.as_second());
                let from = cluster
                    .meta
                    .label("velero.io/backup-name")
                    .and_then(time_in);
                created.max(from)
            })
            .max();
        let arrival = clusters
            .iter()
            .filter_map(|cluster| cluster.meta.created)
            .map(|at| at.as_second())
            .max();
        let Some(told) = told else { continue };
        let from = clusters
            .iter()
            .find_map(|cluster| cluster.meta.label("velero.io/backup-name"));
        found.push(at_end(facts, told, arrival, true, || {
            sources(facts, from.unwrap_or_default(), None)
        }));
    }
    found
}

fn at_end<'a>(
    facts: &Facts<'_>,
    at: Time,
    arrival: Option<Time>,
    counts: bool,
    sources: impl FnOnce() -> Vec<Who>,
) -> Takeover<'a> {
    let ahead = at > facts.now + ODD;
    let arrived = arrival.filter(|at| *at <= facts.now + ODD);
    Takeover {
        by: Who::Us,
        at: if ahead { arrived } else { Some(at) },
        ahead,
        counts,
        marker: None,
        sources: sources(),
    }
}

/// An owner, by what.
#[derive(Clone, Debug)]
pub struct Owner<'t, 'a> {
    /// Whose the fleet is.
    pub who: Who,
    /// The takeover that made it so; none where there is no takeover at all.
    pub by: Option<&'t Takeover<'a>>,
}

/// K5, with what T2 and T3 say of owners: whoever took over and was certainly not followed by another.
pub fn owners<'t, 'a>(facts: &Facts<'_>, takeovers: &'t [Takeover<'a>]) -> Vec<Owner<'t, 'a>> {
    let counted: Vec<_> = takeovers
        .iter()
        .filter(|it| it.counts && it.at.is_some())
        .collect();
    if !counted.is_empty() {
        return counted
            .iter()
            .filter(|it| !counted.iter().any(|other| other.beats(it)))
            .map(|it| Owner {
                who: it.by.clone(),
                by: Some(it),
            })
            .collect();
    }
    let writers: BTreeSet<_> = facts
        .written
        .iter()
        .filter(|written| written.wrote_clusters())
        .map(|written| written.who.clone())
        .filter(|who| *who != Who::Us || facts.holds_clusters())
        .collect();
    writers
        .into_iter()
        .map(|who| Owner { who, by: None })
        .collect()
}
