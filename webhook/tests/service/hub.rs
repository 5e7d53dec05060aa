//! What the elected replica works on.

use std::sync::Arc;

use acm_backup_domain::labels::referrers::ReferrerKind;
use acm_backup_domain::names::LEFT_ALONE;
use acm_backup_domain::upstream::object_label::BACKUP;
use acm_backup_webhook::reconcile::labeller::Labeller;
use acm_backup_webhook::reconcile::metadata::Metadatas;
use acm_backup_webhook::reconcile::queue::Queue;
use acm_backup_webhook::service::lifecycle::Lifecycle;
use acm_backup_webhook::service::metrics::Metrics;
use acm_backup_webhook::watch::follow::Store;
use acm_backup_webhook::watch::local_clusters::LocalClusters;
use acm_backup_webhook::watch::referrers::{Followed, Referrers};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::api::Api;

pub const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/acm-backup-system/leases";

/// A hub with nothing on it, and what a replica keeps of it.
pub struct Hub {
    pub api: Api,
    pub referrers: Arc<Referrers>,
    pub deployments: Arc<Followed>,
    pub pools: Arc<Followed>,
    pub local_clusters: Arc<LocalClusters>,
    pub queue: Arc<Queue>,
    pub metrics: Arc<Metrics>,
    pub lifecycle: Lifecycle,
}

impl Hub {
    /// With this installation dating from 2026-11-22T12:00:00Z, and no clusters yet.
    pub fn new() -> Self {
        let hub = Self::without_record();
        hub.api.put(
            RECORDS,
            json!({"metadata": {"name": LEFT_ALONE, "creationTimestamp": INSTALLED}}),
        );
        hub
    }

    /// The same, as it was installed before there was a record of what is left alone.
    pub fn without_record() -> Self {
        let api = Api::default();
        api.put(
            LEASES,
            json!({
                "metadata": {"name": "acm-backup-labeller", "creationTimestamp": INSTALLED},
                "spec": {},
            }),
        );
        Self::on(api)
    }

    /// Another replica, which knows nothing yet, on a hub that is there.
    pub fn on(api: Api) -> Self {
        let queue = Arc::new(Queue::default());
        let referrers = Referrers::new(Arc::clone(&queue));
        let hub = Self {
            deployments: referrers.followed(ReferrerKind::ClusterDeployment),
            pools: referrers.followed(ReferrerKind::ClusterPool),
            referrers,
            local_clusters: Arc::default(),
            metrics: Arc::default(),
            lifecycle: Lifecycle::default(),
            queue,
            api,
        };
        hub.deployments.contact.heard(Timestamp::now());
        hub.pools.contact.heard(Timestamp::now());
        hub
    }

    pub fn knows_itself(&self) {
        self.local_clusters.contact.heard(Timestamp::now());
    }

    pub fn elect(&self, label_existing: bool) -> JoinHandle<()> {
        self.elect_as("a", label_existing)
    }

    pub fn elect_as(&self, identity: &'static str, label_existing: bool) -> JoinHandle<()> {
        let labeller = Labeller {
            metadata: Metadatas::new(self.api.client()),
            referrers: Arc::clone(&self.referrers),
            local_clusters: Arc::clone(&self.local_clusters),
            queue: Arc::clone(&self.queue),
            metrics: Arc::clone(&self.metrics),
            label_existing,
        };
        let (client, lifecycle) = (self.api.client(), self.lifecycle.clone());
        tokio::spawn(async move {
            labeller
                .run(client, "acm-backup-system", identity, lifecycle)
                .await
        })
    }

    pub fn deploy(&self, deployment: &Value) {
        self.deployments.apply(self.deployments.project(deployment));
    }

    /// The first list of ClusterDeployments, and that there are no pools.
    pub fn lists(&self, deployments: &[Value]) {
        let project = |object| self.deployments.project(object);
        self.deployments
            .replace(deployments.iter().map(project).collect());
        self.pools.replace(Vec::new());
    }

    /// Waits until the elected replica has noted what it leaves alone, of every kind.
    pub async fn noted(&self) {
        let noted = |api: &Api| {
            let record = api.get(RECORDS, LEFT_ALONE);
            record
                .is_some_and(|it| it["data"]["asked"] == "Mark/1 ClusterDeployment/1 ClusterPool/1")
        };
        self.api.until(noted).await;
    }

    /// What became of the backup label of a Secret.
    pub fn label(&self, namespace: &str, name: &str) -> Option<String> {
        self.api.label_of(namespace, name, BACKUP)
    }

    pub async fn labelled(&self, namespace: &str, name: &str, value: &str) {
        let is = |api: &Api| api.label_of(namespace, name, BACKUP).as_deref() == Some(value);
        self.api.until(is).await;
    }

    /// Waits until the reconciler has looked at a Secret it has nothing to do for.
    pub async fn settled(&self, outcome: &str) {
        self.settled_times(outcome, 1).await;
    }

    /// The same, of at least so many.
    pub async fn settled_times(&self, outcome: &str, times: u64) {
        let text = format!("secrets_reconciled_total{{outcome=\"{outcome}\"}} ");
        loop {
            let metrics = self.metrics.encode().unwrap();
            let count = metrics.lines().find_map(|line| line.split(&text).nth(1));
            if count.is_some_and(|count| count.parse::<u64>().unwrap() >= times) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

pub fn deployment(name: &str, created: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": name, "creationTimestamp": created},
        "spec": {"pullSecretRef": {"name": "pull"}}
    })
}

pub const RECORDS: &str = "/api/v1/namespaces/acm-backup-system/configmaps";
pub const INSTALLED: &str = "2026-11-22T12:00:00Z";
pub const NEW: &str = "2026-11-22T16:00:00Z";
pub const OLD: &str = "2026-01-01T00:00:00Z";
