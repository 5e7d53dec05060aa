//! Is another hub live or silent? Fresh backups prove life, silence does not prove death
//! (OWNERSHIP Q4).

use super::clock::SKEW;
use super::evidence::RUN;
use super::others::{Deed, OtherHub};
use crate::kinds::backup::BackupType;
use crate::kinds::storage_location::{StorageLocation, VELERO_SYNC_PACE};
use crate::time::Now;
use crate::time::saturating::Saturating;
use jiff::{SignedDuration, Timestamp};

/// The operator gives a validation backup the period of its schedule plus this (operator-facts §3.2).
const VALIDATION_GRACE: SignedDuration = SignedDuration::from_mins(5);

/// The least time a finished set is given to show up here.
const LEAST_DELAY: SignedDuration = SignedDuration::from_mins(2);

/// The period of a hub of which nothing tells it.
const PERIOD_NOT_TOLD: SignedDuration = SignedDuration::from_hours(24);

/// How many of its last runs tell a hub's period.
const RUNS: usize = 8;

/// How lively a hub is.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity<'a> {
    /// Its newest sign of life.
    pub sign: Option<Deed<'a>>,
    /// When the newest of its copies arrived, where they arrived one by one rather than all at once.
    pub arrived: Option<Timestamp>,
    /// How often it backs up; none where nothing tells.
    pub period: Option<SignedDuration>,
    /// How long a backup of its may take to be seen here.
    pub delay: SignedDuration,
    /// Whether any of that is recent enough to take it for alive. `false` is silence, not death.
    pub live: bool,
}

impl<'a> Activity<'a> {
    /// What the evidence tells of one hub at `now`.
    pub fn of(hub: &OtherHub<'a>, locations: &[StorageLocation], now: Now) -> Self {
        let sync = locations
            .iter()
            .map(StorageLocation::sync_interval)
            .max()
            .unwrap_or(VELERO_SYNC_PACE);
        let runs = runs(hub);
        let delay = last_set_took(&runs)
            .unwrap_or_default()
            .saturating_add(sync)
            .max(LEAST_DELAY);
        let period = period(hub, &runs);
        let arrived = hub
            .arrivals
            .filter(|(first, last)| last.duration_since(*first) > SKEW)
            .map(|(_, last)| last);
        let mut activity = Self {
            sign: hub.sign,
            arrived,
            period,
            delay,
            live: false,
        };
        activity.live = hub
            .sign
            .map(|sign| sign.at)
            .max(arrived)
            .is_some_and(|at| now.duration_since(at) <= activity.horizon());
        activity
    }

    /// How long after its last sign of life it must still be taken for alive.
    pub fn horizon(&self) -> SignedDuration {
        self.period
            .unwrap_or(PERIOD_NOT_TOLD)
            .saturating_add(self.delay)
    }

    /// Until when it counts as alive.
    pub fn alive_until(&self) -> Option<Timestamp> {
        self.sign
            .map(|sign| sign.at)
            .max(self.arrived)
            .map(|at| at.plus(self.horizon()))
    }
}

/// One of its runs, by the times in the names as they stand.
struct Run {
    named: Timestamp,
    begun: Timestamp,
    ended: Timestamp,
}

/// Its runs, oldest first, those left out of which every time lies ahead of now (OWNERSHIP T2).
fn runs(hub: &OtherHub<'_>) -> Vec<Run> {
    let mut backups: Vec<_> = hub
        .written
        .iter()
        .filter(|one| !one.is_marker())
        .filter_map(|one| {
            let begun = one.begun.or(one.made)?;
            one.made?;
            Some((one.backup.run()?, begun, one.ended.unwrap_or(begun)))
        })
        .collect();
    backups.sort_unstable();
    let mut runs: Vec<Run> = Vec::new();
    for (named, begun, ended) in backups {
        match runs.last_mut() {
            Some(run) if named.duration_since(run.named) <= RUN => {
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

/// From the begin of the first to the end of the last backup of its last run.
fn last_set_took(runs: &[Run]) -> Option<SignedDuration> {
    runs.last().map(|run| run.ended.duration_since(run.begun))
}

/// The longest of what its newest validation backup's TTL tells and the gaps between its last runs.
fn period(hub: &OtherHub<'_>, runs: &[Run]) -> Option<SignedDuration> {
    let told = hub
        .written
        .iter()
        .filter(|one| one.kind == Some(BackupType::Validation) && one.made.is_some())
        .max_by_key(|one| one.made)
        .and_then(|one| one.backup.ttl)
        .map(|ttl| SignedDuration::from(ttl).saturating_sub(VALIDATION_GRACE))
        .filter(|period| period.is_positive());
    told.max(longest_gap(runs))
}

fn longest_gap(runs: &[Run]) -> Option<SignedDuration> {
    let recent = runs.get(runs.len().saturating_sub(RUNS)..)?;
    recent
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] => Some(after.named.duration_since(before.named)),
            _ => None,
        })
        .max()
}
