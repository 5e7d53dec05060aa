//! Keeps an eye on what nothing selects: it finds what admission did not see, whatever the reason was.
//!
//! A list when the work begins and every ten minutes, a watch in between. Nothing of it is held but who is left
//! alone: what is due goes into the queue.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::labels::left_alone::Standing;
use acm_backup_domain::labels::referrers::Labelled;
use acm_backup_domain::upstream::object_label;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::time::Instant;

use super::fights::Fights;
use super::left_alone::{Kept, Read};
use super::metadata::{Heard, Metadatas, Seen};
use super::queue::{Queue, Target};
use super::trouble::{Trouble, is_forbidden};
use crate::service::metrics::Metrics;
use crate::watch::follow::{DEAD_AFTER, WATCH_SECONDS};
use crate::watch::local_clusters::LocalClusters;
use crate::watch::referrers::Referrers;

/// How often everything is looked through, for what slipped past both admission and the watches.
const SWEEP: Duration = Duration::from_secs(600);

/// A watch that ends before this is no better than one that failed.
const SHORT: Duration = Duration::from_secs(1);

/// An API server that so soon no longer knows what happened is not asked for everything again at once.
const SOON: Duration = Duration::from_secs(60);

/// Pauses after failures. A right that is missing will be for a while.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
];
const UNTIL_ALLOWED: Duration = Duration::from_secs(60);

/// What cannot be done where a sweep fails.
const SWEEPING: &str = "cannot look through the Secrets";

/// The look-out of the elected replica.
pub struct Lookout {
    /// Secrets and ConfigMaps.
    pub metadata: Metadatas,
    /// Who refers to them.
    pub referrers: Arc<Referrers>,
    /// Which clusters are the hub: nothing of theirs is due.
    pub local_clusters: Arc<LocalClusters>,
    /// Where what is due goes.
    pub queue: Arc<Queue>,
    /// What is in the way, told once.
    pub trouble: Arc<Trouble>,
    /// What was there before.
    pub kept: Arc<Kept>,
    /// What loses its label again and again.
    pub fights: Fights,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
}

/// Why a watch is not taken up again where it ended.
enum End {
    /// The API server no longer knows what happened since.
    Behind,
    /// We may not watch.
    Refused,
}

