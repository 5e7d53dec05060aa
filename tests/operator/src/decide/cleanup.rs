//! `cleanupBeforeRestore`: is the option allowed, and what does it delete afterwards (operator-facts §6.8)?

use acm_backup_domain::upstream::object_label;
use serde_json::Value;

use super::restore_status::RestoreStatus;
use super::velero_restores::is_activation;
use crate::cleanup_rule::{CleanUp, Kinds};
use crate::kinds::Kind;
use crate::object::{ObjectName, annotation, list, name, namespace, text};
use crate::version::Version;
use crate::world::World;
use crate::write::Write;

const CONFIRMATION: &str = "cluster.open-cluster-management.io/restore-cleanup-all-confirmed";
const NEVER: &[&str] = &[
    "clusterimageset.hive.openshift.io",
    "hiveconfig.hive.openshift.io",
];

/// The option as written.
pub fn option(restore: &Value) -> &str {
    text(restore, "/spec/cleanupBeforeRestore")
}

/// Why the option is refused for good.
pub fn refusal(restore: &Value, version: Version) -> Option<String> {
    match option(restore) {
        "None" | "CleanupRestored" => None,
        "CleanupAll"
            if !version.is_hardened() || annotation(restore, CONFIRMATION) == Some("true") =>
        {
            None
        }
        "CleanupAll" => Some(format!(
            "cleanupBeforeRestore=CleanupAll requires the {CONFIRMATION}=true annotation on the Restore resource \
             to confirm mass deletion of ACM-scoped hub resources"
        )),
        other => Some(format!("invalid CleanupBeforeRestore value : {other}")),
    }
}

/// The deletions after a restore.
pub fn writes(
    world: &World,
    restore: &Value,
    status: &RestoreStatus,
    version: Version,
) -> Vec<Write> {
    if option(restore) == "None" {
        return Vec::new();
    }
    let backup_of = |tracked: &Option<String>| {
        let velero = world.get(
            Kind::VeleroRestore,
            &ObjectName::new(namespace(restore), tracked.as_ref()?),
        )?;
        world.get(
            Kind::Backup,
            &ObjectName::new(namespace(restore), text(velero, "/spec/backupName")),
        )
    };
    let local = world.local_cluster(version.knows_paused());
    let mut rules = Vec::new();
    if let Some(backup) = backup_of(&status.credentials) {
        rules.push(credentials(restore, backup));
    }
    for (tracked, labelled) in [
        (&status.resources, Some(false)),
        (&status.generic, Some(true)),
        (&status.clusters, None),
    ] {
        if let Some(backup) = backup_of(tracked) {
            rules.push(resources(restore, backup, labelled, &local));
        }
    }
    rules.into_iter().map(Write::CleanUp).collect()
}

fn credentials(restore: &Value, backup: &Value) -> CleanUp {
    let mut any_label = vec![object_label::CREDENTIAL_TYPE.to_owned()];
    if !list(backup, "/spec/orLabelSelectors").is_empty() {
        any_label.extend([
            object_label::HIVE_SECRET_TYPE.to_owned(),
            object_label::BACKUP.to_owned(),
        ]);
    }
    CleanUp {
        keep: name(backup).to_owned(),
        kinds: Kinds::Named(vec!["secret".to_owned(), "configmap".to_owned()]),
        any_label,
        backup_label: None,
        keep_activation: !is_activation(restore),
        unrestored_too: option(restore) == "CleanupAll",
        spare_namespaces: Vec::new(),
        exemptions: false,
    }
}

fn resources(restore: &Value, backup: &Value, labelled: Option<bool>, local: &str) -> CleanUp {
    let named = |pointer: &str| -> Vec<String> {
        list(backup, pointer)
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let kinds = if labelled == Some(true) {
        let mut spared = named("/spec/excludedResources");
        spared.extend(NEVER.iter().map(|kind| (*kind).to_owned()));
        Kinds::AllBut(spared)
    } else {
        let mut included = named("/spec/includedResources");
        included.retain(|kind| !NEVER.contains(&kind.as_str()));
        Kinds::Named(included)
    };
    let mut spare_namespaces = named("/spec/excludedNamespaces");
    spare_namespaces.push(local.to_owned());
    CleanUp {
        keep: name(backup).to_owned(),
        kinds,
        any_label: Vec::new(),
        backup_label: labelled,
        keep_activation: !is_activation(restore),
        unrestored_too: option(restore) == "CleanupAll",
        spare_namespaces,
        exemptions: true,
    }
}
