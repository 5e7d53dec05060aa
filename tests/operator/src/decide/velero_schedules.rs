//! The five Velero Schedules: names, labels, templates, and bringing existing ones up to date
//! (operator-facts §3.1, §3.3).

use acm_backup_domain::time::GoDuration;
use acm_backup_domain::upstream::{backup_label, object_label};
use serde_json::{Map, Value, json};

use super::discovery::{BackupContents, contents};
use super::timing::{duration, validation_ttl};
use crate::kinds::Kind;
use crate::object::{self, list, name, namespace, text, uid};
use crate::version::Version;
use crate::world::World;
use crate::write::Write;

/// One of the five backups of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupType {
    /// Name of its Velero Schedule, and prefix of its backups.
    pub schedule: &'static str,
    /// Value of the type label.
    pub label: &'static str,
}

/// Secrets and ConfigMaps.
pub const CREDENTIALS: BackupType = BackupType {
    schedule: "acm-credentials-schedule",
    label: "credentials",
};
/// Activation data.
pub const MANAGED_CLUSTERS: BackupType = BackupType {
    schedule: "acm-managed-clusters-schedule",
    label: "managedClusters",
};
/// Labelled objects of any kind.
pub const GENERIC: BackupType = BackupType {
    schedule: "acm-resources-generic-schedule",
    label: "resourcesGeneric",
};
/// Passive data.
pub const RESOURCES: BackupType = BackupType {
    schedule: "acm-resources-schedule",
    label: "resources",
};
/// Short-lived proof that the cron runs.
pub const VALIDATION: BackupType = BackupType {
    schedule: "acm-validation-policy-schedule",
    label: "validation",
};
/// All five, in the order they are created.
pub const BACKUP_TYPES: [BackupType; 5] = [
    CREDENTIALS,
    MANAGED_CLUSTERS,
    GENERIC,
    RESOURCES,
    VALIDATION,
];

const ROOT_POLICY: &str = "policy.open-cluster-management.io/root-policy";

/// The Velero Schedule of one type, as first created.
pub fn velero_schedule(world: &World, owner: &Value, kind: BackupType, version: Version) -> Value {
    let api = Kind::VeleroSchedule.api();
    let mut spec = json!({
        "schedule": text(owner, "/spec/veleroSchedule"),
        "template": template(world, owner, kind, version),
    });
    for (flag, field) in [
        (
            "/spec/useOwnerReferencesInBackup",
            "useOwnerReferencesInBackup",
        ),
        ("/spec/skipImmediately", "skipImmediately"),
    ] {
        if object::flag(owner, flag) {
            spec[field] = json!(true);
        }
    }
    json!({
        "apiVersion": api.api_version(),
        "kind": api.kind,
        "metadata": {
            "name": kind.schedule,
            "namespace": namespace(owner),
            "labels": {
                backup_label::BACKUP_CLUSTER: world.hub_id(),
                backup_label::SCHEDULE_NAME: name(owner),
                backup_label::SCHEDULE_TYPE: kind.label,
            },
            "ownerReferences": [controller_reference(owner)],
        },
        "spec": spec,
        "status": {},
    })
}

/// The reference by which an object is controlled by `owner`.
pub fn controller_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": text(owner, "/apiVersion"),
        "blockOwnerDeletion": true,
        "controller": true,
        "kind": text(owner, "/kind"),
        "name": name(owner),
        "uid": uid(owner),
    })
}

fn template(world: &World, owner: &Value, kind: BackupType, version: Version) -> Value {
    let mut template = Map::new();
    template.insert("csiSnapshotTimeout".to_owned(), json!("0s"));
    template.insert("hooks".to_owned(), json!({}));
    template.insert("itemOperationTimeout".to_owned(), json!("0s"));
    template.insert("metadata".to_owned(), json!({}));
    template.insert("ttl".to_owned(), json!(ttl(world, owner, kind)));
    let locations = list(owner, "/spec/volumeSnapshotLocations");
    if !locations.is_empty() && version.agent_install_is_activation() {
        template.insert("volumeSnapshotLocations".to_owned(), json!(locations));
    }
    let selection = selection(world, owner, kind, version);
    if let Value::Object(selection) = selection {
        template.extend(selection);
    }
    template.extend(resource_lists(kind, &contents(world, version)));
    Value::Object(template)
}

