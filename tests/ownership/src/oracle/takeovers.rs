//! Takeovers and owners (K1 to K5).

use super::facts::{Facts, ODD, Who, Written, is_named};
use super::names::{CLUSTERS, as_label, prefix_of, time_in};
use super::readings;
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
        // reading: names as they stand, ahead or not.
        let (ours, here) = match self.marker {
            Some(mine) if mine.named == other.named => return true,
            Some(mine) => (mine.named, mine.arrived),
            // An activation here ends by the clock that tells arrivals.
            None if readings::T3_COVERS_ACTIVATIONS => (self.at, self.at),
            None => return false,
        };
        let arrival = |later: Option<Time>, earlier: Option<Time>| match (later, earlier) {
            (Some(later), Some(earlier)) => later > earlier + ODD,
            _ => false,
        };
        let theirs = other.named;
        ours < theirs && arrival(here, other.arrived)
            || theirs < ours && arrival(other.arrived, here)
    }

    /// Whether it is certainly later than another one.
    fn beats(&self, other: &Takeover<'_>) -> bool {
        let (Some(mine), Some(theirs)) = (self.at, other.at) else {
            return false;
        };
        (!self.ahead || !readings::T2_AHEAD_OWNS_BESIDE)
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
            sources: marked_source(facts, &marker.restored, marker.source.as_deref()),
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

/// P2: the marker's source, by its label. Our own id in it means us or our twin, and so does none where we have
/// none.
fn marked_source(facts: &Facts<'_>, backup: &str, label: Option<&str>) -> Vec<Who> {
    let id = label.unwrap_or_default();
    if id.is_empty() {
        let writer = facts
            .writer_of(backup)
            .filter(|_| readings::P2_SOURCE_OF_AN_EMPTY_ID);
        return writer.cloned().into_iter().collect();
    }
    let own = facts.own_id.as_deref();
    let ours = own == Some(id) || own.is_none() && !is_named(id);
    ours.then_some(Who::Us)
        .into_iter()
        .chain([facts.stranger(id)])
        .collect()
}

/// P2: for K4 the writer of the restored Backup.
///
/// reading: where that is gone, what the label on the Velero Restore says.
fn restored_source(facts: &Facts<'_>, backup: &str, label: Option<&str>) -> Vec<Who> {
    match facts.writer_of(backup) {
        Some(writer) if label.is_none() || readings::P2_BACKUP_BEFORE_LABEL => vec![writer.clone()],
        None if label.is_none() => Vec::new(),
        _ => marked_source(facts, backup, label),
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
            restored_source(facts, &velero.backup, label.filter(|id| !id.is_empty()))
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
        if told > facts.now + ODD && !readings::T2_CLUSTERS_AHEAD_OWN {
            continue;
        }
        let from = clusters
            .iter()
            .find_map(|cluster| cluster.meta.label("velero.io/backup-name"));
        found.push(at_end(facts, told, arrival, true, || {
            restored_source(facts, from.unwrap_or_default(), None)
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
        let newest_of_its_hub = |it: &Takeover<'_>| {
            !counted
                .iter()
                .any(|other| other.by == it.by && other.at > it.at)
        };
        return counted
            .iter()
            .filter(|it| newest_of_its_hub(it))
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
