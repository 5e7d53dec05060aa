//! Evidence and times (E1 to E6, T1 to T4).

use super::names::{
    CLUSTERS, LOCATION, MARKER, OPERATORS, RESTORE, RESTORED, TAKER, WRITER, is_named_alike,
    prefix_by_labels, prefix_of, time_in,
};
use crate::seen::{MINUTE, Time};
use acm_backup_domain::kinds::backup::Backup;
use acm_backup_domain::snapshot::{Fact, Snapshot};
use std::collections::BTreeSet;

/// What is five minutes off is odd (T2, T3).
pub const ODD: Time = 5 * MINUTE;

/// A hub, as told by what it left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// This hub: whatever was made here (E5).
    Us,
    /// Whoever carries our id on what was not made here (E5).
    Twin,
    /// Whoever writes `unknown`, or no id.
    Nameless,
    /// Another hub, by its id.
    Hub(String),
}

/// One of the five, or a marker, of the operator (E1).
#[derive(Clone, Debug)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Its prefix, which tells the type.
    pub prefix: &'static str,
    /// Who wrote it; of a marker, who took over.
    pub who: Who,
    /// It was made here, itself or its run (E3, E4).
    pub here: bool,
    /// The time in its name, as it stands there.
    pub named: Option<Time>,
    /// T1, with what is ahead put at its arrival (T2); none where that is ahead as well.
    pub made: Option<Time>,
    /// Likewise.
    pub begun: Option<Time>,
    /// Likewise.
    pub ended: Option<Time>,
    /// The time in its name is odd (T2).
    pub ahead: bool,
    /// For liveness alone: every time, no later than its arrival (T1), even one that is ahead (T2).
    pub signs: Vec<Time>,
    /// When its copy arrived, where order may rest on it.
    pub arrived: Option<Time>,
    /// When its copy arrived, whatever the clock said.
    pub seen: Option<Time>,
    /// `status.phase`
    pub phase: String,
    /// `status.progress.itemsBackedUp`
    pub items: Option<i64>,
    /// `spec.ttl` in seconds
    pub ttl: Option<Time>,
    /// The location it lies in.
    pub location: Option<String>,
    /// Labels of a marker.
    pub marker: Option<Marker>,
}

/// What a marker says.
#[derive(Clone, Debug)]
pub struct Marker {
    /// Label `restore-cluster` says `unknown`, or nothing.
    pub nameless: bool,
    /// The hub that was restored from, as labelled; none where no label says.
    pub source: Option<String>,
    /// The restored backup of managed clusters, empty where hollow (K2).
    pub restored: String,
    /// The ACM Restore.
    pub restore: String,
}

impl Written {
    /// A backup of managed clusters that was written (K5, Q2).
    ///
    /// reading: one that failed wrote none.
    pub fn wrote_clusters(&self) -> bool {
        self.prefix == CLUSTERS && matches!(self.phase.as_str(), "Completed" | "PartiallyFailed")
    }

    /// A backup of managed clusters of phase `Completed` (P2).
    pub fn completed_clusters(&self) -> bool {
        self.prefix == CLUSTERS && self.phase == "Completed"
    }
}

/// The evidence.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Where it comes from.
    pub snapshot: &'a Snapshot,
    /// Now.
    pub now: Time,
    /// Our id; none where E6 says so.
    pub own_id: Option<String>,
    /// E1: backups and markers of the operator.
    pub written: Vec<Written>,
    /// E2: names of Backups that have only the operator's name.
    pub unlabelled: BTreeSet<String>,
    /// Q6: what could not be looked up.
    pub blind: Vec<&'static str>,
}

impl<'a> Facts<'a> {
    /// Reads a snapshot.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let now = snapshot.now.earliest().as_second();
        let own_id = snapshot
            .hub_id
            .value()
            .map(|id| id.as_str().to_owned())
            .filter(|id| is_named(id));
        let mut unlabelled = BTreeSet::new();
        let mut mine = Vec::new();
        for backup in snapshot.backups.items() {
            let name = &backup.meta.name;
            let label = |key: &'static str| backup.meta.label(key).map(str::to_owned);
            if OPERATORS
                .iter()
                .any(|label| backup.meta.labels.contains_key(*label))
            {
                let prefix = prefix_of(name).unwrap_or_else(|| prefix_by_labels(name, label));
                mine.push((prefix, backup));
            } else if is_named_alike(name) {
                unlabelled.insert(name.clone());
            }
        }
        let runs = runs_made_here(&mine);
        let written = mine
            .into_iter()
            .map(|(prefix, backup)| read(prefix, backup, now, own_id.as_deref(), &runs))
            .collect();
        Self {
            snapshot,
            now,
            own_id,
            written,
            unlabelled,
            blind: blind(snapshot),
        }
    }

    /// Whose an id is on what was not made here (E5, E6).
    pub fn stranger(&self, id: &str) -> Who {
        stranger(id, self.own_id.as_deref())
    }

    /// This hub holds a ManagedCluster but its own.
    pub fn holds_clusters(&self) -> bool {
        self.snapshot
            .managed_clusters
            .items()
            .iter()
            .any(|cluster| cluster.meta.label("local-cluster") != Some("true"))
    }

    /// Whose a backup is, by its name.
    pub fn writer_of(&self, name: &str) -> Option<&Who> {
        self.written
            .iter()
            .find(|written| written.name == name)
            .map(|written| &written.who)
    }
}

/// Whether an id tells a hub.
pub fn is_named(id: &str) -> bool {
    !id.is_empty() && id != "unknown"
}

