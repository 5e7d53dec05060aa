//! A view as an API server would serve it, read by the product's own projections into its snapshot.

use crate::seen::{Lost, NAMESPACE, Seen, Time, timestamp};
use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::hub::record::Accepted;
use acm_backup_domain::hub::statement::{Kind, Statement};
use acm_backup_domain::kinds::Kind as Read;
use acm_backup_domain::names::ATTESTATION;
use acm_backup_domain::snapshot::{Fact, Missing, Snapshot};
use serde_json::{Map, Value, json};

/// The label of a hub's own ManagedCluster, and Velero's two on what it restored.
const LOCAL: &str = "local-cluster";
const RESTORED_FROM: &str = "velero.io/backup-name";
const RESTORED_BY: &str = "velero.io/restore-name";
const BACKUP_CLUSTER: &str = "cluster.open-cluster-management.io/backup-cluster";

/// The snapshot of a view. Permissions are the request's and are added by it.
pub fn snapshot(seen: &Seen) -> Snapshot {
    let now = timestamp(seen.now);
    let mut snapshot = Snapshot::empty(now, NAMESPACE);
    let forbidden = |resource: &str| Missing::Forbidden {
        verb: "list".to_owned(),
        resource: resource.to_owned(),
        namespace: Some(NAMESPACE.to_owned()),
    };
    snapshot.hub_id = match &seen.own_id {
        Some(id) => Fact::known(HubId::new(id.clone()), now),
        None => Fact::Missing(forbidden("clusterversions.config.openshift.io")),
    };
    snapshot.backups = fact(seen, Lost::Backups, || seen.backups.iter().map(backup));
    snapshot.velero_restores = fact(seen, Lost::Velero, || seen.velero.iter().map(velero));
    snapshot.managed_clusters = fact(seen, Lost::Clusters, || seen.clusters.iter().map(cluster));
    snapshot.storage_locations = fact(seen, Lost::Locations, || {
        seen.locations.iter().map(location)
    });
    snapshot.restores = Fact::known(read(seen.restores.iter().map(restore)), now);
    snapshot.backup_schedules = Fact::known(read(seen.schedules.iter().map(schedule)), now);
    snapshot.velero_schedules = Fact::known(Vec::new(), now);
    snapshot.kube_system_created = match seen.kube_system {
        Some(created) => Fact::known(timestamp(created), now),
        None => Fact::Missing(forbidden("namespaces")),
    };
    snapshot.accepted = Fact::known(seen.accepted.iter().map(accepted).collect(), now);
    snapshot
}

fn read<K: Read>(objects: impl Iterator<Item = Value>) -> Vec<K> {
    objects.map(|object| K::read(&object)).collect()
}

fn fact<K: Read, I: Iterator<Item = Value>>(
    seen: &Seen,
    what: Lost,
    objects: impl FnOnce() -> I,
) -> Fact<Vec<K>> {
    if seen.missing.contains(&what) {
        return Fact::Missing(Missing::TimedOut {
            resource: format!("{what:?}").to_lowercase(),
            seconds: std::time::Duration::from_secs(2).into(),
        });
    }
    Fact::known(read(objects()), timestamp(seen.now))
}

fn time(at: Option<Time>) -> Value {
    at.map_or(Value::Null, |at| timestamp(at).to_string().into())
}

fn seconds(span: Option<Time>) -> Value {
    span.map_or(Value::Null, |span| format!("{span}s").into())
}

fn labels<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    pairs
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect()
}

fn backup(it: &crate::seen::SeenBackup) -> Value {
    json!({
        "metadata": {
            "name": it.name,
            "namespace": NAMESPACE,
            "generation": it.generation,
            "creationTimestamp": time(it.created),
            "deletionTimestamp": time(it.deleted),
            "labels": labels(it.labels.iter().map(|(key, value)| (*key, value.as_str()))),
        },
        "spec": { "storageLocation": it.location, "ttl": seconds(it.ttl) },
        "status": {
            "phase": it.phase,
            "startTimestamp": time(it.started),
            "completionTimestamp": time(it.completed),
            "progress": { "itemsBackedUp": it.items },
        },
    })
}

