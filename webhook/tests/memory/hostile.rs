//! Reviews as somebody would send them who wants much memory used for few bytes.

use serde_json::{Value, json};

/// What is under review.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Secret,
    Restore,
    Edit,
    BackupSchedule,
}

pub const KINDS: [Kind; 4] = [
    Kind::Secret,
    Kind::Restore,
    Kind::Edit,
    Kind::BackupSchedule,
];

impl Kind {
    pub fn path(self) -> &'static str {
        match self {
            Self::Secret => "/mutate?timeout=30s",
            Self::Restore | Self::Edit | Self::BackupSchedule => "/validate/deny?timeout=30s",
        }
    }
}

/// What a place is filled with, many times over.
#[derive(Clone, Copy, Debug)]
pub enum Fill {
    /// `[[[[...]]]]`
    Deep,
    /// `{"a":{"a":...}}`
    DeepMaps,
    /// `[0,0,0,...]`
    Small,
    /// `[[],[],...]`
    Lists,
    /// `[{"a":0},...]`
    Maps,
    /// `["a","a",...]`
    Texts,
    /// A map with another key each.
    Keys,
    /// A map with the same key again and again.
    SameKey,
    /// A map of texts, as labels are.
    Labels,
    /// A map of lists of texts, as claims are.
    Claims,
    /// One long text.
    Long,
    /// One long text in which everything is escaped.
    Escaped,
    /// The same for a key.
    EscapedKey,
    /// A number of many digits.
    Digits,
    /// Blanks.
    Blanks,
}

pub const FILLS: [Fill; 15] = [
    Fill::Deep,
    Fill::DeepMaps,
    Fill::Small,
    Fill::Lists,
    Fill::Maps,
    Fill::Texts,
    Fill::Keys,
    Fill::SameKey,
    Fill::Labels,
    Fill::Claims,
    Fill::Long,
    Fill::Escaped,
    Fill::EscapedKey,
    Fill::Digits,
    Fill::Blanks,
];

/// Where it is put: the path of a value.
pub const PLACES: [&str; 47] = [
    "/before",
    "/apiVersion",
    "/kind",
    "/request",
    "/request/uid",
    "/request/kind",
    "/request/kind/group",
    "/request/resource",
    "/request/resource/resource",
    "/request/subResource",
    "/request/name",
    "/request/namespace",
    "/request/operation",
    "/request/dryRun",
    "/request/options",
    "/request/userInfo",
    "/request/userInfo/username",
    "/request/userInfo/uid",
    "/request/userInfo/groups",
    "/request/userInfo/extra",
    "/request/object",
    "/request/object/kind",
    "/request/object/data",
    "/request/object/metadata",
    "/request/object/metadata/name",
    "/request/object/metadata/generateName",
    "/request/object/metadata/labels",
    "/request/object/metadata/labels/velero.io~1exclude-from-backup",
    "/request/object/metadata/annotations",
    "/request/object/metadata/annotations/acm-backup.dev~1attest-old-hub",
    "/request/object/metadata/managedFields",
    "/request/object/metadata/finalizers",
    "/request/object/metadata/ownerReferences",
    "/request/object/metadata/creationTimestamp",
    "/request/object/spec",
    "/request/object/spec/veleroManagedClustersBackupName",
    "/request/object/spec/veleroSchedule",
    "/request/object/spec/veleroTtl",
    "/request/object/spec/paused",
    "/request/object/status",
    "/request/object/status/phase",
    "/request/object/status/messages",
    "/request/oldObject",
    "/request/oldObject/metadata",
    "/request/oldObject/metadata/resourceVersion",
    "/request/oldObject/spec",
    "/request/oldObject/spec/veleroManagedClustersBackupName",
];

