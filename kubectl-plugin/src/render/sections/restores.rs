//! What was restored, and the fleet.

use super::is_known;
use crate::render::lines::Lines;
use acm_backup_domain::status::{
    Clusters, Following, Purpose, RestoreView, StatusReport, SyncState,
};
use acm_backup_domain::time::age;
use jiff::{SignedDuration, Timestamp};

/// `FOLLOWS`
pub fn following(lines: &mut Lines, following: &Following, now: Timestamp) {
    let hub = following.source.as_ref().map_or_else(
        || "no hub yet".to_owned(),
        |hub| format!("hub {}", hub.short()),
    );
    let span = |seconds| age::span(SignedDuration::from_secs(seconds));
    let behind = following.behind_seconds.unwrap_or_default();
    let state = match following.state {
        SyncState::InSync => "in sync with its newest backups".to_owned(),
        SyncState::Behind => format!("{} behind its newest backups", span(behind)),
        SyncState::Running => "a pass is running".to_owned(),
        SyncState::Incomplete => "holds a part of its backups only".to_owned(),
        SyncState::HoldsNothing => "but holds nothing of it".to_owned(),
        SyncState::NotKnown => "what it holds could not be looked up".to_owned(),
    };
    let held = match (following.state, following.restored_run) {
        (SyncState::InSync | SyncState::Behind | SyncState::Incomplete, Some(run)) => {
            format!("; what it holds is {} old", age::age(now, run))
        }
        _ => String::new(),
    };
    lines.labelled(
        "FOLLOWS",
        &format!(
            "{hub}, {state}{held} ({} {}, every {})",
            following.restore,
            following.phase,
            span(following.interval_seconds)
        ),
    );
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
    if others.is_empty() && sync.is_none() && is_known(status, "Restores") {
        lines.labelled("RESTORE", "none");
    }
    if most == 0 {
        return;
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

fn restore_words(restore: &RestoreView, now: Timestamp) -> String {
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
            ", {done}/{} parts Completed, {objects} objects",
            restore.parts.len()
        ));
    }
    words
}

/// `CLUSTERS`
pub fn clusters(lines: &mut Lines, clusters: Option<&Clusters>) {
    let Some(clusters) = clusters else { return };
    let words = match (clusters.total, clusters.restored) {
        (0, _) => "none on this hub".to_owned(),
        (total, 0) => format!("{total}; {} report to this hub", clusters.available),
        (total, restored) => format!(
            "{total}; {} report to this hub; {restored} were restored, {} of those reconnected",
            clusters.available, clusters.reconnected
        ),
    };
    lines.labelled("CLUSTERS", &words);
}
