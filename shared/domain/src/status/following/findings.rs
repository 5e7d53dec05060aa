//! What is wrong with a passive hub.

use super::{Following, PASSIVE, SyncState, following, interval};
use crate::kinds::restore::Restore;
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::status::restores::{Part, has_failed, newest, or_none, told_by_parts};
use crate::time::age;
use crate::time::saturating::Saturating;
use jiff::SignedDuration;

/// How long a pass may take before a newer backup counts as missed.
const PASS_GRACE: SignedDuration = SignedDuration::from_mins(5);

/// What is wrong with a passive hub.
pub(in crate::status) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let (Some(restore), Some(view)) = (facts.passive_sync(), following(facts)) else {
        return Vec::new();
    };
    held(facts, restore, &view).into_iter().collect()
}

fn held(facts: &Facts<'_>, restore: &Restore, view: &Following) -> Option<Finding> {
    let name = &view.restore;
    let phase = or_none(&view.phase);
    let all: Vec<_> = view.parts.iter().collect();
    let logs = |part: &Part| {
        facts.kubectl(&format!(
            "exec deploy/velero -- /velero restore logs {}",
            part.name
        ))
    };
    let failed: Vec<_> = view.parts.iter().filter(|part| has_failed(part)).collect();
    match view.state {
        _ if matches!(restore.phase.as_str(), "Error" | "EnabledWithErrors") => Some(
            Finding::critical(
                "restore/error",
                format!("Restore {name} is in {phase}: this hub is not kept in sync"),
            )
            .seen(restore.message.clone())
            .run(
                "see what it complains about:",
                facts.kubectl(&format!("get crst {name} -o yaml")),
            ),
        ),
        SyncState::HoldsNothing => {
            let why = failed
                .first()
                .or(all.first())
                .map(|part| logs(part))
                .unwrap_or_default();
            Some(
                told_by_parts(Finding::critical("passive/holds-nothing", format!("this hub holds nothing: Restore {name} says {phase}, but Velero restored 0 objects")), &all)
                    .run("see why (a Deployment velero must exist):", why),
            )
        }
        SyncState::Incomplete => {
            let why = failed.first().map(|part| logs(part)).unwrap_or_default();
            Some(
                told_by_parts(Finding::critical("passive/incomplete", format!("this hub holds a part only: Restore {name} says {phase}, but {} of {} parts failed", failed.len(), all.len())), &failed)
                    .run("see why:", why),
            )
        }
        SyncState::Behind => missed_pass(facts, restore, view),
        SyncState::Running
            if view.parts.is_empty() && restore.phase.is_empty() && old(facts, restore) =>
        {
            Some(
                Finding::critical(
                    "restore/unnoticed",
                    format!("the operator has not looked at Restore {name}"),
                )
                .run("see whether the operator runs:", facts.kubectl("get pods")),
            )
        }
        _ => None,
    }
}

fn old(facts: &Facts<'_>, restore: &Restore) -> bool {
    restore
        .meta
        .created
        .is_some_and(|created| facts.now.duration_since(created) > PASS_GRACE)
}

/// A newer backup that an earlier pass should have fetched.
fn missed_pass(facts: &Facts<'_>, restore: &Restore, view: &Following) -> Option<Finding> {
    let name = &view.restore;
    let interval = interval(restore);
    let waiting = PASSIVE
        .iter()
        .filter_map(|kind| newest(facts, *kind))
        .filter(|newest| {
            !view
                .parts
                .iter()
                .any(|part| part.backup == newest.meta.name)
        })
        .filter_map(|newest| Some((newest.meta.created.or(newest.completed)?, newest)))
        .filter(|(seen, _)| facts.now.duration_since(*seen) > interval.plus(PASS_GRACE))
        .min_by_key(|(seen, _)| *seen)?;
    let (seen, backup) = waiting;
    Some(
        Finding::warning(
            "passive/behind",
            format!(
                "Restore {name} has not fetched newer backups; it looks every {}",
                age::span(interval)
            ),
        )
        .seen(format!(
            "{} is here since {}",
            backup.meta.name,
            facts.when(seen)
        ))
        .run("see whether the operator runs:", facts.kubectl("get pods")),
    )
}
