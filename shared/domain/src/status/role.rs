//! What part this hub plays.

use super::facts::Facts;
use crate::hub::restores::RestoreState;
use crate::kinds::restore::Restore;
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
    /// It is set to back up, though it holds no cluster and another hub owns the fleet.
    Stray,
    /// Neither backs up nor restores.
    Idle,
    /// Its BackupSchedules, its Restores or the backups could not be read.
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
            Self::Stray => "not the fleet's hub",
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
    let velero = facts.snapshot.velero_restores.items();
    let goes_on = |restore: &Restore| {
        let state = RestoreState::of(restore, velero);
        !state.is_over() && !state.has_stopped()
    };
    if facts
        .restores()
        .iter()
        .any(|restore| restore.activates() && goes_on(restore))
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
    let holds = facts.holds_clusters();
    if holds == Some(false) && facts.others_own() && !facts.has_resumed() {
        return if schedules.is_empty() {
            Role::Idle
        } else {
            Role::Stray
        };
    }
    // Who owns the fleet only the storage tells: without it nobody is called active.
    if facts.snapshot.backups.value().is_none() {
        return Role::Unknown;
    }
    if !schedules.is_empty() || holds == Some(true) || facts.view.is_sole_owner_by_takeover() {
        return Role::Active;
    }
    if known { Role::Idle } else { Role::Unknown }
}

/// Another hub took the fleet over, and this one has something to back up with, went on backing up, or
/// still holds clusters.
fn was_replaced(facts: &Facts<'_>) -> bool {
    let Some(at) = facts.taken_over().and_then(|takeover| takeover.at) else {
        return false;
    };
    if facts.has_resumed() {
        return false;
    }
    !facts.schedules().is_empty()
        || facts.holds_clusters() == Some(true)
        || facts
            .own_sets()
            .any(|set| set.started().is_some_and(|started| started > at))
}
