//! What could not be looked up. It is never taken for "nothing there".

use super::facts::Facts;
use super::finding::Finding;
use super::guard;
use super::role::Role;
use crate::act::command::Command;
use crate::hub::Party;
use crate::hub::statement::VALID_FOR;
use crate::kinds::restore::Restore;
use crate::names;
use crate::snapshot::{Fact, Missing, WayOut, collect};
use crate::time::age;
use jiff::SignedDuration;
use serde::Serialize;

/// One thing that is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotChecked {
    /// What was wanted.
    pub what: &'static str,
    /// The question it leaves open.
    pub leaves_open: &'static str,
    /// Whether there is no verdict without it.
    pub essential: bool,
    /// Why it is not known.
    pub why: String,
    /// The reason as data.
    pub missing: Missing,
    /// What would make it known.
    pub way_out: WayOut,
}

/// The longest collection that is one: must-gather gives up after ten minutes unless it is told to go on, and the
/// slowest that was seen took three quarters of an hour.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// The time of a collection, as it is called.
pub(super) const TIME: &str = "time of the collection";

/// What a directory with a file for each object leaves open, whatever else is in it.
pub const UNCOUNTED: &str =
    "whether the directory holds all objects (each has a file of its own, and nothing counts them)";

/// Every fact that is missing.
pub(super) fn not_checked(facts: &Facts<'_>) -> Vec<NotChecked> {
    let s = facts.snapshot;
    let cli = s.cli();
    [
        row(
            cli,
            &s.backup_schedules,
            "BackupSchedules",
            "whether this hub backs up",
            true,
        ),
        row(
            cli,
            &s.restores,
            "Restores",
            "whether this hub restores",
            true,
        ),
        row(
            cli,
            &s.backups,
            "backups",
            "what could be restored, and who else writes",
            true,
        ),
        row(
            cli,
            &s.storage_locations,
            "storage",
            "whether backups can be read and written",
            true,
        ),
        row(
            cli,
            &s.hub_id,
            "hub id",
            "which backups are this hub's own",
            true,
        ),
        row(
            cli,
            &s.velero_restores,
            "Velero restores",
            "whether a Restore restored anything",
            !facts.restores().is_empty() || is_of_a_directory(&s.velero_restores),
        ),
        row(
            cli,
            &s.velero_schedules,
            "Velero schedules",
            "when the next backup begins",
            // Without a BackupSchedule there are none as a rule, and most collectors write no file for none.
            !facts.schedules().is_empty() && is_of_a_directory(&s.velero_schedules),
        ),
        row(
            cli,
            &s.managed_clusters,
            "clusters",
            "how many clusters report here",
            is_of_a_directory(&s.managed_clusters),
        ),
        row(
            cli,
            &s.accepted,
            "statements",
            "whether a word that was given here has been proven wrong",
            false,
        )
        // No dump holds it, and where nobody stated anything there is nothing to be proven wrong.
        .filter(|row| !matches!(row.missing, Missing::NotCollected { .. }))
        .filter(|_| may_be_stated(facts)),
        guard::not_checked(facts),
    ]
    .into_iter()
    .chain([time(facts)])
    .flatten()
    .collect()
}

/// Without its end nobody knows how long a collection went on, nor whether it came to one: what has passed by its
/// begin is judged, and what passed after it is not.
fn time(facts: &Facts<'_>) -> Option<NotChecked> {
    let now = facts.now;
    let resource = "timestamp".to_owned();
    let (missing, why) = match now.latest() {
        Some(latest) if latest.duration_since(now.earliest()) <= LONGEST => return None,
        // All is judged as of the begin, and what died after it would be taken for alive.
        Some(latest) => {
            let why = format!(
                "the collection went on for {}, until {}: what it held, and what has stopped since, is of no one time",
                age::span(latest.duration_since(now.earliest())),
                age::stamp(latest)
            );
            let file = resource.clone();
            (Missing::BrokenFile { resource, file, why: why.clone() }, why)
        }
        None => (
            Missing::NotCollected { resource, namespace: None },
            "the directory does not tell when it was filled: no whole timestamp file, or one older than what is in it".to_owned(),
        ),
    };
    Some(NotChecked {
        what: TIME,
        leaves_open: "how old all of this is, and whether it was collected to its end",
        essential: true,
        why,
        missing,
        way_out: WayOut {
            text: "copy it with the file timestamp, or collect all anew, into an empty directory:",
            command: Some(collect()),
        },
    })
}

/// Whether something may have been stated here: a Restore carries it, this hub took over lately, or neither
/// could be looked up.
fn may_be_stated(facts: &Facts<'_>) -> bool {
    let carried = |restore: &Restore| restore.meta.annotation(names::ATTESTATION).is_some();
    let lately = || {
        facts
            .view
            .last_takeover(&Party::Here)
            .and_then(|takeover| takeover.at)
            .is_some_and(|at| facts.now.duration_since(at) <= VALID_FOR)
    };
    facts.snapshot.restores.value().is_none() || facts.restores().iter().any(carried) || lately()
}

/// A cluster that serves neither of the operator's kinds: most likely the wrong one.
pub(super) fn no_operator(facts: &Facts<'_>) -> Option<Finding> {
    let absent = |missing: Option<&Missing>| matches!(missing, Some(Missing::NoKind { .. }));
    let s = facts.snapshot;
    (absent(s.backup_schedules.get().err()) && absent(s.restores.get().err())).then(|| {
        Finding::warning(
            "hub/no-operator",
            "this cluster has no cluster-backup operator: it does not serve its kinds",
        )
        .run(
            "see whether this is the cluster you mean:",
            Command::new(s.cli()).say("cluster-info"),
        )
        .run(
            "if it is a hub, see whether its component cluster-backup is enabled:",
            Command::new(s.cli()).say("get multiclusterhubs -A -o yaml"),
        )
    })
}

/// What no look-up tells, so that nobody takes its absence for good news.
pub(super) fn not_knowable(role: Role, uncounted: bool) -> Vec<&'static str> {
    let content = "whether the files in the bucket can be read back";
    let of_the_role = match role {
        Role::Passive
        | Role::Idle
        | Role::Collision
        | Role::Replaced
        | Role::Stray
        | Role::Activating => {
            vec![
                "how many clusters the set holds",
                "whether its clusters will reconnect",
                content,
            ]
        }
        Role::Active | Role::Unknown => vec![content],
    };
    let lost = uncounted.then_some(UNCOUNTED);
    of_the_role.into_iter().chain(lost).collect()
}

/// Whether a directory lacks it. What an API server does not show is refused, and asked for; what a directory lacks
/// may say that a fleet is lost, and there is nobody to ask.
fn is_of_a_directory<T>(fact: &Fact<T>) -> bool {
    fact.get().err().is_some_and(Missing::is_of_a_directory)
}

pub(super) fn row<T>(
    cli: &'static str,
    fact: &Fact<T>,
    what: &'static str,
    leaves_open: &'static str,
    essential: bool,
) -> Option<NotChecked> {
    let missing = fact.get().err()?;
    Some(NotChecked {
        what,
        leaves_open,
        // Half a file is not the little that is left of it.
        essential: essential || matches!(missing, Missing::BrokenFile { .. }),
        why: missing.to_string(),
        missing: missing.clone(),
        way_out: missing.way_out(cli),
    })
}
