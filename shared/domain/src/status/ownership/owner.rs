//! The hub that owns the fleet, told on the others, and what this hub has of it.

use super::stop;
use crate::hub::{Party, Standing, Takeover, ToldBy};
use crate::kinds::backup::BackupType;
use crate::kinds::restore::Restore;
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::status::remedies::delete_restore;
use crate::status::restores::{Rest, rest};
use crate::status::role::Role;
use crate::time::age;
use crate::time::saturating::Saturating;
use jiff::SignedDuration;

/// An operator notices a marker within its five minutes and Velero's sync (operator-facts §5).
const NOTICED_WITHIN: SignedDuration = SignedDuration::from_mins(7);

/// A silence this long, or of three periods, is critical on every other hub.
const LONG_SILENCE: SignedDuration = SignedDuration::from_mins(30);

/// Another hub has taken over; this one has begun nothing since, but could, or still holds clusters.
pub(super) fn replaced(facts: &Facts<'_>) -> Option<Finding> {
    let owner = facts.taken_over()?;
    let at = owner.at?;
    let winner = facts.name(owner.by.other()?);
    let running = facts
        .schedules()
        .iter()
        .any(|schedule| stop::runs(facts, schedule));
    let clusters = facts.view.fleet.count();
    let headline = match (running, clusters) {
        (true, _) => format!("this hub has been replaced by {winner}, and still backs up"),
        (false, 0) => {
            format!("this hub has been replaced by {winner}; its backups are stopped")
        }
        (false, _) => format!(
            "this hub has been replaced by {winner}, and still holds {}",
            age::count(clusters, "cluster")
        ),
    };
    let finding = if running {
        Finding::critical("hub/replaced", headline)
    } else {
        Finding::warning("hub/replaced", headline)
    };
    let finding = finding.seen(format!(
        "{winner} took over at {} by {}; it owns the fleet",
        facts.when(at),
        owner.told_by.name()
    ));
    Some(stop::here(facts, finding, Some(&winner)))
}

/// An activation that was taken back half-way: this hub has the fleet, and a sync follows another hub.
pub(super) fn taken_back(facts: &Facts<'_>, role: Role) -> Option<Finding> {
    let (sync, takeover) = half_taken_back(facts).filter(|_| role == Role::Passive)?;
    let at = takeover.at?;
    let name = &sync.meta.name;
    let by_it = facts
        .snapshot
        .velero_restores
        .items()
        .iter()
        .any(|velero| velero.is_of(name) && BackupType::of_clusters(&velero.backup));
    let finding =
        Finding::critical(
            "hub/activation-taken-back",
            if by_it {
                format!("the activation by Restore {name} was taken back half-way: this hub has the fleet, and nothing backs it up")
            } else {
                format!("this hub has taken the fleet over, and Restore {name} makes it follow: nothing backs the fleet up")
            },
        )
        .seen(format!(
            "it took over at {} by {}, and holds {}",
            facts.when(at),
            takeover.told_by.name(),
            age::count(facts.view.fleet.count(), "cluster")
        ));
    let rest = rest(facts, sync);
    if rest == Rest::Works {
        return Some(finding.run(
            "Velero still restores for it: wait until all of them are over, and look again:",
            facts.kubectl("get restores.velero.io -w"),
        ));
    }
    let text = "end the sync (in Git first, if Git owns it); what it restored stays:".to_owned();
    Some(
        delete_restore(finding, facts, sync, rest, text)
            .todo("if the deletion hangs (2.16 and newer): set veleroManagedClustersBackupName to skip while it is being deleted")
            .todo("then create a BackupSchedule here"),
    )
}

/// The sync that an activating Restore was set back to, and the takeover it did not take back.
pub(in crate::status) fn half_taken_back<'a>(
    facts: &Facts<'a>,
) -> Option<(&'a Restore, &'a Takeover<'a>)> {
    let sync = facts.passive_sync()?;
    let takeover = facts
        .view
        .last_takeover(&Party::Here)
        .filter(|takeover| facts.view.owns(&takeover.by))?;
    Some((sync, takeover))
}

/// This hub is set to back up, though it holds nothing and another one owns the fleet.
pub(super) fn stray(facts: &Facts<'_>, role: Role) -> Option<Finding> {
    let owner = facts
        .view
        .owners
        .iter()
        .find_map(Party::other)
        .filter(|_| role == Role::Stray)?;
    let owner = facts.name(owner);
    let running = facts
        .schedules()
        .iter()
        .any(|schedule| stop::runs(facts, schedule));
    let finding = if running {
        Finding::critical(
            "hub/stray-schedule",
            format!("this hub backs up, though it holds no cluster and {owner} owns the fleet"),
        )
        .seen(format!(
            "its sets become the newest in the storage, and {owner} stops its own for that"
        ))
    } else if facts
        .schedules()
        .iter()
        .any(|schedule| stop::is_set(facts, schedule))
    {
        Finding::critical(
            "hub/stray-schedule",
            format!("this hub is set to back up, though it holds no cluster and {owner} owns the fleet"),
        )
        .seen(format!(
            "once the operator lets it, its sets become the newest, and {owner} stops its own for that"
        ))
    } else {
        Finding::warning(
            "hub/stray-schedule",
            format!(
                "this hub has a BackupSchedule, though it holds no cluster and {owner} owns the fleet"
            ),
        )
    };
    let ended: Vec<_> = facts
        .restores()
        .iter()
        .filter(|restore| restore.sync && restore.is_terminal())
        .collect();
    let finding = ended.iter().fold(finding, |finding, restore: &&Restore| {
        finding.seen(format!(
            "Restore {} follows no more: {}",
            restore.meta.name, restore.phase
        ))
    });
    Some(stop::here(facts, finding, None).todo(to_follow(facts, &ended)))
}

