//! Secrets that say themselves what they are.

use super::value::LabelValue;
use super::{Labels, Subject};
use crate::upstream::{AUTO_IMPORT_ACCOUNT, object_label};

/// Namespace whose metal3 Secrets belong to the hub's own machines.
const OWN_MACHINES: &str = "openshift-machine-api";

/// The value a Secret needs by its own labels, and the label that says so.
pub fn of<L: Labels + ?Sized>(secret: &Subject<'_, L>) -> Option<(LabelValue, &'static str)> {
    let says = |key: &str, value: &str| secret.labels.label(key) == Some(value);
    if says(object_label::MANAGED_SERVICE_ACCOUNT, "true")
        && secret.name.starts_with(AUTO_IMPORT_ACCOUNT)
    {
        return Some((LabelValue::Msa, object_label::MANAGED_SERVICE_ACCOUNT));
    }
    if says(object_label::AGENT_INSTALL_WATCH, "true") {
        return Some((LabelValue::AgentInstall, object_label::AGENT_INSTALL_WATCH));
    }
    if says(object_label::METAL3_ENVIRONMENT, "baremetal") && secret.namespace != OWN_MACHINES {
        return Some((LabelValue::BareMetal, object_label::METAL3_ENVIRONMENT));
    }
    None
}
