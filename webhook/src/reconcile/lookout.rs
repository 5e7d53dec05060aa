//! Keeps an eye on what nothing selects: it finds what admission did not see, whatever the reason was.
//!
//! A list when the work begins and every ten minutes, a watch in between. Nothing of it is held: what is due
//! goes into the queue.

use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::labels::marker;
use acm_backup_domain::labels::referrers::Labelled;
use acm_backup_domain::upstream::object_label;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::time::Instant;

use super::metadata::{Heard, Metadatas, Seen};
use super::queue::{Queue, Target};
use super::trouble::{Trouble, is_forbidden};
use crate::watch::follow::{DEAD_AFTER, WATCH_SECONDS};
use crate::watch::local_clusters::LocalClusters;
use crate::watch::referrers::Referrers;

/// How often everything is looked through, for what slipped past both admission and the watches.
const SWEEP: Duration = Duration::from_secs(600);

/// What was heard of is looked at a moment later: another writer who takes the label away each time gets it back
/// once a second, not as fast as two can write.
const LATER: Duration = Duration::from_secs(1);

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
    /// Which clusters are the hub: before they are known nothing is labelled.
    pub local_clusters: Arc<LocalClusters>,
    /// Where what is due goes.
    pub queue: Arc<Queue>,
    /// What is in the way, told once.
    pub trouble: Arc<Trouble>,
    /// Whether clusters older than the installation are included.
    pub label_existing: bool,
}

/// Why a watch is not taken up again where it ended.
enum End {
    /// The API server no longer knows what happened since.
    Behind,
    /// We may not watch.
    Refused,
}

impl Lookout {
    /// Looks out for ever. `installed` is when the webhook was.
    pub async fn run(&self, installed: Option<Timestamp>) {
        let since = match self.label_existing {
            true => Some(Timestamp::MIN),
            false => installed,
        };
        let mut older = 0;
        let mut failures = 0_usize;
        loop {
            let begun = Instant::now();
            // What became known until now is known to this sweep.
            self.heard();
            match self.sweep(since, &mut older).await {
                Ok(version) => {
                    self.trouble.over(SWEEPING);
                    failures = 0;
                    let next = begun.checked_add(SWEEP).unwrap_or(begun);
                    tokio::select! {
                        () = tokio::time::sleep_until(next) => {}
                        // At the start one list comes after the other.
                        () = self.news() => tokio::time::sleep(pause(0)).await,
                        () = self.watch(version, since) => {}
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

    /// What is known now that was not, so that everything must be looked at again.
    async fn news(&self) {
        tokio::select! {
            () = self.referrers.first_list() => {}
            () = self.local_clusters.first_list() => {}
        }
    }

    /// Forgets the news that were there already.
    fn heard(&self) {
        let _ = self.referrers.first_list().now_or_never();
        let _ = self.local_clusters.first_list().now_or_never();
    }

    /// Looks through everything nothing selects yet; returns the version of the Secrets.
    async fn sweep(&self, since: Option<Timestamp>, told: &mut usize) -> kube::Result<String> {
        let mut older = 0_usize;
        let mut take = |page: Vec<Seen>| {
            for seen in page {
                match self.is_due(&seen, false, since) {
                    Some(true) => self.queue.add([target(&seen)]),
                    Some(false) => older = older.saturating_add(1),
                    None => {}
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
            }
        }
        if older > 0 && older != *told {
            tracing::info!(
                count = older,
                "Secrets and ConfigMaps from before this installation are not in the backup and are left as \
                 they are; --label-existing labels them"
            );
        }
        *told = older;
        Ok(version)
    }

    /// Hears of what nothing selects, until it cannot be taken up again where it broke.
    async fn watch(&self, mut version: String, since: Option<Timestamp>) {
        let mut failures = 0_usize;
        loop {
            match self.watch_once(&mut version, since).await {
                Ok(()) => failures = 0,
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
        }
    }

    async fn watch_once(&self, version: &mut String, since: Option<Timestamp>) -> kube::Result<()> {
        let (what, selector) = (Labelled::Secret, unselected());
        let events = self.metadata.watch(what, selector, version, WATCH_SECONDS);
        let mut events = std::pin::pin!(events.await?);
        // A connection that is dead shows when the next call cannot begin.
        while let Ok(Some(event)) = tokio::time::timeout(DEAD_AFTER, events.next()).await {
            let (reached, heard) = event?;
            *version = reached;
            let due = |heard: &Heard| self.is_due(&heard.seen, heard.anew, since) == Some(true);
            if let Some(heard) = heard.filter(due) {
                self.queue.later(target(&heard.seen), LATER);
            }
        }
        Ok(())
    }

    /// Whether something nothing selects may be labelled unasked; none where nothing makes it necessary.
    ///
    /// What is older than the installation is left: copying it into the bucket is a decision. But one that
    /// was selected a moment ago was in the backup.
    fn is_due(&self, seen: &Seen, anew: bool, since: Option<Timestamp>) -> Option<bool> {
        let marked = seen.what == Labelled::Secret && marker::of(&seen.subject()).is_some();
        let referred = self
            .referrers
            .unasked(seen.what, seen.namespace(), seen.name(), since);
        if !marked && referred.is_none() {
            return None;
        }
        let new = since.is_some() && seen.created() >= since;
        Some(anew || (marked && new) || referred == Some(true))
    }
}

fn target(seen: &Seen) -> Target {
    Target::one(seen.what, seen.namespace(), seen.name())
}

/// Selects what Velero does not.
fn unselected() -> &'static str {
    static SELECTOR: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| object_label::SELECTING.map(|it| format!("!{it}")).join(","));
    &SELECTOR
}

fn pause(failures: usize) -> Duration {
    PAUSES
        .get(failures)
        .or(PAUSES.last())
        .copied()
        .unwrap_or(LATER)
}

fn ended(error: &kube::Error) -> Option<End> {
    match error {
        kube::Error::Api(status) if status.code == 410 => Some(End::Behind),
        error if is_forbidden(error) => Some(End::Refused),
        _ => None,
    }
}
