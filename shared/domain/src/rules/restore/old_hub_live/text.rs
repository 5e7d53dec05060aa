//! What is told to whoever is refused, and to whoever is not.

use super::RULE;
use super::suspects::{State, Suspect};
use crate::attestation::{Attestation, REASON_PLACEHOLDER};
use crate::identity::HubId;
use crate::kinds::restore::Restore;
use crate::liveness::Activity;
use crate::names;
use crate::rules::finding::Finding;
use crate::rules::restore::{kubectl, told, way_out};
use crate::rules::review::{Operation, Origin};
use crate::snapshot::Snapshot;
use crate::time::age;
use crate::time::saturating::Saturating;
use crate::upstream::resource;
use jiff::Timestamp;

/// The request a text answers.
pub(super) struct Request<'a> {
    pub restore: &'a Restore,
    pub operation: Operation,
    pub origin: &'a Origin,
    pub now: Timestamp,
}

/// What tells a dead hub from a quiet one.
const LOOK_ELSEWHERE: &str = "find out by another way than the storage: its API server, its console, its machines' power, who is on site";

const FIELD: &str = "spec.veleroManagedClustersBackupName";

/// The refusal of a `skip` in other letters.
pub(super) fn misspelt_skip(restore: &Restore, raw: &str) -> Finding {
    let field = format!("{FIELD}: {raw:?}");
    Finding::deny(RULE.id, format!("{raw:?} is not \"skip\": no cluster would be restored, and yet the other hub's backups would stop"))
        .seen("the operator skips the clusters but writes an activation marker all the same; the hub that manages the fleet then goes to BackupCollision")
        .about(field)
        .todo(format!("write skip, in small letters and without blanks, in Restore {}", restore.meta.name))
}

/// The refusal of an activation over one hub.
pub(super) fn denial(
    request: &Request<'_>,
    suspect: &Suspect,
    refused: Option<&String>,
    snapshot: &Snapshot,
) -> Finding {
    let hub = suspect
        .hub
        .as_ref()
        .map_or_else(|| "the other hub".to_owned(), |hub| format!("hub {hub}"));
    let headline = match &suspect.state {
        State::Live(activity) => {
            let last = activity.last_started.as_ref().map(|last| age::ago(request.now, last.at));
            format!("activation refused: {hub} backed up to this storage {} and counts as alive", last.unwrap_or_default())
        }
        State::Silent(_) => format!("activation refused: {hub} is silent, which does not prove that it is down"),
        State::Twin { .. } => "activation refused: these backups carry this hub's own id but were not made here; a second hub with that id may be running".to_owned(),
        State::NoIds => "activation refused: the hubs have no ids, so whether the one that wrote the backups still runs cannot be told".to_owned(),
        State::StaleView { .. } => format!("activation refused: this hub's view of the storage is too old to tell whether {hub} is alive"),
        State::Blind { what, .. } => format!("activation refused: could not look up {what}, so the other hub may be alive"),
    };
    let mut finding = Finding::deny(RULE.id, headline);
    for line in evidence(&suspect.state, request.now, request.origin) {
        finding = finding.seen(line);
    }
    if let Some(location) = snapshot
        .storage_locations
        .items()
        .iter()
        .find(|location| location.synced.is_some())
        && let (Some(synced), false) = (
            location.synced,
            matches!(suspect.state, State::StaleView { .. }),
        )
    {
        finding = finding.seen(last_read(request.now, synced));
    }
    if let Some(why) = refused {
        finding = finding.seen(format!(
            "the attestation on this Restore does not count: {why}"
        ));
    }
    let finding = finding.about(format!(
        "{FIELD}: {}",
        request
            .restore
            .managed_clusters
            .as_deref()
            .unwrap_or_default()
    ));
    let finding = ways_to_fence(finding, suspect, request);
    way_to_attest(finding, suspect, request)
}

fn evidence(state: &State, now: Timestamp, origin: &Origin) -> Vec<String> {
    match state {
        State::Live(activity) => {
            let mut lines = last_backup(activity, now);
            lines.push(format!("{}; that counts as alive until {}", pace(activity), alive_until(activity)));
            lines
        }
        State::Silent(activity) => {
            let mut lines = last_backup(activity, now);
            lines.push(format!("{}, so one is overdue; a bucket cannot tell a dead hub from one that is cut off or paused", pace(activity)));
            lines
        }
        State::StaleView { activity, synced } => {
            let mut lines = vec![match synced {
                Some(at) => last_read(now, *at),
                None => "this hub has not read the storage yet, or it is not Available".to_owned(),
            }];
            lines.extend(last_backup(activity, now));
            lines
        }
        State::Twin { backup } => vec![format!("backup {backup} was over before this API server first saw it: it was read from the storage")],
        State::NoIds => vec!["the backups carry no hub id, or the id \"unknown\", as hubs that are not OpenShift write it".to_owned()],
        State::Blind { missing, .. } => vec![told(missing, origin)],
    }
}

fn last_read(now: Timestamp, synced: Timestamp) -> String {
    format!("this hub last read the storage {}", age::when(now, synced))
}

