//! Which hubs are in question, live or silent, and what is not known (Q1 to Q6).

use super::facts::{Facts, ODD, Who, Written, is_named};
use super::names::{FIVE, MARKER, VALIDATION, WRITER, starts_like};
use super::readings;
use super::takeovers::Takeover;
use crate::seen::{DAY, MINUTE, Time};
use std::collections::BTreeMap;

/// What the evidence holds of another hub.
#[derive(Debug, Default)]
pub struct Evidence<'a> {
    /// What it wrote, markers included.
    pub wrote: Vec<&'a Written>,
    /// Markers that name it as the hub restored from.
    pub source_of: Vec<&'a Written>,
    /// A sync that still follows was restored from it.
    pub followed: bool,
}

impl Evidence<'_> {
    /// A hub that is only named has no time (Q2).
    ///
    /// reading: a marker is when its name says; that it waited in the queue is nothing (K1).
    fn times(&self) -> Vec<Time> {
        self.wrote
            .iter()
            .flat_map(|it| match it.marker {
                Some(_) => [it.made, None, None],
                None => [it.made, it.begun, it.ended],
            })
            .flatten()
            .collect()
    }

    /// P3: it is known by hollow markers alone.
    pub fn is_hollow(&self) -> bool {
        !self.followed
            && self.wrote.iter().chain(&self.source_of).all(|it| {
                it.marker
                    .as_ref()
                    .is_some_and(|marker| marker.restored.is_empty())
            })
    }
}

/// Q1: every other hub the evidence names.
pub fn others<'a>(facts: &'a Facts<'_>) -> BTreeMap<Who, Evidence<'a>> {
    let mut others: BTreeMap<Who, Evidence<'a>> = BTreeMap::new();
    for written in &facts.written {
        if written.who != Who::Us {
            others
                .entry(written.who.clone())
                .or_default()
                .wrote
                .push(written);
        }
        let source = written
            .marker
            .as_ref()
            .and_then(|marker| marker.source.as_deref());
        if let Some(who) = source.and_then(|id| named(facts, id)) {
            others.entry(who).or_default().source_of.push(written);
        }
    }
    for who in followed(facts) {
        others.entry(who).or_default().followed = true;
    }
    others
}

/// A hub that something only names. Our own id names us.
fn named(facts: &Facts<'_>, id: &str) -> Option<Who> {
    Some(facts.stranger(id)).filter(|who| *who != Who::Twin)
}

/// E1: the hubs a sync that still follows was restored from.
fn followed(facts: &Facts<'_>) -> Vec<Who> {
    let follows = |name: &str| {
        facts.snapshot.restores.items().iter().any(|restore| {
            let clusters = restore.managed_clusters.as_deref().unwrap_or_default();
            restore.meta.name == name
                && restore.sync
                && !matches!(restore.phase.as_str(), "Finished" | "FinishedWithErrors")
                && clusters == "skip"
        })
    };
    facts
        .snapshot
        .velero_restores
        .items()
        .iter()
        .filter(|velero| {
            velero
                .meta
                .owners
                .iter()
                .any(|(kind, name)| kind == "Restore" && follows(name))
        })
        .filter_map(|velero| {
            // reading: the label first, even where the Backup is here and tells another hub.
            match velero.meta.label(WRITER) {
                Some(id) if !id.is_empty() => named(facts, id),
                _ => facts.writer_of(&velero.backup).cloned(),
            }
        })
        .filter(|who| *who != Who::Us)
        .collect()
}

