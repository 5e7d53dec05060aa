//! Hubs that act as if they owned the fleet.

use super::stop;
use crate::hub::statement::{Kind, VALID_FOR, refutation};
use crate::hub::{Activity, OtherHub, Party, Takeover};
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::status::role::Role;
use crate::time::age;
use crate::time::saturating::Saturating;
use jiff::{SignedDuration, Timestamp};

/// How long, beyond its period, a hub must start nothing before its intrusion counts as over.
const QUIET_GRACE: SignedDuration = SignedDuration::from_mins(5);

const TWO_OWNERS: &str = "hub/backups-after-takeover";

/// The hubs that began a backup after another one had taken over, each with whether it is this one.
pub(super) fn intruders(facts: &Facts<'_>) -> Vec<(Finding, bool)> {
    let Some((owner, at)) = facts
        .view
        .newest_takeover()
        .and_then(|takeover| Some((takeover, takeover.at?)))
    else {
        return Vec::new();
    };
    let here = facts
        .view
        .here
        .iter()
        .filter(|_| owner.by != Party::Here && !facts.view.owns(&Party::Here))
        .filter(|_| !facts.has_resumed())
        .map(|(hub, activity)| (hub, activity, true));
    let others = facts
        .view
        .in_question()
        .filter(|standing| standing.hub.party() != owner.by && !standing.hub.is_nameless())
        .map(|standing| (&standing.hub, &standing.activity, false));
    here.chain(others)
        .filter_map(|(hub, activity, here)| {
            let begun = hub.begun.filter(|begun| begun.at > at)?;
            Some((
                intrusion(
                    facts,
                    owner,
                    at,
                    hub,
                    activity,
                    begun.backup,
                    begun.at,
                    here,
                ),
                here,
            ))
        })
        .collect()
}

/// A hub by its id; this one as what it is, so that nobody takes it for another.
fn name(facts: &Facts<'_>, party: &Party) -> String {
    match (party, facts.own) {
        (Party::Here, Some(own)) => format!("this hub ({})", own.short()),
        (Party::Here, None) => "this hub".to_owned(),
        (Party::Other(id), _) => facts.name(id),
    }
}

#[expect(clippy::too_many_arguments, reason = "one sentence about two hubs")]
fn intrusion(
    facts: &Facts<'_>,
    owner: &Takeover<'_>,
    at: Timestamp,
    intruder: &OtherHub<'_>,
    activity: &Activity<'_>,
    backup: &str,
    begun: Timestamp,
    here: bool,
) -> Finding {
    let winner = name(facts, &owner.by);
    let party = if here { Party::Here } else { intruder.party() };
    let loser = name(facts, &party);
    let newer_set = facts
        .sets
        .iter()
        .any(|set| set.party() == owner.by && set.is_complete() && set.run > begun);
    let quiet = activity
        .period
        .is_some_and(|period| facts.now.duration_since(begun) > period.saturating_add(QUIET_GRACE));
    let headline = format!("{loser} began a backup after {winner} took over the fleet");
    let finding = if newer_set && quiet {
        Finding::warning(TWO_OWNERS, headline).seen(format!(
            "it has begun nothing since, and {winner} has a newer complete set"
        ))
    } else {
        Finding::critical(TWO_OWNERS, headline)
    };
    let finding = finding
        .seen(format!(
            "{winner} took over at {} by {}; it owns the fleet",
            facts.when(at),
            owner.told_by.name()
        ))
        .seen(format!("{loser} began {backup} at {}", facts.when(begun)));
    if here {
        stop::here(facts, finding, Some(&winner))
    } else {
        there(facts, finding, intruder)
    }
}

/// What to do on another hub. A twin has no name of its own that a command could go by.
fn there(facts: &Facts<'_>, finding: Finding, hub: &OtherHub<'_>) -> Finding {
    if hub.twin {
        return finding.todo("find the hub that has this hub's id too (which was cloned or rebuilt from which?), then end its backups and its imports there");
    }
    stop::there(facts, finding, hub)
}

