//! BackupCollision: another hub writes to, or took over from, this one (operator-facts §5).

use acm_backup_domain::upstream::{UNKNOWN_HUB, backup_label};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::velero_schedules::RESOURCES;
use crate::kinds::Kind;
use crate::object::{self, label, name, namespace, text, time};
use crate::version::Version;
use crate::world::World;

/// Velero Schedules younger than this are not judged.
pub const SETTLING: SignedDuration = SignedDuration::from_secs(5);

/// Which collision it is, with its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collision {
    /// Another hub writes to the same storage.
    ForeignBackup(String),
    /// Another hub activated.
    ActivatedElsewhere(String),
}

/// The collision this BackupSchedule is in, if any.
pub fn detect(
    world: &World,
    owner: &Value,
    schedules: &[&Value],
    version: Version,
) -> Option<Collision> {
    let first = schedules.first()?;
    let created = time(first, "/metadata/creationTimestamp").unwrap_or(Timestamp::MIN);
    let settling = world.now.duration_since(created) <= SETTLING;
    if settling || matches!(object::phase(owner), "" | "New") || object::flag(owner, "/spec/paused")
    {
        return None;
    }
    let own = label(first, backup_label::BACKUP_CLUSTER).unwrap_or("");
    match foreign_latest(world, own) {
        Some(backup) => {
            let bypass =
                version.splits_activation() && restored_after(world, backup, namespace(owner));
            (!bypass).then(|| Collision::ForeignBackup(foreign_backup(backup, own)))
        }
        None if version.writes_marker() => {
            activated_elsewhere(world, namespace(owner), created).map(Collision::ActivatedElsewhere)
        }
        None => None,
    }
}

fn foreign_backup(backup: &Value, own: &str) -> String {
    format!(
        "Backup {}, from cluster with id [{}] is using the same storage location. This is a backup collision with \
         current cluster [{own}] backup. Review and resolve the collision then create a new BackupSchedule resource \
         to  resume backups from this cluster.",
        name(backup),
        label(backup, backup_label::BACKUP_CLUSTER).unwrap_or(""),
    )
}

/// The newest resources backup of all, if another hub wrote it.
fn foreign_latest<'a>(world: &'a World, own: &str) -> Option<&'a Value> {
    world
        .all(Kind::Backup)
        .filter(|backup| label(backup, backup_label::VELERO_SCHEDULE) == Some(RESOURCES.schedule))
        .filter(|backup| object::phase(backup) != "Deleting")
        .max_by_key(|backup| time(backup, "/status/startTimestamp"))
        .filter(|backup| label(backup, backup_label::BACKUP_CLUSTER).unwrap_or("") != own)
}

/// The newest activation marker in a namespace, whichever hub wrote it.
pub fn newest_marker<'a>(world: &'a World, namespace: &'a str) -> Option<&'a Value> {
    world
        .within(Kind::Backup, namespace)
        .filter(|backup| label(backup, backup_label::RESTORE_CLUSTER).is_some())
        .max_by_key(|backup| time(backup, "/status/startTimestamp"))
}

/// Failback: this hub activated after the foreign backup started, so it owns the storage again.
fn restored_after(world: &World, foreign: &Value, namespace: &str) -> bool {
    let hub = world.hub_id();
    let Some(marker) = newest_marker(world, namespace) else {
        return false;
    };
    let restored_here = !hub.is_empty()
        && hub != UNKNOWN_HUB
        && label(marker, backup_label::RESTORE_CLUSTER) == Some(hub.as_str());
    let started = time(foreign, "/status/startTimestamp")
        .or_else(|| time(foreign, "/metadata/creationTimestamp"));
    restored_here && started < time(marker, "/metadata/creationTimestamp")
}

fn activated_elsewhere(
    world: &World,
    namespace: &str,
    schedules_created: Timestamp,
) -> Option<String> {
    let marker = newest_marker(world, namespace)?;
    let activated_by = label(marker, backup_label::RESTORE_CLUSTER).unwrap_or("");
    let later =
        time(marker, "/metadata/creationTimestamp").is_some_and(|made| schedules_created < made);
    let elsewhere =
        activated_by.is_empty() || activated_by == UNKNOWN_HUB || activated_by != world.hub_id();
    (later && elsewhere).then(|| {
        format!(
            "Hub with id [{activated_by}] had run a restore managed cluster operation, see [{}]. Current hub is no \
             longer the active cluster so the BackupSchedule is set to backup collision. Review and resolve the \
             collision then create a new BackupSchedule resource  from this hub, or from the [{activated_by}] hub.",
            text(marker, "/metadata/name"),
        )
    })
}