/// Q2, with T2, T3 and E6: whether a takeover took this hub out of question.
pub fn is_superseded(
    facts: &Facts<'_>,
    takeovers: &[Takeover<'_>],
    who: &Who,
    evidence: &Evidence<'_>,
) -> bool {
    takeovers
        .iter()
        .any(|takeover| supersedes(facts, takeovers, takeover, who, evidence))
}

fn supersedes(
    facts: &Facts<'_>,
    takeovers: &[Takeover<'_>],
    takeover: &Takeover<'_>,
    who: &Who,
    evidence: &Evidence<'_>,
) -> bool {
    let Some(at) = takeover.at else { return false };
    let marker = takeover
        .marker
        .and_then(|written| Some((written, written.marker.as_ref()?)));
    let times = evidence.times();
    if !takeover.counts || takeover.ahead || takeover.by == *who {
        return false;
    }
    // E6. reading: an activation here (K4) says as much as its marker would: nothing, where we have no id.
    let nameless = match marker {
        Some((_, marker)) => marker.nameless,
        None => facts.own_id.is_none(),
    };
    if *who == Who::Nameless && nameless {
        return false;
    }
    let wrote_since = || {
        facts.written.iter().any(|it| {
            it.who == takeover.by && it.wrote_clusters() && it.made.is_some_and(|made| made > at)
        })
    };
    if takeover.by != Who::Us && !wrote_since() {
        return false;
    }
    if times.is_empty() {
        // reading: what is asked of a taker elsewhere is asked here too; and a hub whose times all lie ahead is
        // more than named: odd evidence takes nobody out.
        return evidence.wrote.is_empty()
            && marker.is_some_and(|(written, _)| {
                evidence
                    .source_of
                    .iter()
                    .any(|source| source.name == written.name)
            });
    }
    let fenced = marker.is_some_and(|(written, _)| was_fenced(facts, who, written));
    let took_over_later = takeovers
        .iter()
        .filter(|it| it.by == *who)
        .any(|it| it.at.is_none_or(|theirs| theirs >= at));
    // T3, of two markers.
    let unordered = evidence
        .wrote
        .iter()
        .filter(|it| it.prefix == MARKER)
        .any(|it| takeover.conflicts_with(it));
    if took_over_later || unordered {
        return false;
    }
    if fenced {
        let made: Vec<_> = evidence.wrote.iter().filter_map(|it| it.made).collect();
        // reading: what has no time to be put in an order by is as one that is only named.
        let ordered = !made.is_empty() || !readings::Q2_FENCED_NEEDS_A_TIME;
        return ordered && made.iter().all(|made| *made < at);
    }
    // T3, of what was copied here after the marker was. reading: an activation here (K4) ends by our clock too;
    // were it not meant, no marker of ours would ever be: each stands beside such an end.
    let here = match marker {
        Some((marker, _)) => marker.arrived,
        None => readings::T3_COVERS_ACTIVATIONS.then_some(at),
    };
    let copied_after = here.is_some_and(|here| {
        evidence
            .wrote
            .iter()
            .filter_map(|it| it.arrived)
            .any(|arrived| arrived > here + ODD)
    });
    !copied_after && times.iter().all(|time| *time < at)
}

/// Q2: `fenced` was accepted of that hub for the activation that wrote the marker.
///
/// reading: the Restore the marker names, accepted before the marker was made here, and no more than a day.
fn was_fenced(facts: &Facts<'_>, who: &Who, written: &Written) -> bool {
    let Some(marker) = &written.marker else {
        return false;
    };
    written.who == Who::Us
        && facts.snapshot.accepted.items().iter().any(|record| {
            record.kind == "fenced"
                && facts.stranger(&record.about) == *who
                && record.holder == format!("Restore/{}", marker.restore)
                && written.named.is_some_and(|made| {
                    let since = made - record.accepted.as_second();
                    since >= 0 && (since <= DAY || !readings::Q2_FENCED_FOR_A_DAY)
                })
        })
}

/// Q4: it is live; else silent.
pub fn is_live(facts: &Facts<'_>, evidence: &Evidence<'_>) -> bool {
    let period = period(facts, evidence);
    let window = period + time_to_be_seen(facts, evidence);
    let recent = |at: Time| facts.now - at <= window;
    if evidence
        .wrote
        .iter()
        .flat_map(|it| &it.signs)
        .any(|sign| recent(*sign))
    {
        return true;
    }
    let arrivals = || evidence.wrote.iter().filter_map(|it| it.seen);
    match (arrivals().min(), arrivals().max()) {
        (Some(first), Some(last)) => last - first > ODD && recent(last),
        _ => false,
    }
}

/// Q4: the longest of what the newest validation backup tells and of the gaps between the names of the last
/// eight runs; one day where nothing tells.
///
/// reading: names as they stand, but of what arrived ahead of our clock (T2).
pub fn period(facts: &Facts<'_>, evidence: &Evidence<'_>) -> Time {
    let told = evidence
        .wrote
        .iter()
        .filter(|it| it.prefix == VALIDATION && it.made.is_some())
        .max_by_key(|it| it.made)
        .and_then(|it| it.ttl)
        .map(|ttl| ttl - 5 * MINUTE)
        .filter(|period| *period > 0);
    let runs = runs(evidence);
    let last = runs.len().saturating_sub(8);
    let gap = runs[last..]
        .windows(2)
        .map(|pair| pair[1].named - pair[0].named)
        .max();
    let _ = facts;
    told.max(gap).unwrap_or(DAY)
}

/// One run of another hub (E4).
struct Run {
    named: Time,
    begun: Time,
    ended: Time,
}

fn runs(evidence: &Evidence<'_>) -> Vec<Run> {
    let mut named: Vec<_> = evidence
        .wrote
        .iter()
        .filter(|it| it.prefix != MARKER && it.made.is_some())
        .filter_map(|it| {
            let named = it.named?;
            let begun = it.begun.or(it.made)?;
            Some((named, begun, it.ended.unwrap_or(begun)))
        })
        .collect();
    named.sort();
    let mut runs: Vec<Run> = Vec::new();
    for (named, begun, ended) in named {
        match runs.last_mut() {
            Some(run) if named - run.named <= 10 => {
                run.begun = run.begun.min(begun);
                run.ended = run.ended.max(ended);
            }
            _ => runs.push(Run {
                named,
                begun,
                ended,
            }),
        }
    }
    runs
}

/// Q4: its last set's duration and the sync interval, at least two minutes.
///
/// reading: a set lasts from its first begin to its last end; the interval is the longest of any
/// location, and Velero looks no more often than every minute.
fn time_to_be_seen(facts: &Facts<'_>, evidence: &Evidence<'_>) -> Time {
    let duration = runs(evidence).last().map_or(0, |run| run.ended - run.begun);
    let locations = facts.snapshot.storage_locations.items();
    let interval = locations.iter().map(interval).max().unwrap_or(MINUTE);
    (duration + interval).max(2 * MINUTE)
}

type Location = acm_backup_domain::kinds::storage_location::StorageLocation;

fn location<'a>(facts: &'a Facts<'_>, name: &str) -> Option<&'a Location> {
    facts
        .snapshot
        .storage_locations
        .items()
        .iter()
        .find(|location| location.meta.name == name)
}

fn interval(location: &Location) -> Time {
    location
        .sync_period
        .map_or(MINUTE, |period| {
            jiff::SignedDuration::from(period).as_secs()
        })
        .max(MINUTE)
}

/// Q5: names of the locations whose view cannot be judged by: the one the set lies in, and the default one.
///
/// reading: stale is what missed three passes and a minute; paused is a period of 0; one that is not there is
/// unread; where none is the default, Velero means the one named so.
pub fn unread(facts: &Facts<'_>, set: Option<&str>) -> Vec<String> {
    let locations = facts.snapshot.storage_locations.items();
    let mut default: Vec<_> = locations
        .iter()
        .filter(|location| location.is_default)
        .map(|location| location.meta.name.as_str())
        .collect();
    if default.is_empty() {
        default.push("default");
    }
    let mut names: Vec<_> = set
        .into_iter()
        .chain(default)
        .filter(|name| !location(facts, name).is_some_and(|it| is_read(it, facts.now)))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

fn is_read(location: &Location, now: Time) -> bool {
    let paused = location
        .sync_period
        .is_some_and(|period| jiff::SignedDuration::from(period).is_zero());
    let fresh = location
        .synced
        .is_some_and(|synced| now - synced.as_second() <= 3 * interval(location) + MINUTE);
    location.phase == "Available" && !paused && fresh
}

/// Q5: something that was not made here tells no hub.
///
/// reading: the writer of a backup, the taker of a marker, and a source that *says* `unknown`.
pub fn is_nameless_seen(facts: &Facts<'_>) -> bool {
    readings::Q5_UNKNOWN_IS_NEVER_KNOWN
        && facts.written.iter().any(|it| {
            it.who == Who::Nameless
                || !it.here
                    && it.marker.as_ref().is_some_and(|marker| {
                        marker.source.as_deref().is_some_and(|id| !is_named(id))
                    })
        })
}

/// The Backup that `latest` takes of a type: of those that ended, the one begun last. Several where the
/// operator's sort leaves it open.
pub fn latest<'b>(facts: &'b Facts<'_>, prefix: &str) -> Vec<&'b str> {
    let usable = || {
        facts.snapshot.backups.items().iter().filter(|backup| {
            starts_like(&backup.meta.name, prefix)
                && matches!(backup.phase.as_str(), "Completed" | "PartiallyFailed")
                && (readings::LATEST_TAKES_THE_DYING || backup.meta.deleted.is_none())
        })
    };
    let newest = usable().map(|backup| backup.started).max();
    usable()
        .filter(|backup| Some(backup.started) == newest)
        .map(|backup| backup.meta.name.as_str())
        .collect()
}

/// The four types that `latest` resolves one by one.
pub fn four() -> impl Iterator<Item = &'static str> {
    FIVE.iter()
        .map(|(prefix, _)| *prefix)
        .filter(|prefix| *prefix != VALIDATION)
}

/// The newest backup of managed clusters an owner completed (P2).
pub fn newest_completed<'b>(facts: &'b Facts<'_>, who: &Who) -> Option<&'b Written> {
    facts
        .written
        .iter()
        .filter(|it| it.who == *who && it.completed_clusters() && it.made.is_some())
        .max_by_key(|it| (it.made, it.items))
}
