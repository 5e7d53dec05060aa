//! Secrets that say themselves what they are.

use crate::kinds::secret::SecretMeta;
use crate::upstream::{AUTO_IMPORT_ACCOUNT, object_label};

/// Namespace whose metal3 Secrets belong to the hub's own machines.
const OWN_MACHINES: &str = "openshift-machine-api";

/// The value a Secret needs by its own labels, and what says so.
pub fn of(secret: &SecretMeta) -> Option<(&'static str, String)> {
    let meta = &secret.meta;
    let says = |key: &str, value: &str| meta.label(key) == Some(value);
    let because = |key: &str| format!("its label {key}");
    if says(object_label::MANAGED_SERVICE_ACCOUNT, "true")
        && meta.name.starts_with(AUTO_IMPORT_ACCOUNT)
    {
        return Some(("msa", because(object_label::MANAGED_SERVICE_ACCOUNT)));
    }
    if says(object_label::AGENT_INSTALL_WATCH, "true") {
        return Some(("agent-install", because(object_label::AGENT_INSTALL_WATCH)));
    }
    if says(object_label::METAL3_ENVIRONMENT, "baremetal") && meta.namespace != OWN_MACHINES {
        return Some(("baremetal", because(object_label::METAL3_ENVIRONMENT)));
    }
    // Hive's own label selects already; it is told apart from a Secret nobody needs.
    secret
        .meta
        .labels
        .contains_key(object_label::HIVE_SECRET_TYPE)
        .then(|| ("hive", because(object_label::HIVE_SECRET_TYPE)))
}
