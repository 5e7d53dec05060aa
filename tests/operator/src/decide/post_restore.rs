//! What follows a finished activation: the marker and auto-import (operator-facts §6.9, §6.10).

use acm_backup_domain::upstream::{MARKER_PREFIX, backup_label};
use serde_json::{Map, Value, json};

use super::expired_validation::delete_backup_request;
use super::restore_status::RestoreStatus;
use super::{msa, velero_schedules::MANAGED_CLUSTERS};
use crate::kinds::Kind;
use crate::object::{
    ObjectName, annotation, label, list, name, name_stamp, namespace, phase, text, time,
};
use crate::version::Version;
use crate::world::World;
use crate::write::Write;

const METRICS_CERTIFICATE: (&str, &str) = (
    "open-cluster-management-addon-observability",
    "observability-controller-open-cluster-management.io-observability-signer-client-cert",
);
const AUTO_IMPORT_SECRET: &str = "auto-import-secret";
const MADE_BY_RESTORE: &str = "cluster.open-cluster-management.io/restore-auto-import-secret";
const KEEP_SECRET: &str =
    "managedcluster-import-controller.open-cluster-management.io/keeping-auto-import-secret";
const IMMEDIATE_IMPORT: &str = "import.open-cluster-management.io/immediate-import";

/// All post-restore work; auto-import also leaves its messages in the status.
pub fn writes(
    world: &World,
    restore: &Value,
    status: &mut RestoreStatus,
    version: Version,
) -> Vec<Write> {
    let mut writes = Vec::new();
    let certificate = ObjectName::new(METRICS_CERTIFICATE.0, METRICS_CERTIFICATE.1);
    if version.tracks_generic_restore() && world.get(Kind::Secret, &certificate).is_some() {
        writes.push(Write::Delete {
            kind: Kind::Secret,
            at: certificate,
        });
    }
    if version.writes_marker() {
        writes.push(Write::Create(marker(world, restore, status)));
        if version.splits_activation() {
            writes.extend(older_markers(world, namespace(restore)));
        }
    }
    for cluster in import_candidates(world, version) {
        let (messages, imports) = import(world, cluster, version);
        status.messages.extend(messages);
        writes.extend(imports);
    }
    writes
}

/// A backup of the Restore itself, which tells the other hub who activated last.
fn marker(world: &World, restore: &Value, status: &RestoreStatus) -> Value {
    let velero = status.clusters.as_ref().and_then(|clusters| {
        world.get(
            Kind::VeleroRestore,
            &ObjectName::new(namespace(restore), clusters),
        )
    });
    let backup = velero.map_or("", |velero| text(velero, "/spec/backupName"));
    let mut labels = Map::new();
    labels.insert(MANAGED_CLUSTERS.schedule.to_owned(), json!(backup));
    labels.insert(
        "cluster.open-cluster-management.io/acm-hub-dr".to_owned(),
        json!("true"),
    );
    labels.insert(backup_label::RESTORE_NAME.to_owned(), json!(name(restore)));
    labels.insert(
        backup_label::RESTORE_CLUSTER.to_owned(),
        json!(world.hub_id()),
    );
    if let Some(source) = velero.and_then(|velero| label(velero, backup_label::BACKUP_CLUSTER)) {
        labels.insert(backup_label::BACKUP_CLUSTER.to_owned(), json!(source));
    }
    let api = Kind::Backup.api();
    json!({
        "apiVersion": api.api_version(),
        "kind": api.kind,
        "metadata": {
            "name": format!("{MARKER_PREFIX}{}", name_stamp(world.now)),
            "namespace": namespace(restore),
            "labels": labels,
        },
        "spec": {
            "csiSnapshotTimeout": "0s",
            "hooks": {},
            "includedNamespaces": [namespace(restore)],
            "includedResources": ["Restore"],
            "itemOperationTimeout": "0s",
            "metadata": {},
            "ttl": "0s",
        },
        "status": {},
    })
}

/// Only the new marker stays, whichever hub wrote the others.
fn older_markers(world: &World, namespace: &str) -> Vec<Write> {
    let mut markers: Vec<_> = world
        .within(Kind::Backup, namespace)
        .filter(|backup| {
            label(backup, backup_label::RESTORE_CLUSTER).is_some() && phase(backup) != "Deleting"
        })
        .filter(|backup| {
            world
                .get(Kind::DeleteBackupRequest, &ObjectName::of(backup))
                .is_none()
        })
        .collect();
    markers.sort_by_key(|backup| std::cmp::Reverse(time(backup, "/status/startTimestamp")));
    markers
        .into_iter()
        .map(|backup| Write::Create(delete_backup_request(backup)))
        .collect()
}