impl Lookout {
    /// Looks out for ever. `installed` is when the webhook was, for where nothing tells when the labels were.
    pub async fn run(&self, installed: Option<Timestamp>) {
        let mut told = 0;
        let mut failures = 0_usize;
        let mut behind = 0_usize;
        loop {
            let begun = Instant::now();
            // What became known until now is known to this sweep.
            let _ = self.referrers.first_list().now_or_never();
            match self.sweep(installed).await {
                Ok(None) => {
                    tokio::time::sleep(pause(failures)).await;
                    failures = failures.saturating_add(1);
                }
                Ok(Some(version)) => {
                    self.trouble.over(SWEEPING);
                    failures = 0;
                    self.tell(&mut told);
                    let next = begun.checked_add(SWEEP).unwrap_or(begun);
                    tokio::select! {
                        () = tokio::time::sleep_until(next) => {}
                        // At the start one list comes after the other.
                        () = self.referrers.first_list() => tokio::time::sleep(pause(0)).await,
                        () = self.watch(version) => {
                            tokio::time::sleep(pause(behind)).await;
                            behind = match begun.elapsed() < SOON {
                                true => behind.saturating_add(1),
                                false => 0,
                            };
                        }
                    }
                }
                Err(error) => {
                    self.trouble.tell(SWEEPING, &error);
                    let pause = match is_forbidden(&error) {
                        true => UNTIL_ALLOWED,
                        false => pause(failures),
                    };
                    failures = failures.saturating_add(1);
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    fn tell(&self, told: &mut usize) {
        let left = self.kept.count();
        self.metrics
            .left_alone
            .set(i64::try_from(left).unwrap_or(i64::MAX));
        if left > 0 && left != *told {
            tracing::info!(
                count = left,
                "Secrets and ConfigMaps from before this installation are not in the backup and are left as \
                 they are; --label-existing labels them"
            );
        }
        *told = left;
    }

    /// Looks through everything nothing selects yet; returns the version of the Secrets. None
    /// where the installation turned out to be another one: it has to be looked through again.
    async fn sweep(&self, installed: Option<Timestamp>) -> kube::Result<Option<String>> {
        // Who becomes known while this goes on has not been asked about all of it.
        let mut listed = self.referrers.listed();
        if self.kept.read(installed).await? == Read::Anew {
            // What waits was due by what was known before; what still is, this sweep finds.
            self.queue.clear();
        }
        let mut left = BTreeSet::new();
        let mut take = |page: Vec<Seen>| {
            for seen in page {
                match self.standing(&seen) {
                    Standing::NotNeeded => {}
                    Standing::LeftAlone => left.extend(seen.unselected().uid),
                    Standing::Due => {
                        let target = target(&seen);
                        if !self.fights.waits(&target) {
                            self.queue.add([target]);
                        }
                    }
                }
            }
        };
        let (secrets, maps) = (Labelled::Secret, Labelled::ConfigMap);
        let metadata = &self.metadata;
        let version = metadata
            .pages(secrets, None, unselected(), &mut take)
            .await?;
        // A hub has one or two ConfigMaps in each namespace that nobody names.
        if self.referrers.with_references(|all| all.name_any(maps)) {
            let swept = metadata.pages(maps, None, unselected(), &mut take).await;
            if let Err(error) = swept {
                self.trouble.tell("cannot look through ConfigMaps", &error);
                // What they name was not all found.
                listed.clear();
            }
        }
        self.kept.found(left, &listed);
        let stored = self.stored().await;
        Ok((stored != Read::Anew).then_some(version))
    }

    async fn stored(&self) -> Read {
        let stored = self.kept.store(&self.trouble).await;
        if stored == Read::Anew {
            self.queue.clear();
        }
        stored
    }

    fn standing(&self, seen: &Seen) -> Standing {
        let standing = self
            .referrers
            .with_references(|references| self.kept.standing(seen, references));
        let local = self.local_clusters.fact(Timestamp::now());
        let is_ours = |local: &Arc<BTreeSet<String>>| local.contains(seen.namespace());
        match standing == Standing::Due && local.value().is_some_and(is_ours) {
            true => Standing::NotNeeded,
            false => standing,
        }
    }

    /// Hears of what nothing selects, until it cannot be taken up again where it broke.
    async fn watch(&self, mut version: String) {
        if matches!(&*version, "" | "0") {
            // From there all there is would be heard of as if it were made now. The sweep finds what is due.
            return std::future::pending().await;
        }
        let mut failures = 0_usize;
        loop {
            let begun = Instant::now();
            let watched = self.watch_once(&mut version).await;
            match watched {
                Ok(()) if begun.elapsed() >= SHORT => failures = 0,
                Ok(()) => {
                    tokio::time::sleep(pause(failures)).await;
                    failures = failures.saturating_add(1);
                }
                Err(error) => match ended(&error) {
                    Some(End::Behind) => return,
                    Some(End::Refused) => {
                        self.trouble.tell("cannot watch Secrets", &error);
                        // The sweep finds what it would have heard of.
                        return std::future::pending().await;
                    }
                    None => {
                        tokio::time::sleep(pause(failures)).await;
                        failures = failures.saturating_add(1);
                    }
                },
            }
            self.fights.tidy();
            if self.stored().await == Read::Anew {
                return;
            }
        }
    }

    async fn watch_once(&self, version: &mut String) -> kube::Result<()> {
        let (what, selector) = (Labelled::Secret, unselected());
        let events = self.metadata.watch(what, selector, version, WATCH_SECONDS);
        let mut events = std::pin::pin!(events.await?);
        // A connection that is dead shows when the next call cannot begin.
        while let Ok(Some(event)) = tokio::time::timeout(DEAD_AFTER, events.next()).await {
            let (reached, heard) = event?;
            *version = reached;
            if let Some(heard) = heard.filter(|heard| self.is_due(heard)) {
                let target = target(&heard.seen);
                let wait = self.fights.heard(&target, heard.anew);
                self.queue.later(target, wait);
            }
        }
        Ok(())
    }

    /// One that was selected a moment ago was in the backup: whatever its age, it is not left alone.
    fn is_due(&self, Heard { anew, seen }: &Heard) -> bool {
        if *anew {
            self.kept.forget(seen);
        }
        match self.standing(seen) {
            Standing::NotNeeded => false,
            Standing::LeftAlone => *anew,
            Standing::Due => true,
        }
    }
}

fn target(seen: &Seen) -> Target {
    Target::one(seen.what, seen.namespace(), seen.name())
}

/// Selects what Velero does not.
#[must_use]
pub fn unselected() -> &'static str {
    static SELECTOR: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| object_label::SELECTING.map(|it| format!("!{it}")).join(","));
    &SELECTOR
}

fn pause(failures: usize) -> Duration {
    PAUSES
        .get(failures)
        .or(PAUSES.last())
        .copied()
        .unwrap_or(SHORT)
}

fn ended(error: &kube::Error) -> Option<End> {
    match error {
        kube::Error::Api(status) if status.code == 410 => Some(End::Behind),
        error if is_forbidden(error) => Some(End::Refused),
        _ => None,
    }
}
