//! `restore/active-schedule`: a Restore beside a running BackupSchedule is burnt.

use crate::act::end_backups::{EndBackups, names, pause_velero};
use crate::hub::identity::HubId;
use crate::hub::unattended::unattended;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::restore::Restore;
use crate::kinds::velero_schedule::VeleroSchedule;
use crate::read::Unreadable;
use crate::rules::finding::{Finding, Severity};
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::rules::words::{command, in_brackets, named, short};
use crate::snapshot::{Missing, Need, Snapshot};
use crate::time::age;

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/active-schedule",
    protects_from: "a Restore on a hub that backs up: the operator refuses it for good, and a half-restored \
                    hub would be written into the backups (operator-facts §6.2)",
    subject: SubjectKind::Restore,
    operations: &[Operation::Create, Operation::Update],
    denies_when_blind: false,
    can_be_attested: false,
    since: "2.7",
    until: None,
    needs: |review| match review.starting_restore() {
        Some(_) => vec![
            Need::BackupSchedules,
            Need::VeleroSchedules,
            Need::HubId,
            Need::Backups,
            Need::BackupScheduleDefinition,
        ],
        None => Vec::new(),
    },
    judge,
};

/// What one BackupSchedule does to a Restore beside it, the worst first.
#[derive(Clone, Copy)]
enum State<'a> {
    /// It backs up, as far as the operator says.
    Active,
    /// The operator cannot read it any more, but what it made before goes on backing up.
    Fires(&'a Unreadable),
    /// The operator cannot read it, or it says that it has ended; what Velero does could not be looked up.
    MayFire(Option<&'a Unreadable>),
    /// It says that it does not back up, but does.
    FiresUnseen,
    /// The operator cannot read it, and it does nothing.
    Hidden(&'a Unreadable),
}

impl State<'_> {
    /// The place among the others, the worst first.
    fn rank(self) -> u8 {
        match self {
            Self::Active => 0,
            Self::Fires(_) => 1,
            Self::FiresUnseen => 2,
            Self::MayFire(_) => 3,
            Self::Hidden(_) => 4,
        }
    }

    fn severity(self) -> Severity {
        match self {
            Self::Active | Self::Fires(_) | Self::FiresUnseen => Severity::Deny,
            Self::MayFire(_) | Self::Hidden(_) => Severity::Warn,
        }
    }
}

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let Some(subject) = review.starting_restore() else {
        return Verdict::Pass;
    };
    let schedules = match snapshot.backup_schedules.get() {
        Ok(schedules) => schedules,
        Err(missing) => return Verdict::blind("whether a BackupSchedule is active", missing),
    };
    let mut found: Vec<_> = schedules
        .iter()
        .filter(|schedule| schedule.meta.namespace == subject.meta.namespace)
        .filter_map(|schedule| Some((state(schedule, snapshot)?, schedule)))
        .collect();
    found.sort_by_key(|(state, _)| state.rank());
    match (found.as_slice(), snapshot.velero_schedules.get()) {
        // Without Velero nothing backs up.
        ([], Ok(_) | Err(Missing::NoKind { .. })) => {
            of_the_unattended(subject, snapshot).map_or(Verdict::Pass, Verdict::from)
        }
        ([], Err(missing)) => Verdict::blind(
            "whether Velero Schedules without a BackupSchedule still run",
            missing,
        ),
        ([(State::MayFire(hidden), schedule), ..], Err(missing)) => {
            let why = match hidden {
                Some(_) => "which the operator cannot read".to_owned(),
                None => format!("which says {}", schedule.phase),
            };
            let name = &schedule.meta.name;
            let what = format!("whether BackupSchedule {name}, {why}, still backs up");
            Verdict::blind(what, missing)
        }
        ([(worst, schedule), ..], _) => {
            // What does not refuse must not hide what does.
            let denial = (worst.severity() != Severity::Deny)
                .then(|| of_the_unattended(subject, snapshot))
                .flatten()
                .map(|denial| with_evidence(denial, &found));
            denial
                .unwrap_or_else(|| told(*worst, schedule, &found, subject, snapshot))
                .into()
        }
    }
}