/// Clusters to look at: all since 2.15, before only those with a token.
fn import_candidates(world: &World, version: Version) -> Vec<&Value> {
    let local = world.local_cluster(version.knows_paused());
    world
        .all(Kind::ManagedCluster)
        .filter(|cluster| name(cluster) != local)
        .filter(|cluster| {
            version.imports_by_cluster() || tokens_of(world, name(cluster)).next().is_some()
        })
        .collect()
}

fn tokens_of<'a>(world: &'a World, cluster: &'a str) -> impl Iterator<Item = &'a Value> {
    msa::tokens(world).filter(move |secret| namespace(secret) == cluster)
}

fn import(world: &World, cluster: &Value, version: Version) -> (Vec<String>, Vec<Write>) {
    let name = name(cluster);
    let say = |message: String| (vec![message], Vec::new());
    if is_available(cluster) {
        return say(format!("managed cluster {name} already available"));
    }
    let url = text(cluster, "/spec/managedClusterClientConfigs/0/url");
    if url.is_empty() {
        return say(format!(
            "Cannot reimport cluster {name}, no serverUrl property"
        ));
    }
    let token = match token(world, name, version) {
        Ok(token) => token,
        Err(message) => return say(message),
    };
    import_with(world, cluster, url, &token, version)
}

fn is_available(cluster: &Value) -> bool {
    list(cluster, "/status/conditions").iter().any(|condition| {
        text(condition, "/type") == "ManagedClusterConditionAvailable"
            && text(condition, "/status") == "True"
    })
}

/// The token to import with, as it stands in its Secret.
fn token(world: &World, cluster: &str, version: Version) -> Result<String, String> {
    let valid = |secret: &&Value| {
        annotation(secret, "expirationTimestamp")
            .and_then(|end| end.parse::<jiff::Timestamp>().ok())
            .is_some_and(|end| end > world.now)
    };
    let secrets: Vec<_> = tokens_of(world, cluster).collect();
    let newest = secrets
        .iter()
        .copied()
        .max_by_key(|secret| time(secret, "/metadata/creationTimestamp"));
    let chosen = match (
        secrets.iter().copied().find(valid),
        version.imports_by_cluster(),
    ) {
        (Some(secret), _) => Some(secret),
        (None, true) => newest,
        (None, false) => {
            return Err(newest.map_or_else(String::new, |secret| {
                format!(
                    "Skip MSA access token for secret ({cluster}:{}) no loger valid!",
                    name(secret)
                )
            }));
        }
    };
    let chosen =
        chosen.ok_or_else(|| format!("No suitable MSA secret found for cluster ({cluster})"))?;
    let token = text(chosen, "/data/token");
    if token.is_empty() {
        let secret = name(chosen);
        return Err(format!(
            "Skip MSA access token for cluster ({cluster}) - invalid token data in secret ({secret})"
        ));
    }
    Ok(token.to_owned())
}

fn import_with(
    world: &World,
    cluster: &Value,
    url: &str,
    token: &str,
    version: Version,
) -> (Vec<String>, Vec<Write>) {
    let cluster_name = name(cluster);
    let at = ObjectName::new(cluster_name, AUTO_IMPORT_SECRET);
    let (mut messages, mut writes) = (Vec::new(), Vec::new());
    match world.get(Kind::Secret, &at) {
        Some(existing) if label(existing, MADE_BY_RESTORE) == Some("true") => {
            messages.push(format!(
                "deleted auto-import-secret from namespace {cluster_name}"
            ));
            writes.push(Write::Delete {
                kind: Kind::Secret,
                at,
            });
        }
        Some(_) => {
            return (
                vec![format!(
                    "Failed to create auto-import-secret for ({cluster_name})"
                )],
                writes,
            );
        }
        None => {}
    }
    if version.has_finalizers() && annotation(cluster, IMMEDIATE_IMPORT).is_none() {
        let patch = json!({"metadata": {"annotations": {IMMEDIATE_IMPORT: ""}}});
        writes.push(Write::patch(Kind::ManagedCluster, cluster, patch));
    }
    writes.push(Write::Create(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": AUTO_IMPORT_SECRET,
            "namespace": cluster_name,
            "annotations": {KEEP_SECRET: ""},
            "labels": {MADE_BY_RESTORE: "true"},
        },
        "type": "Opaque",
        // `data` already holds the token base64-encoded; the other two are written the same way.
        "data": {"autoImportRetry": BASE64_FIVE, "server": base64(url), "token": token},
    })));
    messages.push(format!("Created auto-import-secret for ({cluster_name})"));
    (messages, writes)
}

/// `5`, base64-encoded.
const BASE64_FIVE: &str = "NQ==";

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
