//! What is wrong with the BackupSchedules.

use super::{OVERDUE_GRACE, several, velero_schedules, view};
use crate::act::end_backups::{names, pause_velero};
use crate::hub::Party;
use crate::hub::unattended::unattended;
use crate::kinds::backup::BackupType;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::restore::Restore;
use crate::kinds::velero_schedule::VeleroSchedule;
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::status::remedies::{delete_restore, delete_schedule, git_first};
use crate::status::restores::{Rest, or_none, rest};
use crate::status::role::Role;
use crate::time::CronSchedule;
use crate::time::age::{self, count};
use crate::upstream::resource;
use jiff::SignedDuration;

/// The operator passes every five minutes, but new objects at once; one that has no phase after a
/// minute has not been seen.
const NOTICED_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// What is wrong with the BackupSchedules.
pub(in crate::status) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let idle: Vec<_> = several::idle(facts)
        .into_iter()
        .map(|schedule| &schedule.meta.name)
        .collect();
    let mut found: Vec<_> = facts
        .schedules()
        .iter()
        .filter(|schedule| !idle.contains(&&schedule.meta.name))
        .filter_map(|schedule| of_one(facts, role, schedule))
        .collect();
    found.extend(several::told(facts));
    let unattended = unattended(facts.snapshot);
    if !unattended.is_empty() {
        found.push(without_a_schedule(facts, role, &unattended));
    } else if facts.schedules().is_empty() && facts.snapshot.backup_schedules.value().is_some() {
        found.extend(none(facts, role));
    }
    found
}

/// Backups that go on, and that nobody stops: not the operator in a collision, nor a pause.
fn without_a_schedule(facts: &Facts<'_>, role: Role, unattended: &[&VeleroSchedule]) -> Finding {
    let kind = resource::VELERO_SCHEDULES;
    let told: Vec<_> = names(unattended).collect();
    let finding = Finding::critical(
        "schedule/unattended",
        format!(
            "{} of the operator {} without a BackupSchedule: this hub backs up, and neither a pause nor a collision ends it",
            count(unattended.len(), "Velero Schedule"),
            if unattended.len() == 1 { "runs" } else { "run" }
        ),
    )
    .seen(format!("no BackupSchedule owns {}", told.join(" ")));
    match role {
        Role::Active => finding
            .run(
                "delete them (what they backed up stays, or is read back from the storage):",
                facts.kubectl("delete").say(kind).names(names(unattended)),
            )
            .todo(match facts.schedules() {
                [] => "then create a BackupSchedule here, which makes its own".to_owned(),
                [first, ..] => format!(
                    "then {} makes its own; if it still says {} five minutes later, delete it and create it anew",
                    first.meta.name,
                    or_none(&first.phase)
                ),
            }),
        _ => finding.run(
            "pause them, and see whether this hub should back up at all:",
            pause_velero(facts.kubectl(""), unattended),
        ),
    }
}

/// A hub that has the fleet, and nothing that backs it up.
fn none(facts: &Facts<'_>, role: Role) -> Option<Finding> {
    if role != Role::Active {
        return None;
    }
    let headline = match facts.view.fleet.count() {
        0 => "this hub is active, and nothing backs it up: there is no BackupSchedule".to_owned(),
        clusters => format!(
            "this hub has {}, and nothing backs {} up: there is no BackupSchedule",
            count(clusters, "cluster"),
            if clusters == 1 { "it" } else { "them" }
        ),
    };
    let mut finding = Finding::critical("schedule/none", headline)
        .todo("create a BackupSchedule here (on this hub, not on another that had the fleet)");
    for restore in facts
        .restores()
        .iter()
        .filter(|restore| restore.is_active())
    {
        finding = in_the_way(facts, finding, restore);
    }
    Some(finding)
}

/// Beside a Restore that is active no BackupSchedule runs; one that works must be left to end.
fn in_the_way(facts: &Facts<'_>, finding: Finding, restore: &Restore) -> Finding {
    let (name, phase) = (&restore.meta.name, or_none(&restore.phase));
    match rest(facts, restore) {
        Rest::Works => finding.run(
            format!("Restore {name} is in the way ({phase}): wait for it, do not delete it:"),
            facts.kubectl("get crst").name(name).say("-w"),
        ),
        rest => delete_restore(
            finding,
            facts,
            restore,
            rest,
            format!(
                "Restore {name} is in the way ({phase}): delete it first, {}:",
                git_first(Some(&restore.meta))
            ),
        ),
    }
}