/// Backups that go on without any BackupSchedule.
fn of_the_unattended(subject: &Restore, snapshot: &Snapshot) -> Option<Finding> {
    let mut velero = unattended(snapshot);
    velero.retain(|velero| velero.meta.namespace == subject.meta.namespace);
    let told: Vec<_> = names(&velero).collect();
    if told.is_empty() {
        return None;
    }
    let this = named("Restore", &subject.meta.name);
    let finding = Finding::deny(
        RULE.id,
        format!("Velero Schedules without a BackupSchedule still run; {this} may be backed up half-restored"),
    )
    .seen(format!("no BackupSchedule owns {}", told.join(" ")))
    .todo(which_hub(snapshot))
    .run(
        "if this hub is to be restored, pause them (or delete them: what they backed up stays):",
        pause_velero(command(snapshot, &subject.meta.namespace, ""), &velero),
    );
    Some(finding.todo("then apply the Restore again"))
}

/// What a BackupSchedule does; none where it is no hindrance.
fn state<'a>(schedule: &'a BackupSchedule, snapshot: &Snapshot) -> Option<State<'a>> {
    let velero = snapshot.velero_schedules.get();
    let fires = velero.map(|_| !firing(schedule, snapshot).is_empty());
    match (schedule.hidden_from_the_operator(), fires) {
        // What the operator cannot read keeps the phase it had: only Velero's own objects tell.
        (Some(hidden), Ok(true)) => Some(State::Fires(hidden)),
        (Some(hidden), Ok(false)) => Some(State::Hidden(hidden)),
        (Some(hidden), Err(_)) => Some(State::MayFire(Some(hidden))),
        (None, _) if schedule.blocks_restores() => Some(State::Active),
        (None, Ok(true)) => Some(State::FiresUnseen),
        (None, Ok(false)) => None,
        (None, Err(_)) => Some(State::MayFire(None)),
    }
}

/// The Velero Schedules that run for it.
fn firing<'a>(schedule: &BackupSchedule, snapshot: &'a Snapshot) -> Vec<&'a VeleroSchedule> {
    let velero = snapshot.velero_schedules.items().iter();
    velero
        .filter(|velero| is_made_for(schedule, velero) && velero.will_run())
        .collect()
}

fn is_made_for(schedule: &BackupSchedule, velero: &VeleroSchedule) -> bool {
    velero.meta.namespace == schedule.meta.namespace && velero.is_owned_by(&schedule.meta.name)
}

