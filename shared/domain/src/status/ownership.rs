//! Which hub owns the fleet, and which others act as if they did.
//!
//! A hub that comes back from the dead and one that was falsely attested look alike in the storage:
//! backups begun after another hub's activation. Both sides of it are told the same, from the same
//! facts (DESIGN §3, "Old hub live").

use super::facts::Facts;
use super::finding::Finding;
use super::role::Role;
use crate::identity::HubId;
use crate::liveness::{self, Activation, Activity};
use crate::time::age;
use crate::time::saturating::Saturating;
use crate::upstream::backup_label;
use jiff::SignedDuration;
use serde::Serialize;

/// How long, beyond its period, a hub must start nothing before its intrusion counts as over.
const QUIET_GRACE: SignedDuration = SignedDuration::from_mins(5);

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
    /// Whether that is recent enough to take it for alive. `false` is silence, not death.
    pub live: bool,
}

/// Every hub whose backups are in the storage.
pub(super) fn writers(facts: &Facts<'_>) -> Vec<Writer> {
    liveness::writers(facts.backups)
        .into_iter()
        .map(|hub| {
            let activity = activity(facts, &hub, None);
            Writer {
                this_hub: facts.is_own(&hub),
                hub,
                live: activity.is_live(facts.now),
                period_seconds: activity.period.map(|period| period.as_secs()),
                last_started: activity.last_started.as_ref().map(|last| last.at),
                last_backup: activity.last_started.map(|last| last.backup),
            }
        })
        .collect()
}

/// What is wrong about who writes to the storage.
pub(super) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    // A passive hub has the fleet no more, whatever it once activated.
    if role == Role::Passive && facts.owner().is_some_and(|owner| facts.is_own(&owner.hub)) {
        return Vec::new();
    }
    if let Some(finding) = no_id(facts) {
        return vec![finding];
    }
    let Some(owner) = facts.owner() else {
        return shared_storage(facts, role).into_iter().collect();
    };
    if facts.is_own(&owner.hub)
        && super::clusters::clusters(facts).is_some_and(|clusters| clusters.total == 0)
    {
        return vec![hollow(facts, owner)];
    }
    let mut found: Vec<_> = intruders(facts, owner)
        .map(|intruder| intrusion(facts, owner, &intruder))
        .collect();
    if role == Role::Replaced && !found.iter().any(|finding| finding.id == TWO_OWNERS) {
        found.push(replaced(facts, owner));
    }
    found
}

const TWO_OWNERS: &str = "hub/backups-after-takeover";

fn activity(facts: &Facts<'_>, hub: &HubId, since: Option<jiff::Timestamp>) -> Activity {
    Activity::of(
        hub,
        facts.backups,
        facts.snapshot.storage_locations.items(),
        since,
    )
}

/// The hubs that began a backup after another one had activated.
fn intruders<'f>(
    facts: &'f Facts<'_>,
    owner: &'f Activation,
) -> impl Iterator<Item = Activity> + 'f {
    liveness::writers(facts.backups)
        .into_iter()
        .filter(|hub| hub.is_known() && *hub != owner.hub)
        .map(|hub| activity(facts, &hub, Some(owner.at)))
        .filter(|activity| activity.last_started.is_some())
}

fn intrusion(facts: &Facts<'_>, owner: &Activation, intruder: &Activity) -> Finding {
    let (winner, loser) = (owner.hub.short(), intruder.hub.short());
    let Some(last) = &intruder.last_started else {
        return replaced(facts, owner);
    };
    if facts.is_own(&intruder.hub) && facts.has_resumed() {
        return resumed(facts, owner);
    }
    let newer_set = facts
        .sets
        .iter()
        .any(|set| set.writer == owner.hub && set.is_complete() && set.run > last.at);
    let quiet = intruder
        .period
        .is_some_and(|period| facts.now.duration_since(last.at) > period.plus(QUIET_GRACE));
    let headline = format!("hub {loser} began a backup after hub {winner} took over the fleet");
    let finding = if newer_set && quiet {
        Finding::warning(TWO_OWNERS, headline).seen(format!(
            "it has begun nothing since, and hub {winner} has a newer complete set"
        ))
    } else {
        Finding::critical(TWO_OWNERS, headline)
    };
    let finding = finding
        .seen(format!(
            "hub {winner} took over at {} by {}; it owns the fleet",
            facts.when(owner.at),
            owner.marker
        ))
        .seen(format!(
            "hub {loser} began {} at {}",
            last.backup,
            facts.when(last.at)
        ));
    stop(facts, finding, &intruder.hub)
}

/// Hubs that are not OpenShift all call themselves `unknown`; the operator sees no collision then
/// (operator-facts §12, G25).
fn no_id(facts: &Facts<'_>) -> Option<Finding> {
    (facts.snapshot.hub_id.value().is_some() && facts.own.is_none() && !facts.backups.is_empty()).then(|| {
        Finding::warning("hub/no-id", "whose backups these are cannot be told: this hub has no id of its own")
            .seen("without a ClusterVersion every hub calls itself unknown, and the operator notices no collision")
            .todo("let no second hub write to this storage")
    })
}

