//! What was restored, and the fleet.

use super::{another, is_known};
use crate::render::lines::Lines;
use acm_backup_domain::status::words::list;
use acm_backup_domain::status::{
    Clusters, Following, HeldFrom, Purpose, RestoreView, StatusReport, SyncState,
};
use acm_backup_domain::time::Now;
use acm_backup_domain::time::age::{self, count};
use jiff::{SignedDuration, Timestamp};

/// `FOLLOWS`
pub fn following(lines: &mut Lines, following: &Following, status: &StatusReport) {
    let now = status.as_of;
    let silent = if following.source_silent {
        ", silent"
    } else {
        ""
    };
    lines.labelled(
        "FOLLOWS",
        &format!(
            "{}{silent}{} ({} {}, every {})",
            whom(following, status),
            how(following, now),
            following.restore,
            if following.phase.is_empty() {
                "not seen by the operator"
            } else {
                following.phase.as_str()
            },
            span(following.interval_seconds)
        ),
    );
}

fn span(seconds: i64) -> String {
    age::span(SignedDuration::from_secs(seconds))
}

/// The hub, or which part is whose.
fn whom(following: &Following, status: &StatusReport) -> String {
    match following.held.as_slice() {
        [] => "no hub yet".to_owned(),
        [held] => hub(held, status),
        several => {
            let parts: Vec<_> = several
                .iter()
                .map(|held| {
                    let types: Vec<_> = held.types.iter().map(|kind| kind.label()).collect();
                    format!("{} for {}", hub(held, status), list(&types))
                })
                .collect();
            format!("a mix: {}", parts.join(", "))
        }
    }
}

fn hub(held: &HeldFrom, status: &StatusReport) -> String {
    if held.this_hub {
        "this hub itself".to_owned()
    } else {
        another(&held.hub, status)
    }
}

/// How far, how old.
fn how(following: &Following, now: Now) -> String {
    let of = |run: Timestamp| format!("{} ({})", run.strftime("%H:%M:%SZ"), age::ago(now, run));
    let old = following
        .restored_run
        .map(|run| format!("; what it holds is {} old", age::age(now, run)))
        .unwrap_or_default();
    match following.state {
        SyncState::InSync if following.source_silent => format!(
            "; this hub holds all of its last set, {}",
            following.restored_run.map(of).unwrap_or_default()
        ),
        SyncState::InSync if !following.view_fresh => {
            format!(", in sync with what was read last{old}")
        }
        SyncState::InSync if following.held.len() > 1 => {
            format!("; each is the newest of its type{old}")
        }
        SyncState::InSync => format!(", in sync with its newest backups{old}"),
        SyncState::Behind => format!(
            ", {} behind its newest backups{old}",
            span(following.behind_seconds.unwrap_or_default())
        ),
        SyncState::Running => ", a pass is running".to_owned(),
        SyncState::Incomplete => format!(", holds a part of its backups only{old}"),
        SyncState::PartMissing => {
            let types: Vec<_> = following.missing.iter().map(|kind| kind.label()).collect();
            format!(", not known to hold its {}", list(&types))
        }
        SyncState::HoldsNothing => ", but holds nothing of it".to_owned(),
        SyncState::NothingRuns => ", nothing runs, nothing is known to be held".to_owned(),
        SyncState::NotKnown => ", what it holds could not be looked up".to_owned(),
        SyncState::NotCompared => format!(
            ", restored all it was asked to{old}; whether there is newer could not be looked up"
        ),
    }
}

/// `RESTORE`; none at all where there is no room: one that went wrong is a finding.
pub fn restores(lines: &mut Lines, status: &StatusReport, most: usize) {
    let sync = status
        .following
        .as_ref()
        .map(|following| following.restore.as_str());
    let others: Vec<_> = status
        .restores
        .iter()
        .filter(|restore| Some(restore.name.as_str()) != sync)
        .collect();
    if most == 0 {
        return;
    }
    if others.is_empty() && sync.is_none() && is_known(status, "Restores") {
        lines.labelled("RESTORE", "none");
    }
    for restore in others.iter().take(most) {
        lines.labelled("RESTORE", &restore_words(restore, status.as_of));
    }
    if others.len() > most {
        lines.labelled(
            "",
            &format!("and {} more: -o wide", others.len().saturating_sub(most)),
        );
    }
}

fn restore_words(restore: &RestoreView, now: Now) -> String {
    let purpose = match restore.purpose {
        Purpose::Sync => "sync",
        Purpose::Activation => "activation",
        Purpose::Partial => "of a part",
    };
    let phase = if restore.phase.is_empty() {
        "no phase"
    } else {
        restore.phase.as_str()
    };
    let mut words = format!("{} ({purpose}) {phase}", restore.name);
    if let Some(completed) = restore.completed {
        words.push_str(&format!(" {}", age::ago(now, completed)));
    }
    let done = restore
        .parts
        .iter()
        .filter(|part| part.phase == "Completed")
        .count();
    let objects = restore
        .parts
        .iter()
        .fold(0_i64, |sum, part| sum.saturating_add(part.items));
    if !restore.parts.is_empty() {
        words.push_str(&format!(
            ", {done}/{} Completed, {}",
            count(restore.parts.len(), "part"),
            count(objects, "object")
        ));
    }
    words
}

/// `CLUSTERS`
pub fn clusters(lines: &mut Lines, clusters: Option<&Clusters>, now: Now) {
    let Some(clusters) = clusters else { return };
    let report = match clusters.available {
        1 => "1 reports to this hub".to_owned(),
        several => format!("{several} report to this hub"),
    };
    let words = match (clusters.total, clusters.restored, clusters.activated) {
        (0, ..) => "none on this hub".to_owned(),
        (total, restored, Some(activated)) if restored > 0 => format!(
            "{total}; {} of {} reconnected, {} after the activation",
            clusters.reconnected,
            count(restored, "restored cluster"),
            age::age(now, activated)
        ),
        (total, 0, _) => format!("{total}; {report}"),
        (total, restored, _) => format!(
            "{total}; {report}; {restored} restored, {} of those reconnected",
            clusters.reconnected
        ),
    };
    lines.labelled("CLUSTERS", &words);
}

/// When to look again at clusters that are still coming.
pub fn look_again(clusters: Option<&Clusters>) -> Option<String> {
    clusters?.look_again.map(|at| {
        format!(
            "look again at {}: Hive and token clusters take minutes",
            at.strftime("%H:%MZ")
        )
    })
}
