//! Is another hub live or silent? Fresh backups prove life, silence does not prove death
//! (OWNERSHIP Q4).

use super::clock::SKEW;
use super::others::{Deed, OtherHub};
use crate::kinds::backup::BackupType;
use crate::kinds::storage_location::{StorageLocation, VELERO_SYNC_PACE};
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

/// The names of one run lie so close together (OWNERSHIP E4).
const RUN: SignedDuration = SignedDuration::from_secs(10);

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
    pub fn of(hub: &OtherHub<'a>, locations: &[StorageLocation], now: Timestamp) -> Self {
        let sync = locations
            .iter()
            .map(StorageLocation::sync_interval)
            .max()
            .unwrap_or(VELERO_SYNC_PACE);
        let delay = last_set_took(hub)
            .unwrap_or_default()
            .saturating_add(sync)
            .max(LEAST_DELAY);
        let period = period(hub);
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

/// From the begin of its last run to the end of the last backup of it.
fn last_set_took(hub: &OtherHub<'_>) -> Option<SignedDuration> {
    let sets = || hub.written.iter().filter(|one| !one.is_marker());
    let last = sets().filter_map(|one| one.made).max()?;
    let of_run = || {
        sets().filter(move |one| {
            one.made
                .is_some_and(|made| last.duration_since(made) <= RUN)
        })
    };
    let first = of_run().filter_map(|one| one.begun).min()?;
    let ended = of_run().filter_map(|one| one.ended).max()?;
    Some(ended.duration_since(first))
}

/// The longest of what its newest validation backup's TTL tells and the gaps between its last runs.
fn period(hub: &OtherHub<'_>) -> Option<SignedDuration> {
    let told = hub
        .written
        .iter()
        .filter(|one| one.kind == Some(BackupType::Validation))
        .filter_map(|one| Some((one.backup.run(), one.backup.ttl?)))
        .max_by_key(|(run, _)| *run)
        .map(|(_, ttl)| SignedDuration::from(ttl).saturating_sub(VALIDATION_GRACE))
        .filter(|period| period.is_positive());
    told.max(longest_gap(hub))
}

fn longest_gap(hub: &OtherHub<'_>) -> Option<SignedDuration> {
    let mut names: Vec<_> = hub
        .written
        .iter()
        .filter(|one| !one.is_marker())
        .filter_map(|one| one.backup.run())
        .collect();
    names.sort_unstable();
    let mut runs: Vec<Timestamp> = Vec::new();
    for name in names {
        if runs
            .last()
            .is_none_or(|run| name.duration_since(*run) > RUN)
        {
            runs.push(name);
        }
    }
    let recent = runs.get(runs.len().saturating_sub(RUNS)..)?;
    recent
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] => Some(after.duration_since(*before)),
            _ => None,
        })
        .max()
}
