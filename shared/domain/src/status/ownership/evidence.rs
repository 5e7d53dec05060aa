//! Evidence that is odd: it tells no hub, contradicts itself, or comes from a wrong clock.

use crate::hub::sets::latest;
use crate::hub::{Party, is_ahead};
use crate::kinds::backup::{Backup, BackupType};
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::time::age::{self, count};
use crate::upstream::backup_label;
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
            count(backups.len(), "backup")
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
                age::stamp(facts.now.latest().unwrap_or(facts.now.earliest()))
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

/// The operator's Backups whose names tell no time: made by hand from its template, or renamed by a tool.
/// They belong to no run (OWNERSHIP E4); whose they are and when they were begun counts all the same (T1).
pub(super) fn undated(facts: &Facts<'_>) -> Option<Finding> {
    let all: Vec<_> = facts
        .view
        .written
        .iter()
        .filter(|one| !one.is_dated())
        .collect();
    let newest = all.iter().max_by_key(|one| one.begun)?;
    let name = &newest.backup.meta.name;
    let mut finding = Finding::warning(
        "backup/name-without-time",
        match all.len() {
            1 => format!(
                "{name} has the operator's labels and no time in its name: it belongs to no run"
            ),
            several => format!(
                "{several} backups have the operator's labels and no time in their names: they belong to no run"
            ),
        },
    );
    let begun = newest.backup.started.map_or_else(
        || "Velero has not begun it".to_owned(),
        |at| format!("Velero began it {}", facts.when(at)),
    );
    let begun = match &newest.by {
        Party::Here => format!("{begun}, on this hub"),
        Party::Other(id) => format!("{begun}, by {}", facts.name(id)),
    };
    finding = finding.seen(match all.len() {
        1 => begun,
        _ => format!("the last is {name}; {begun}"),
    });
    finding = finding.seen(match (newest.kind, &newest.by) {
        (None, _) => "it is taken for a takeover at the time it came here: it makes its hub an owner, and supersedes none",
        (Some(_), Party::Here) => "it is part of no set, and never the newest",
        (Some(_), Party::Other(_)) => {
            "it is part of no set, and never the newest; but it shows that its hub ran when it was begun"
        }
    });
    let latest = BackupType::ALL.map(|kind| latest(facts.backups, kind));
    let is_latest = |backup: &Backup| {
        let names = latest.iter().flatten().map(|taken| &taken.meta.name);
        names.into_iter().any(|name| *name == backup.meta.name)
    };
    if let Some(taken) = all.iter().find(|one| is_latest(one.backup)) {
        finding = finding.seen(format!(
            "latest takes {} now, beside backups of another run: the operator goes by the beginning of a name and by what began last",
            taken.backup.meta.name
        ));
    }
    Some(finding
        .todo("made by hand or renamed by a tool: to restore a whole run, name the backups of one set outright")
        .todo("what nobody needs, delete with Velero (velero backup delete) on the hub that made it"))
}

/// Backups whose labels say another type than their names, or than each other.
pub(super) fn contradicting(facts: &Facts<'_>) -> Option<Finding> {
    let all: Vec<_> = facts
        .view
        .written
        .iter()
        .filter(|one| one.contradicts)
        .collect();
    let first = all.first()?;
    let (name, kind) = (&first.backup.meta.name, first.kind?);
    let told: Vec<_> = [backup_label::SCHEDULE_TYPE, backup_label::VELERO_SCHEDULE]
        .iter()
        .filter_map(|label| Some(format!("{label}={}", first.backup.meta.label(label)?)))
        .collect();
    let by = match BackupType::of_prefix(name) {
        Some(_) => "by its name",
        None => "by one label",
    };
    let mut finding = Finding::warning(
        "backup/labels-contradict-name",
        format!("{name} is a {kind} backup {by} and another by its label"),
    )
    .seen(format!("it has {}", told.join(" and ")));
    if all.len() > 1 {
        finding = finding.seen(format!("{} in this storage so", count(all.len(), "backup")));
    }
    Some(
        finding
            .seen("which of the two is right cannot be told: it makes no hub an owner, and latest that takes it is refused; that its hub ran, it shows all the same")
            .todo("restore no set that it belongs to without looking into it"),
    )
}
