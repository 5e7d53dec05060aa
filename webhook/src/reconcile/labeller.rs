//! The leader's work.

use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::labels::{self, Hub, LabelDecision, marker};
use acm_backup_domain::snapshot::Fact;
use acm_backup_domain::upstream::object_label;
use acm_backup_hub::live::innermost;
use jiff::Timestamp;
use kube::Client;
use tokio::time::Instant;

use super::lease::{Election, GIVE_UP, RENEW, Standing};
use super::queue::{Queue, Target};
use super::secrets::{Labelled, Secrets, Seen};
use crate::service::lifecycle::{Lifecycle, Phase};
use crate::service::metrics::Metrics;
use crate::watch::clusters::Clusters;
use crate::watch::local_cluster::LocalCluster;

/// How often all Secrets are looked through, for what slipped past both admission and the watch.
const SWEEP: Duration = Duration::from_secs(600);

/// Secrets looked at side by side.
const PARALLEL: usize = 8;

/// Labels Secrets after their creation.
pub struct Labeller {
    /// Metadata of Secrets.
    pub secrets: Secrets,
    /// Who refers to what.
    pub clusters: Arc<Clusters>,
    /// Which cluster is the hub.
    pub local_cluster: Arc<LocalCluster>,
    /// What to look at.
    pub queue: Arc<Queue>,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
    /// Whether clusters older than the installation are included.
    pub label_existing: bool,
}

/// What came of one Secret.
enum Outcome {
    Settled,
    Again,
}

impl Labeller {
    /// Takes part in the election for ever and works while it is won. Gives the Lease up when the process
    /// is told to stop.
    pub async fn run(self, client: Client, namespace: &str, identity: &str, lifecycle: Lifecycle) {
        let mut election = Election::new(client, namespace, identity);
        let leaving = lifecycle.reached(Phase::Leaving);
        tokio::select! {
            () = leaving => {}
            () = self.take_part(&mut election) => {}
        }
        self.metrics.leader.set(0);
        if let Err(error) = election.release().await {
            tracing::debug!(error = %innermost(&error), "the Lease lapses by itself");
        }
    }

    async fn take_part(&self, election: &mut Election) {
        let mut trouble: Option<String> = None;
        loop {
            match election.round().await {
                Ok(Standing::Leader { installed }) => {
                    trouble = None;
                    self.metrics.leader.set(1);
                    tracing::info!("elected: labelling what admission could not know");
                    tokio::select! {
                        () = self.work(installed) => {}
                        () = keep(election) => {}
                    }
                    self.metrics.leader.set(0);
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

    async fn work(&self, installed: Option<Timestamp>) {
        let mut sweeps = tokio::time::interval(SWEEP);
        sweeps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let sweeping = async {
            loop {
                tokio::select! {
                    _ = sweeps.tick() => {}
                    () = self.clusters.first_list() => {}
                }
                self.sweep(installed).await;
            }
        };
        let workers = futures::future::join_all((0..PARALLEL).map(|_| self.worker()));
        tokio::join!(sweeping, workers);
    }

    async fn worker(&self) {
        loop {
            let (target, attempt) = self.queue.next().await;
            self.look(target, attempt).await;
        }
    }

    /// Looks through the Secrets nothing selects yet, and puts those that may be labelled unasked into the
    /// queue.
    async fn sweep(&self, installed: Option<Timestamp>) {
        let since = if self.label_existing {
            Some(Timestamp::MIN)
        } else {
            installed
        };
        let unasked = self.clusters.unasked(since);
        let mut older = 0_usize;
        let unselected = object_label::SELECTING
            .map(|label| format!("!{label}"))
            .join(",");
        let swept = self.secrets.pages(None, &unselected, |page| {
            for seen in page {
                let meta = &seen.secret.meta;
                let target = Target::secret(&meta.namespace, &meta.name);
                let referred = self
                    .clusters
                    .with_references(|references| references.to(meta).is_some());
                let marked = marker::of(&seen.secret).is_some();
                let due = (marked && since.is_some() && meta.created >= since)
                    || (referred
                        && (unasked.contains(&target)
                            || unasked.contains(&Target::namespace(&meta.namespace))));
                if due {
                    self.queue.add([target]);
                } else if marked || referred {
                    older = older.saturating_add(1);
                }
            }
        });
        if let Err(error) = swept.await {
            tracing::warn!(why = %innermost(&error), "cannot look through the Secrets");
        }
        if older > 0 {
            tracing::info!(
                secrets = older,
                "Secrets from before this installation are not in the backup and are left as they are; \
                 --label-existing labels them"
            );
        }
    }

    async fn look(&self, target: Target, attempt: usize) {
        let outcome = match self.settle(&target).await {
            Ok(outcome) => outcome,
            Err(error) => {
                self.metrics.reconciled("failed");
                tracing::warn!(
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

    async fn settle(&self, target: &Target) -> kube::Result<Outcome> {
        let local = self.local_cluster.fact(Timestamp::now());
        if local.value().is_none() {
            return Ok(Outcome::Again);
        }
        match &target.name {
            Some(name) => match self.secrets.get(&target.namespace, name).await? {
                Some(seen) => self.decide(&seen, &local).await,
                // Perhaps on its way: admission may have let it through before it knew of the reference.
                None => Ok(Outcome::Again),
            },
            None => {
                let mut found = Vec::new();
                self.secrets
                    .pages(Some(&target.namespace), "", |page| found.extend(page))
                    .await?;
                let mut outcome = Outcome::Settled;
                for seen in found {
                    if matches!(self.decide(&seen, &local).await?, Outcome::Again) {
                        outcome = Outcome::Again;
                    }
                }
                Ok(outcome)
            }
        }
    }

    async fn decide(&self, seen: &Seen, local_cluster: &Fact<String>) -> kube::Result<Outcome> {
        let meta = &seen.secret.meta;
        if meta.deleted.is_some() {
            return Ok(Outcome::Settled);
        }
        let decision = self.clusters.with_references(|references| {
            labels::decide(
                &seen.secret,
                &Hub {
                    references,
                    local_cluster,
                },
            )
        });
        let LabelDecision::Label { value, because } = decision else {
            self.metrics.reconciled("nothing-to-do");
            return Ok(Outcome::Settled);
        };
        match self.secrets.label(seen, value).await? {
            Labelled::Done => {
                self.metrics.reconciled("labelled");
                tracing::info!(namespace = %meta.namespace, name = %meta.name, value, %because, "labelled");
                Ok(Outcome::Settled)
            }
            Labelled::Changed => Ok(Outcome::Again),
            Labelled::Gone => Ok(Outcome::Settled),
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
