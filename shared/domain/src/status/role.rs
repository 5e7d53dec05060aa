//! What part this hub plays.

use super::facts::Facts;
use serde::Serialize;
use std::fmt;

/// The part a hub plays in the recovery of its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// It manages the fleet, or is set to back one up.
    Active,
    /// A sync Restore keeps it ready to take over.
    Passive,
    /// A Restore is making it the active hub.
    Activating,
    /// Another hub activated later and owns the fleet.
    Replaced,
    /// The operator stopped its backups, because another hub writes to the same storage.
    Collision,
    /// Neither backs up nor restores.
    Idle,
    /// Its BackupSchedules or Restores could not be read.
    Unknown,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::Activating => "activating",
            Self::Replaced => "replaced",
            Self::Collision => "in collision",
            Self::Idle => "idle",
            Self::Unknown => "role not known",
        })
    }
}

/// Tells the role. A Restore tells more than a BackupSchedule: beside an active Restore the operator
/// lets none run (operator-facts §6.2).
pub(super) fn of(facts: &Facts<'_>) -> Role {
    let known = facts.snapshot.restores.value().is_some()
        && facts.snapshot.backup_schedules.value().is_some();
    if facts
        .restores()
        .iter()
        .any(|restore| restore.is_active() && restore.activates())
    {
        return Role::Activating;
    }
    if facts.passive_sync().is_some() {
        return Role::Passive;
    }
    if was_replaced(facts) {
        return Role::Replaced;
    }
    let schedules = facts.schedules();
    if schedules.iter().any(|schedule| schedule.is_in_collision()) {
        return Role::Collision;
    }
    if !schedules.is_empty() || has_taken_over(facts) {
        return Role::Active;
    }
    if known { Role::Idle } else { Role::Unknown }
}

/// This hub activated last, and has the clusters to show for it: a `Skip` in the wrong letters writes a
/// marker as well (operator-facts §6.7).
fn has_taken_over(facts: &Facts<'_>) -> bool {
    facts.owner().is_some_and(|owner| facts.is_own(&owner.hub))
        && super::clusters::clusters(facts).is_none_or(|clusters| clusters.total > 0)
}

/// Another hub activated last, and this one has something to back up with or went on backing up.
fn was_replaced(facts: &Facts<'_>) -> bool {
    let Some(owner) = facts
        .owner()
        .filter(|owner| facts.own.is_some() && !facts.is_own(&owner.hub))
    else {
        return false;
    };
    if facts.has_resumed() {
        return false;
    }
    !facts.schedules().is_empty()
        || facts
            .own_sets()
            .any(|set| set.started().is_some_and(|started| started > owner.at))
}
