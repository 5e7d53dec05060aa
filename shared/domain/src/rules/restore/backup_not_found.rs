//! `restore/backup-not-found`: a Restore that names what cannot be restored.

use crate::act::command::Manifest;
use crate::hub::sets::{self, BackupSet};
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::restore::{BackupChoice, Restore};
use crate::rules::finding::{Finding, Severity};
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::rules::words::command;
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
    // A Restore that has ended asks for nothing, unless somebody takes it out of its end.
    let woken = review.reawakened_restore().is_some();
    if previous.is_some_and(Restore::is_terminal) && !woken {
        return Vec::new();
    }
    let before = previous.filter(|_| !woken).map(Restore::choices);
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
    let changed = changed(review);
    let own = (!changed.is_empty()).then_some(Need::HubId);
    changed
        .into_iter()
        .flat_map(|(_, choice, _)| match choice {
            BackupChoice::Named(name) => vec![Need::BackupNamed(name), Need::Backups],
            BackupChoice::Latest => vec![Need::Backups],
            BackupChoice::Skip | BackupChoice::Unset => Vec::new(),
        })
        .chain(own)
        .collect()
}

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let verdicts = changed(review)
        .into_iter()
        .map(|(field, choice, wanted)| match choice {
            BackupChoice::Skip => Verdict::Pass,
            BackupChoice::Unset => unset(field),
            BackupChoice::Latest => no_latest(field, wanted, review, snapshot),
            BackupChoice::Named(name) => unusable_name(field, &name, wanted, review, snapshot),
        });
    verdicts.min_by_key(weight).unwrap_or(Verdict::Pass)
}

/// The worst first.
fn weight(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Found(finding) if finding.severity == Severity::Deny => 0,
        Verdict::Blind { .. } => 1,
        Verdict::Found(_) => 2,
        Verdict::Pass => 3,
    }
}

fn unset(field: &str) -> Verdict {
    Finding::deny(RULE.id, format!("{field} is empty"))
        .about(field)
        .todo("write latest, skip, or the name of a backup")
        .into()
}

fn no_latest(field: &str, wanted: BackupType, review: &Review, snapshot: &Snapshot) -> Verdict {
    let Some(restore) = review.restore() else {
        return Verdict::Pass;
    };
    let backups = match snapshot.backups.get() {
        Ok(backups) => backups,
        Err(missing) => {
            return Verdict::blind(format!("whether {field}: latest finds a backup"), missing);
        }
    };
    if sets::latest(backups, wanted).is_some() {
        return Verdict::Pass;
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
    finding
        .seen(format!(
            "{} on this hub, {of_type} of type {wanted}, none Completed or PartiallyFailed",
            age::count(backups.len(), "backup")
        ))
        .about(format!("{field}: latest"))
        .run(
            "check that the storage location is Available and recently synced, and that another hub backs up to it:",
            command(snapshot, &restore.meta.namespace, "get").say(resource::STORAGE_LOCATIONS),
        )
        .into()
}

fn unusable_name(
    field: &str,
    name: &str,
    wanted: BackupType,
    review: &Review,
    snapshot: &Snapshot,
) -> Verdict {
    let Some(restore) = review.restore() else {
        return Verdict::Pass;
    };
    let fact = snapshot.named_backup(name);
    let backup = match fact.get() {
        Ok(backup) => backup,
        Err(missing) => {
            return Verdict::blind(format!("whether backup {name} exists"), missing);
        }
    };
    let headline = match backup {
        None => format!("there is no backup {name} on this hub"),
        Some(backup) => match problem_of(backup, wanted, snapshot) {
            None => return Verdict::Pass,
            Some(problem) => format!("backup {name} cannot be restored: {problem}"),
        },
    };
    let finding = Finding::deny(RULE.id, headline).about(format!("{field}: {name}"));
    offer_others(finding, wanted, restore, snapshot).into()
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
        _ if backup.has_data() => None,
        phase if backup.has_failed() => Some(format!("it has failed (phase {phase})")),
        "" => Some("Velero has not looked at it yet".to_owned()),
        phase if backup.has_unknown_phase() => Some(format!(
            "its phase is {}, so whether it is whole cannot be told; a newer Velero may have it, or somebody wrote it by hand",
            Backup::PHASES.told(phase)
        )),
        phase => Some(format!(
            "it is not finished (phase {phase}{})",
            since(backup.started)
        )),
    }
}

/// The newest whole set, all three names of it: one name beside two of another run restores a hub that
/// never was.
fn offer_others(
    finding: Finding,
    wanted: BackupType,
    restore: &Restore,
    snapshot: &Snapshot,
) -> Finding {
    let whole = sets::backup_sets(snapshot.backups.items())
        .into_iter()
        .rev()
        .find(BackupSet::is_usable);
    let Some(set) = whole else {
        return finding.run(
            format!("this hub sees no whole set; see which {wanted} backups there are:"),
            command(snapshot, &restore.meta.namespace, "get")
                .say(resource::BACKUPS)
                .say("-l")
                .value(format!(
                    "velero.io/schedule-name={}",
                    wanted.schedule_name()
                )),
        );
    };
    let names = WANTED.iter().zip(restore.choices()).fold(
        Manifest::default(),
        |names, (kind, (field, _))| match set.members.get(kind) {
            Some(backup) => {
                let field = field.trim_start_matches("spec.");
                names.field(&format!("  {field}"), &backup.meta.name)
            }
            None => names,
        },
    );
    finding.run(
        format!(
            "the newest whole set here is of {}, by hub {}; its names belong together (skip stays skip):",
            age::when(snapshot.now, set.run),
            set.writer
        ),
        names,
    )
}
