//! Which cluster is the hub itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::managed_cluster::ManagedCluster;
use acm_backup_domain::labels;
use acm_backup_domain::snapshot::Fact;
use acm_backup_hub::kinds::MANAGED_CLUSTERS;
use jiff::Timestamp;
use serde_json::Value;

use super::contact::Contact;
use super::follow::Store;

/// Selects the hub's own ManagedCluster out of the fleet.
pub const SELECTOR: &str = "local-cluster=true";

/// The ManagedClusters that say they are the hub: one, or none on a hub that does not manage itself.
pub struct LocalCluster {
    by_name: Mutex<BTreeMap<String, ManagedCluster>>,
    /// How the watch fares.
    pub contact: Arc<Contact>,
}

impl Default for LocalCluster {
    fn default() -> Self {
        Self {
            by_name: Mutex::default(),
            contact: Arc::new(Contact::new(&MANAGED_CLUSTERS)),
        }
    }
}

impl LocalCluster {
    /// Its name, which is also its namespace.
    pub fn fact(&self, now: Timestamp) -> Fact<String> {
        let all = || self.lock().values().cloned().collect();
        labels::local_cluster(&self.contact.fact(all, now))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, ManagedCluster>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for LocalCluster {
    type Item = ManagedCluster;

    fn project(&self, object: &Value) -> ManagedCluster {
        let mut cluster = ManagedCluster::read(object);
        cluster.meta.annotations = BTreeMap::new();
        cluster
    }

    fn replace(&self, objects: Vec<ManagedCluster>) {
        *self.lock() = objects
            .into_iter()
            .map(|cluster| (cluster.meta.name.clone(), cluster))
            .collect();
    }

    fn apply(&self, cluster: ManagedCluster) {
        self.lock().insert(cluster.meta.name.clone(), cluster);
    }

    fn remove(&self, cluster: ManagedCluster) {
        self.lock().remove(&cluster.meta.name);
    }
}
