//! The leader's work.

use std::collections::BTreeSet;
use std::sync::Arc;

use acm_backup_domain::labels::left_alone::Standing as Claim;
use acm_backup_domain::labels::{self, Hub, LabelDecision};
use acm_backup_domain::snapshot::Fact;
use acm_backup_hub::live::innermost;
use jiff::Timestamp;
use kube::Client;
use tokio::time::Instant;

use super::fights::Fights;
use super::lease::{Election, GIVE_UP, RENEW, Standing};
use super::left_alone::Kept;
use super::lookout::{Lookout, unselected};
use super::metadata::{Metadatas, Seen, Written};
use super::queue::{Attempt, Queue, Target};
use super::trouble::{Trouble, is_forbidden};
use crate::service::lifecycle::{Lifecycle, Phase};
use crate::service::metrics::Metrics;
use crate::watch::local_clusters::LocalClusters;
use crate::watch::referrers::Referrers;

/// Secrets and ConfigMaps looked at side by side.
const PARALLEL: usize = 8;

/// Labels what exists: after its creation, or after it lost its label.
pub struct Labeller {
    /// Secrets and ConfigMaps.
    pub metadata: Metadatas,
    /// Who refers to what.
    pub referrers: Arc<Referrers>,
    /// Which clusters are the hub.
    pub local_clusters: Arc<LocalClusters>,
    /// What to look at.
    pub queue: Arc<Queue>,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
    /// Whether clusters older than the installation are included.
    pub label_existing: bool,
}

/// What came of one of them.
enum Outcome {
    Settled,
    Again,
}

impl Labeller {
    /// Takes part in the election for ever and works while it is won. Gives the Lease up when the process
    /// is told to stop.
    pub async fn run(self, client: Client, namespace: &str, identity: &str, lifecycle: Lifecycle) {
        let record = (client.clone(), namespace.to_owned());
        let mut election = Election::new(client, namespace, identity);
        let leaving = lifecycle.reached(Phase::Leaving);
        tokio::select! {
            () = leaving => {}
            () = self.take_part(&mut election, &record) => {}
        }
        self.metrics.leader.set(0);
        if let Err(error) = election.release().await {
            tracing::debug!(error = %innermost(&error), "the Lease lapses by itself");
        }
    }

    async fn take_part(&self, election: &mut Election, record: &(Client, String)) {
        let mut trouble: Option<String> = None;
        loop {
            match election.round().await {
                Ok(Standing::Leader { installed }) => {
                    trouble = None;
                    self.metrics.leader.set(1);
                    tracing::info!("elected: labelling what admission could not know");
                    tokio::select! {
                        () = self.work(record, installed) => {}
                        () = keep(election) => {}
                    }
                    self.metrics.leader.set(0);
                    self.metrics.left_alone.set(0);
                    tracing::info!("no longer elected");
                }
                Ok(Standing::Follower) => trouble = None,
                Err(error) => {
                    let why = innermost(&error);
                    if trouble.as_ref() != Some(&why) {
                        tracing::warn!(%why, "cannot see who is elected; trying again");
                        trouble = Some(why);
                    }
                }
            }
            tokio::time::sleep(RENEW).await;
        }
    }

    async fn work(&self, (client, namespace): &(Client, String), installed: Option<Timestamp>) {
        // Before that nothing can be labelled, and nothing waits for it.
        self.local_clusters.known().await;
        let _open = self.queue.open();
        let trouble = Arc::<Trouble>::default();
        let kept = Arc::new(Kept::new(client.clone(), namespace, self.label_existing));
        let lookout = Lookout {
            metadata: self.metadata.clone(),
            referrers: Arc::clone(&self.referrers),
            local_clusters: Arc::clone(&self.local_clusters),
            queue: Arc::clone(&self.queue),
            trouble: Arc::clone(&trouble),
            kept: Arc::clone(&kept),
            fights: Fights::new(Arc::clone(&self.metrics)),
            metrics: Arc::clone(&self.metrics),
        };
        let workers =
            futures::future::join_all((0..PARALLEL).map(|_| self.worker(&kept, &trouble)));
        tokio::join!(lookout.run(installed), workers);
    }