/// All that was found, told by the worst.
fn told(
    worst: State<'_>,
    schedule: &BackupSchedule,
    found: &[(State<'_>, &BackupSchedule)],
    subject: &Restore,
    snapshot: &Snapshot,
) -> Finding {
    let name = &schedule.meta.name;
    let this = named("Restore", &subject.meta.name);
    let headline = match worst {
        State::Active => format!(
            "BackupSchedule {name} is active on this hub; the operator would end {this} as FinishedWithErrors for good"
        ),
        State::Fires(_) => format!(
            "BackupSchedule {name} still backs up, though the operator cannot read it; {this} would be backed up half-restored"
        ),
        State::FiresUnseen => format!(
            "BackupSchedule {name} says {}, but its Velero Schedules still run; {this} may be backed up half-restored",
            schedule.phase
        ),
        State::Hidden(_) | State::MayFire(_) => {
            format!("BackupSchedule {name} is invisible to the operator and no longer backs up")
        }
    };
    let finding = Finding {
        severity: worst.severity(),
        ..Finding::deny(RULE.id, headline)
    };
    remedies(with_evidence(finding, found), found, snapshot)
}

fn with_evidence(finding: Finding, found: &[(State<'_>, &BackupSchedule)]) -> Finding {
    found.iter().fold(finding, |finding, (state, schedule)| {
        finding.seen(evidence(*state, schedule))
    })
}

fn evidence(state: State<'_>, schedule: &BackupSchedule) -> String {
    let name = &schedule.meta.name;
    let cannot = |hidden: &Unreadable| {
        format!(
            "{} of BackupSchedule {name} is {}, which the operator cannot read: {}",
            hidden.field, hidden.value, hidden.why
        )
    };
    match state {
        State::Active if schedule.meta.deleted.is_some() => {
            format!("BackupSchedule {name} is being deleted")
        }
        State::Active => {
            let phase = match schedule.phase.as_str() {
                "" => "no phase yet".to_owned(),
                phase => format!("phase {}", BackupSchedule::PHASES.told(phase)),
            };
            let asked = match schedule.paused {
                true => ", though spec.paused is true: the operator has not got to it yet",
                false => "",
            };
            format!("BackupSchedule {name} has {phase}{asked}")
        }
        State::Fires(hidden) => format!("{}; its Velero Schedules still run", cannot(hidden)),
        State::MayFire(Some(hidden)) | State::Hidden(hidden) => cannot(hidden),
        State::MayFire(None) => {
            format!("BackupSchedule {name} has phase {}", schedule.phase)
        }
        State::FiresUnseen => {
            format!(
                "BackupSchedule {name} has phase {}; its Velero Schedules still run",
                schedule.phase
            )
        }
    }
}

/// The likely mistake first, the heavy step last.
fn remedies(
    mut finding: Finding,
    found: &[(State<'_>, &BackupSchedule)],
    snapshot: &Snapshot,
) -> Finding {
    if finding.severity == Severity::Deny && found.iter().any(|(_, schedule)| is_at_work(schedule))
    {
        finding = finding.todo(which_hub(snapshot));
    }
    let end = EndBackups::here(snapshot);
    for (state, schedule) in found {
        let (name, namespace) = (&schedule.meta.name, &schedule.meta.namespace);
        let bsch = short::BACKUP_SCHEDULE;
        let edit = command(snapshot, namespace, "edit").say(bsch).name(name);
        finding = match state {
            State::Active if is_at_work(schedule) => finding.run(
                format!(
                    "if this hub is to be restored, {} {name}{}:",
                    end.verb(),
                    in_brackets(&how_to_undo(end, schedule))
                ),
                end.by(command(snapshot, namespace, ""), name),
            ),
            State::Active => finding,
            State::Fires(_) => finding.run(
                match end {
                    EndBackups::Delete => {
                        format!("correct {name}, or delete it if this hub is to be restored:")
                    }
                    _ => format!(
                        "correct {name}, and set spec.paused: true if this hub is to be restored:"
                    ),
                },
                edit,
            ),
            State::FiresUnseen => finding.run(
                format!("pause what still runs for {name}, which its phase does not tell:"),
                pause_velero(
                    command(snapshot, namespace, ""),
                    &firing(schedule, snapshot),
                ),
            ),
            State::Hidden(_) | State::MayFire(_) => finding.run(
                format!("after the restore, correct or delete {name}:"),
                edit,
            ),
        };
    }
    let Some((state, schedule)) = found
        .iter()
        .find(|(state, _)| state.severity() == Severity::Deny)
    else {
        return finding;
    };
    if matches!(state, State::FiresUnseen) {
        return finding.todo("then apply the Restore again");
    }
    let until = match schedule.meta.deleted {
        None if end != EndBackups::Delete => "wait for phase Paused",
        _ => "wait until it is gone",
    };
    finding.run(
        format!("{until}, then apply the Restore again:"),
        command(snapshot, &schedule.meta.namespace, "get")
            .say(short::BACKUP_SCHEDULE)
            .say("-w"),
    )
}

/// How the end of its backups is taken back, and what else has to be known of it.
fn how_to_undo(end: EndBackups, schedule: &BackupSchedule) -> String {
    let caveat = end.caveat(schedule.owns_backups);
    match end {
        EndBackups::Pause => "false takes it back".to_owned(),
        EndBackups::PauseIfThere => format!("false takes it back; {caveat}"),
        EndBackups::Delete => format!("keep its YAML, to apply it again; {caveat}"),
    }
}

/// Whether it is neither on its way out nor asked to pause.
fn is_at_work(schedule: &BackupSchedule) -> bool {
    schedule.meta.deleted.is_none() && !schedule.paused
}

/// Whose backups these are: somebody may sit at another hub than they think.
fn which_hub(snapshot: &Snapshot) -> String {
    let own: Option<&HubId> = snapshot.hub_id.value().filter(|id| id.is_known());
    let name = own.map_or_else(String::new, |id| format!(", hub {id}"));
    let last = snapshot
        .backups
        .items()
        .iter()
        .filter(|backup| own.is_some_and(|own| backup.writer() == *own))
        .filter(|backup| backup.backup_type().is_some())
        .filter_map(|backup| backup.started)
        .max()
        .map(|at| format!("; its last backup began {}", age::when(snapshot.now, at)))
        .unwrap_or_default();
    format!(
        "is this the hub you mean{name}? It backs up{last}. If it is well, stop here: wrong context"
    )
}
