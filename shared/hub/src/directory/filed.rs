//! The kinds as files hold them: what an object of a kind calls itself, and what shows that a file of one such
//! object was written to its end. A kind that is read from a directory has a row here, so no fact is read
//! that could be half of one.

use crate::kinds::{self, Resource};
use serde_json::Value;

/// A kind that is read from files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filed {
    /// Its name, group and scope.
    pub resource: Resource,
    /// `kind` of one object.
    pub kind: &'static str,
    end: End,
}

/// What the last lines of one whole object hold.
///
/// A list ends with its own `kind`, and JSON with a bracket. A YAML file of one object ends with nothing of the
/// kind: cut between two lines it is an object as well. But every collector sorts the keys, so what a judgement
/// rests on stands before the field named here, and every whole object has that.
#[derive(Clone, Copy, Debug)]
enum End {
    /// This field.
    Field(&'static str),
    /// `status.phase`.
    Phase,
    /// `status.startTimestamp`; what Velero has not begun has a phase that says so, and none.
    Started,
    /// That condition, or the field that follows all conditions.
    Condition(&'static str, &'static str),
}

/// Phases of what Velero never began, or not yet.
const NOT_BEGUN: [&str; 4] = ["New", "FailedValidation", "Queued", "ReadyToStart"];

const fn filed(resource: Resource, kind: &'static str, end: End) -> Filed {
    Filed {
        resource,
        kind,
        end,
    }
}

pub(super) const RESTORES: Filed = filed(kinds::RESTORES, "Restore", End::Phase);
pub(super) const BACKUP_SCHEDULES: Filed =
    filed(kinds::BACKUP_SCHEDULES, "BackupSchedule", End::Phase);
pub(super) const BACKUPS: Filed = filed(kinds::BACKUPS, "Backup", End::Started);
pub(super) const VELERO_RESTORES: Filed = filed(kinds::VELERO_RESTORES, "Restore", End::Started);
pub(super) const VELERO_SCHEDULES: Filed = filed(kinds::VELERO_SCHEDULES, "Schedule", End::Phase);
pub(super) const STORAGE_LOCATIONS: Filed = filed(
    kinds::STORAGE_LOCATIONS,
    "BackupStorageLocation",
    End::Phase,
);
pub(super) const MANAGED_CLUSTERS: Filed = filed(
    kinds::MANAGED_CLUSTERS,
    "ManagedCluster",
    End::Condition("ManagedClusterConditionAvailable", "/status/version"),
);
pub(super) const CLUSTER_VERSIONS: Filed = filed(
    kinds::CLUSTER_VERSIONS,
    "ClusterVersion",
    End::Field("/spec/clusterID"),
);
// Its labels and its age stand before its name.
pub(super) const NAMESPACES: Filed =
    filed(kinds::NAMESPACES, "Namespace", End::Field("/metadata/name"));
// Its last field is its list of webhooks, of which ours has two.
pub(super) const VALIDATING_CONFIGURATIONS: Filed = filed(
    kinds::VALIDATING_CONFIGURATIONS,
    "ValidatingWebhookConfiguration",
    End::Field("/webhooks/1/timeoutSeconds"),
);
pub(super) const DEFINITIONS: Filed = filed(
    kinds::DEFINITIONS,
    "CustomResourceDefinition",
    End::Field("/status/storedVersions"),
);

impl Filed {
    /// Whether a value is an object of this kind; why not, where it is not.
    pub fn identify(&self, object: &Value) -> Result<(), String> {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str);
        let (Some(version), Some(kind), Some(_)) = (
            text("/apiVersion"),
            text("/kind"),
            text("/metadata/name").filter(|name| !name.is_empty()),
        ) else {
            return Err("it holds an object without apiVersion, kind or name".to_owned());
        };
        let group = version.rsplit_once('/').map_or("", |(group, _)| group);
        if kind == self.kind && group == self.resource.group() {
            Ok(())
        } else {
            Err(format!(
                "it holds a {kind} of {version} in the place of {}",
                self.resource.name
            ))
        }
    }

    /// Whether this is what a list of the kind calls itself.
    pub fn is_list(&self, kind: &str) -> bool {
        kind.strip_suffix("List")
            .is_some_and(|of| of.is_empty() || of == self.kind)
    }

    /// Whether one object that nothing ends but the end of its file has all that is judged by.
    pub fn is_whole(&self, object: &Value) -> bool {
        let has = |path: &str| object.pointer(path).is_some_and(|value| !value.is_null());
        let phase = object.pointer("/status/phase").and_then(Value::as_str);
        // What nobody has looked at yet: Velero's clients write an empty status then.
        let untouched = object
            .pointer("/status")
            .and_then(Value::as_object)
            .is_some_and(serde_json::Map::is_empty);
        match self.end {
            End::Field(path) => has(path),
            End::Phase => phase.is_some() || untouched,
            End::Started => {
                has("/status/startTimestamp")
                    || phase.is_some_and(|phase| NOT_BEGUN.contains(&phase))
                    || untouched
            }
            End::Condition(wanted, after) => {
                let conditions = object.pointer("/status/conditions");
                has(after)
                    || untouched
                    || conditions.and_then(Value::as_array).is_some_and(|all| {
                        all.iter()
                            .any(|one| one.get("type").and_then(Value::as_str) == Some(wanted))
                    })
            }
        }
    }
}
