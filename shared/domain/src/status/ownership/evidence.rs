//! Evidence that is odd: it tells no hub, contradicts itself, or comes from a wrong clock.

use crate::hub::is_ahead;
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::time::age;
use jiff::Timestamp;

/// Backups carry this hub's own id and were not made here.
pub(super) fn twin(facts: &Facts<'_>) -> Option<Finding> {
    let own = facts.own?;
    let standing = facts
        .other(own)
        .filter(|standing| standing.is_in_question())?;
    let newest = standing.hub.begun.or(standing.hub.made)?;
    Some(
        Finding::critical(
            "hub/twin",
            format!("backups carry the id of this hub, {}, and were not made here", own.short()),
        )
        .seen(format!(
            "the newest is {} of {}",
            newest.backup,
            facts.when(newest.at)
        ))
        .todo("find out whether another hub with this id runs, from which this one was cloned or rebuilt; only one of them may back up"),
    )
}

/// Hubs that are not OpenShift all call themselves `unknown`; the operator sees no collision then
/// (operator-facts §12, G25).
pub(super) fn no_id(facts: &Facts<'_>) -> Option<Finding> {
    (facts.snapshot.hub_id.value().is_some() && facts.own.is_none() && !facts.backups.is_empty()).then(|| {
        Finding::warning("hub/no-id", "whose backups these are cannot be told: this hub has no id of its own")
            .seen("without a ClusterVersion every hub calls itself unknown, and the operator notices no collision")
            .todo("let no second hub write to this storage")
    })
}

/// Times that lie ahead of ours, or of the moment the copy came (OWNERSHIP T2).
pub(super) fn ahead(facts: &Facts<'_>) -> Vec<Finding> {
    let backups: Vec<_> = facts
        .view
        .written
        .iter()
        .filter_map(|one| Some((&one.backup.meta.name, one.ahead?)))
        .collect();
    let of_backups = backups.last().map(|(name, ahead)| {
        Finding::warning(
            "hub/time-ahead",
            format!("a clock is wrong: {name} says a time that has not come yet"),
        )
        .seen(format!(
            "its {} is {}, ahead of {}",
            ahead.field,
            age::stamp(ahead.at),
            age::stamp(ahead.reference)
        ))
        .seen(format!(
            "{} in this storage so; such times supersede no hub, and nothing is blocked by them",
            age::count(backups.len(), "backup")
        ))
        .todo("compare the clocks of the hubs with a third one (chronyc tracking)")
    });
    let others = elsewhere(facts)
        .filter(|(.., moment)| is_ahead(*moment, facts.now))
        .map(|(kind, name, field, moment)| {
            Finding::warning(
                "hub/time-ahead",
                format!("a clock is wrong: {kind} {name} says a time that has not come yet"),
            )
            .seen(format!(
                "its {field} is {}, and it is {} here",
                age::stamp(moment),
                age::stamp(facts.now)
            ))
            .todo("compare the clock of this machine and of the hub with a third one (chronyc tracking)")
        });
    of_backups.into_iter().chain(others).collect()
}

/// Times that something is judged by, of other objects than Backups: kind, name, field.
fn elsewhere<'a>(
    facts: &Facts<'a>,
) -> impl Iterator<Item = (&'static str, &'a str, &'static str, Timestamp)> {
    let s = facts.snapshot;
    let locations = s.storage_locations.items().iter().filter_map(|location| {
        let synced = location.synced?;
        Some((
            "storage location",
            location.meta.name.as_str(),
            "status.lastSyncedTime",
            synced,
        ))
    });
    let restores = s.velero_restores.items().iter().filter_map(|restore| {
        let ended = restore.completed.or(restore.started)?;
        Some((
            "Velero restore",
            restore.meta.name.as_str(),
            "status",
            ended,
        ))
    });
    let schedules = s.velero_schedules.items().iter().filter_map(|schedule| {
        let last = schedule.last_backup?;
        Some((
            "Velero schedule",
            schedule.meta.name.as_str(),
            "status.lastBackup",
            last,
        ))
    });
    locations.chain(restores).chain(schedules)
}

/// Backups with the operator's name and none of its labels (OWNERSHIP E2).
pub(super) fn nameless(facts: &Facts<'_>) -> Option<Finding> {
    let newest = facts.view.nameless.last()?;
    let count = facts.view.nameless.len();
    Some(
        Finding::warning(
            "backup/without-labels",
            format!(
                "{} the operator's name and none of its labels: nothing tells which hub made {}",
                age::count_with(count, "backup has", "backups have"),
                if count == 1 { "it" } else { "them" }
            ),
        )
        .seen(format!("one is {}", newest.meta.name))
        .todo("name a set outright where latest would take one of these"),
    )
}

/// Backups whose labels say another type than their names.
pub(super) fn contradicting(facts: &Facts<'_>) -> Option<Finding> {
    let mut all = facts.view.written.iter().filter(|one| one.contradicts);
    let first = all.next()?;
    let kind = first.kind.map_or("backup", |kind| kind.label());
    Some(
        Finding::warning(
            "backup/labels-contradict-name",
            format!(
                "{} is a {kind} backup by its name and another by its label",
                first.backup.meta.name
            ),
        )
        .seen("which of the two is right cannot be told, so it proves nothing for any hub")
        .todo("restore no set that it belongs to without looking into it"),
    )
}