impl Fill {
    /// JSON of about so many bytes.
    fn json(self, size: usize) -> String {
        let many = |one: &str| one.repeat(size / one.len());
        let list = |one: &str| format!("[{}{}]", many(&format!("{one},")), one);
        let keys = |value: &str| {
            let mut text = String::from("{");
            let mut number = 0;
            while text.len() < size {
                text.push_str(&format!("\"{number:x}\":{value},"));
                number += 1;
            }
            text.push_str("\"\":");
            text.push_str(value);
            text.push('}');
            text
        };
        match self {
            Self::Deep => format!("{}{}", "[".repeat(size / 2), "]".repeat(size / 2)),
            Self::DeepMaps => {
                let depth = size / 6;
                format!("{}0{}", "{\"a\":".repeat(depth), "}".repeat(depth))
            }
            Self::Small => list("0"),
            Self::Lists => list("[]"),
            Self::Maps => list("{\"a\":0}"),
            Self::Texts => list("\"a\""),
            Self::Keys => keys("0"),
            Self::SameKey => format!("{{{}\"a\":0}}", many("\"a\":0,")),
            Self::Labels => keys("\"a\""),
            Self::Claims => keys("[\"a\"]"),
            Self::Long => format!("\"{}\"", "a".repeat(size)),
            Self::Escaped => format!("\"{}\"", many("\\n")),
            Self::EscapedKey => format!("{{\"{}\":0}}", many("\\u0041")),
            Self::Digits => "1".repeat(size),
            Self::Blanks => format!("{}0", " ".repeat(size)),
        }
    }
}

/// A review in which each of these places is filled, of about `size` bytes.
pub fn body(kind: Kind, parts: &[(&str, Fill)], size: usize) -> Vec<u8> {
    let mut review = review(kind);
    let share = size / parts.len().max(1);
    let mut fills = Vec::new();
    for (place, fill) in parts {
        let mark = format!("@{}@", fills.len());
        if put(&mut review, place, &mark) {
            fills.push((format!("\"{mark}\""), fill.json(share)));
        }
    }
    let mut text = review.to_string();
    for (mark, json) in fills {
        text = text.replacen(&mark, &json, 1);
    }
    text.into_bytes()
}

/// Puts a mark where a value goes; not where another has been put already.
fn put(review: &mut Value, place: &str, mark: &str) -> bool {
    let mut at = review;
    for key in place.split('/').skip(1) {
        let key = key.replace("~1", "/");
        if at.is_null() {
            *at = json!({});
        }
        let Some(map) = at.as_object_mut() else {
            return false;
        };
        at = map.entry(key).or_insert(Value::Null);
    }
    *at = json!(mark);
    true
}

fn review(kind: Kind) -> Value {
    let acm = "cluster.open-cluster-management.io";
    let namespace = "open-cluster-management-backup";
    let restore = |clusters: &str| {
        json!({
            "metadata": {"name": "restore-1", "namespace": namespace, "resourceVersion": "7"},
            "spec": {
                "cleanupBeforeRestore": "None", "veleroManagedClustersBackupName": clusters,
                "veleroCredentialsBackupName": "skip", "veleroResourcesBackupName": "skip",
            },
        })
    };
    let schedule = json!({
        "metadata": {"name": "schedule-acm", "namespace": namespace},
        "spec": {"veleroSchedule": "0 * * * *"},
    });
    let secret = json!({"metadata": {"name": "pull", "namespace": "c1"}, "data": {"k": "dg=="}});
    let (group, resource, operation, object, old) = match kind {
        Kind::Secret => ("", "secrets", "CREATE", secret, Value::Null),
        Kind::Restore => (acm, "restores", "CREATE", restore("latest"), Value::Null),
        Kind::Edit => (
            acm,
            "restores",
            "UPDATE",
            restore("latest"),
            restore("skip"),
        ),
        Kind::BackupSchedule => (acm, "backupschedules", "CREATE", schedule, Value::Null),
    };
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "0b0e9c1c-3b0f-4f35-9a4c-3d0f4f3a1b2c",
            "kind": {"group": group, "version": "v1", "kind": "K"},
            "resource": {"group": group, "version": "v1", "resource": resource},
            "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
            "operation": operation,
            "userInfo": {"username": "admin", "groups": ["system:masters"]},
            "object": object, "oldObject": old,
        }
    })
}
