//! Everything that is deliberately not compared, each with its reason.

use acm_backup_operator::kinds::Kind;
use acm_backup_operator::object::{list, name, phase, text};
use acm_backup_operator::world::{OfferedKind, World};
use serde_json::{Value, json};

use crate::stage::Unrecorded;

/// Restores of the step "two Restores in the same instant": the outcome of the race hangs on the
/// operator's cache, and all three outcomes were seen. Their recorded states are fed as they are, so
/// that what follows (a BackupSchedule beside them) is compared.
pub const RACING_RESTORES: [&str; 2] = ["r-a", "r-b"];

/// Whether an object belongs to the race.
pub fn is_racing(object: &Value) -> bool {
    RACING_RESTORES.iter().any(|restore| {
        name(object) == *restore
            || name(object).starts_with(&format!("{restore}-acm-"))
            || text(object, "/involvedObject/name") == *restore
    })
}

/// The operator read an outdated Restore from its cache and did the post-restore work twice: a second
/// marker a second or so later (the first of 2.17's hub2 even without the backup's name), the
/// import Secrets deleted and made again, a deletion of its own first marker. One of each is compared;
/// of two markers of one Restore, the later, which was made from what the Restore really did.
pub fn is_repeated_marker(markers: &[Value], kind: Kind, object: &Value) -> bool {
    const RESTORE: &str = "/metadata/labels/cluster.open-cluster-management.io~1acm-restore-name";
    let position = markers
        .iter()
        .position(|marker| name(marker) == name(object));
    position.is_some_and(|position| {
        matches!(kind, Kind::Backup | Kind::DeleteBackupRequest)
            && markers[position + 1..]
                .iter()
                .any(|later| text(later, RESTORE) == text(&markers[position], RESTORE))
    })
}

/// A message of a repeated auto-import.
fn is_of_repeat(message: &str) -> bool {
    message.starts_with("deleted auto-import-secret")
}

/// Progress of Velero: which Velero Restore a pass happened to meet first is the order of a map, and
/// how many such passes there were is timing.
fn is_progress(message: &str) -> bool {
    message.ends_with(" started")
        || message.ends_with(" is currently executing")
        || message.starts_with("Unknown status for Velero restore")
}

/// A Restore's status as a line.
pub fn restore_line(restore: &Value) -> Option<String> {
    let phase = phase(restore);
    if phase.is_empty() {
        return None;
    }
    let message = text(restore, "/status/lastMessage");
    let under_way = matches!(phase, "Started" | "Running" | "Unknown") && is_progress(message);
    let said = if under_way {
        "under way".to_owned()
    } else {
        format!("{phase}: {message}")
    };
    let names = [
        "veleroManagedClustersRestoreName",
        "veleroResourcesRestoreName",
        "veleroGenericResourcesRestoreName",
        "veleroCredentialsRestoreName",
    ]
    .map(|field| text(restore, &format!("/status/{field}")));
    // The order of the messages is the order of a map.
    let mut messages: Vec<_> = list(restore, "/status/messages")
        .iter()
        .filter_map(Value::as_str)
        .filter(|text| !is_of_repeat(text))
        .collect();
    messages.sort_unstable();
    messages.dedup();
    let completed = restore.pointer("/status/completionTimestamp").is_some();
    Some(format!(
        "{said} {names:?} completed={completed} {messages:?}"
    ))
}

/// A BackupSchedule's status as a line. Whether a pass meets the Velero Schedules before Velero wrote
/// their first phase (`Unknown`) is timing.
pub fn schedule_line(schedule: &Value) -> Option<String> {
    let phase = phase(schedule);
    if matches!(phase, "" | "Unknown") {
        return None;
    }
    let copies = [
        "veleroScheduleManagedClusters",
        "veleroScheduleResources",
        "veleroScheduleCredentials",
    ]
    .map(|field| {
        let mut spec = schedule
            .pointer(&format!("/status/{field}/spec"))
            .cloned()
            .unwrap_or(Value::Null);
        normalise_schedule(&mut spec);
        spec.to_string()
    });
    Some(format!(
        "{phase}: {} {copies:?}",
        text(schedule, "/status/lastMessage")
    ))
}

/// Makes Velero Schedule specs comparable: `skipImmediately` is filled in by Velero, and the order of the
/// resource lists changes when the operator compares them (it sorts them on the way).
pub fn normalise_schedule(spec: &mut Value) {
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("skipImmediately");
    }
    for field in ["/template/includedResources", "/template/excludedResources"] {
        if let Some(Value::Array(resources)) = spec.pointer_mut(field) {
            resources.sort_by_key(Value::to_string);
        }
    }
}

/// On one recorded hub the ManagedServiceAccount component was off.
pub fn unrecorded(recording: &str, hub: &str) -> Unrecorded {
    Unrecorded {
        accounts: (recording, hub) != ("2.17-traps", "hub2"),
    }
}

/// What the recordings leave out and the operator saw: the hub's id, what the API server offers, and whether
/// the ManagedServiceAccount component is on.
pub fn add_unrecorded(world: &mut World, id: &str, unrecorded: Unrecorded) {
    world.put(json!({
        "apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion",
        "metadata": {"name": "version"}, "spec": {"clusterID": id},
    }));
    if unrecorded.accounts {
        world.put(json!({
            "apiVersion": "addon.open-cluster-management.io/v1alpha1", "kind": "ClusterManagementAddOn",
            "metadata": {"name": "managed-serviceaccount"},
        }));
    }
    world.offered = [Kind::Channel]
        .iter()
        .chain(Kind::ALL)
        .map(|kind| OfferedKind {
            group: kind.api().group.to_owned(),
            kind: kind.api().kind.to_owned(),
        })
        .collect();
}

/// Puts token data back, which the recordings drop from every Secret.
pub fn with_token(mut object: Value) -> Value {
    if object.pointer("/data/token").is_some() && object["kind"] == "Secret" {
        object["data"]["token"] = json!("dG9rZW4=");
    }
    object
}
