//! Reading fields of an untyped object.

use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;

/// Where an object is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// Name within the namespace.
    pub name: String,
}

impl ObjectName {
    /// From its two parts.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Of an object.
    pub fn of(object: &Value) -> Self {
        Self::new(namespace(object), name(object))
    }
}

/// The text at a JSON pointer; empty where there is none.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or("")
}

/// The flag at a JSON pointer; false where there is none.
pub fn flag(object: &Value, pointer: &str) -> bool {
    object
        .pointer(pointer)
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

/// The list at a JSON pointer; empty where there is none.
pub fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The RFC 3339 time at a JSON pointer.
pub fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    Timestamp::from_str(text(object, pointer)).ok()
}

/// `metadata.name`.
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `metadata.namespace`; empty for cluster-scoped objects.
pub fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// `metadata.uid`.
pub fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// `status.phase`; empty until somebody wrote one.
pub fn phase(object: &Value) -> &str {
    text(object, "/status/phase")
}

/// A label, where set.
pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get("labels")?.get(key)?.as_str()
}

/// An annotation, where set.
pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object
        .get("metadata")?
        .get("annotations")?
        .get(key)?
        .as_str()
}

/// Whether somebody asked for its deletion.
pub fn is_deleting(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

/// Whether `owner` is the controller of `object`.
pub fn is_controlled_by(object: &Value, owner: &Value) -> bool {
    list(object, "/metadata/ownerReferences")
        .iter()
        .any(|reference| flag(reference, "/controller") && text(reference, "/uid") == uid(owner))
}

/// A time as Kubernetes writes it: RFC 3339, whole seconds, UTC.
pub fn stamp(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time as it stands in the name of a backup.
pub fn name_stamp(moment: Timestamp) -> String {
    moment.strftime("%Y%m%d%H%M%S").to_string()
}
