//! Who keeps whom from running (operator-facts §6.2). Only phases count, and only within a namespace.

use serde_json::Value;

use super::timing::is_readable;
use crate::kinds::Kind;
use crate::object;
use crate::version::Version;
use crate::world::World;

/// Whether a Restore is active: any phase but the two terminal ones, the empty one included.
pub fn is_active_restore(restore: &Value) -> bool {
    !matches!(object::phase(restore), "Finished" | "FinishedWithErrors")
}

fn is_active_schedule(schedule: &Value, version: Version) -> bool {
    match object::phase(schedule) {
        "BackupCollision" => false,
        "Paused" => !version.knows_paused(),
        _ => true,
    }
}

fn ignored_because(kind: &str, name: &str) -> String {
    format!(
        "This resource is ignored because {kind} resource {name} is currently active, \
         before creating another resource verify that any active resources are removed."
    )
}

/// Why a Restore is refused for good beside what else is there.
pub fn refusal(world: &World, restore: &Value, version: Version) -> Option<String> {
    let namespace = object::namespace(restore);
    let schedule = world
        .within(Kind::BackupSchedule, namespace)
        .filter(|schedule| is_readable(schedule))
        .find(|schedule| is_active_schedule(schedule, version))
        .map(|schedule| ignored_because("BackupSchedule", object::name(schedule)));
    schedule.or_else(|| {
        world
            .within(Kind::AcmRestore, namespace)
            .filter(|other| is_readable(other) && object::uid(other) != object::uid(restore))
            .find(|other| is_active_restore(other))
            .map(|other| ignored_because("Restore", object::name(other)))
    })
}

/// Why a BackupSchedule fails validation beside an active Restore.
pub fn active_restore(world: &World, namespace: &str) -> Option<String> {
    world
        .within(Kind::AcmRestore, namespace)
        .filter(|restore| is_readable(restore))
        .find(|restore| is_active_restore(restore))
        .map(|restore| {
            format!(
                "Restore resource {} is currently active, verify that any active restores are removed.",
                object::name(restore)
            )
        })
}
