//! What is known of other hubs, as far as the parts of the report that are not about them need it.

use super::facts::Facts;
use crate::hub::identity::HubId;

/// Whether another hub that wrote here writes no more, by a view of the storage that is fresh enough to
/// tell.
pub(super) fn is_silent(facts: &Facts<'_>, hub: &HubId) -> bool {
    is_seen(facts)
        && facts
            .other(hub)
            .is_some_and(|standing| standing.activity.sign.is_some() && !standing.activity.live)
}

/// Whether what other hubs write would be seen here.
pub(super) fn is_seen(facts: &Facts<'_>) -> bool {
    facts
        .view
        .deciding_locations(None)
        .iter()
        .all(|name| facts.view.unread(name).is_none())
}
