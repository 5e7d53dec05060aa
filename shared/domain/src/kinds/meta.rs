//! Object metadata.

use crate::names;
use crate::project::{NAME, STATEMENTS, Shape};
use crate::read::Reader;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What a judgement asks of the metadata of what it judges: of all labels and annotations, the one that holds
/// statements. (`resourceVersion` is for the slot.)
pub const JUDGED: Shape = Shape::Fields(&[
    ("name", NAME),
    ("namespace", NAME),
    ("uid", NAME),
    ("generation", NAME),
    ("resourceVersion", NAME),
    (
        "annotations",
        Shape::Fields(&[(names::ATTESTATION, STATEMENTS)]),
    ),
    ("creationTimestamp", NAME),
    ("deletionTimestamp", NAME),
]);

/// The part of `metadata` we use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// `metadata.name`
    pub name: String,
    /// `metadata.namespace`, empty for cluster-scoped kinds.
    pub namespace: String,
    /// `metadata.uid`; none in a file that was never applied.
    pub uid: Option<String>,
    /// `metadata.generation`: how often this API server saw it written. A Backup copied from a bucket has
    /// 1 (2 while it is deleted); one made here has been written by Velero many times (OWNERSHIP E3).
    pub generation: Option<i64>,
    /// `metadata.labels`
    pub labels: BTreeMap<String, String>,
    /// `metadata.annotations`
    pub annotations: BTreeMap<String, String>,
    /// When this API server stored it. For a Backup synced from a bucket that is when it was *seen*.
    pub created: Option<Timestamp>,
    /// Set while the object is being deleted.
    pub deleted: Option<Timestamp>,
    /// Owners, as (kind, name).
    pub owners: Vec<(String, String)>,
}

impl Meta {
    /// Reads `metadata` of the reader's object.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let owners = reader.list("metadata.ownerReferences");
        let part = |owner: &serde_json::Value, key: &str| {
            owner
                .get(key)
                .and_then(|value| value.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            name: reader.text("metadata.name").unwrap_or_default(),
            namespace: reader.text("metadata.namespace").unwrap_or_default(),
            uid: reader.text("metadata.uid"),
            generation: reader.number("metadata.generation"),
            labels: reader.map("metadata.labels"),
            annotations: reader.map("metadata.annotations"),
            created: reader.time("metadata.creationTimestamp"),
            deleted: reader.time("metadata.deletionTimestamp"),
            owners: owners
                .iter()
                .map(|owner| (part(owner, "kind"), part(owner, "name")))
                .collect(),
        }
    }

    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }

    /// Whether both are the same object: by uid where both have one, else by namespace and name.
    pub fn is_same_object(&self, other: &Self) -> bool {
        match (&self.uid, &other.uid) {
            (Some(mine), Some(theirs)) if !mine.is_empty() && !theirs.is_empty() => mine == theirs,
            _ => self.name == other.name && self.namespace == other.namespace,
        }
    }
}
