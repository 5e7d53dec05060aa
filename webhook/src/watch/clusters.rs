//! Which ClusterDeployment refers to which Secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::cluster_deployment::ClusterDeployment;
use acm_backup_domain::labels::references::References;
use acm_backup_hub::kinds::Resource;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use super::contact::Contact;
use super::follow::Store;
use crate::reconcile::queue::{Queue, Target};

/// Hive's ClusterDeployments.
pub const CLUSTER_DEPLOYMENTS: Resource = Resource {
    name: "clusterdeployments.hive.openshift.io",
    version: "v1",
    namespaced: true,
};

/// The index of references, kept by a watch. What is newly referred to goes into the queue of Secrets
/// to look at.
pub struct Clusters {
    inner: Mutex<Inner>,
    queue: Arc<Queue>,
    first_list: Notify,
    /// How the watch fares.
    pub contact: Arc<Contact>,
}

#[derive(Default)]
struct Inner {
    references: References,
    known: BTreeMap<(String, String), Known>,
    /// Whether a first list has been taken in: what comes later is new.
    listed: bool,
}

/// A ClusterDeployment's references, as far as they have to be told apart.
#[derive(Default)]
struct Known {
    created: Option<Timestamp>,
    targets: BTreeSet<Target>,
    /// Those it got while we looked on.
    fresh: BTreeSet<Target>,
}

