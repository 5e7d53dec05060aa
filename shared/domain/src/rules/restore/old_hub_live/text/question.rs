//! One open question: what it is called, what was seen, what to do about it.

use super::{Request, is_live};
use crate::act::command::Command;
use crate::act::end_backups::EndBackups;
use crate::hub::{HubView, Question, Standing, Unread};
use crate::rules::words::command;
use crate::time::Now;
use crate::time::age;
use crate::upstream::{DISABLE_AUTO_IMPORT, resource};

/// What tells a dead hub from a quiet one.
const LOOK_ELSEWHERE: &str = "is it down? look by another way than the storage: its console, its API server, the power of its machines, who is on site";

/// The refusal's first line where it is the only question.
pub(super) fn headline(question: &Question<'_>, view: &HubView<'_>) -> String {
    let name = name(question);
    match question {
        Question::Location { name, why } => format!(
            "activation refused: what is in storage location {name} is not known: {}",
            unread(why, view.now)
        ),
        Question::Hub(standing) if standing.hub.twin => format!(
            "activation refused: backups carry this hub's own id {} but were not made here; a second hub with that id may be running",
            standing.hub.id
        ),
        Question::Hub(standing) if standing.hub.is_nameless() => {
            "activation refused: backups carry no hub id, so whether the hub that wrote them still runs cannot be told".to_owned()
        }
        Question::Hub(standing) if standing.is_live() => format!(
            "activation refused: {name} backed up to this storage {} and counts as alive",
            last(standing, view.now)
        ),
        Question::Hub(standing) if standing.hub.sign.is_none() => {
            format!("activation refused: {name} may manage the fleet, and nothing tells whether it is down")
        }
        Question::Hub(_) => {
            format!("activation refused: {name} is silent, which does not prove that it is down")
        }
    }
}

fn last(standing: &Standing<'_>, now: Now) -> String {
    standing
        .activity
        .sign
        .map(|sign| age::ago(now, sign.at))
        .unwrap_or_default()
}

/// In a list of several.
pub(super) fn short(question: &Question<'_>) -> String {
    match question {
        Question::Location { name, .. } => format!("location {name} is not read"),
        Question::Hub(standing) if standing.hub.twin => {
            format!("a twin with this hub's id {}", standing.hub.id.short())
        }
        Question::Hub(standing) if standing.hub.is_nameless() => "a hub without an id".to_owned(),
        Question::Hub(standing) if standing.is_live() => {
            format!("hub {} is alive", standing.hub.id)
        }
        Question::Hub(standing) => format!("hub {} is silent", standing.hub.id),
    }
}

/// What it is about.
pub(super) fn name(question: &Question<'_>) -> String {
    match question {
        Question::Location { name, .. } => format!("location {name}"),
        Question::Hub(standing) if standing.hub.twin => {
            format!("the twin of this hub ({})", standing.hub.id)
        }
        Question::Hub(standing) if standing.hub.is_nameless() => "the hub without an id".to_owned(),
        Question::Hub(standing) => format!("hub {}", standing.hub.id),
    }
}

/// Why a location's content is not known.
pub(super) fn unread(why: &Unread, now: Now) -> String {
    match why {
        Unread::Absent => "there is no such location on this hub".to_owned(),
        Unread::NotAvailable(phase) if phase.is_empty() => {
            "Velero has not looked at it yet".to_owned()
        }
        Unread::NotAvailable(phase) => format!("it is {phase}"),
        Unread::SwitchedOff => {
            "spec.backupSyncPeriod is 0, which switches reading it off".to_owned()
        }
        Unread::Never => "Velero has not read it yet".to_owned(),
        Unread::Stale(synced) => format!("Velero last read it {}", age::when(now, *synced)),
    }
}