fn ttl(world: &World, owner: &Value, kind: BackupType) -> String {
    if kind == VALIDATION {
        validation_ttl(text(owner, "/spec/veleroSchedule"), world.now)
    } else {
        duration(owner, "/spec/veleroTtl").to_string()
    }
}

fn selection(world: &World, owner: &Value, kind: BackupType, version: Version) -> Value {
    let exists = |key: &str| json!({"key": key, "operator": "Exists"});
    let absent = |key: &str| json!({"key": key, "operator": "DoesNotExist"});
    let local_cluster = || world.local_cluster(version.knows_paused());
    match kind.label {
        "credentials" => json!({
            "includeClusterResources": false,
            "orLabelSelectors": [
                {"matchExpressions": [exists(object_label::HIVE_SECRET_TYPE)]},
                {"matchExpressions": [exists(object_label::CREDENTIAL_TYPE)]},
                {"matchExpressions": [exists(object_label::BACKUP)]},
            ],
        }),
        "managedClusters" => json!({
            "includeClusterResources": true,
            "excludedNamespaces": [local_cluster(), "openshift-machine-api"],
        }),
        "resources" => {
            let mut excluded = vec![local_cluster(), namespace(owner).to_owned()];
            excluded.extend(
                world
                    .all(Kind::Channel)
                    .filter(|channel| name(channel) == "charts-v1")
                    .map(|channel| namespace(channel).to_owned()),
            );
            json!({
                "includeClusterResources": true,
                "excludedNamespaces": excluded,
                "labelSelector": {"matchExpressions": [absent(ROOT_POLICY), absent(object_label::BACKUP)]},
            })
        }
        "resourcesGeneric" => json!({
            "includeClusterResources": true,
            "labelSelector": {"matchExpressions": [exists(object_label::BACKUP)]},
        }),
        _ => json!({"includedNamespaces": [namespace(owner)]}),
    }
}

fn resource_lists(kind: BackupType, contents: &BackupContents) -> Map<String, Value> {
    let (field, resources): (_, Vec<String>) = match kind.label {
        "credentials" => (
            "includedResources",
            vec!["secret".to_owned(), "configmap".to_owned()],
        ),
        "managedClusters" => ("includedResources", contents.activation.clone()),
        "resources" => ("includedResources", contents.resources.clone()),
        "resourcesGeneric" => {
            let mut excluded = vec!["secret".to_owned(), "configmap".to_owned()];
            excluded.extend(contents.activation.iter().cloned());
            excluded.push("namespace".to_owned());
            ("excludedResources", excluded)
        }
        _ => ("includedResources", vec!["BackupSchedule".to_owned()]),
    };
    Map::from_iter([(field.to_owned(), json!(resources))])
}

/// What to change in Velero Schedules that exist: only cron, retention and resource lists are kept
/// up to date (operator-facts §1.1).
pub fn updates(world: &World, owner: &Value, existing: &[&Value], version: Version) -> Vec<Write> {
    let contents = contents(world, version);
    existing
        .iter()
        .filter_map(|schedule| {
            let kind = BACKUP_TYPES
                .into_iter()
                .find(|kind| kind.schedule == name(schedule))?;
            let mut spec = Map::new();
            let mut template = resource_lists(kind, &contents);
            template.retain(|field, wanted| {
                !same_members(wanted, &schedule["spec"]["template"][field.as_str()])
            });
            let cron = text(owner, "/spec/veleroSchedule");
            let cron_changed = cron != text(schedule, "/spec/schedule");
            if cron_changed {
                spec.insert("schedule".to_owned(), json!(cron));
            }
            let wanted = ttl(world, owner, kind);
            let ttl_changed = duration(schedule, "/spec/template/ttl") != parsed(&wanted);
            if (kind == VALIDATION && cron_changed) || (kind != VALIDATION && ttl_changed) {
                template.insert("ttl".to_owned(), json!(wanted));
            }
            if !template.is_empty() {
                spec.insert("template".to_owned(), Value::Object(template));
            }
            (!spec.is_empty())
                .then(|| Write::patch(Kind::VeleroSchedule, schedule, json!({"spec": spec})))
        })
        .collect()
}

fn parsed(text: &str) -> GoDuration {
    text.parse().unwrap_or(GoDuration::ZERO)
}

fn same_members(one: &Value, other: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut members: Vec<String> = value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        members.sort();
        members
    };
    sorted(one) == sorted(other)
}
