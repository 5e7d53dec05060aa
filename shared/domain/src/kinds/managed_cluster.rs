//! ManagedCluster: one cluster of the fleet, or the hub itself.

use super::{Kind, meta::Meta};
use crate::read::{Reader, Unreadable};
use crate::upstream::{DISABLE_AUTO_IMPORT, object_label};
use serde_json::Value;

/// A ManagedCluster as far as we judge it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManagedCluster {
    /// Object metadata.
    pub meta: Meta,
    /// Condition `ManagedClusterConditionAvailable` is `True`: its klusterlet reports to this hub.
    pub available: bool,
    /// The reason that condition gives where it is not `True`.
    pub unavailable_because: Option<String>,
    /// Annotation `import.open-cluster-management.io/disable-auto-import` is there, with any value.
    pub import_disabled: bool,
    /// Fields that could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// The labels that are kept.
const JUDGED_BY: [&str; 3] = [
    object_label::LOCAL_CLUSTER,
    object_label::RESTORED_FROM,
    object_label::RESTORED_BY,
];

impl ManagedCluster {
    /// Whether it is the hub itself (operator-facts §2.2).
    pub fn is_local(&self) -> bool {
        self.meta.label(object_label::LOCAL_CLUSTER) == Some("true")
    }

    /// Whether it came here by a restore.
    pub fn was_restored(&self) -> bool {
        self.meta.labels.contains_key(object_label::RESTORED_FROM)
    }
}

impl Kind for ManagedCluster {
    fn read(object: &Value) -> Self {
        let mut reader = Reader::new(object);
        let r = &mut reader;
        let is = |condition: &Value, key: &str, value: &str| {
            condition.get(key).and_then(Value::as_str) == Some(value)
        };
        let mut meta = Meta::read(r);
        let import_disabled = meta.annotations.contains_key(DISABLE_AUTO_IMPORT);
        let availability = r
            .list("status.conditions")
            .iter()
            .find(|condition| is(condition, "type", "ManagedClusterConditionAvailable"));
        let available = availability.is_some_and(|condition| is(condition, "status", "True"));
        // A large hub has thousands, each with kilobytes of claims' labels and annotations.
        meta.labels
            .retain(|label, _| JUDGED_BY.contains(&label.as_str()));
        meta.annotations.clear();
        let mut cluster = Self {
            meta,
            available,
            unavailable_because: availability
                .filter(|_| !available)
                .and_then(|condition| condition.get("reason"))
                .and_then(Value::as_str)
                .map(str::to_owned),
            import_disabled,
            unreadable: Vec::new(),
        };
        cluster.unreadable = reader.finish();
        cluster
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn why_a_cluster_does_not_report_is_read_and_whether_its_import_is_disabled() {
        let read = |status: &str| {
            ManagedCluster::read(&json!({
                "metadata": {"annotations": {"import.open-cluster-management.io/disable-auto-import": ""}},
                "status": {"conditions": [
                    {"type": "HubAcceptedManagedCluster", "status": "True", "reason": "Accepted"},
                    {"type": "ManagedClusterConditionAvailable", "status": status, "reason": "LeaseStopped"},
                ]}
            }))
        };
        let away = read("Unknown");
        assert!(!away.available && away.import_disabled);
        assert_eq!(away.unavailable_because.as_deref(), Some("LeaseStopped"));
        assert_eq!(read("True").unavailable_because, None);
    }
}
