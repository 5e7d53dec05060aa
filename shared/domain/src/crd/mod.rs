//! The schemas of the operator's two kinds, as every version of it from 2.7 to 5.x wrote them.
//!
//! Only what an API server needs to store them: whoever reads goes by [`crate::kinds`], leniently.
//! Durations are plain strings here because the operator's own CRDs take any string, and a guard that
//! is tested against a stricter API server is not tested.

pub mod backup_schedule;
pub mod restore;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt as _;
use schemars::{Schema, SchemaGenerator, json_schema};

/// Both CRDs, in the order they are applied.
pub fn all() -> Vec<CustomResourceDefinition> {
    [
        backup_schedule::BackupSchedule::crd(),
        restore::Restore::crd(),
    ]
    .map(without_required_spec)
    .into()
}

/// The operator's CRDs store an object without `spec`, too (operator-facts §1.2).
fn without_required_spec(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let schema = version
            .schema
            .as_mut()
            .and_then(|schema| schema.open_api_v3_schema.as_mut());
        if let Some(schema) = schema {
            schema.required = None;
        }
    }
    crd
}

/// An object of any shape, stored as it comes (embedded Velero objects, selectors).
fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "nullable": true,
        "x-kubernetes-preserve-unknown-fields": true
    })
}

/// A list of objects of any shape.
fn any_objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "nullable": true,
        "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The operator's own CRDs require these and no others (operator-facts §1): a field too many would
    /// refuse what every administrator writes.
    #[test]
    fn no_more_is_required_than_the_operator_requires() {
        for (crd, spec) in [
            (
                restore::Restore::crd(),
                &[
                    "cleanupBeforeRestore",
                    "veleroCredentialsBackupName",
                    "veleroManagedClustersBackupName",
                    "veleroResourcesBackupName",
                ][..],
            ),
            (backup_schedule::BackupSchedule::crd(), &["veleroSchedule"]),
        ] {
            let crd = serde_json::to_value(crd).unwrap();
            let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
            let mut required: Vec<_> = schema["spec"]["required"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|name| name.as_str())
                .collect();
            required.sort_unstable();
            assert_eq!(required, spec);
            assert_eq!(schema["status"]["required"], serde_json::Value::Null);
        }
    }

    /// Names and scope of the fields are what ties us to the operator; a typo here would silently
    /// drop a field at the API server.
    #[test]
    fn every_field_of_the_operator_is_declared() {
        for (crd, part, fields) in [
            (
                restore::Restore::crd(),
                "spec",
                &[
                    "cleanupBeforeRestore",
                    "excludedNamespaces",
                    "excludedResources",
                    "hooks",
                    "includedNamespaces",
                    "includedResources",
                    "labelSelector",
                    "namespaceMapping",
                    "orLabelSelectors",
                    "preserveNodePorts",
                    "restorePVs",
                    "restoreStatus",
                    "restoreSyncInterval",
                    "syncRestoreWithNewBackups",
                    "veleroCredentialsBackupName",
                    "veleroManagedClustersBackupName",
                    "veleroResourcesBackupName",
                ][..],
            ),
            (
                restore::Restore::crd(),
                "status",
                &[
                    "completionTimestamp",
                    "lastMessage",
                    "messages",
                    "phase",
                    "veleroCredentialsRestoreName",
                    "veleroGenericResourcesRestoreName",
                    "veleroManagedClustersRestoreName",
                    "veleroResourcesRestoreName",
                ],
            ),
            (
                backup_schedule::BackupSchedule::crd(),
                "spec",
                &[
                    "managedServiceAccountTTL",
                    "noBackupOnStart",
                    "paused",
                    "skipImmediately",
                    "useManagedServiceAccount",
                    "useOwnerReferencesInBackup",
                    "veleroSchedule",
                    "veleroTtl",
                    "volumeSnapshotLocations",
                ],
            ),
            (
                backup_schedule::BackupSchedule::crd(),
                "status",
                &[
                    "lastMessage",
                    "phase",
                    "veleroScheduleCredentials",
                    "veleroScheduleManagedClusters",
                    "veleroScheduleResources",
                ],
            ),
        ] {
            let crd = serde_json::to_value(crd).unwrap();
            let properties = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
                [part]["properties"];
            let mut names: Vec<_> = properties
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            names.sort_unstable();
            assert_eq!(names, fields, "{} {part}", crd["metadata"]["name"]);
        }
    }
}
