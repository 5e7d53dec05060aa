//! Who refers to which Secret: an index over ClusterDeployments.

use crate::kinds::cluster_deployment::{ClusterDeployment, SecretReference};
use crate::kinds::meta::Meta;
use std::collections::BTreeMap;

/// The index. One entry a ClusterDeployment; a cluster has one in its namespace, a pool's clusters
/// have one each.
#[derive(Clone, Debug, Default)]
pub struct References {
    by_namespace: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Clone, Debug)]
struct Entry {
    from_pool: bool,
    secrets: Vec<SecretReference>,
}

impl References {
    /// Notes what a ClusterDeployment refers to, in place of what it did before.
    pub fn insert(&mut self, deployment: &ClusterDeployment) {
        let entry = Entry {
            from_pool: deployment.from_pool,
            secrets: deployment.secrets.clone(),
        };
        self.by_namespace
            .entry(deployment.meta.namespace.clone())
            .or_default()
            .insert(deployment.meta.name.clone(), entry);
    }

    /// Forgets a ClusterDeployment.
    pub fn remove(&mut self, namespace: &str, name: &str) {
        if let Some(deployments) = self.by_namespace.get_mut(namespace) {
            deployments.remove(name);
            if deployments.is_empty() {
                self.by_namespace.remove(namespace);
            }
        }
    }

    /// The value the Secret with this metadata needs, and who needs it. A reference by name goes
    /// before a pool's claim on a whole prefix (operator-facts §4.2).
    pub fn to(&self, secret: &Meta) -> Option<(&'static str, String)> {
        let deployments = self.by_namespace.get(&secret.namespace)?;
        let by_name = deployments.iter().find_map(|(name, entry)| {
            let reference = entry
                .secrets
                .iter()
                .find(|reference| reference.name == secret.name)?;
            Some((
                reference.value,
                format!("ClusterDeployment {name} ({})", reference.field),
            ))
        });
        by_name.or_else(|| {
            deployments
                .iter()
                .find(|(name, entry)| entry.from_pool && secret.name.starts_with(name.as_str()))
                .map(|(name, _)| {
                    (
                        "clusterpool",
                        format!("ClusterDeployment {name} (spec.clusterPoolRef)"),
                    )
                })
        })
    }
}
