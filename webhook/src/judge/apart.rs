//! Judging apart from the threads that serve: one that takes long, on a hub with thousands of backups, keeps
//! nobody else waiting.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::panic::resume_unwind;
use std::sync::Arc;

use acm_backup_domain::rules::review::Review;
use acm_backup_domain::rules::{self, Judgement};
use acm_backup_domain::snapshot::{Fact, Need, Snapshot};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use crate::admission::shares::{Slot, Slots};
use crate::watch::backups::Backups;

/// Judgements at once. Each has all Backups in its hands, some 12 MiB where there are 20,000.
pub const AT_ONCE: usize = 3;

/// Look-ups of whole fleets at once: the clusters of a large hub are some 20 MiB while they are read. No peer has
/// both, so whoever forges activations keeps an API server elsewhere waiting for one list at most.
pub const FLEETS_AT_ONCE: usize = 2;

/// Where rules are asked.
pub struct Apart {
    /// All Backups of the operator's namespace.
    pub backups: Arc<Backups>,
    /// The operator's namespace, the only one that is watched.
    pub backup_namespace: String,
    turns: Arc<Semaphore>,
    fleets: Slots,
}

impl Apart {
    /// With the Backups that are watched in a namespace.
    #[must_use]
    pub fn new(backups: Arc<Backups>, backup_namespace: impl Into<String>) -> Self {
        Self {
            backups,
            backup_namespace: backup_namespace.into(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            fleets: Slots::new(FLEETS_AT_ONCE),
        }
    }

    /// Whether the Backups of a namespace are watched, and so need not be looked up.
    pub fn watches(&self, namespace: &str) -> bool {
        namespace == self.backup_namespace
    }

    /// The turn of a look-up that takes much memory; none where it has not come by `until`, and nothing to wait
    /// for where `needs` are small.
    pub async fn turn(
        &self,
        needs: &BTreeSet<Need>,
        peer: Option<IpAddr>,
        until: Instant,
    ) -> Result<Option<Slot<'_>>, Elapsed> {
        match needs.contains(&Need::ManagedClusters) || needs.contains(&Need::Backups) {
            true => timeout_at(until, self.fleets.take(peer)).await.map(Some),
            false => Ok(None),
        }
    }

    /// Judges by all rules. Backups that are watched are put into the snapshot for as long as that takes.
    pub async fn judge(&self, review: &Review, snapshot: &mut Snapshot) -> Judgement {
        // Never closed. Held until the judgement has ended, whether anybody still waits for it or not.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let namespace = snapshot.namespace.clone();
        let mut taken = std::mem::replace(snapshot, Snapshot::empty(snapshot.now, namespace));
        let watched = self.watches(&taken.namespace)
            && taken.backups == Fact::unasked()
            && rules::needs(review).contains(&Need::Backups);
        let (review, backups) = (review.clone(), Arc::clone(&self.backups));
        let judging = spawn_blocking(move || {
            let _turn = turn;
            if watched {
                // By the clock of now: what was looked up before is no younger.
                taken.backups = backups.fact(Timestamp::now());
            }
            let judgement = rules::judge(&review, &taken);
            if watched {
                taken.backups = Fact::unasked();
            }
            (judgement, taken)
        });
        match judging.await {
            Ok((judgement, taken)) => {
                *snapshot = taken;
                judgement
            }
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The process ends; nobody waits for the answer.
                Err(_) => std::future::pending().await,
            },
        }
    }
}
