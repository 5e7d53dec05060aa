//! What is wrong with a passive hub.

use super::{Following, PASS_GRACE, PASSIVE, SyncState, following, interval};
use crate::kinds::restore::Restore;
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::status::others;
use crate::status::remedies::{delete_restore, git_first, look_into_restore};
use crate::status::restores::{
    Part, Rest, has_failed, newest, or_none, rest, told_by_parts, velero_rest,
};
use crate::status::words::list;
use crate::time::age::{self, count};
use crate::time::saturating::Saturating;

/// What is wrong with a passive hub.
pub(in crate::status) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let (Some(restore), Some(view)) = (facts.passive_sync(), following(facts)) else {
        return Vec::new();
    };
    leaving(facts, restore)
        .into_iter()
        .chain(held(facts, restore, &view))
        .chain(mixed(facts, &view))
        .collect()
}

/// What it holds stays, but nothing newer comes.
fn leaving(facts: &Facts<'_>, restore: &Restore) -> Option<Finding> {
    let deleted = restore.meta.deleted?;
    let name = &restore.meta.name;
    Some(
        Finding::warning(
            "passive/leaving",
            format!("Restore {name} is being deleted: this hub follows no other any more"),
        )
        .seen(format!("deleted {}", facts.when(deleted)))
        .run(
            "see what keeps it (metadata.finalizers):",
            facts.kubectl("get crst").name(name).say("-o yaml"),
        )
        .todo("if this hub is to follow on, create the sync anew once it is gone"),
    )
}

fn held(facts: &Facts<'_>, restore: &Restore, view: &Following) -> Option<Finding> {
    let name = &view.restore;
    let phase = or_none(&view.phase);
    let all: Vec<_> = view.parts.iter().collect();
    let failed: Vec<_> = view.parts.iter().filter(|part| has_failed(part)).collect();
    match view.state {
        _ if matches!(restore.phase.as_str(), "Error" | "EnabledWithErrors") => Some(
            told_by_parts(
                Finding::critical(
                    "restore/error",
                    format!("Restore {name} is in {phase}: this hub is not kept in sync"),
                )
                .seen(restore.message.clone()),
                &failed,
            )
            .run(
                "see what it complains about:",
                facts.kubectl("get crst").name(name).say("-o yaml"),
            ),
        ),
        SyncState::HoldsNothing => {
            let finding = told_by_parts(
                Finding::critical(
                    "passive/holds-nothing",
                    format!(
                        "this hub holds nothing: Restore {name} says {phase}, but Velero restored 0 objects"
                    ),
                ),
                &all,
            );
            Some(look_into_first(
                finding,
                facts,
                failed.first().or(all.first()),
            ))
        }
        SyncState::Incomplete => {
            let finding = told_by_parts(
                Finding::critical(
                    "passive/incomplete",
                    format!(
                        "this hub holds a part only: Restore {name} says {phase}, but {} of {} failed",
                        failed.len(),
                        count(all.len(), "part")
                    ),
                ),
                &failed,
            );
            Some(look_into_first(finding, facts, failed.first()))
        }
        SyncState::PartMissing => Some(part_missing(facts, restore, view)),
        SyncState::NothingRuns => nothing_runs(facts, restore),
        SyncState::Behind => missed_pass(facts, restore, view),
        _ => None,
    }
}

fn look_into_first(finding: Finding, facts: &Facts<'_>, part: Option<&&Part>) -> Finding {
    match part {
        Some(part) => look_into_restore(finding, facts, &part.name, &part.phase),
        None => finding,
    }
}

/// Of a type no Velero restore is here, so nobody can say that it is held; and an activation restores
/// what is passive only where something newer is there (operator-facts §6.7).
fn part_missing(facts: &Facts<'_>, restore: &Restore, view: &Following) -> Finding {
    let kinds: Vec<_> = view.missing.iter().map(|kind| kind.label()).collect();
    let mut finding = Finding::critical(
        "passive/part-missing",
        format!(
            "this hub is not known to hold {}: no Velero restore of {} is here",
            list(&kinds),
            if kinds.len() == 1 { "that" } else { "those" }
        ),
    );
    for backup in view.missing.iter().filter_map(|kind| newest(facts, *kind)) {
        let run = backup.run().map(|run| facts.when(run)).unwrap_or_default();
        finding = finding.seen(format!("in the storage: {}, {run}", backup.meta.name));
    }
    finding = finding.seen(
        "the operator makes it up at its next pass from 2.17 on, before that with a newer backup only",
    );
    anew(facts, finding, restore)
}

/// The operator says that it is in sync, and Velero was never asked: so it looks when a Restore is
/// deleted and created again before the Velero restores of the first are gone.
fn nothing_runs(facts: &Facts<'_>, restore: &Restore) -> Option<Finding> {
    let name = &restore.meta.name;
    if restore.phase.is_empty() {
        return Some(
            Finding::critical(
                "restore/unnoticed",
                format!("the operator has not looked at Restore {name}"),
            )
            .run("see whether the operator runs:", facts.kubectl("get pods")),
        );
    }
    let finding = Finding::critical(
        "passive/nothing-runs",
        format!(
            "Restore {name} says {}, but there is no Velero restore of it: nothing runs, and what this hub holds is not known",
            restore.phase
        ),
    )
    .seen(restore.message.clone())
    .seen("a Restore that is created again at once after it was deleted ends so");
    Some(anew(facts, finding, restore))
}

/// Delete, wait, create: in one go it would meet the Velero restores of the first.
fn anew(facts: &Facts<'_>, finding: Finding, restore: &Restore) -> Finding {
    // What a phase that nobody knows waits for cannot be told by Velero alone.
    let rest = match restore.has_unknown_phase() {
        true => rest(facts, restore),
        false => velero_rest(facts, restore),
    };
    let finding = delete_restore(
        finding,
        facts,
        restore,
        rest,
        format!(
            "copy its spec, then delete it, {}:",
            git_first(Some(&restore.meta))
        ),
    );
    if rest == Rest::Works {
        return finding;
    }
    finding.run(
        "wait until none of its Velero restores is left, then create it anew:",
        facts.kubectl("get restores.velero.io -w"),
    )
}

/// Parts of several hubs: the operator pairs nothing.
fn mixed(facts: &Facts<'_>, view: &Following) -> Option<Finding> {
    if view.held.len() < 2 {
        return None;
    }
    let mut finding = Finding::warning(
        "passive/mixed",
        "what this hub holds was written by different hubs and does not belong together",
    );
    for held in &view.held {
        let kinds: Vec<_> = held.types.iter().map(|kind| kind.label()).collect();
        let whose = if held.this_hub {
            "this hub's own".to_owned()
        } else {
            format!("of {}", facts.name(&held.hub))
        };
        finding = finding.seen(format!("{}: {whose}", list(&kinds)));
    }
    finding = finding
        .seen("the operator pairs nothing: of each type it takes the newest, whoever wrote it");
    let last = view.held.iter().map(|held| &held.hub);
    let silent: Vec<_> = last.filter(|hub| others::is_silent(facts, hub)).collect();
    Some(if silent.is_empty() {
        finding.todo("end the backups of the hub that does not own the fleet; the owner's next set is taken whole then")
    } else {
        finding.todo("it heals with the next set of the hub that owns the fleet, if no other writes meanwhile")
    })
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
