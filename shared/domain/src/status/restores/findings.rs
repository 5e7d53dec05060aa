//! What is wrong with the Restores; the sync Restore of a passive hub is judged by itself.

use super::{Part, has_failed, is_done, is_made_here, or_none, parts, rest, told_by_parts};
use crate::hub::restores::made_for;
use crate::kinds::backup::BackupType;
use crate::kinds::restore::Restore;
use crate::kinds::velero_restore::VeleroRestore;
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::status::remedies::{delete_restore, git_first, look_into_restore};
use crate::status::role::Role;
use crate::status::words::list;
use crate::time::age::count;
use jiff::SignedDuration;

/// The operator looks again when a Velero Restore ends; the import of thousands of clusters takes minutes.
const ENDED_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// What is wrong with the Restores.
pub(in crate::status) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let sync = facts
        .passive_sync()
        .map(|restore| restore.meta.name.as_str());
    facts
        .restores()
        .iter()
        .filter(|restore| Some(restore.meta.name.as_str()) != sync)
        .filter_map(|restore| of_one(facts, role, restore))
        .chain(facts.restores().iter().filter_map(|one| hangs(facts, one)))
        .chain(several(facts))
        .collect()
}

/// An activation for which Velero does nothing, and that the operator does not end: the clusters are here, and
/// nothing imports them.
fn hangs(facts: &Facts<'_>, restore: &Restore) -> Option<Finding> {
    let told_otherwise = restore.has_unknown_phase()
        || matches!(restore.phase.as_str(), "Error" | "EnabledWithErrors");
    let goes_on = restore.activates() && restore.is_active() && !told_otherwise;
    let velero = facts.snapshot.velero_restores.value()?;
    if !goes_on || restore.meta.deleted.is_some() {
        return None;
    }
    let mut made: Vec<_> = made_for(restore, velero).collect();
    made.sort_by_key(|velero| velero.completed);
    let brings_clusters = |velero: &&VeleroRestore| BackupType::of_clusters(&velero.backup);
    let (since, what) = match made.last() {
        None => (restore.meta.created?, "Velero has begun nothing for it"),
        Some(last) if made.iter().all(|one| one.is_over()) && made.iter().any(brings_clusters) => {
            (last.completed?, "Velero has ended all that it began for it")
        }
        Some(_) => return None,
    };
    if facts.now.duration_since(since) <= ENDED_WITHIN {
        return None;
    }
    let name = &restore.meta.name;
    let finding = Finding::critical(
        "restore/hangs",
        format!("the activation by Restore {name} hangs: the operator does nothing more for it"),
    )
    .seen(format!(
        "it has phase {}; {what}, since {}",
        or_none(&restore.phase),
        facts.when(since)
    ))
    .seen(restore.message.clone());
    Some(finding.run("see whether the operator runs:", facts.kubectl("get pods")))
}

/// The operator runs one at a time, and finds out at its next pass (operator-facts §6.2).
fn several(facts: &Facts<'_>) -> Option<Finding> {
    let active: Vec<_> = facts
        .restores()
        .iter()
        .filter(|restore| restore.is_active() && restore.meta.deleted.is_none())
        .collect();
    if active.len() < 2 {
        return None;
    }
    let names: Vec<_> = active.iter().map(|restore| &restore.meta.name).collect();
    let mut finding = Finding::warning(
        "restore/several",
        format!(
            "{} are active at once, {}: the operator ends one or all of them for good",
            count(active.len(), "Restore"),
            list(&names)
        ),
    );
    for restore in &active {
        finding = finding.seen(format!(
            "{} has phase {}",
            restore.meta.name,
            or_none(&restore.phase)
        ));
    }
    Some(
        finding
            .run(
                "delete none for which Velero still restores; see what runs:",
                facts.kubectl("get restores.velero.io"),
            )
            .todo("then delete those that are not wanted (what they restored stays)"),
    )
}

fn of_one(facts: &Facts<'_>, role: Role, restore: &Restore) -> Option<Finding> {
    let parts = parts(facts, restore);
    if restore.was_refused() {
        return Some(refused(facts, role, restore, &parts));
    }
    if matches!(restore.phase.as_str(), "Error" | "EnabledWithErrors") {
        return Some(stuck(facts, restore));
    }
    if no_longer_follows(facts, role, restore) {
        return Some(ended_sync(facts, restore, &parts));
    }
    let failed: Vec<_> = parts.iter().filter(|part| has_failed(part)).collect();
    if failed.is_empty() {
        return brought_no_cluster(facts, role, restore, &parts);
    }
    let first = failed.first()?;
    let headline = format!(
        "Restore {} says {}, but {} of {} failed",
        restore.meta.name,
        or_none(&restore.phase),
        failed.len(),
        count(parts.len(), "part")
    );
    let finding = told_by_parts(Finding::critical("restore/failed", headline), &failed);
    Some(look_into_restore(finding, facts, &first.name, &first.phase))
}

