//! Reviews as the API server sends them.

use serde_json::{Value, json};

/// A review in which only the uid changes from call to call.
#[derive(Clone, Debug)]
pub struct Review {
    /// What it is, for the table.
    pub name: &'static str,
    /// Where it is sent, with the `timeout` the registration gives it.
    pub path: &'static str,
    before: String,
    after: String,
}

/// Stands where a uid goes.
const UID: &str = "@uid@";

impl Review {
    /// A Secret is created that nothing says anything about: by far the most frequent review. Of about `size`
    /// bytes, as API servers write it.
    pub fn secret(name: &'static str, size: usize) -> Self {
        let object = |data: &str| {
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                "metadata": metadata("cluster-1", "settings", "v1", &json!({ "f:data": { "f:value": {} }, "f:type": {} })),
                "data": { "value": data },
            })
        };
        let bare = object("").to_string().len();
        let object = object(&"QUJD".repeat(size.saturating_sub(bare) / 4));
        Self::new(
            name,
            "/mutate?timeout=1s",
            ["", "v1", "Secret", "secrets"],
            object,
        )
    }

    /// A credentials-only Restore is created: judged with live look-ups, and let through.
    pub fn restore() -> Self {
        let object = json!({
            "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
            "metadata": metadata(
                acm_backup_bed::BACKUP_NAMESPACE, "restore-acm",
                "cluster.open-cluster-management.io/v1beta1", &json!({ "f:spec": {} }),
            ),
            "spec": {
                "cleanupBeforeRestore": "None",
                "veleroManagedClustersBackupName": "skip",
                "veleroCredentialsBackupName": "latest",
                "veleroResourcesBackupName": "skip",
            },
        });
        let kind = [
            "cluster.open-cluster-management.io",
            "v1beta1",
            "Restore",
            "restores",
        ];
        Self::new("Restore CREATE", "/validate/deny?timeout=5s", kind, object)
    }

    fn new(
        name: &'static str,
        path: &'static str,
        [group, version, kind, resource]: [&str; 4],
        object: Value,
    ) -> Self {
        let text = json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": UID,
                "kind": { "group": group, "version": version, "kind": kind },
                "resource": { "group": group, "version": version, "resource": resource },
                "requestKind": { "group": group, "version": version, "kind": kind },
                "requestResource": { "group": group, "version": version, "resource": resource },
                "name": object["metadata"]["name"],
                "namespace": object["metadata"]["namespace"],
                "operation": "CREATE",
                "userInfo": {
                    "username": "ops",
                    "groups": ["system:authenticated"],
                    "extra": { "authentication.kubernetes.io/credential-id": ["X509SHA256=0f"] },
                },
                "object": object,
                "oldObject": null,
                "dryRun": false,
                "options": {
                    "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1",
                    "fieldManager": "kubectl-client-side-apply", "fieldValidation": "Strict",
                },
            }
        })
        .to_string();
        let (before, after) = text
            .split_once(UID)
            .expect("the uid's place is in the text it was put in");
        Self {
            name,
            path,
            before: before.to_owned(),
            after: after.to_owned(),
        }
    }

    /// The body with a uid in it.
    pub fn body(&self, uid: &str) -> String {
        [&self.before, uid, &self.after].concat()
    }
}

fn metadata(namespace: &str, name: &str, version: &str, fields: &Value) -> Value {
    json!({
        "name": name,
        "namespace": namespace,
        "uid": "0b0e9c1c-3b0f-4f35-9a4c-3d0f4f3a1b2c",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{
            "manager": "kubectl-client-side-apply", "operation": "Update",
            "apiVersion": version, "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        }],
    })
}

/// The uid of the call with this number; unlike that of any other.
pub fn uid(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_size_that_was_asked_for() {
        for size in [2048, 18 * 1024] {
            let body = Review::secret("", size).body(&uid(7));
            let review: Value = serde_json::from_str(&body).unwrap();
            let object = review["request"]["object"].to_string().len();
            assert!(object.abs_diff(size) < 8, "{object} for {size}");
        }
    }

    #[test]
    fn only_the_uid_changes() {
        let review = Review::restore();
        let (one, two) = (review.body(&uid(1)), review.body(&uid(2)));
        assert_ne!(one, two);
        assert_eq!(one.replace(&uid(1), &uid(2)), two);
    }
}
