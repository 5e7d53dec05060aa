//! Everything one pass sees. Deciding reads nothing else.

use std::collections::BTreeMap;

use acm_backup_domain::upstream::{DEFAULT_LOCAL_CLUSTER, UNKNOWN_HUB, object_label};
use jiff::Timestamp;
use serde_json::Value;

use crate::kinds::Kind;
use crate::object::{self, ObjectName, label};

/// A kind the API server offers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OfferedKind {
    /// API group; empty for the core group.
    pub group: String,
    /// CamelCase name.
    pub kind: String,
}

/// A hub at one moment.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The moment.
    pub now: Timestamp,
    /// What the API server offers, in the order discovery gave it.
    pub offered: Vec<OfferedKind>,
    /// The pass goes on after the operator's sleep for fresh ManagedServiceAccounts.
    pub resumed: bool,
    objects: BTreeMap<Kind, BTreeMap<ObjectName, Value>>,
}

impl World {
    /// Puts an object in, in place of one of the same name. Kinds the operator ignores are dropped.
    pub fn put(&mut self, object: Value) {
        if let Some(kind) = Kind::of(&object) {
            self.objects
                .entry(kind)
                .or_default()
                .insert(ObjectName::of(&object), object);
        }
    }

    /// Takes an object out.
    pub fn remove(&mut self, kind: Kind, at: &ObjectName) -> Option<Value> {
        self.objects.get_mut(&kind)?.remove(at)
    }

    /// One object.
    pub fn get(&self, kind: Kind, at: &ObjectName) -> Option<&Value> {
        self.objects.get(&kind)?.get(at)
    }

    /// One object, to change it.
    pub fn get_mut(&mut self, kind: Kind, at: &ObjectName) -> Option<&mut Value> {
        self.objects.get_mut(&kind)?.get_mut(at)
    }

    /// All objects of a kind, by namespace and name.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        self.objects
            .get(&kind)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// The objects of a kind in one namespace, by name.
    pub fn within<'a>(&'a self, kind: Kind, namespace: &'a str) -> impl Iterator<Item = &'a Value> {
        self.all(kind)
            .filter(move |object| object::namespace(object) == namespace)
    }

    /// The objects of a kind that `owner` controls, oldest first.
    pub fn owned<'a>(&'a self, kind: Kind, owner: &'a Value) -> Vec<&'a Value> {
        let mut owned: Vec<_> = self
            .within(kind, object::namespace(owner))
            .filter(|object| object::is_controlled_by(object, owner))
            .collect();
        owned.sort_by_key(|object| object::time(object, "/metadata/creationTimestamp"));
        owned
    }

    /// Whether the API server offers a kind.
    pub fn offers(&self, kind: Kind) -> bool {
        let api = kind.api();
        self.offered
            .iter()
            .any(|offered| offered.kind == api.kind && offered.group == api.group)
    }

    /// The hub's id, `unknown` where it has no ClusterVersion (operator-facts §7).
    pub fn hub_id(&self) -> String {
        self.all(Kind::ClusterVersion)
            .next()
            .map_or(UNKNOWN_HUB, |version| {
                object::text(version, "/spec/clusterID")
            })
            .to_owned()
    }

    /// Name of the ManagedCluster that is the hub itself.
    pub fn local_cluster(&self, found_by_label: bool) -> String {
        self.all(Kind::ManagedCluster)
            .find(|cluster| {
                found_by_label && label(cluster, object_label::LOCAL_CLUSTER) == Some("true")
            })
            .map_or(DEFAULT_LOCAL_CLUSTER, object::name)
            .to_owned()
    }
}
