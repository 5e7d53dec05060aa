//! Which Secrets must be in the backup though nobody labels them (DESIGN §4, operator-facts §4.2).
//!
//! One decision for all three ways in: the Secret says what it is, something that exists refers to
//! it, something created later refers to it.

pub mod marker;
pub mod references;

use crate::kinds::managed_cluster::ManagedCluster;
use crate::kinds::secret::SecretMeta;
use crate::snapshot::Fact;
use crate::upstream::{DEFAULT_LOCAL_CLUSTER, object_label};
use references::References;

/// What to do about one Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelDecision {
    /// Add the backup label.
    Label {
        /// Its value.
        value: &'static str,
        /// What makes it necessary, e.g. `ClusterDeployment c1 (spec.pullSecretRef)`.
        because: String,
    },
    /// Velero selects it already, by this label. An explicit empty value is the user's choice.
    Selected {
        /// Which of the three.
        by: &'static str,
    },
    /// It must not be labelled, and why.
    Never {
        /// The reason.
        why: &'static str,
    },
    /// Nothing makes it necessary.
    NotNeeded,
}

/// What is known of the hub when a Secret is decided on.
#[derive(Clone, Debug)]
pub struct Hub<'a> {
    /// Who refers to which Secret.
    pub references: &'a References,
    /// Namespace of the hub's own cluster. Where it is missing, nothing is labelled: the secrets of
    /// the hub itself must never get into a backup.
    pub local_cluster: &'a Fact<String>,
}

/// Decides on one Secret by its metadata.
pub fn decide(secret: &SecretMeta, hub: &Hub<'_>) -> LabelDecision {
    let Some((value, because)) = marker::of(secret).or_else(|| hub.references.to(&secret.meta))
    else {
        return LabelDecision::NotNeeded;
    };
    if let Some(by) = secret.selected_by() {
        return LabelDecision::Selected { by };
    }
    match never(secret, hub.local_cluster) {
        Some(why) => LabelDecision::Never { why },
        None => LabelDecision::Label { value, because },
    }
}

fn never(secret: &SecretMeta, local_cluster: &Fact<String>) -> Option<&'static str> {
    let meta = &secret.meta;
    if meta.label(object_label::EXCLUDE) == Some("true") {
        return Some("it is excluded from backups");
    }
    if meta.name == format!("{}-import", meta.namespace) {
        return Some("import secrets are made anew by the hub that imports");
    }
    if meta.name.contains("-bootstrap-") {
        return Some("bootstrap secrets are short-lived");
    }
    match local_cluster.get() {
        Err(_) => Some("which cluster is the hub's own could not be looked up"),
        Ok(local) if *local == meta.namespace => Some("it belongs to the hub's own cluster"),
        Ok(_) => None,
    }
}

/// Name (and namespace) of the hub's own cluster (operator-facts §3.3).
pub fn local_cluster(clusters: &Fact<Vec<ManagedCluster>>) -> Fact<String> {
    match clusters {
        Fact::Missing(missing) => Fact::Missing(missing.clone()),
        Fact::Known { value, as_of } => {
            let name = value.iter().find(|cluster| cluster.is_local()).map_or_else(
                || DEFAULT_LOCAL_CLUSTER.to_owned(),
                |cluster| cluster.meta.name.clone(),
            );
            Fact::known(name, *as_of)
        }
    }
}

#[cfg(test)]
mod tests;
