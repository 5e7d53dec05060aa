//! Why the slot refuses, in words.

use super::wire::{BACKUP_SCHEDULE, split};
use super::{Entry, Look};
use crate::act::command::Command;
use crate::names;
use crate::rules::backup_schedule::active_restore;
use crate::rules::finding::Finding;
use crate::rules::restore::{active_schedule, another_active};
use crate::rules::review::{Review, SubjectKind};
use crate::rules::words::{may_webhook, short};
use crate::snapshot::Missing;
use crate::time::age;
use jiff::Timestamp;

/// Rule by which a BackupSchedule waits for another one.
const ANOTHER_ACTIVE: &str = "backup-schedule/another-active";

/// Another request was let through, and may still be stored.
pub fn held(review: &Review, cli: &'static str, entry: &Entry, look: &Look<'_>) -> Finding {
    let asked = super::holder(&review.subject);
    let told = asked.replacen('/', " ", 1);
    let Some((kind, name)) = split(&entry.holder) else {
        return unreadable(review, entry, look);
    };
    let of_schedule = kind == BACKUP_SCHEDULE;
    let why = match (review.subject.kind(), of_schedule) {
        (_, false) if entry.holder == asked => {
            "each of them may still be stored, and too many are under way"
        }
        (SubjectKind::Restore, false) => "two Restores at once burn each other",
        (SubjectKind::Restore, true) => "a Restore beside a running BackupSchedule is burnt",
        (SubjectKind::BackupSchedule, false) => {
            "a BackupSchedule beside an active Restore burns it"
        }
        (SubjectKind::BackupSchedule, true) => "only one BackupSchedule may run",
    };
    let finding = Finding::deny(
        rule(review.subject.kind(), of_schedule),
        format!(
            "{told} must wait: {kind} {name} was let through just before it and may still be stored; {why}"
        ),
    );
    let finding = told_times(finding, &format!("{kind} {name}"), entry, look);
    let plural = match of_schedule {
        true => short::BACKUP_SCHEDULE,
        false => short::RESTORE,
    };
    let namespace = &review.subject.meta().namespace;
    finding
        .run(
            "see whether it is there; if it is, it runs, and yours is not needed or must wait for its end:",
            Command::new(cli)
                .namespace(namespace)
                .say("get")
                .say(plural)
                .name(name),
        )
        .todo(format!(
            "if it was refused after all (by a quota, by another webhook), {}; {kind} {name} itself may be sent again at once",
            again(entry, look)
        ))
}

/// The Lease could not be read or written, the objects not be looked at under it, or no time was left.
pub fn blind(review: &Review, cli: &'static str, what: &str, missing: &Missing) -> Finding {
    let told = super::holder(&review.subject).replacen('/', " ", 1);
    let finding = Finding::deny(
        rule(review.subject.kind(), false),
        format!(
            "{told} is not let through unlooked: the webhook could not {what} ({missing}); \
             two requests in the same instant could both pass and burn each other"
        ),
    );
    match missing {
        Missing::Forbidden {
            verb,
            resource,
            namespace,
        } => {
            let role = match namespace.as_deref() {
                Some(names::NAMESPACE) => {
                    format!("Role {}/{}", names::NAMESPACE, names::ROLE)
                }
                _ => format!("ClusterRole {}", names::CLUSTER_ROLE),
            };
            finding.run(
                format!("give the webhook its right back: its {role} must allow {verb} {resource}; check with:"),
                may_webhook(missing, cli),
            )
        }
        Missing::Failed { why, .. } if why.contains(" exceeded quota: ") => finding.todo(format!(
            "let the webhook have its Leases: the quota of namespace {} must leave one for each guarded namespace",
            names::NAMESPACE
        )),
        _ => finding.todo("nothing was changed: try again"),
    }
}

/// What a reservation that nobody can read is answered with.
fn unreadable(review: &Review, entry: &Entry, look: &Look<'_>) -> Finding {
    let told = super::holder(&review.subject).replacen('/', " ", 1);
    let namespace = &review.subject.meta().namespace;
    let finding = Finding::deny(
        rule(review.subject.kind(), false),
        format!(
            "{told} must wait: the reservation of namespace {namespace} cannot be read, so whatever holds it may still be stored"
        ),
    )
    .about(format!(
        "annotation {} of Lease {}/{}",
        names::SLOT,
        names::NAMESPACE,
        names::slot_lease(namespace)
    ));
    told_times(finding, "whatever holds it", entry, look)
        .todo(format!("{}; it is written anew then", again(entry, look)))
}

fn told_times(finding: Finding, who: &str, entry: &Entry, look: &Look<'_>) -> Finding {
    let (Some(since), Some(until), Some(now)) = (entry.since(look), entry.until(look), look.now)
    else {
        return finding;
    };
    finding
        .seen(format!(
            "{who} was let through at {} and was not seen stored since",
            age::when(now, since)
        ))
        .seen(format!(
            "the API server gives it up at {} at the latest",
            age::when(now, until)
        ))
}

fn again(entry: &Entry, look: &Look<'_>) -> String {
    match (look.now, entry.until(look)) {
        (Some(now), Some(until)) => format!("try again in {}", wait(now, until)),
        _ => format!("try again in {}", age::span(look.bound)),
    }
}

/// At least a second: what is over now is not refused.
fn wait(now: Timestamp, until: Timestamp) -> String {
    age::span(
        until
            .duration_since(now)
            .max(jiff::SignedDuration::from_secs(1)),
    )
}

fn rule(subject: SubjectKind, held_by_schedule: bool) -> &'static str {
    match (subject, held_by_schedule) {
        (SubjectKind::Restore, false) => another_active::RULE.id,
        (SubjectKind::Restore, true) => active_schedule::RULE.id,
        (SubjectKind::BackupSchedule, false) => active_restore::RULE.id,
        (SubjectKind::BackupSchedule, true) => ANOTHER_ACTIVE,
    }
}
