//! The first backup set, made by the operator itself (operator-facts §3.1).

use acm_backup_domain::upstream::backup_label;
use serde_json::{Value, json};

use crate::kinds::Kind;
use crate::object::{flag, name, name_stamp, namespace};
use crate::world::World;

/// Whether a BackupSchedule wants a first set at once.
pub fn wanted(owner: &Value) -> bool {
    !flag(owner, "/spec/noBackupOnStart") && !flag(owner, "/spec/skipImmediately")
}

/// The immediate backup for a Velero Schedule; all of one pass carry the same time in their names.
pub fn backup(world: &World, schedule: &Value) -> Value {
    let api = Kind::Backup.api();
    let mut labels = schedule["metadata"]["labels"].clone();
    labels[backup_label::VELERO_SCHEDULE] = json!(name(schedule));
    json!({
        "apiVersion": api.api_version(),
        "kind": api.kind,
        "metadata": {
            "name": format!("{}-{}", name(schedule), name_stamp(world.now)),
            "namespace": namespace(schedule),
            "labels": labels,
        },
        "spec": schedule["spec"]["template"],
        "status": {},
    })
}