/// Refused at once, or ended at a later pass. A sync Restore that worked for weeks can be refused at its
/// next pass, and of two that were created at once both can run and one be called refused: the message
/// alone tells nothing.
fn refused(facts: &Facts<'_>, role: Role, restore: &Restore, parts: &[Part]) -> Finding {
    let name = &restore.meta.name;
    let objects = parts
        .iter()
        .fold(0_i64, |sum, part| sum.saturating_add(part.items));
    let seen = facts.snapshot.velero_restores.value().is_some();
    let ended = if seen {
        format!(
            "was ended for good, after Velero had restored {} for it",
            count(objects, "object")
        )
    } else {
        "was ended for good; what Velero had restored for it could not be looked up".to_owned()
    };
    // One that was refused at once kept nothing in sync; whether it was, its parts alone tell.
    let sync = seen && restore.sync && !restore.activates() && role != Role::Passive;
    let finding = if seen && parts.is_empty() {
        Finding::warning(
            "restore/refused",
            format!("Restore {name} did nothing, and never will: it was refused"),
        )
    } else if sync {
        Finding::critical(
            "restore/sync-ended",
            format!("this hub is not kept in sync: Restore {name} {ended}"),
        )
    } else {
        Finding::warning("restore/ended", format!("Restore {name} {ended}"))
    };
    let finding = finding.seen(restore.message.clone());
    let finding = match parts.iter().find(|part| !is_done(part)) {
        Some(running) => finding.seen(format!(
            "Velero still works for it: {} is {}",
            running.name,
            or_none(&running.phase)
        )),
        None => finding,
    };
    anew(facts, finding, restore)
}

/// It never runs again, whatever is written into it: only a new one does.
fn anew(facts: &Facts<'_>, finding: Finding, restore: &Restore) -> Finding {
    delete_restore(
        finding,
        facts,
        restore,
        rest(facts, restore),
        format!(
            "delete it, {}; once it is gone, create a new one if it is wanted:",
            git_first(Some(&restore.meta))
        ),
    )
}

fn stuck(facts: &Facts<'_>, restore: &Restore) -> Finding {
    let (name, phase) = (&restore.meta.name, &restore.phase);
    let finding = Finding::critical(
        "restore/error",
        format!("Restore {name} is stuck in {phase}, and no other can run beside it"),
    )
    .seen(restore.message.clone());
    delete_restore(
        finding,
        facts,
        restore,
        rest(facts, restore),
        "remove what it complains about (it tries again every minute), or it:".to_owned(),
    )
}

/// An activation that ended well, and after which nothing is here: it restored a set without clusters.
fn brought_no_cluster(
    facts: &Facts<'_>,
    role: Role,
    restore: &Restore,
    parts: &[Part],
) -> Option<Finding> {
    let name = &restore.meta.name;
    let ended = restore.activates() && restore.is_terminal() && role == Role::Idle;
    if !ended || facts.holds_clusters() != Some(false) {
        return None;
    }
    let part = parts
        .iter()
        .find(|part| part.kind == Some(BackupType::ManagedClusters))?;
    let whose = if is_made_here(facts, part) {
        "this hub itself".to_owned()
    } else {
        facts.name(&part.source)
    };
    let finding = Finding::critical(
        "restore/no-cluster",
        format!(
            "Restore {name} says {}, but this hub holds no cluster of the fleet",
            restore.phase
        ),
    )
    .seen(format!("it restored {}, which {whose} wrote", part.backup))
    .todo("to activate: create a new Restore that names the set of the hub that had the fleet");
    Some(anew(facts, finding, restore))
}

/// A sync that says it is one and is over: it was switched off, which ended it, and on again, which does
/// nothing (operator-facts §1.3, §13). On a hub that is active it is a left-over.
fn no_longer_follows(facts: &Facts<'_>, role: Role, restore: &Restore) -> bool {
    restore.sync
        && !restore.activates()
        && restore.is_terminal()
        && role == Role::Idle
        && facts.passive_sync().is_none()
}

fn ended_sync(facts: &Facts<'_>, restore: &Restore, parts: &[Part]) -> Finding {
    let (name, phase) = (&restore.meta.name, &restore.phase);
    let mut finding = Finding::critical(
        "restore/sync-ended",
        format!("this hub no longer follows another: its sync Restore {name} is {phase} for good"),
    )
    .seen("a sync ends when syncRestoreWithNewBackups is switched off; on again has no effect, as no edit of a finished Restore has")
    .seen(restore.message.clone());
    if let Some(run) = super::held_of(parts) {
        finding = finding.seen(format!("what it brought is of {}", facts.when(run)));
    }
    anew(facts, finding, restore)
}