impl Clusters {
    /// An empty index that feeds `queue`.
    #[must_use]
    pub fn new(queue: Arc<Queue>) -> Self {
        Self {
            inner: Mutex::default(),
            queue,
            first_list: Notify::new(),
            contact: Arc::new(Contact::new(&CLUSTER_DEPLOYMENTS)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the index.
    pub fn with_references<T>(&self, ask: impl FnOnce(&References) -> T) -> T {
        ask(&self.lock().references)
    }

    /// Returns once, when the first list has been taken in; it may come long after the start, if Hive is
    /// installed later.
    pub async fn first_list(&self) {
        self.first_list.notified().await;
    }

    /// What may be labelled unasked: what is referred to by clusters that are not older than `installed`, or
    /// came to be referred to under our eyes.
    pub fn unasked(&self, installed: Option<Timestamp>) -> BTreeSet<Target> {
        let inner = self.lock();
        let of = |known: &Known| match known.is_since(installed) {
            true => known.targets.clone(),
            false => known.fresh.clone(),
        };
        inner.known.values().flat_map(of).collect()
    }
}

impl Known {
    fn is_since(&self, installed: Option<Timestamp>) -> bool {
        match (self.created, installed) {
            (Some(created), Some(installed)) => created >= installed,
            _ => false,
        }
    }
}

fn targets(deployment: &ClusterDeployment) -> BTreeSet<Target> {
    let namespace = &deployment.meta.namespace;
    let mut targets: BTreeSet<_> = deployment
        .secrets
        .iter()
        .map(|reference| Target::secret(namespace, &reference.name))
        .collect();
    if deployment.from_pool {
        targets.insert(Target::namespace(namespace));
    }
    targets
}

impl Inner {
    /// Takes in a ClusterDeployment; returns what it newly refers to.
    fn take(&mut self, deployment: &ClusterDeployment) -> BTreeSet<Target> {
        self.references.insert(deployment);
        let key = (
            deployment.meta.namespace.clone(),
            deployment.meta.name.clone(),
        );
        let now = targets(deployment);
        let known = self.known.entry(key).or_default();
        known.created = deployment.meta.created;
        let new: BTreeSet<_> = now.difference(&known.targets).cloned().collect();
        if self.listed {
            known.fresh.extend(new.iter().cloned());
        }
        known.fresh.retain(|target| now.contains(target));
        known.targets = now;
        new
    }
}

impl Store for Clusters {
    type Item = ClusterDeployment;

    fn project(&self, object: &Value) -> ClusterDeployment {
        let mut deployment = ClusterDeployment::read(object);
        deployment.meta.annotations = BTreeMap::new();
        deployment.meta.labels = BTreeMap::new();
        deployment
    }

    fn replace(&self, objects: Vec<ClusterDeployment>) {
        let mut inner = self.lock();
        let present: BTreeSet<_> = objects
            .iter()
            .map(|deployment| {
                (
                    deployment.meta.namespace.clone(),
                    deployment.meta.name.clone(),
                )
            })
            .collect();
        let gone: Vec<_> = inner
            .known
            .keys()
            .filter(|key| !present.contains(*key))
            .cloned()
            .collect();
        for key in gone {
            inner.references.remove(&key.0, &key.1);
            inner.known.remove(&key);
        }
        let mut new = BTreeSet::new();
        for deployment in &objects {
            new.extend(inner.take(deployment));
        }
        // The first list is what was there before: the leader looks through it once it is here.
        if inner.listed {
            self.queue.add(new);
        } else {
            self.first_list.notify_one();
        }
        inner.listed = true;
    }

    fn apply(&self, deployment: ClusterDeployment) {
        let new = self.lock().take(&deployment);
        self.queue.add(new);
    }

    fn remove(&self, deployment: ClusterDeployment) {
        let meta = deployment.meta;
        let mut inner = self.lock();
        inner.references.remove(&meta.namespace, &meta.name);
        inner.known.remove(&(meta.namespace, meta.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(name: &str, created: &str, pull: &str) -> Value {
        json!({
            "metadata": {"name": name, "namespace": name, "creationTimestamp": created},
            "spec": {"pullSecretRef": {"name": pull}}
        })
    }

    const OLD: &str = "2026-01-01T00:00:00Z";
    const NEW: &str = "2026-11-22T16:00:00Z";

    fn installed() -> Option<Timestamp> {
        "2026-11-22T12:00:00Z".parse().ok()
    }

    fn followed() -> (Arc<Queue>, Clusters) {
        let queue = Arc::new(Queue::default());
        let clusters = Clusters::new(Arc::clone(&queue));
        clusters.replace(vec![
            clusters.project(&deployment("old", OLD, "pull")),
            clusters.project(&deployment("new", NEW, "pull")),
        ]);
        (queue, clusters)
    }

    #[test]
    fn clusters_older_than_the_installation_are_left() {
        let (queue, clusters) = followed();
        assert!(queue.is_empty());
        let new = BTreeSet::from([Target::secret("new", "pull")]);
        assert_eq!(clusters.unasked(installed()), new);
        assert!(clusters.unasked(None).is_empty());
        assert_eq!(clusters.unasked(Some(Timestamp::MIN)).len(), 2);
    }

    #[test]
    fn a_reference_made_under_our_eyes_is_new_even_on_an_old_cluster() {
        let (queue, clusters) = followed();
        // A change that refers to nothing new asks for nothing.
        clusters.apply(clusters.project(&deployment("old", OLD, "pull")));
        assert!(queue.is_empty());
        clusters.apply(clusters.project(&deployment("old", OLD, "pull-2")));
        let expected = BTreeSet::from([Target::secret("old", "pull-2")]);
        assert_eq!(queue.waiting(), expected);
        assert!(clusters.unasked(installed()).is_superset(&expected));
    }

    #[test]
    fn a_new_list_finds_what_was_missed_and_forgets_what_is_gone() {
        let (queue, clusters) = followed();
        clusters.replace(vec![clusters.project(&deployment("third", NEW, "pull"))]);
        assert_eq!(
            queue.waiting(),
            BTreeSet::from([Target::secret("third", "pull")])
        );
        assert_eq!(clusters.unasked(Some(Timestamp::MIN)).len(), 1);
        clusters.remove(clusters.project(&deployment("third", NEW, "pull")));
        assert!(clusters.unasked(installed()).is_empty());
    }

    #[test]
    fn a_cluster_from_a_pool_claims_its_namespace() {
        let (queue, clusters) = followed();
        let mut pooled = deployment("pooled", NEW, "pull");
        pooled["spec"]["clusterPoolRef"] = json!({"poolName": "pool"});
        clusters.apply(clusters.project(&pooled));
        assert!(queue.waiting().contains(&Target::namespace("pooled")));
    }
}
