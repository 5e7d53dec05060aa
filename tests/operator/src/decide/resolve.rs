//! From `latest`, `skip` or a name to a backup (operator-facts §6.5). Nothing checks that the backups
//! of one Restore belong together.

use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::velero_schedules::{BackupType, GENERIC};
use crate::kinds::Kind;
use crate::object::{self, ObjectName, name, time};
use crate::world::World;

/// What a spec value asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing of this type.
    Skip,
    /// The newest finished backup.
    Latest,
    /// This one.
    Named(String),
}

/// Reads a spec value: trimmed and lower-cased; absent counts as empty, which is an error.
pub fn wanted(value: Option<&str>) -> Result<Wanted, String> {
    match value.unwrap_or("").trim().to_lowercase().as_str() {
        "" => Err("backup name not found".to_owned()),
        "skip" => Ok(Wanted::Skip),
        "latest" => Ok(Wanted::Latest),
        other => Ok(Wanted::Named(other.to_owned())),
    }
}

/// The newest finished backup of a type, by the time it *started*.
pub fn latest<'a>(world: &'a World, namespace: &'a str, kind: BackupType) -> Option<&'a Value> {
    world
        .within(Kind::Backup, namespace)
        .filter(|backup| name(backup).starts_with(kind.schedule))
        .filter(|backup| matches!(object::phase(backup), "Completed" | "PartiallyFailed"))
        .max_by_key(|backup| time(backup, "/status/startTimestamp"))
}

/// The backup a type resolves to; `Ok(None)` where there is none and that is no error.
pub fn backup<'a>(
    world: &'a World,
    namespace: &'a str,
    kind: BackupType,
    wanted: &Wanted,
) -> Result<Option<&'a Value>, String> {
    let get = |name: &str| world.get(Kind::Backup, &ObjectName::new(namespace, name));
    match wanted {
        Wanted::Skip => Ok(None),
        Wanted::Latest if world.within(Kind::Backup, namespace).next().is_none() => {
            Err("no velero backups found".to_owned())
        }
        Wanted::Latest => latest(world, namespace, kind)
            .map(Some)
            .ok_or_else(|| "no backups found".to_owned()),
        Wanted::Named(name) if kind == GENERIC => Ok(generic_beside(world, namespace, name)),
        Wanted::Named(name) => get(name).map(Some).ok_or_else(|| {
            format!("cannot find {name} Velero Backup: Backup.velero.io \"{name}\" not found")
        }),
    }
}

/// The generic backup that goes with a named resources backup: the same time in its name, else any
/// that started within 30 s of it. Not finding one is silently no error.
fn generic_beside<'a>(world: &'a World, namespace: &'a str, resources: &str) -> Option<&'a Value> {
    let stamp = resources.rsplit_once('-').map_or("", |(_, stamp)| stamp);
    let exact = format!("{}-{stamp}", GENERIC.schedule);
    let named = time_in_name(stamp);
    world
        .get(Kind::Backup, &ObjectName::new(namespace, &exact))
        .or_else(|| {
            world
                .within(Kind::Backup, namespace)
                .filter(|backup| name(backup).starts_with(GENERIC.schedule))
                .find(
                    |backup| match (time(backup, "/status/startTimestamp"), named) {
                        (Some(started), Some(named)) => {
                            started.duration_since(named).abs() <= SignedDuration::from_secs(30)
                        }
                        _ => false,
                    },
                )
        })
}

fn time_in_name(stamp: &str) -> Option<Timestamp> {
    let (date, time) = stamp.split_at_checked(8)?;
    let civil = DateTime::from_str(&format!("{date}T{time}")).ok()?;
    civil
        .to_zoned(TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}
