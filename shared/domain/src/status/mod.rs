//! The judge behind `status`: could this hub's fleet be recovered right now, and what is wrong?
//!
//! One report, from one snapshot, without looking anywhere else; renderers show it and nothing more.

mod activation;
mod backups;
mod clusters;
mod facts;
mod finding;
mod following;
mod guard;
mod not_checked;
mod others;
mod ownership;
mod phases;
mod remedies;
mod restores;
mod role;
mod schedule;
mod storage;
#[cfg(test)]
mod tests;
mod unreadable;
pub mod words;

pub use activation::{Activation, Answer, named_activation};
pub use backups::{Row, Set};
pub use clusters::Clusters;
pub use finding::{Finding, Severity, Step};
pub use following::{Following, HeldFrom, SyncState};
pub use guard::Guard;
pub use not_checked::{NotChecked, UNCOUNTED};
pub use ownership::Writer;
pub use restores::{Part, Purpose, RestoreView};
pub use role::Role;
pub use schedule::Schedule;
pub use storage::Storage;

use crate::hub::identity::HubId;
use crate::hub::{Findings, HubView};
use crate::snapshot::{Need, Snapshot};
use crate::time::Now;
use facts::Facts;
use not_checked::TIME;
use serde::Serialize;
use std::fmt;

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Nothing is wrong, and everything was looked at.
    Ok,
    /// Something should be looked at today.
    Warning,
    /// Too little could be looked at to tell.
    Unknown,
    /// The fleet cannot be recovered, or two hubs fight for it.
    Critical,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Unknown => "UNKNOWN",
            Self::Critical => "CRITICAL",
        })
    }
}

/// Everything `status` has to say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// This hub's id; none where it could not be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub_id: Option<HubId>,
    /// Namespace of the operator's objects.
    pub namespace: String,
    /// The time of the judgement; every age counts from here.
    #[serde(flatten)]
    pub as_of: Now,
    /// The part this hub plays.
    pub role: Role,
    /// The answer in one word.
    pub verdict: Verdict,
    /// The answer in one line.
    pub summary: String,
    /// Whether this hub could take over now.
    pub activation: Activation,
    /// What is wrong, worst first.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub not_checked: Vec<NotChecked>,
    /// What an API server cannot tell at all, whatever one may look at.
    pub not_knowable: Vec<&'static str>,
    /// The BackupSchedules.
    pub schedules: Vec<Schedule>,
    /// The set of backups that matters to this hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<Set>,
    /// On a passive hub, what it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<Following>,
    /// The Restores.
    pub restores: Vec<RestoreView>,
    /// The storage locations.
    pub storage: Vec<Storage>,
    /// The fleet; none where it could not be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Clusters>,
    /// Whether the guards stand; none where that could not be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
    /// The hubs that write to the storage.
    pub writers: Vec<Writer>,
}

impl StatusReport {
    /// Whether nothing that an answer rests on could be looked up.
    pub fn knows_nothing(&self) -> bool {
        let deciding = self
            .not_checked
            .iter()
            .filter(|row| ![guard::WHAT, TIME].contains(&row.what));
        deciding.count() == DECIDING.len()
    }
}

/// What the answers of a report rest on.
const DECIDING: [Need; 9] = [
    Need::HubId,
    Need::BackupSchedules,
    Need::Restores,
    Need::Backups,
    Need::StorageLocations,
    Need::VeleroSchedules,
    Need::VeleroRestores,
    Need::ManagedClusters,
    Need::Accepted,
];

/// What has to be looked up for a report: what decides, what words the remedies, and whether the guards stand.
pub fn needs() -> impl Iterator<Item = Need> {
    DECIDING.into_iter().chain([
        Need::BackupScheduleDefinition,
        Need::GuardLabel,
        Need::Guards,
        Need::GuardFooting,
    ])
}

/// Judges a hub.
pub fn assess(snapshot: &Snapshot) -> StatusReport {
    let findings = Findings::gather(snapshot);
    let view = HubView::new(&findings);
    let facts = Facts::new(snapshot, &view);
    let role = role::of(&facts);
    let set = backups::set(&facts, role);
    let following = following::following(&facts);
    let not_checked = not_checked::not_checked(&facts);
    let found = findings_of(&facts, role);
    let verdict = verdict(&found, &not_checked);
    StatusReport {
        hub_id: snapshot.hub_id.value().cloned(),
        namespace: snapshot.namespace.clone(),
        as_of: snapshot.now,
        role,
        verdict,
        summary: summary(
            &facts,
            role,
            &found,
            &not_checked,
            set.as_ref(),
            following.as_ref(),
        ),
        activation: activation::activation(&facts, role, set.as_ref(), following.as_ref()),
        findings: found,
        not_checked,
        not_knowable: not_checked::not_knowable(role, snapshot.uncounted),
        schedules: schedule::schedules(&facts),
        set,
        following,
        restores: restores::restores(&facts),
        storage: storage::storage(&facts),
        clusters: clusters::clusters(&facts),
        guard: guard::state(&facts),
        writers: ownership::writers(&facts),
    }
}

/// All findings, worst first; of equal weight, in the order an administrator would ask: who owns the
/// fleet, does it back up, can it restore.
fn findings_of(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let mut found: Vec<_> = not_checked::no_operator(facts).into_iter().collect();
    found.extend(ownership::findings(facts, role));
    found.extend(storage::findings(facts, role));
    found.extend(schedule::findings(facts, role));
    found.extend(following::findings(facts));
    found.extend(backups::findings(facts, role));
    found.extend(restores::findings(facts, role));
    found.extend(clusters::findings(facts, role));
    found.extend(unreadable::findings(facts));
    found.extend(phases::findings(facts));
    found.extend(guard::findings(facts));
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

fn verdict(findings: &[Finding], not_checked: &[NotChecked]) -> Verdict {
    let found = findings.iter().map(|finding| match finding.severity {
        Severity::Warning => Verdict::Warning,
        Severity::Critical => Verdict::Critical,
    });
    let open = not_checked.iter().map(|row| {
        if row.essential {
            Verdict::Unknown
        } else {
            Verdict::Warning
        }
    });
    found.chain(open).max().unwrap_or(Verdict::Ok)
}

fn summary(
    facts: &Facts<'_>,
    role: Role,
    findings: &[Finding],
    not_checked: &[NotChecked],
    set: Option<&Set>,
    following: Option<&Following>,
) -> String {
    if let Some(worst) = findings.first() {
        return worst.headline.clone();
    }
    if !not_checked.is_empty() {
        let what: Vec<_> = not_checked.iter().map(|row| row.what).collect();
        return format!("not checked: {}", what.join(", "));
    }
    match (role, set, following) {
        (Role::Active, Some(set), _) if set.by_this_hub => format!(
            "a complete set of backups is {} old",
            crate::time::age::age(facts.now, set.run)
        ),
        (Role::Passive, _, Some(following)) => match following.state {
            SyncState::InSync => "this hub holds the newest backups".to_owned(),
            SyncState::Behind => "newer backups are fetched at the next pass".to_owned(),
            _ => "a pass of the sync is running".to_owned(),
        },
        (Role::Activating, ..) => "an activation is running".to_owned(),
        (Role::Idle, ..) => restores::brought(facts)
            .unwrap_or_else(|| "this hub neither backs up nor restores".to_owned()),
        _ => "nothing is wrong".to_owned(),
    }
}