/// What was seen.
pub(super) fn evidence(question: &Question<'_>, view: &HubView<'_>) -> Vec<String> {
    let Question::Hub(standing) = question else {
        return match question {
            Question::Location { name, why } => {
                vec![format!("location {name}: {}", unread(why, view.now))]
            }
            Question::Hub(_) => Vec::new(),
        };
    };
    let name = name(question);
    let hub = &standing.hub;
    let mut lines = Vec::new();
    match hub.begun.or(hub.made) {
        Some(deed) => lines.push(format!(
            "{name} began {} {}",
            deed.backup,
            age::when(view.now, deed.at)
        )),
        None => lines.push(match hub.followed_by {
            Some(sync) => format!(
                "{name} is the one Restore {sync} was restored from; no backup of its is here"
            ),
            None => format!(
                "{name} is named as the one an activation restored from; no backup of its is here"
            ),
        }),
    }
    let activity = &standing.activity;
    if let Some(sign) = activity.sign {
        let pace = match activity.period {
            Some(period) => format!("it backs up every {}", age::span(period)),
            None => "how often it backs up is not known (taken for once a day)".to_owned(),
        };
        lines.push(if standing.is_live() {
            format!(
                "{pace}, and a set takes up to {} to be seen here: it counts as alive until {}",
                age::span(activity.delay),
                activity.alive_until().map_or_else(String::new, age::stamp)
            )
        } else {
            format!(
                "{pace}; its last sign of life is of {}",
                age::when(view.now, sign.at)
            )
        });
    }
    for one in hub
        .written
        .iter()
        .rev()
        .filter_map(|one| Some((one, one.ahead?)))
        .take(1)
    {
        let (one, ahead) = one;
        lines.push(format!(
            "a clock is wrong: {} of {} says {}, which lies ahead of {}",
            ahead.field,
            one.backup.meta.name,
            age::stamp(ahead.at),
            age::stamp(ahead.reference)
        ));
    }
    lines
}

/// What to do about the questions, in order, before a word is given.
pub(super) fn ways(
    questions: &[&Question<'_>],
    request: &Request<'_>,
) -> Vec<(String, Option<Command>)> {
    let old_hub = || Command::new(request.view.snapshot.cli()).context("OLD-HUB");
    let ns = &request.restore.meta.namespace;
    let mut ways = Vec::new();
    let live = questions.iter().any(|question| is_live(question));
    if live {
        ways.push((
            "is this the hub you mean? if the other one is well, stop here: nothing has to be activated".to_owned(),
            None,
        ));
    }
    let hubs: Vec<_> = questions
        .iter()
        .filter_map(|question| question.hub())
        .collect();
    if hubs.iter().any(|standing| standing.hub.twin) {
        ways.push((
            "find out whether another hub with this id runs, from which this one was rebuilt or cloned".to_owned(),
            None,
        ));
    }
    if hubs.iter().any(|standing| !standing.hub.twin) {
        ways.push((LOOK_ELSEWHERE.to_owned(), None));
        ways.push((
            "it does not answer but its machines have power: switch them off (BMC, cloud console); taking away its bucket key stops its backups only, not its hold on the clusters".to_owned(),
            None,
        ));
    }
    let others: Vec<_> = hubs.iter().filter(|standing| !standing.hub.twin).collect();
    if let Some(first) = others.first() {
        let which = match others.as_slice() {
            [one] if one.hub.is_nameless() => "that hub".to_owned(),
            [one] => format!("hub {}", one.hub.id.short()),
            _ => "one of them".to_owned(),
        };
        let schedule = first.hub.schedule.unwrap_or("NAME");
        let end = EndBackups::elsewhere(request.view.snapshot);
        ways.push((
            format!(
                "{which} answers and the fleet is to move: end its backups there (Git first, if Git owns it; {})",
                end.caveat(false)
            ),
            Some(end.by(old_hub().namespace(ns), schedule)),
        ));
        ways.push((
            "and keep its clusters from being imported again (to give them back later, take it off: the same with disable-auto-import-)".to_owned(),
            Some(
                old_hub()
                    .say("annotate managedclusters -l local-cluster!=true")
                    .value(format!("{DISABLE_AUTO_IMPORT}="))
                    .say("--overwrite"),
            ),
        ));
    }
    if questions.iter().any(|question| question.hub().is_none()) {
        ways.push((
            "see why the storage is not read:".to_owned(),
            Some(
                command(request.view.snapshot, ns, "get")
                    .say(resource::STORAGE_LOCATIONS)
                    .say("-o wide"),
            ),
        ));
    }
    ways
}
