//! What is known of other hubs, as far as the parts of the report that are not about them need it.

use super::facts::Facts;
use crate::identity::HubId;
use crate::liveness::Activity;

/// Whether a hub that wrote here writes no more, by a view of the storage that is fresh enough to tell.
pub(super) fn is_silent(facts: &Facts<'_>, hub: &HubId) -> bool {
    let locations = facts.snapshot.storage_locations.items();
    let fresh = locations
        .iter()
        .any(|location| location.is_view_fresh(facts.now));
    let activity = Activity::of(hub, facts.backups, locations, None);
    fresh && activity.last_started.is_some() && !activity.is_live(facts.now)
}

/// The hub that took the fleet over from this one.
pub(super) fn owner_elsewhere(facts: &Facts<'_>) -> Option<HubId> {
    facts
        .owner()
        .filter(|owner| facts.own.is_some() && !facts.is_own(&owner.hub))
        .map(|owner| owner.hub.clone())
}