/// How a hub that is set to back up comes to follow, its ended syncs in mind.
fn to_follow(facts: &Facts<'_>, ended: &[&Restore]) -> &'static str {
    let any = |wanted: &[Rest]| ended.iter().any(|one| wanted.contains(&rest(facts, one)));
    if ended.is_empty() {
        "if this hub is to follow: delete the BackupSchedule, then create a sync"
    } else if any(&[Rest::Works, Rest::NotSeen]) {
        "if this hub is to follow: delete the BackupSchedule and, only once Velero is done with it, the ended Restore; then create the sync anew"
    } else if any(&[Rest::Rests]) {
        "if this hub is to follow: delete the BackupSchedule and the ended Restore, then create the sync anew"
    } else {
        "if this hub is to follow: delete the BackupSchedule; once the ended Restore is gone, create the sync anew"
    }
}

/// This hub wrote an activation marker without restoring a cluster: `Skip` in the wrong letters does.
pub(super) fn hollow(facts: &Facts<'_>) -> Option<Finding> {
    let marker = facts
        .view
        .takeovers
        .iter()
        .rev()
        .find(|takeover| matches!(takeover.told_by, ToldBy::Marker(_)))
        .filter(|takeover| takeover.by == Party::Here && !takeover.counts())?;
    // That it holds none of them was seen, where it rests on that.
    if !marker.hollow && facts.holds_clusters().is_none() {
        return None;
    }
    // Where this hub has taken over otherwise, the marker tells nothing that matters.
    if facts.view.owns(&Party::Here) && facts.view.is_sole_owner_by_takeover() {
        return None;
    }
    let at = marker.at?;
    // An activation without clusters leaves the marker's source empty.
    let from = marker.source.as_ref().filter(|from| from.is_known());
    let writer = facts.foreign_sets().last().map(|set| &set.writer);
    let other = from.or(writer).filter(|other| !facts.is_own(other))?;
    let begun = facts
        .other(other)
        .and_then(|standing| standing.hub.begun)
        .map(|begun| begun.at)
        .filter(|begun| *begun > at);
    // It goes on although its operator has looked since: it was set to work again.
    if begun.is_some_and(|begun| begun.duration_since(at) > NOTICED_WITHIN) {
        return None;
    }
    let stops = match begun {
        Some(_) => "may stop",
        None => "stops",
    };
    let other = other.short();
    let names = "veleroManagedClustersBackupName";
    let headline = if marker.hollow {
        format!(
            "this hub says it took over the fleet, and restored no cluster; hub {other} {stops} its backups for that"
        )
    } else {
        format!(
            "this hub took over the fleet, and holds none of its clusters any more; hub {other} {stops} its backups for that"
        )
    };
    Some(
        Finding::critical("hub/hollow-activation", headline)
            .seen(format!("marker {} of {}; a Restore writes one whenever {names} is not exactly skip", marker.told_by.name(), facts.when(at)))
            .run(format!("see whether hub {other} still backs up:"), facts.kubectl("get bsch").context(&format!("HUB-{other}")))
            .todo(format!("if it says BackupCollision there, delete that BackupSchedule and create it anew, on hub {other}")),
    )
}

/// The owner has stopped writing. This hub cannot tell why.
pub(super) fn silent(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    // A hub that manages clusters itself asks who else does, not whether they back up.
    if !matches!(
        role,
        Role::Passive | Role::Idle | Role::Collision | Role::Replaced | Role::Stray
    ) {
        return Vec::new();
    }
    let fresh = facts
        .view
        .deciding_locations(None)
        .iter()
        .all(|name| facts.view.unread(name).is_none());
    if !fresh {
        return Vec::new();
    }
    facts
        .view
        .owners
        .iter()
        .filter_map(|owner| facts.other(owner.other()?))
        .filter(|standing| !standing.activity.live && !standing.hub.twin)
        .filter_map(|standing| silence(facts, standing))
        .collect()
}

fn silence(facts: &Facts<'_>, standing: &Standing<'_>) -> Option<Finding> {
    let hub = standing.hub.id.short();
    let sign = standing.activity.sign?;
    let period = standing.activity.period;
    let long = period
        .map_or(SignedDuration::MAX, |period| {
            period.checked_mul(3).unwrap_or(SignedDuration::MAX)
        })
        .max(LONG_SILENCE);
    let since = facts.now.duration_since(sign.at);
    let finding = if since > long {
        Finding::critical(
            "hub/owner-silent",
            format!(
                "hub {hub}, which owns the fleet, has been silent for {}",
                age::span(since)
            ),
        )
    } else {
        Finding::warning(
            "hub/owner-silent",
            format!("hub {hub}, which owns the fleet, has stopped backing up"),
        )
    };
    let pace = period.map_or_else(String::new, |period| {
        format!("; it backs up every {}", age::span(period))
    });
    let due = period
        .map(|period| sign.at.plus(period))
        .filter(|due| facts.now.is_past(*due))
        .map_or_else(String::new, |due| {
            format!("; one was due {}", facts.when(due))
        });
    let finding = finding
        .seen(format!(
            "its last sign of life is {} of {}{pace}{due}",
            sign.backup,
            facts.when(sign.at)
        ))
        .todo(format!("is hub {hub} down? look by another way than the storage: its console, its API server, its machines"));
    Some(match facts.passive_sync() {
        Some(sync) => finding.run(
            "once you know, let the guard say what it asks (changes nothing; if it answers \"patched\", no guard stands on this hub):",
            facts
                .kubectl("patch crst")
                .name(&sync.meta.name)
                .say("--dry-run=server --type merge -p")
                .value(r#"{"spec":{"veleroManagedClustersBackupName":"latest"}}"#),
        ),
        None => finding,
    })
}
