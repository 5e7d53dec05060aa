//! Deletes expired validation backups, on every pass of either kind, whichever hub wrote them
//! (operator-facts §3.2).

use acm_backup_domain::upstream::backup_label;
use serde_json::{Value, json};

use super::velero_schedules::VALIDATION;
use crate::kinds::Kind;
use crate::object::{self, ObjectName, label, list, time};
use crate::world::World;
use crate::write::Write;

/// A request that Velero delete a backup with its data.
pub fn delete_backup_request(backup: &Value) -> Value {
    let api = Kind::DeleteBackupRequest.api();
    let name = object::name(backup);
    json!({
        "apiVersion": api.api_version(),
        "kind": api.kind,
        "metadata": {"name": name, "namespace": object::namespace(backup)},
        "spec": {"backupName": name},
    })
}

/// What there is to delete in a namespace.
pub fn clean(world: &World, namespace: &str) -> Vec<Write> {
    world
        .within(Kind::Backup, namespace)
        .filter(|backup| label(backup, backup_label::VELERO_SCHEDULE) == Some(VALIDATION.schedule))
        .filter(|backup| time(backup, "/status/expiration").is_some_and(|end| end < world.now))
        .filter_map(
            |backup| match world.get(Kind::DeleteBackupRequest, &ObjectName::of(backup)) {
                None => Some(Write::Create(delete_backup_request(backup))),
                Some(request) if !list(request, "/status/errors").is_empty() => {
                    Some(Write::delete(Kind::Backup, backup))
                }
                Some(_) => None,
            },
        )
        .collect()
}
