//! Which clusters are the hub itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contact::Contact;
use super::follow::Store;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::managed_cluster::ManagedCluster;
use acm_backup_domain::labels;
use acm_backup_domain::snapshot::Fact;
use acm_backup_hub::kinds::MANAGED_CLUSTERS;
use jiff::Timestamp;
use serde_json::Value;

/// Selects the hub's own ManagedClusters out of the fleet.
pub const SELECTOR: &str = "local-cluster=true";

/// The ManagedClusters that say they are the hub: one as a rule, none on a hub that does not manage itself.
pub struct LocalClusters {
    state: Mutex<State>,
    /// How the watch fares.
    pub contact: Arc<Contact>,
}

struct State {
    by_name: BTreeMap<String, ManagedCluster>,
    /// What follows: asked for with every Secret that somebody needs.
    names: Arc<BTreeSet<String>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            by_name: BTreeMap::new(),
            names: Arc::new(labels::local_clusters([])),
        }
    }
}

impl State {
    fn settle(&mut self) {
        self.names = Arc::new(labels::local_clusters(self.by_name.values()));
    }
}

impl Default for LocalClusters {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            contact: Arc::new(Contact::new(&MANAGED_CLUSTERS)),
        }
    }
}

impl LocalClusters {
    /// Their names, which are also their namespaces.
    pub fn fact(&self, now: Timestamp) -> Fact<Arc<BTreeSet<String>>> {
        self.contact.fact(|| Arc::clone(&self.lock().names), now)
    }

    /// The same, as soon as they are known.
    pub async fn known(&self) -> Fact<Arc<BTreeSet<String>>> {
        loop {
            let word = self.contact.next_word();
            let names = self.fact(Timestamp::now());
            if names.value().is_some() {
                return names;
            }
            word.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for LocalClusters {
    type Item = ManagedCluster;

    fn project(&self, object: &Value) -> ManagedCluster {
        ManagedCluster::read(object)
    }

    fn replace(&self, objects: Vec<ManagedCluster>) {
        let mut state = self.lock();
        state.by_name = objects
            .into_iter()
            .map(|cluster| (cluster.meta.name.clone(), cluster))
            .collect();
        state.settle();
    }

    fn apply(&self, cluster: ManagedCluster) {
        let mut state = self.lock();
        state.by_name.insert(cluster.meta.name.clone(), cluster);
        state.settle();
    }

    fn remove(&self, cluster: ManagedCluster) {
        let mut state = self.lock();
        state.by_name.remove(&cluster.meta.name);
        state.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_is_the_hub_from_the_moment_it_says_so_until_it_no_longer_does() {
        let clusters = LocalClusters::default();
        clusters.contact.heard(Timestamp::now());
        let cluster = |name: &str| {
            clusters
                .project(&json!({"metadata": {"name": name, "labels": {"local-cluster": "true"}}}))
        };
        let names = || {
            let names = clusters.fact(Timestamp::now());
            let names: Vec<_> = names.value().unwrap().iter().cloned().collect();
            names.join(" ")
        };
        clusters.replace(vec![cluster("hub-a")]);
        assert_eq!(names(), "hub-a local-cluster");
        // A watch with a selector reports one that gets the label as new, one that loses it as gone.
        clusters.apply(cluster("hub-b"));
        assert_eq!(names(), "hub-a hub-b local-cluster");
        clusters.remove(cluster("hub-a"));
        assert_eq!(names(), "hub-b local-cluster");
        clusters.replace(Vec::new());
        assert_eq!(names(), "local-cluster");
    }
}