/// A word that was accepted here and has been proven wrong since (OWNERSHIP S7).
pub(super) fn refuted(facts: &Facts<'_>) -> Vec<Finding> {
    // Once this hub's takeover is seen, what the other does after it is told as an intrusion.
    let told = intruders(facts).iter().any(|(_, here)| !here);
    facts
        .view
        .accepted()
        .iter()
        .filter(|accepted| !told && !facts.now.is_past(accepted.at.plus(VALID_FOR)))
        // A takeover since has settled what was said before it, whoever took over.
        .filter(|accepted| {
            facts
                .view
                .newest_takeover()
                .is_none_or(|takeover| takeover.at <= Some(accepted.at))
        })
        .filter_map(|accepted| {
            let kind = Kind::of_word(&accepted.kind)?;
            let standing = facts
                .view
                .in_question()
                .find(|standing| standing.hub.id.as_str() == accepted.about)?;
            let wrong = refutation(kind, &standing.hub, accepted.at, None, facts.view)?;
            let hub = facts.name(&standing.hub.id);
            let finding = Finding::critical(
                "hub/statement-refuted",
                format!(
                    "{hub} was said to be {kind}, and {} a backup since",
                    wrong.verb
                ),
            )
            .seen(format!(
                "said of {}, accepted for {}",
                facts.when(accepted.at),
                accepted.holder
            ))
            .seen(format!(
                "it {} {} at {}",
                wrong.verb,
                wrong.deed.backup,
                facts.when(wrong.deed.at)
            ));
            Some(there(facts, finding, &standing.hub))
        })
        .collect()
}

/// This hub backs up again, as somebody wants, though another one took over last.
pub(super) fn resumed(facts: &Facts<'_>) -> Option<Finding> {
    let owner = facts.taken_over().filter(|_| facts.has_resumed())?;
    let at = owner.at?;
    let winner = facts.name(owner.by.other()?);
    Some(
        Finding::warning(
            "hub/resumed",
            format!("this hub backs up again, though {winner} activated last"),
        )
        .seen(format!(
            "{winner} took over at {} by {}, and is silent now",
            facts.when(at),
            owner.told_by.name()
        ))
        .seen("the BackupSchedule of this hub was created after that")
        .todo(format!(
            "make sure that {winner} is down for good, and that no cluster is left there"
        )),
    )
}

/// Whether this hub took the fleet over, and what it brought could not be looked up: whether that counts, the clusters
/// here tell (OWNERSHIP K3).
fn may_have_taken_over(facts: &Facts<'_>) -> bool {
    facts.holds_clusters().is_none()
        && (facts.view.takeovers.iter())
            .any(|takeover| takeover.by == Party::Here && !takeover.hollow)
}

/// Two hubs back up to one storage and no takeover tells which one should.
pub(super) fn shared_storage(facts: &Facts<'_>, role: Role) -> Option<Finding> {
    if !matches!(role, Role::Active | Role::Collision) || facts.view.newest_takeover().is_some() {
        return None;
    }
    let (_, activity) = facts.view.here.as_ref()?;
    if !activity.live || may_have_taken_over(facts) {
        return None;
    }
    let other = facts.view.in_question().find(|standing| {
        standing.activity.live
            && standing.hub.begun.is_some()
            && !standing.hub.is_nameless()
            && !standing.hub.twin
    })?;
    let id = other.hub.id.short();
    let hollow = facts
        .view
        .takeovers
        .iter()
        .rev()
        .find(|takeover| takeover.hollow && takeover.by == other.hub.party());
    let finding = match hollow.and_then(|takeover| Some((takeover, takeover.at?))) {
        Some((takeover, at)) => Finding::critical(
            "hub/shared-storage",
            format!(
                "hub {id} backs up to this storage as well, and its marker does not tell whether it took the fleet over"
            ),
        )
        .seen(format!(
            "{} of {} names no backup: an activation may write such a marker, and so does skip in the wrong letters",
            takeover.told_by.name(),
            facts.when(at)
        )),
        None => Finding::critical(
            "hub/shared-storage",
            format!(
                "hub {id} backs up to this storage as well, and no activation tells which hub owns the fleet"
            ),
        ),
    };
    let finding = match other.hub.begun {
        Some(begun) => finding.seen(format!(
            "hub {id} began {} at {}",
            begun.backup,
            facts.when(begun.at)
        )),
        None => finding,
    };
    let finding = match other.activity.period {
        Some(period) => finding.seen(format!("hub {id} backs up every {}", age::span(period))),
        None => finding,
    };
    Some(stop::there(
        facts,
        finding.todo(format!(
            "decide which hub owns the fleet; if it is not {id}, do this there:"
        )),
        &other.hub,
    ))
}