fn of_one(facts: &Facts<'_>, role: Role, schedule: &BackupSchedule) -> Option<Finding> {
    let name = &schedule.meta.name;
    if schedule.hidden_from_the_operator().is_some() {
        return hidden(facts, schedule);
    }
    if let Some(still) = still_runs(facts, schedule) {
        return Some(still);
    }
    if schedule.is_in_collision() {
        // Who collided with whom is told by the ownership of the fleet, where that is known.
        return (role == Role::Collision).then(|| collision(facts, schedule));
    }
    if role == Role::Replaced {
        return None;
    }
    if let Some(ending) = leaving(facts, role, schedule).or(pausing(facts, schedule)) {
        return Some(ending);
    }
    if let Some(refused) = refused(facts, schedule) {
        return Some(refused);
    }
    if let Err(error) = CronSchedule::parse(&schedule.cron) {
        return Some(
            Finding::critical(
                "schedule/cron",
                format!("BackupSchedule {name} never runs: {error}"),
            )
            .seen(schedule.message.clone())
            .run(
                "correct spec.veleroSchedule:",
                facts.kubectl("edit bsch").name(name),
            ),
        );
    }
    match schedule.phase.as_str() {
        "Failed" | "FailedValidation" => Some(
            Finding::critical(
                "schedule/failed",
                format!("BackupSchedule {name} is {}", schedule.phase),
            )
            .seen(schedule.message.clone())
            .run(
                "see it as a whole:",
                facts.kubectl("get bsch").name(name).say("-o yaml"),
            ),
        ),
        "" => unnoticed(facts, schedule),
        "Paused" => Some(paused(facts, schedule)),
        _ => overdue(facts, schedule),
    }
}

/// One that the operator's typed client cannot decode: it never sees it, and its lists fail with it
/// (operator-facts §12, G22). What Velero does meanwhile is another matter.
fn hidden(facts: &Facts<'_>, schedule: &BackupSchedule) -> Option<Finding> {
    let name = &schedule.meta.name;
    let unreadable = schedule.hidden_from_the_operator()?;
    let (field, value) = (&unreadable.field, &unreadable.value);
    let runs = velero_schedules(facts, schedule)
        .iter()
        .any(|velero| velero.is_running());
    let (headline, effect) = if runs {
        (
            format!(
                "the operator no longer sees BackupSchedule {name}, which still backs up: {field} is {value}"
            ),
            "Velero goes on with its schedules; no edit, pause or collision reaches them",
        )
    } else {
        (
            format!(
                "the operator does not see BackupSchedule {name}, which never ran: {field} is {value}"
            ),
            "the operator acts as if it were not there, and so does Velero",
        )
    };
    Some(
        Finding::critical("schedule/unreadable", headline)
            .seen(unreadable.why.clone())
            .seen(format!(
                "{effect}; after a restart the operator may see no other BackupSchedule either"
            ))
            .run(
                format!("correct it, {}:", git_first(Some(&schedule.meta))),
                facts.kubectl("edit bsch").name(name),
            ),
    )
}

/// One that says that it does not back up. The operator ends its Velero Schedules in the pass in which it says
/// so (2.9 after the word, seen for a moment); what lasts is a status, or a Velero Schedule, that a person wrote,
/// and neither a pause nor a collision ends that any more.
fn still_runs(facts: &Facts<'_>, schedule: &BackupSchedule) -> Option<Finding> {
    if schedule.blocks_restores() {
        return None;
    }
    let name = &schedule.meta.name;
    let running: Vec<_> = velero_schedules(facts, schedule)
        .into_iter()
        .filter(|velero| velero.is_running() && velero.is_owned_by(name))
        .collect();
    if running.is_empty() {
        return None;
    }
    let finding = Finding::critical(
        "schedule/still-runs",
        format!(
            "BackupSchedule {name} says {}, but its Velero Schedules still run: this hub backs up",
            schedule.phase
        ),
    )
    .seen(schedule.message.clone());
    Some(finding.run(
        "the operator does that in the same pass; if it is so in a minute still, pause them:",
        pause_velero(facts.kubectl(""), &running),
    ))
}

/// The backups of an active hub end with it. Elsewhere it is right that it goes.
fn leaving(facts: &Facts<'_>, role: Role, schedule: &BackupSchedule) -> Option<Finding> {
    let deleted = schedule.meta.deleted.filter(|_| role == Role::Active)?;
    let name = &schedule.meta.name;
    let finding = Finding::warning(
        "schedule/leaving",
        format!("BackupSchedule {name} is being deleted: the backups of this hub end with it"),
    )
    .seen(format!("deleted {}", facts.when(deleted)));
    Some(
        finding
            .run(
                "see what keeps it (metadata.finalizers):",
                facts.kubectl("get bsch").name(name).say("-o yaml"),
            )
            .todo("unless the fleet is moving to another hub, create it anew once it is gone"),
    )
}

/// It is asked to pause, and the operator has not done so.
fn pausing(facts: &Facts<'_>, schedule: &BackupSchedule) -> Option<Finding> {
    let runs = velero_schedules(facts, schedule)
        .iter()
        .any(|velero| velero.is_running());
    let name = &schedule.meta.name;
    (schedule.paused && schedule.blocks_restores() && runs).then(|| {
        Finding::warning(
            "schedule/pausing",
            format!("BackupSchedule {name} is asked to pause, and still backs up"),
        )
        .seen(format!("its phase is {}", or_none(&schedule.phase)))
        .run(
            "if that lasts longer than a minute, see whether the operator runs:",
            facts.kubectl("get pods"),
        )
    })
}