    async fn worker(&self, kept: &Kept, trouble: &Trouble) {
        loop {
            let (target, attempt) = self.queue.next().await;
            // However long that takes, it is no try of this target's.
            let local = self.local_clusters.known().await;
            self.look(target, attempt, &local, kept, trouble).await;
        }
    }

    async fn look(
        &self,
        target: Target,
        attempt: Attempt,
        local: &Fact<Arc<BTreeSet<String>>>,
        kept: &Kept,
        trouble: &Trouble,
    ) {
        let outcome = match self.settle(&target, local, kept, trouble).await {
            Ok(outcome) => outcome,
            // Asking again would be refused again; when it no longer is, the next sweep finds it.
            Err(error) if is_forbidden(&error) => {
                self.metrics.reconciled("failed");
                trouble.tell("cannot label", &error);
                Outcome::Settled
            }
            Err(error) => {
                self.metrics.reconciled("failed");
                tracing::warn!(
                    kind = target.what.kind(),
                    namespace = %target.namespace,
                    name = target.name.as_deref(),
                    why = %innermost(&error),
                    "cannot label"
                );
                Outcome::Again
            }
        };
        if matches!(outcome, Outcome::Again) {
            self.queue.again(target, attempt);
        }
    }

    async fn settle(
        &self,
        target: &Target,
        local: &Fact<Arc<BTreeSet<String>>>,
        kept: &Kept,
        trouble: &Trouble,
    ) -> kube::Result<Outcome> {
        let Target {
            what,
            namespace,
            name,
        } = target;
        match name {
            Some(name) => match self.metadata.get(*what, namespace, name).await? {
                Some(seen) => {
                    // It is due, or came to be referred to under our eyes.
                    kept.forget(&seen);
                    self.decide(&seen, local, trouble).await
                }
                // Perhaps on its way: admission may have let it through before it knew of the reference.
                None => Ok(Outcome::Again),
            },
            None => {
                let mut found = Vec::new();
                let mut take = |page: Vec<Seen>| {
                    let is_due = |seen: &Seen| {
                        self.referrers
                            .with_references(|all| kept.standing(seen, all) == Claim::Due)
                    };
                    found.extend(page.into_iter().filter(is_due));
                };
                self.metadata
                    .pages(*what, Some(namespace), unselected(), &mut take)
                    .await?;
                let mut outcome = Outcome::Settled;
                for seen in found {
                    if matches!(self.decide(&seen, local, trouble).await?, Outcome::Again) {
                        outcome = Outcome::Again;
                    }
                }
                Ok(outcome)
            }
        }
    }

    async fn decide(
        &self,
        seen: &Seen,
        local_clusters: &Fact<Arc<BTreeSet<String>>>,
        trouble: &Trouble,
    ) -> kube::Result<Outcome> {
        if seen.is_deleted() {
            return Ok(Outcome::Settled);
        }
        let decision = self.referrers.with_references(|references| {
            let hub = Hub {
                references,
                local_clusters,
            };
            labels::decide(&seen.subject(), &hub)
        });
        let LabelDecision::Label { value, because } = decision else {
            self.metrics.reconciled("nothing-to-do");
            return Ok(Outcome::Settled);
        };
        let value = value.as_str();
        match self.metadata.label(seen, value).await? {
            Written::Done => {
                self.metrics.reconciled("labelled");
                let (kind, namespace, name) = (seen.what.kind(), seen.namespace(), seen.name());
                tracing::info!(kind, namespace, name, value, %because, "labelled");
                Ok(Outcome::Settled)
            }
            Written::Changed => Ok(Outcome::Again),
            Written::Gone => Ok(Outcome::Settled),
            Written::TakenOff => {
                self.metrics.reconciled("failed");
                trouble.say(
                    "cannot label",
                    "another admission webhook takes the label off in the same write",
                );
                Ok(Outcome::Settled)
            }
        }
    }
}

/// Renews until the Lease is lost, or could not be renewed for [`GIVE_UP`].
async fn keep(election: &mut Election) {
    let mut renewed = Instant::now();
    while renewed.elapsed() < GIVE_UP {
        tokio::time::sleep(RENEW).await;
        match election.round().await {
            Ok(Standing::Leader { .. }) => renewed = Instant::now(),
            Ok(Standing::Follower) => return,
            Err(error) => tracing::debug!(why = %innermost(&error), "cannot renew the Lease"),
        }
    }
}
