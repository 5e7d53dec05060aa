//! Decisions that no recording shows, one sentence of operator-facts each.

mod collision;
mod labelling;
mod restore;
mod restore_errors;
mod schedule;

use std::str::FromStr;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::decide::{reconcile_restore, reconcile_schedule};
use crate::kinds::Kind;
use crate::object::ObjectName;
use crate::version::Version;
use crate::world::{OfferedKind, World};
use crate::write::{Pass, Write};

const NS: &str = "open-cluster-management-backup";
const HUB: &str = "hub-1";
const NOW: &str = "2026-11-22T16:00:00Z";

fn v(text: &str) -> Version {
    Version::from_str(text).unwrap()
}

/// A hub with usable storage, everything the operator needs, and nothing to do.
fn world() -> World {
    let mut world = World::default();
    world.now = Timestamp::from_str(NOW).unwrap();
    world.offered = Kind::ALL
        .iter()
        .map(|kind| OfferedKind {
            group: kind.api().group.to_owned(),
            kind: kind.api().kind.to_owned(),
        })
        .collect();
    world.put(object(
        Kind::ClusterVersion,
        "",
        "version",
        json!({"spec": {"clusterID": HUB}}),
    ));
    world.put(object(
        Kind::StorageLocation,
        NS,
        "default",
        json!({"metadata": {"ownerReferences": [{"kind": "DataProtectionApplication"}]}, "status": {"phase": "Available"}}),
    ));
    world
}

/// An object with a uid of its own; `fields` are merged in.
fn object(kind: Kind, namespace: &str, name: &str, fields: Value) -> Value {
    let api = kind.api();
    let mut object = json!({
        "apiVersion": api.api_version(),
        "kind": api.kind,
        "metadata": {"name": name, "uid": format!("{kind:?}/{namespace}/{name}"), "creationTimestamp": "2026-11-22T15:00:00Z"},
    });
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = json!(namespace);
    }
    json_patch::merge(&mut object, &fields);
    object
}

fn schedule(fields: Value) -> Value {
    let mut schedule = object(
        Kind::BackupSchedule,
        NS,
        "s",
        json!({"spec": {"veleroSchedule": "0 * * * *", "veleroTtl": "72h"}}),
    );
    json_patch::merge(&mut schedule, &fields);
    schedule
}

fn passive(fields: Value) -> Value {
    let mut restore = object(
        Kind::AcmRestore,
        NS,
        "r",
        json!({"spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": "skip",
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest",
        }}),
    );
    json_patch::merge(&mut restore, &fields);
    restore
}

/// A complete backup; `stamp` is in its name, `started` when it started.
fn backup(prefix: &str, stamp: &str, started: &str, hub: &str) -> Value {
    object(
        Kind::Backup,
        NS,
        &format!("{prefix}-{stamp}"),
        json!({
            "metadata": {"labels": {
                "cluster.open-cluster-management.io/backup-cluster": hub,
                "velero.io/schedule-name": prefix,
            }},
            "status": {"phase": "Completed", "startTimestamp": started},
        }),
    )
}

/// One complete set.
fn put_set(world: &mut World) {
    for kind in crate::decide::velero_schedules::BACKUP_TYPES {
        world.put(backup(
            kind.schedule,
            "20261122150000",
            "2026-11-22T15:00:05Z",
            "other",
        ));
    }
}

fn look_schedule(world: &World, version: &str) -> Pass {
    reconcile_schedule(world, &ObjectName::new(NS, "s"), v(version))
}

fn look_restore(world: &World, version: &str) -> Pass {
    reconcile_restore(world, &ObjectName::new(NS, "r"), v(version))
}

/// Phase and message of the last status write.
fn said(pass: &Pass) -> (String, String) {
    let status = pass.writes.iter().rev().find_map(|write| match write {
        Write::Status { status, .. } => Some(status),
        _ => None,
    });
    let status = status.expect("a status write");
    let text = |field: &str| status[field].as_str().unwrap_or("").to_owned();
    (text("phase"), text("lastMessage"))
}

/// Names of what a pass creates of one kind.
fn created(pass: &Pass, kind: Kind) -> Vec<String> {
    pass.writes
        .iter()
        .filter_map(|write| match write {
            Write::Create(object) if Kind::of(object) == Some(kind) => {
                Some(crate::object::name(object).to_owned())
            }
            _ => None,
        })
        .collect()
}

/// The five Velero Schedules of the BackupSchedule, made an hour ago.
fn put_velero_schedules(world: &mut World, owner: &Value) {
    for kind in crate::decide::velero_schedules::BACKUP_TYPES {
        let mut schedule =
            crate::decide::velero_schedules::velero_schedule(world, owner, kind, v("2.17"));
        schedule["metadata"]["creationTimestamp"] = json!("2026-11-22T15:00:00Z");
        schedule["status"] = json!({"phase": "Enabled"});
        world.put(schedule);
    }
}