fn collision(facts: &Facts<'_>, schedule: &BackupSchedule) -> Finding {
    let name = &schedule.meta.name;
    // The operator has two reasons, and one phase for both (operator-facts §1.4).
    let why = if schedule.message.contains("had run a restore") {
        "another hub says that it has taken the fleet over"
    } else {
        "another hub writes to the same storage"
    };
    let finding = Finding::critical(
        "schedule/collision",
        format!("BackupSchedule {name} is stopped for good: {why}"),
    )
    .seen(schedule.message.clone());
    let git = git_first(Some(&schedule.meta));
    // The operator stops the owner's too, over one late backup of the hub that lost the fleet.
    let what = if facts.view.owns(&Party::Here) && facts.view.is_sole_owner_by_takeover() {
        format!(
            "this hub owns the fleet: when no other backs up any more, delete this ({git}) and create it anew:"
        )
    } else {
        format!(
            "find out which hub owns the fleet; only on that one, delete this ({git}) and create it anew:"
        )
    };
    delete_schedule(finding, facts, schedule, what)
}

/// Velero itself refused its schedules: no backup is made, whatever the operator says.
fn refused(facts: &Facts<'_>, schedule: &BackupSchedule) -> Option<Finding> {
    let name = &schedule.meta.name;
    let refused: Vec<_> = velero_schedules(facts, schedule)
        .into_iter()
        .filter(|velero| velero.was_refused())
        .collect();
    if refused.is_empty() {
        return None;
    }
    let which = if refused.len() == BackupType::ALL.len() {
        "its schedules".to_owned()
    } else {
        format!(
            "{} of its {} schedules",
            refused.len(),
            BackupType::ALL.len()
        )
    };
    let mut finding = Finding::critical(
        "schedule/refused",
        format!("BackupSchedule {name} backs nothing up: Velero refuses {which}"),
    );
    let mut reasons: Vec<_> = refused.iter().flat_map(|velero| &velero.reasons).collect();
    reasons.sort();
    reasons.dedup();
    for reason in reasons {
        finding = finding.seen(format!("Velero: {reason}"));
    }
    if !schedule.message.is_empty() {
        finding = finding.seen(format!("the operator: {}", schedule.message));
    }
    let remedy = if schedule.cron.contains("TZ=") {
        "use UTC: write spec.veleroSchedule without CRON_TZ= or TZ= (before 1.15 Velero does not know CRON_TZ, later ones may lack the zones):"
    } else {
        "correct what Velero names:"
    };
    Some(finding.run(remedy, facts.kubectl("edit bsch").name(name)))
}

fn unnoticed(facts: &Facts<'_>, schedule: &BackupSchedule) -> Option<Finding> {
    let created = schedule
        .meta
        .created
        .filter(|created| facts.now.duration_since(*created) > NOTICED_WITHIN)?;
    Some(
        Finding::critical(
            "schedule/unnoticed",
            format!(
                "the operator has not looked at BackupSchedule {}",
                schedule.meta.name
            ),
        )
        .seen(format!("created {}", facts.when(created)))
        .run("see whether the operator runs:", facts.kubectl("get pods")),
    )
}

fn paused(facts: &Facts<'_>, schedule: &BackupSchedule) -> Finding {
    let name = &schedule.meta.name;
    let finding = Finding::warning(
        "schedule/paused",
        format!("BackupSchedule {name} is paused: nothing is backed up"),
    );
    // The usual message says no more than the phase; a longer one counts what could not be paused.
    let finding = if schedule.message.contains("error") {
        finding.seen(schedule.message.clone())
    } else {
        finding
    };
    if !schedule.paused {
        return finding.todo("it was resumed; look again in a minute");
    }
    finding.run(
        format!(
            "unless the fleet is moving to another hub, resume it, {}:",
            git_first(Some(&schedule.meta))
        ),
        facts
            .kubectl("patch bsch")
            .name(name)
            .say("--type merge -p")
            .value(r#"{"spec":{"paused":false}}"#),
    )
}

/// A run Velero should have begun, and has not. It begins none while one of its own is unfinished.
fn overdue(facts: &Facts<'_>, schedule: &BackupSchedule) -> Option<Finding> {
    let view = view(facts, schedule);
    let due = view
        .next
        .filter(|due| facts.now.duration_since(*due) > OVERDUE_GRACE)?;
    let busy = facts
        .own_sets()
        .flat_map(|set| set.members.values())
        .any(|backup| !backup.is_over());
    let finding = Finding::critical(
        "schedule/overdue",
        format!(
            "a backup was due {} ago and has not begun",
            age::span(facts.now.duration_since(due))
        ),
    )
    .seen(format!("due {}", age::stamp(due)));
    Some(if busy {
        finding
            .seen("a backup of an earlier run is not finished; Velero begins no other meanwhile")
            .run(
                "see what it works on:",
                facts.kubectl("logs deploy/velero --tail 50"),
            )
    } else {
        finding.run(
            "see whether Velero runs:",
            facts.kubectl("logs deploy/velero --tail 50"),
        )
    })
}
