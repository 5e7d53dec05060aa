//! Which hub owns the fleet, and which others act as if they did.
//!
//! A hub that comes back from the dead and one that was falsely attested look alike in the storage:
//! backups begun after another hub's takeover. Both sides of it are told the same, from the same
//! facts (OWNERSHIP S7).

mod activating;
mod evidence;
mod owner;
mod rivals;
mod stop;

pub(super) use owner::half_taken_back as taken_back;

use super::facts::Facts;
use super::finding::Finding;
use super::role::Role;
use crate::hub::identity::HubId;
use crate::hub::{Activity, OtherHub};
use serde::Serialize;

/// A hub that writes to this storage.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Writer {
    /// Its id.
    pub hub: HubId,
    /// Whether it is this hub.
    pub this_hub: bool,
    /// The backup of its that started last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_backup: Option<String>,
    /// When that started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_started: Option<jiff::Timestamp>,
    /// How often it backs up, where its backups tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_seconds: Option<i64>,
    /// Whether its newest sign of life is recent enough to take it for alive. `false` is silence, not
    /// death.
    pub live: bool,
    /// Whether it owns the fleet, alone or as one of several.
    pub owner: bool,
}

/// Every hub whose backups are in the storage; a twin has this hub's id and is another one.
pub(super) fn writers(facts: &Facts<'_>) -> Vec<Writer> {
    let here = facts
        .view
        .here
        .iter()
        .map(|(hub, activity)| writer(facts, hub, activity, true));
    let others = facts
        .view
        .others
        .values()
        .filter(|standing| standing.hub.begun.is_some() || standing.hub.made.is_some())
        .map(|standing| writer(facts, &standing.hub, &standing.activity, false));
    let mut all: Vec<_> = here.chain(others).collect();
    all.sort_by(|a, b| (&a.hub, a.this_hub).cmp(&(&b.hub, b.this_hub)));
    all
}

fn writer(facts: &Facts<'_>, hub: &OtherHub<'_>, activity: &Activity<'_>, here: bool) -> Writer {
    let last = hub.begun.or(hub.made);
    let party = if here {
        crate::hub::Party::Here
    } else {
        hub.party()
    };
    Writer {
        hub: hub.id.clone(),
        this_hub: here,
        last_backup: last.map(|last| last.backup.to_owned()),
        last_started: last.map(|last| last.at),
        period_seconds: activity.period.map(|period| period.as_secs()),
        live: activity.live,
        owner: facts.view.owns(&party),
    }
}

/// What is wrong about who writes to the storage, and who owns the fleet.
pub(super) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let mut found: Vec<_> = owner::taken_back(facts, role).into_iter().collect();
    let intruders = rivals::intruders(facts);
    let told = intruders.iter().any(|(_, here)| *here);
    found.extend(intruders.into_iter().map(|(finding, _)| finding));
    found.extend(activating::unanswered(facts, role));
    found.extend(rivals::resumed(facts));
    found.extend(rivals::shared_storage(facts, role));
    if role == Role::Replaced && !told {
        found.extend(owner::replaced(facts));
    }
    found.extend(owner::stray(facts, role));
    found.extend(owner::hollow(facts));
    found.extend(owner::silent(facts, role));
    found.extend(rivals::refuted(facts));
    found.extend(evidence::twin(facts));
    found.extend(evidence::no_id(facts));
    found.extend(evidence::ahead(facts));
    found.extend(evidence::nameless(facts));
    found.extend(evidence::undated(facts));
    found.extend(evidence::contradicting(facts));
    found
}
