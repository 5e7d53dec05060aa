//! Recorded objects as JSON.

use serde_json::Value;

/// Namespace of the operator's objects.
pub const NAMESPACE: &str = "open-cluster-management-backup";

/// The text at a JSON pointer, empty where there is none.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The name.
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// What the guard judges, by what it is called in `kubectl`.
pub fn guarded_kind(word: &str) -> Option<&'static str> {
    match word {
        "crst" | "Restore" | "restores.cluster.open-cluster-management.io" => Some("Restore"),
        "bsch" | "BackupSchedule" | "backupschedules.cluster.open-cluster-management.io" => {
            Some("BackupSchedule")
        }
        _ => None,
    }
}

/// Whether it is an ACM Restore or a BackupSchedule in the operator's namespace.
pub fn is_guarded(object: &Value) -> bool {
    text(object, "/apiVersion").starts_with("cluster.open-cluster-management.io/")
        && matches!(text(object, "/kind"), "Restore" | "BackupSchedule")
        && text(object, "/metadata/namespace") == NAMESPACE
}

/// The version of the store at which it was so: what a hub stored before has a smaller one.
pub fn stored_as(object: &Value) -> Option<u64> {
    text(object, "/metadata/resourceVersion").parse().ok()
}

/// What a person writes of an object: its spec, and its annotations but for kubectl's own.
pub fn written(object: &Value) -> (Value, Value) {
    let mut annotations = object
        .pointer("/metadata/annotations")
        .cloned()
        .unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    let spec = object.get("spec").cloned().unwrap_or_default();
    (spec, annotations)
}