fn last_backup(activity: &Activity, now: Timestamp) -> Vec<String> {
    vec![match &activity.last_started {
        Some(last) => format!(
            "its last backup {} began {}",
            last.backup,
            age::when(now, last.at)
        ),
        None => "no backup of its began since this hub last activated".to_owned(),
    }]
}

fn pace(activity: &Activity) -> String {
    match activity.period {
        Some(period) => format!(
            "it backs up every {} and its sets take up to {} to be seen here",
            age::span(period),
            age::span(activity.delay)
        ),
        None => format!(
            "how often it backs up is not known; its sets take up to {} to be seen here",
            age::span(activity.delay)
        ),
    }
}

fn alive_until(activity: &Activity) -> String {
    let horizon = activity.horizon().unwrap_or(activity.delay);
    activity
        .last_started
        .as_ref()
        .map_or_else(String::new, |last| age::stamp(last.at.plus(horizon)))
}

fn ways_to_fence(finding: Finding, suspect: &Suspect, request: &Request<'_>) -> Finding {
    let ns = &request.restore.meta.namespace;
    let schedule = suspect.schedule.as_deref().unwrap_or("NAME");
    let pause = format!(
        "kubectl --context OLD-HUB -n {ns} patch {} {schedule} --type merge -p '{{\"spec\":{{\"paused\":true}}}}'",
        resource::BACKUP_SCHEDULES
    );
    let keep = format!(
        "kubectl --context OLD-HUB annotate {} --all import.open-cluster-management.io/disable-auto-import=",
        resource::MANAGED_CLUSTERS
    );
    match &suspect.state {
        State::Live(_) => finding
            .todo("if that hub is well, stop here: nothing has to be activated")
            .todo(format!("if it may have died since: {LOOK_ELSEWHERE}"))
            .run("if it answers and the fleet is to move, stop its backups there:", pause)
            .run("and keep its clusters from being imported again:", keep),
        State::Silent(_) | State::StaleView { .. } | State::NoIds => {
            let finding = match &suspect.state {
                State::StaleView { .. } => finding.run(
                    "see why the storage is not read:",
                    format!("kubectl -n {ns} get {} -o wide", resource::STORAGE_LOCATIONS),
                ),
                _ => finding,
            };
            finding
                .todo(LOOK_ELSEWHERE)
                .run("if it still answers, stop its backups there:", pause)
                .run("and keep its clusters from being imported again:", keep)
        }
        State::Twin { .. } => finding.todo("find out whether another hub with this id runs, from which this one was rebuilt or cloned"),
        State::Blind { missing, .. } => finding.todo(way_out(missing, request.origin)),
    }
}

fn way_to_attest(finding: Finding, suspect: &Suspect, request: &Request<'_>) -> Finding {
    let unknown = HubId::unknown();
    let hub = suspect.hub.as_ref().unwrap_or(&unknown);
    let (word, when) = match suspect.state {
        State::Live(_) => (
            "fenced",
            "only once both is done (or with down for fenced, if you are sure that it is off), say so",
        ),
        State::Twin { .. } => (
            "rebuilt",
            "if this hub is the old one built anew (or isolated-copy: reads a copy), say so",
        ),
        _ => (
            "down",
            "only if you are sure that it is down (or fenced: it runs, but both is done), say so",
        ),
    };
    let value = format!(
        "{word} {hub} {} {REASON_PLACEHOLDER}",
        request.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    );
    let restore = request.restore;
    let replace = format!(
        "and write what was seen in place of {REASON_PLACEHOLDER}; it holds 4h, for one activation"
    );
    match request.operation {
        Operation::Update => finding.run(
            format!("{when}, {replace}:"),
            format!(
                "{} --type merge -p '{{\"metadata\":{{\"annotations\":{{\"{}\":\"{value}\"}}}},\"spec\":{{\"veleroManagedClustersBackupName\":\"{}\"}}}}'",
                kubectl(&restore.meta, "patch", resource::RESTORES, &restore.meta.name),
                names::ATTESTATION,
                restore.managed_clusters.as_deref().unwrap_or_default(),
            ),
        ),
        _ => finding.run(
            format!("{when} under metadata.annotations of this Restore, {replace}:"),
            format!("{}: \"{value}\"", names::ATTESTATION),
        ),
    }
}

/// What is said to whoever activates on an attestation. Short: an API server cuts and kubectl folds
/// what is longer than a line.
pub(super) fn accepted(
    request: &Request<'_>,
    suspect: &Suspect,
    attestation: &Attestation,
) -> Finding {
    let hub = suspect
        .hub
        .as_ref()
        .map_or_else(|| attestation.hub.to_string(), ToString::to_string);
    Finding::warn(
        RULE.id,
        format!("activating on your word: hub {hub} is {}", attestation.state),
    )
    .seen(format!(
        "said {}: {}",
        age::ago(request.now, attestation.at),
        attestation.reason
    ))
    .todo("watch kubectl acm-backup status: a backup that hub begins from now on proves the word wrong")
}
