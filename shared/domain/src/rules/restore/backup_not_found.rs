//! `restore/backup-not-found`: a Restore that names what cannot be restored.

use super::could_not_look;
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::restore::{BackupChoice, Restore};
use crate::rules::finding::Finding;
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::sets;
use crate::snapshot::{Need, Snapshot};
use crate::time::age;
use crate::upstream::resource;

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/backup-not-found",
    protects_from: "a Restore that waits in phase Error for a backup that will never come, blocking every \
                    other Restore and BackupSchedule, or that restores a backup of the wrong type \
                    (operator-facts §6.2, §6.5)",
    subject: SubjectKind::Restore,
    operations: &[Operation::Create, Operation::Update],
    denies_when_blind: false,
    can_be_attested: false,
    since: "2.7",
    until: None,
    needs,
    judge,
};

/// The type each of the three names must resolve to, in the order of [`Restore::choices`].
const WANTED: [BackupType; 3] = [
    BackupType::ManagedClusters,
    BackupType::Credentials,
    BackupType::Resources,
];

/// The names this request sets or changes.
fn changed(review: &Review) -> Vec<(&'static str, BackupChoice, BackupType)> {
    let Some(restore) = review.restore() else {
        return Vec::new();
    };
    let previous = review.previous_restore();
    if previous.is_some_and(Restore::is_terminal) {
        return Vec::new();
    }
    let before = previous.map(Restore::choices);
    restore
        .choices()
        .into_iter()
        .zip(WANTED)
        .filter(|((field, choice), _)| {
            before
                .as_ref()
                .is_none_or(|before| !before.iter().any(|old| old == &(*field, choice.clone())))
        })
        .map(|((field, choice), wanted)| (field, choice, wanted))
        .collect()
}

fn needs(review: &Review) -> Vec<Need> {
    changed(review)
        .into_iter()
        .flat_map(|(_, choice, _)| match choice {
            BackupChoice::Named(name) => vec![Need::BackupNamed(name), Need::Backups],
            BackupChoice::Latest => vec![Need::Backups],
            BackupChoice::Skip | BackupChoice::Unset => Vec::new(),
        })
        .collect()
}

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let problems = changed(review)
        .into_iter()
        .filter_map(|(field, choice, wanted)| match choice {
            BackupChoice::Skip => None,
            BackupChoice::Unset => Some(unset(field)),
            BackupChoice::Latest => no_latest(field, wanted, review, snapshot),
            BackupChoice::Named(name) => unusable_name(field, &name, wanted, review, snapshot),
        });
    problems
        .min_by_key(|finding| finding.severity)
        .map_or(Verdict::Pass, Verdict::from)
}

fn unset(field: &str) -> Finding {
    Finding::deny(RULE.id, format!("{field} is empty"))
        .about(field)
        .todo("write latest, skip, or the name of a backup")
}

fn no_latest(
    field: &str,
    wanted: BackupType,
    review: &Review,
    snapshot: &Snapshot,
) -> Option<Finding> {
    let restore = review.restore()?;
    let backups = match snapshot.backups.get() {
        Ok(backups) => backups,
        Err(missing) => {
            return Some(could_not_look(
                RULE.id,
                &format!("whether {field}: latest finds a backup"),
                missing,
                &review.origin,
            ));
        }
    };
    if sets::latest(backups, wanted).is_some() {
        return None;
    }
    let headline = format!("{field} is latest, but this hub sees no usable {wanted} backup");
    // A passive hub is often set up before the first backup arrives; the operator tries again.
    let finding = if restore.sync && !restore.activates() {
        Finding::warn(RULE.id, headline)
    } else {
        Finding::deny(RULE.id, headline)
    };
    let of_type = backups
        .iter()
        .filter(|backup| backup.backup_type() == Some(wanted))
        .count();
    Some(
        finding
            .seen(format!("{} backups on this hub, {of_type} of type {wanted}, none Completed or PartiallyFailed", backups.len()))
            .about(format!("{field}: latest"))
            .run(
                "check that the storage location is Available and recently synced, and that another hub backs up to it:",
                format!("kubectl -n {} get {}", restore.meta.namespace, resource::STORAGE_LOCATIONS),
            ),
    )
}

fn unusable_name(
    field: &str,
    name: &str,
    wanted: BackupType,
    review: &Review,
    snapshot: &Snapshot,
) -> Option<Finding> {
    let restore = review.restore()?;
    let fact = snapshot.named_backup(name);
    let backup = match fact.get() {
        Ok(backup) => backup,
        Err(missing) => {
            return Some(could_not_look(
                RULE.id,
                &format!("whether backup {name} exists"),
                missing,
                &review.origin,
            ));
        }
    };
    let Some(backup) = backup else {
        let finding = Finding::deny(RULE.id, format!("there is no backup {name} on this hub"));
        return Some(offer_others(
            finding.about(format!("{field}: {name}")),
            wanted,
            restore,
            snapshot,
        ));
    };
    let problem = problem_of(backup, wanted, snapshot)?;
    let finding = Finding::deny(
        RULE.id,
        format!("backup {name} cannot be restored: {problem}"),
    );
    Some(offer_others(
        finding.about(format!("{field}: {name}")),
        wanted,
        restore,
        snapshot,
    ))
}

/// Why a backup that exists must not be named here.
fn problem_of(backup: &Backup, wanted: BackupType, snapshot: &Snapshot) -> Option<String> {
    let since = |at: Option<jiff::Timestamp>| {
        at.map(|at| format!(" since {}", age::when(snapshot.now, at)))
            .unwrap_or_default()
    };
    // A backup under a name of its own may be a copy made by hand: only a known other type is wrong.
    if let Some(other) = backup.backup_type().filter(|kind| *kind != wanted) {
        return Some(format!("it holds {other}, not {wanted}"));
    }
    if backup.meta.deleted.is_some() || backup.phase == "Deleting" {
        return Some(format!("it is being deleted{}", since(backup.meta.deleted)));
    }
    match backup.phase.as_str() {
        "Completed" | "PartiallyFailed" => None,
        "Failed" | "FailedValidation" => Some(format!("it has failed (phase {})", backup.phase)),
        "" => Some("Velero has not looked at it yet".to_owned()),
        phase => Some(format!(
            "it is not finished (phase {phase}{})",
            since(backup.started)
        )),
    }
}

fn offer_others(
    finding: Finding,
    wanted: BackupType,
    restore: &Restore,
    snapshot: &Snapshot,
) -> Finding {
    match sets::latest(snapshot.backups.items(), wanted) {
        Some(newest) => finding.todo(format!(
            "the newest usable {wanted} backup here is {}{}",
            newest.meta.name,
            newest
                .started
                .map(|at| format!(", started {}", age::when(snapshot.now, at)))
                .unwrap_or_default()
        )),
        None => finding.run(
            format!("see which {wanted} backups there are:"),
            format!(
                "kubectl -n {} get {} -l velero.io/schedule-name={}",
                restore.meta.namespace,
                resource::BACKUPS,
                wanted.schedule_name()
            ),
        ),
    }
}