fn velero(it: &crate::seen::SeenVelero) -> Value {
    json!({
        "metadata": {
            "name": it.name,
            "namespace": NAMESPACE,
            "creationTimestamp": time(Some(it.created)),
            "labels": labels(it.source.iter().map(|id| (BACKUP_CLUSTER, id.as_str()))),
            "ownerReferences": [{ "kind": "Restore", "name": it.owner }],
        },
        "spec": { "backupName": it.backup },
        "status": { "phase": it.phase, "completionTimestamp": time(it.completed) },
    })
}

fn cluster(it: &crate::seen::SeenCluster) -> Value {
    let local = it.local.then_some((LOCAL, "true"));
    let from = it.from.iter().map(|name| (RESTORED_FROM, name.as_str()));
    let by = it.by.iter().map(|name| (RESTORED_BY, name.as_str()));
    json!({
        "metadata": {
            "name": it.name,
            "creationTimestamp": time(Some(it.created)),
            "labels": labels(local.into_iter().chain(from).chain(by)),
        },
    })
}

fn location(it: &crate::seen::SeenLocation) -> Value {
    json!({
        "metadata": {
            "name": it.name,
            "namespace": NAMESPACE,
            "ownerReferences": [{ "kind": "DataProtectionApplication", "name": "velero" }],
        },
        "spec": {
            "default": it.default,
            "accessMode": if it.read_only { "ReadOnly" } else { "ReadWrite" },
            "backupSyncPeriod": seconds(it.period),
            "objectStorage": { "bucket": it.name },
        },
        "status": {
            "phase": if it.available { "Available" } else { "Unavailable" },
            "lastSyncedTime": time(it.synced),
        },
    })
}

/// A Restore as it is stored, or asked for.
pub fn restore(it: &crate::seen::SeenRestore) -> Value {
    let annotations: Map<String, Value> = it
        .statement
        .iter()
        .map(|text| (ATTESTATION.to_owned(), text.as_str().into()))
        .collect();
    json!({
        "metadata": {
            "name": it.name,
            "namespace": NAMESPACE,
            "uid": it.uid,
            "annotations": annotations,
        },
        "spec": {
            "veleroManagedClustersBackupName": it.clusters,
            "veleroCredentialsBackupName": it.credentials,
            "veleroResourcesBackupName": it.resources,
            "syncRestoreWithNewBackups": it.sync,
            "cleanupBeforeRestore": "None",
        },
        "status": {
            "phase": it.phase,
            "veleroCredentialsRestoreName": it.velero.first(),
            "veleroResourcesRestoreName": it.velero.get(1),
        },
    })
}

/// A BackupSchedule as it is stored, or asked for.
pub fn schedule(it: &crate::seen::SeenSchedule) -> Value {
    json!({
        "metadata": { "name": it.name, "namespace": NAMESPACE, "uid": format!("uid-{}", it.name) },
        "spec": { "veleroSchedule": it.cron, "paused": it.paused },
        "status": { "phase": it.phase },
    })
}

/// An entry of the record.
fn accepted(it: &crate::seen::SeenAccepted) -> Accepted {
    Accepted {
        meaning: meaning(it),
        kind: it.kind.to_owned(),
        about: it.about.clone(),
        at: timestamp(it.at),
        holder: it.holder.clone(),
        uid: it.uid.clone(),
        accepted: timestamp(it.accepted),
        open_until: None,
    }
}

/// As the product hashes it; the oracle compares what it stands for.
fn meaning(it: &crate::seen::SeenAccepted) -> String {
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == it.kind);
    let kind = kind.expect("the product knows every kind");
    Statement::meaning(kind, &it.about, timestamp(it.at))
}