fn stranger(id: &str, own: Option<&str>) -> Who {
    if !is_named(id) {
        Who::Nameless
    } else if own == Some(id) {
        Who::Twin
    } else {
        Who::Hub(id.to_owned())
    }
}

/// Q6. reading: our own id as well; E6 says whose things are while it is not to be had, not that anything passes.
fn blind(snapshot: &Snapshot) -> Vec<&'static str> {
    fn lost<T>(fact: &Fact<T>) -> bool {
        fact.value().is_none()
    }
    [
        (lost(&snapshot.hub_id), "own id"),
        (lost(&snapshot.backups), "backups"),
        (lost(&snapshot.storage_locations), "locations"),
        (lost(&snapshot.restores), "restores"),
        (lost(&snapshot.velero_restores), "velero restores"),
        (lost(&snapshot.managed_clusters), "managed clusters"),
    ]
    .into_iter()
    .filter_map(|(lost, what)| lost.then_some(what))
    .collect()
}

/// E3, of one backup. An API server always gives a generation; a dump may lack it, and then only the times
/// tell.
fn made_here(backup: &Backup) -> bool {
    let Some(completed) = backup.completed else {
        return true;
    };
    backup
        .meta
        .generation
        .is_none_or(|generation| generation > 2)
        && backup
            .meta
            .created
            .is_some_and(|created| created <= completed)
}

/// A run: its writer's label and the span of its names.
struct Run<'a> {
    id: Option<&'a str>,
    first: Time,
    here: bool,
}

fn run_id(backup: &Backup) -> Option<&str> {
    let id = backup.meta.label(WRITER)?;
    Some(if is_named(id) { id } else { "" })
}

/// E4: the runs that were made here.
///
/// reading: names within ten seconds of the run's first one; markers belong to no run; an empty id and `unknown` are
/// one, no label is another.
fn runs_made_here<'a>(mine: &[(&'static str, &'a Backup)]) -> Vec<Run<'a>> {
    let mut named: Vec<_> = mine
        .iter()
        .filter(|(prefix, _)| *prefix != MARKER)
        .filter_map(|(_, backup)| {
            Some((
                run_id(backup),
                time_in(&backup.meta.name)?,
                made_here(backup),
            ))
        })
        .collect();
    named.sort();
    let mut runs: Vec<Run<'_>> = Vec::new();
    for (id, at, here) in named {
        match runs.last_mut() {
            Some(run) if run.id == id && at - run.first <= 10 => run.here |= here,
            _ => runs.push(Run {
                id,
                first: at,
                here,
            }),
        }
    }
    runs
}

fn read(
    prefix: &'static str,
    backup: &Backup,
    now: Time,
    own: Option<&str>,
    runs: &[Run<'_>],
) -> Written {
    let label = |key: &str| backup.meta.label(key);
    let named = time_in(&backup.meta.name);
    let writer = label(WRITER).unwrap_or_default();
    let here = if prefix == MARKER {
        made_here(backup)
    } else {
        let in_run = |run: &Run<'_>| {
            run.id == run_id(backup)
                && named.is_some_and(|named| (0..=10).contains(&(named - run.first)))
        };
        made_here(backup) || runs.iter().any(|run| run.here && in_run(run))
    };
    let id = if prefix == MARKER {
        label(TAKER).unwrap_or_default()
    } else {
        writer
    };
    let arrival = backup.meta.created.map(|at| at.as_second());
    let arrived = arrival.filter(|at| *at <= now + ODD);
    // T1 and T2. What was made here has no copy: only our own now can say it is ahead.
    let is_ahead =
        |at: Time| at > now + ODD || !here && arrival.is_some_and(|arrival| at > arrival + ODD);
    let order = |at: Time| {
        if is_ahead(at) {
            arrived
        } else if here {
            Some(at)
        } else {
            Some(arrival.map_or(at, |arrival| at.min(arrival)))
        }
    };
    let sign = |at: Time| match arrival {
        Some(arrival) if is_ahead(at) || !here => Some(at.min(arrival)),
        _ if is_ahead(at) => None,
        _ => Some(at),
    };
    let started = backup.started.map(|at| at.as_second());
    let completed = backup.completed.map(|at| at.as_second());
    let begun_ended = [started, completed].into_iter().flatten();
    let marker_made = named.filter(|_| prefix == MARKER);
    Written {
        name: backup.meta.name.clone(),
        prefix,
        who: if here { Who::Us } else { stranger(id, own) },
        here,
        named,
        // reading: without a time in its name a backup was made when it was begun, and a marker is one whose
        // time cannot be trusted (T2).
        made: match named {
            Some(named) => order(named),
            None if prefix == MARKER => arrived,
            None => started.and_then(order),
        },
        begun: started.and_then(order),
        ended: completed.and_then(order),
        ahead: named.is_none_or(is_ahead),
        signs: begun_ended.chain(marker_made).filter_map(sign).collect(),
        arrived,
        seen: arrival,
        phase: backup.phase.clone(),
        items: backup.items,
        ttl: backup
            .ttl
            .map(|ttl| jiff::SignedDuration::from(ttl).as_secs()),
        location: backup
            .location
            .clone()
            .filter(|name| !name.is_empty())
            .or_else(|| label(LOCATION).map(str::to_owned)),
        marker: (prefix == MARKER).then(|| Marker {
            nameless: !is_named(id),
            source: label(WRITER).filter(|id| !id.is_empty()).map(str::to_owned),
            restored: label(RESTORED).unwrap_or_default().to_owned(),
            restore: label(RESTORE).unwrap_or_default().to_owned(),
        }),
    }
}