/// This hub wrote an activation marker without restoring a cluster: `Skip` in the wrong letters does.
fn hollow(facts: &Facts<'_>, owner: &Activation) -> Finding {
    // An activation without clusters leaves the marker's source empty.
    let from = Some(&owner.from).filter(|from| from.is_known());
    let other = from.or(facts.foreign_sets().last().map(|set| &set.writer));
    let (own, other) = (owner.hub.short(), other.map_or("OTHER", HubId::short));
    let names = "veleroManagedClustersBackupName";
    Finding::critical("hub/hollow-activation", format!("hub {own} says it took over the fleet, and has no cluster; hub {other} stops its backups for that"))
        .seen(format!("marker {} of {}; a Restore writes one whenever {names} is not exactly skip", owner.marker, facts.when(owner.at)))
        .run(format!("see whether hub {other} still backs up:"), format!("kubectl --context HUB-{other} -n {} get bsch", facts.snapshot.namespace))
        .todo(format!("if it says BackupCollision there, delete that BackupSchedule and create it anew, on hub {other}"))
}

/// Another hub has taken over; this one has begun nothing since, but could.
fn replaced(facts: &Facts<'_>, owner: &Activation) -> Finding {
    let winner = owner.hub.short();
    let running: Vec<_> = facts
        .schedules()
        .iter()
        .filter(|schedule| schedule.blocks_restores())
        .collect();
    let finding = if running.is_empty() {
        Finding::warning(
            "hub/replaced",
            format!("this hub has been replaced by hub {winner}; its backups are stopped"),
        )
    } else {
        Finding::critical(
            "hub/replaced",
            format!("this hub has been replaced by hub {winner}, and still backs up"),
        )
    };
    let finding = finding.seen(format!(
        "hub {winner} took over at {} by {}; it owns the fleet",
        facts.when(owner.at),
        owner.marker
    ));
    match facts.own {
        Some(own) => stop(facts, finding, own),
        None => finding,
    }
}

/// This hub backs up again, as somebody wants, though another one activated last.
fn resumed(facts: &Facts<'_>, owner: &Activation) -> Finding {
    let winner = owner.hub.short();
    Finding::warning(
        "hub/resumed",
        format!("this hub backs up again, though hub {winner} activated last"),
    )
    .seen(format!(
        "hub {winner} took over at {} by {}, and is silent now",
        facts.when(owner.at),
        owner.marker
    ))
    .seen("the BackupSchedule of this hub was created after that")
    .todo(format!(
        "make sure that hub {winner} is down for good, and that no cluster is left there"
    ))
}

/// What to do on a hub that must leave the fleet alone. A command for another hub names a context
/// that does not exist: pasted as it is, it must not hit this hub.
fn stop(facts: &Facts<'_>, finding: Finding, hub: &HubId) -> Finding {
    let name = schedule_of(facts, hub).unwrap_or_else(|| "NAME".to_owned());
    let id = hub.short();
    let there = if facts.is_own(hub) {
        String::new()
    } else {
        format!("--context HUB-{id} ")
    };
    let namespace = &facts.snapshot.namespace;
    finding
        .run(
            format!("on hub {id}, end its backups:"),
            format!("kubectl {there}-n {namespace} delete bsch {name}"),
        )
        .run(
            format!("on hub {id}, then keep it from importing clusters:"),
            format!("kubectl {there}annotate managedclusters --all import.open-cluster-management.io/disable-auto-import="),
        )
}

/// The name of a hub's BackupSchedule: as it stands here for this hub, else as its backups tell.
fn schedule_of(facts: &Facts<'_>, hub: &HubId) -> Option<String> {
    if facts.is_own(hub)
        && let Some(schedule) = facts.schedules().first()
    {
        return Some(schedule.meta.name.clone());
    }
    facts
        .backups
        .iter()
        .filter(|backup| backup.backup_type().is_some() && backup.writer() == *hub)
        .max_by_key(|backup| backup.started)
        .and_then(|backup| backup.meta.label(backup_label::SCHEDULE_NAME))
        .map(str::to_owned)
}

/// Two hubs back up to one storage and no activation tells which one should.
fn shared_storage(facts: &Facts<'_>, role: Role) -> Option<Finding> {
    let own = facts
        .own
        .filter(|_| role == Role::Active || role == Role::Collision)?;
    if !activity(facts, own, None).is_live(facts.now) {
        return None;
    }
    let other = writers(facts)
        .into_iter()
        .find(|writer| writer.live && !writer.this_hub && writer.hub.is_known())?;
    let id = other.hub.short();
    let finding = Finding::critical(
        "hub/shared-storage",
        format!(
            "hub {id} backs up to this storage as well, and no activation tells which hub owns the fleet"
        ),
    );
    let finding = match (&other.last_backup, other.last_started) {
        (Some(backup), Some(at)) => {
            finding.seen(format!("hub {id} began {backup} at {}", facts.when(at)))
        }
        _ => finding,
    };
    let period = other
        .period_seconds
        .map(|seconds| age::span(SignedDuration::from_secs(seconds)));
    let finding = match period {
        Some(period) => finding.seen(format!("hub {id} backs up every {period}")),
        None => finding,
    };
    Some(stop(
        facts,
        finding.todo(format!(
            "decide which hub owns the fleet; if it is not {id}, do this there:"
        )),
        &other.hub,
    ))
}
