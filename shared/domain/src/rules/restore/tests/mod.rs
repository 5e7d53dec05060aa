//! Table tests of the Restore rules, over one small world.

mod activation_taken_back;
mod active_schedule;
mod another_active;
mod backup_not_found;
mod blindness;
mod edit_after_end;
mod exemptions;
mod old_hub_live;
mod old_hub_live_texts;
mod one_text;
mod status_write;

use crate::hub::identity::HubId;
use crate::hub::sets::tests::{at, backup};
use crate::kinds::Kind;
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::definition::Definition;
use crate::kinds::restore::Restore;
use crate::kinds::storage_location::StorageLocation;
use crate::kinds::velero_restore::VeleroRestore;
use crate::rules::review::{Operation, Origin, Review, Subject};
use crate::rules::{Judgement, judge};
use crate::snapshot::{Fact, Snapshot};
use crate::upstream::backup_label;
use serde_json::{Value, json};

pub(super) const HUB_A: &str = "81431db3-2b3e-56e4-93ca-3481bd29fa8b";
pub(super) const HUB_B: &str = "75b1a9a2-89e1-59cb-84bc-9815403f475d";

/// A Restore of this hub's backups-to-be-restored, by its three names.
pub(super) fn restore(name: &str, clusters: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "ocm-backup"},
        "spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": clusters,
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest",
        }
    })
}

/// `value` with `path` (a JSON pointer whose parents exist) set.
pub(super) fn with(mut value: Value, path: &str, to: Value) -> Value {
    let (parent, key) = path.rsplit_once('/').unwrap();
    if parent == "/status" || parent == "/metadata/annotations" {
        let root = value.as_object_mut().unwrap();
        match parent {
            "/status" => drop(root.entry("status").or_insert(json!({}))),
            _ => drop(
                root["metadata"]
                    .as_object_mut()
                    .unwrap()
                    .entry("annotations")
                    .or_insert(json!({})),
            ),
        }
    }
    value
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .insert(key.replace("~1", "/"), to);
    value
}

pub(super) fn in_phase(restore: Value, phase: &str) -> Value {
    with(restore, "/status/phase", json!(phase))
}

pub(super) fn create(object: &Value) -> Review {
    Review {
        operation: Operation::Create,
        subject: Subject::Restore(Restore::read(object)),
        previous: None,
        origin: Origin::Admission {
            user: "admin".into(),
            dry_run: false,
        },
        by_operator: false,
    }
}

pub(super) fn update(from: &Value, to: &Value) -> Review {
    Review {
        operation: Operation::Update,
        previous: Some(Subject::Restore(Restore::read(from))),
        ..create(to)
    }
}

/// Hub B, passive, at 16:00:30: it sees a full set of hub A that began at 16:00:00, A backs up every
/// two minutes, and the storage was read five seconds ago.
pub(super) fn passive_hub() -> Snapshot {
    let now = at("16:00:30");
    let mut snapshot = Snapshot::empty(now, "ocm-backup");
    snapshot.hub_id = Fact::known(HubId::new(HUB_B), now);
    snapshot.restores = Fact::known(Vec::new(), now);
    snapshot.backup_schedules = Fact::known(Vec::new(), now);
    snapshot.storage_locations = Fact::known(vec![storage("16:00:25")], now);
    snapshot.velero_restores = Fact::known(Vec::new(), now);
    snapshot.velero_schedules = Fact::known(Vec::new(), now);
    snapshot.managed_clusters = Fact::known(Vec::new(), now);
    snapshot.accepted = Fact::known(Vec::new(), now);
    snapshot.backup_schedule_definition =
        Fact::known(Definition::with_spec_fields(&["paused"]), now);
    snapshot.backups = Fact::known(synced_set(HUB_A, "160000"), now);
    snapshot
}

/// A Velero Restore that the ACM Restore `owner` made, begun at 16:00:10.
pub(super) fn velero_restore(owner: &str, phase: &str) -> VeleroRestore {
    VeleroRestore::read(&json!({
        "metadata": {
            "name": format!("{owner}-acm-managed-clusters-schedule-20261122160000"),
            "namespace": "ocm-backup",
            "ownerReferences": [{"kind": "Restore", "name": owner}],
        },
        "status": {"phase": phase, "startTimestamp": "2026-11-22T16:00:10Z"},
    }))
}

