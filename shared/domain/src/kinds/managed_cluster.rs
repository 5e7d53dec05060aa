//! ManagedCluster: one cluster of the fleet, or the hub itself.

use super::{Kind, meta::Meta};
use crate::read::{Reader, Unreadable};
use crate::upstream::object_label;
use serde_json::Value;

/// A ManagedCluster as far as we judge it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManagedCluster {
    /// Object metadata.
    pub meta: Meta,
    /// Condition `ManagedClusterConditionAvailable` is `True`: its klusterlet reports to this hub.
    pub available: bool,
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
        // A large hub has thousands, each with kilobytes of claims' labels and annotations.
        meta.labels
            .retain(|label, _| JUDGED_BY.contains(&label.as_str()));
        meta.annotations.clear();
        let mut cluster = Self {
            meta,
            available: r.list("status.conditions").iter().any(|condition| {
                is(condition, "type", "ManagedClusterConditionAvailable")
                    && is(condition, "status", "True")
            }),
            unreadable: Vec::new(),
        };
        cluster.unreadable = reader.finish();
        cluster
    }
}