/// The whole text of a refusal, empty where the request passes.
pub(super) fn refusal(review: &Review, snapshot: &Snapshot) -> String {
    judge(review, snapshot).refusal().unwrap_or_default()
}

/// A location that was last read at `synced`.
pub(super) fn storage(synced: &str) -> StorageLocation {
    StorageLocation {
        meta: crate::kinds::meta::Meta {
            name: "default".into(),
            ..Default::default()
        },
        is_default: true,
        phase: "Available".into(),
        synced: Some(at(synced)),
        ..StorageLocation::default()
    }
}

/// A full set as another hub sees it: stored here after it was over.
pub(super) fn synced_set(hub: &str, run: &str) -> Vec<Backup> {
    own_set(hub, run)
        .into_iter()
        .map(|mut backup| {
            backup.meta.created = backup
                .completed
                .map(|at| at + jiff::SignedDuration::from_secs(9));
            backup.meta.generation = Some(1);
            backup
        })
        .collect()
}

/// A full set as the hub that made it sees it.
pub(super) fn own_set(hub: &str, run: &str) -> Vec<Backup> {
    BackupType::ALL
        .into_iter()
        .map(|kind| {
            let mut backup = backup(hub, kind, run);
            backup.meta.namespace = "ocm-backup".into();
            backup.meta.generation = Some(9);
            backup.items = Some(5);
            backup
                .meta
                .labels
                .insert(backup_label::SCHEDULE_NAME.into(), "schedule-acm".into());
            if kind == BackupType::Validation {
                backup.ttl = Some("7m0s".parse().unwrap());
            }
            backup
        })
        .collect()
}

/// The marker of an activation of `hub` at `run` (HHMMSS), as its own hub sees it; it restored the set of
/// 16:00:00.
pub(super) fn marker(hub: &str, from: &str, run: &str) -> Backup {
    let mut marker = backup(from, BackupType::Validation, run);
    marker.meta.name = format!("acm-restore-clusters-20261122{run}");
    marker
        .meta
        .labels
        .insert(backup_label::RESTORE_CLUSTER.into(), hub.into());
    marker.meta.labels.insert(
        backup_label::RESTORED_CLUSTERS.into(),
        "acm-managed-clusters-schedule-20261122160000".into(),
    );
    marker.meta.generation = Some(9);
    marker
}

/// The same as another hub sees it.
pub(super) fn copied(mut backup: Backup) -> Backup {
    backup.meta.generation = Some(1);
    backup.meta.created = backup
        .completed
        .map(|at| at + jiff::SignedDuration::from_secs(9));
    backup
}

/// A cluster that came in the set of 16:00:00.
pub(super) fn restored_cluster() -> crate::kinds::managed_cluster::ManagedCluster {
    Kind::read(&json!({"metadata": {"name": "c1", "labels": {
        "velero.io/backup-name": "acm-managed-clusters-schedule-20261122160000",
        "velero.io/restore-name": "sync-acm-managed-clusters-schedule-20261122160000"
    }}}))
}

/// Ids of the rules that deny and of those that warn.
pub(super) fn ids(judgement: &Judgement) -> (Vec<&'static str>, Vec<&'static str>) {
    (
        judgement.denials().map(|finding| finding.rule).collect(),
        judgement.warnings().map(|finding| finding.rule).collect(),
    )
}

/// The headline of the rule's finding, empty where it passes.
pub(super) fn headline(rule: &str, review: &Review, snapshot: &Snapshot) -> String {
    judge(review, snapshot)
        .findings
        .into_iter()
        .find(|finding| finding.rule == rule)
        .map(|finding| finding.headline)
        .unwrap_or_default()
}

pub(super) fn denies(rule: &str, review: &Review, snapshot: &Snapshot) -> bool {
    ids(&judge(review, snapshot)).0.contains(&rule)
}

pub(super) fn warns(rule: &str, review: &Review, snapshot: &Snapshot) -> bool {
    ids(&judge(review, snapshot)).1.contains(&rule)
}
