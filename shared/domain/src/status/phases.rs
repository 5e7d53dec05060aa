//! Phases that nobody knows: each object that has one is named, with what it is taken for. A newer version
//! may have written it, or a person by hand; neither is told from the object alone.

use super::facts::Facts;
use super::finding::Finding;
use crate::hub::restores::RestoreState;
use crate::kinds::backup::BackupType;
use crate::kinds::meta::Meta;
use crate::kinds::velero_restore::VeleroRestore;
use crate::time::age::count;
use crate::upstream::resource;
use std::collections::BTreeMap;

/// What a phase that nobody knows means on one kind.
struct Meaning {
    id: &'static str,
    kind: &'static str,
    resource: &'static str,
    /// Who writes the status.
    writer: &'static str,
    taken_for: &'static str,
    by_hand: &'static str,
}

const BACKUP: Meaning = Meaning {
    id: "backup/unknown-phase",
    kind: "Backup",
    resource: resource::BACKUPS,
    writer: "Velero",
    taken_for: "it shows that its hub ran when it was begun; but it counts as not finished: no set with it is whole, and latest does not take it",
    by_hand: "let whoever did it write back what stood there, and restore another set until then",
};

const RESTORE: Meaning = Meaning {
    id: "restore/unknown-phase",
    kind: "Restore",
    resource: "crst",
    writer: "the operator",
    taken_for: "it counts as active, as it does for the operator: no other Restore and no BackupSchedule may run beside it",
    by_hand: "the operator writes its own at its next pass; where it does not, delete it, but only once Velero restores nothing for it (what it restored stays), and create it anew",
};

const VELERO_RESTORE: Meaning = Meaning {
    id: "velero-restore/unknown-phase",
    kind: "Velero restore",
    resource: resource::VELERO_RESTORES,
    writer: "Velero",
    taken_for: "it counts as not ended: the Restore it was made for goes on, and clusters it brings make this hub no owner yet",
    by_hand: "Velero does not touch it any more; once nothing moves, delete it",
};

const SCHEDULE: Meaning = Meaning {
    id: "schedule/unknown-phase",
    kind: "BackupSchedule",
    resource: "bsch",
    writer: "the operator",
    taken_for: "it counts as running, as it does for the operator: no Restore may run beside it; whether it backs up is judged by Velero's schedules",
    by_hand: "the operator writes its own at its next pass, within five minutes",
};

const VELERO_SCHEDULE: Meaning = Meaning {
    id: "velero-schedule/unknown-phase",
    kind: "Velero schedule",
    resource: resource::VELERO_SCHEDULES,
    writer: "Velero",
    taken_for: "no run is expected of it, as Velero begins one in phase Enabled only; a Restore beside it is judged as if it ran",
    by_hand: "Velero writes its own within a few minutes",
};

const LOCATION: Meaning = Meaning {
    id: "storage/unknown-phase",
    kind: "storage location",
    resource: resource::STORAGE_LOCATIONS,
    writer: "Velero",
    taken_for: "it counts as not Available: the operator does not use it, and what it holds is not known",
    by_hand: "Velero writes its own when it looks at the location again, within a few minutes",
};

/// One finding for each kind and phase.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let s = facts.snapshot;
    let backups = facts
        .view
        .written
        .iter()
        .map(|one| one.backup)
        .chain(facts.view.nameless.iter().copied())
        .filter(|backup| backup.has_unknown_phase())
        .map(|backup| (backup.phase.as_str(), &backup.meta));
    let velero_restores = s
        .velero_restores
        .items()
        .iter()
        .filter(|restore| restore.has_unknown_phase() && is_the_operators(restore))
        .map(|restore| (restore.phase.as_str(), &restore.meta));
    let schedules = facts
        .schedules()
        .iter()
        .filter(|schedule| schedule.has_unknown_phase())
        .map(|schedule| (schedule.phase.as_str(), &schedule.meta));
    let velero_schedules = s
        .velero_schedules
        .items()
        .iter()
        .filter(|schedule| schedule.has_unknown_phase())
        .filter(|schedule| BackupType::of_schedule(&schedule.meta.name).is_some())
        .map(|schedule| (schedule.phase.as_str(), &schedule.meta));
    let locations = s
        .storage_locations
        .items()
        .iter()
        .filter(|location| location.has_unknown_phase())
        .map(|location| (location.phase.as_str(), &location.meta));
    let mut found = told(facts, &LOCATION, locations);
    found.extend(told(facts, &SCHEDULE, schedules));
    found.extend(told(facts, &VELERO_SCHEDULE, velero_schedules));
    found.extend(told(facts, &BACKUP, backups));
    found.extend(restores(facts));
    found.extend(told(facts, &VELERO_RESTORE, velero_restores));
    found
}

/// Velero restores for others as well.
fn is_the_operators(restore: &VeleroRestore) -> bool {
    restore.owner().is_some() || BackupType::of_prefix(&restore.backup).is_some()
}

/// Each by itself: what Velero says of it is another matter each time.
fn restores(facts: &Facts<'_>) -> Vec<Finding> {
    let velero = &facts.snapshot.velero_restores;
    facts
        .restores()
        .iter()
        // One that is being deleted is waited for, whatever it says.
        .filter(|restore| restore.has_unknown_phase() && restore.meta.deleted.is_none())
        .map(|restore| {
            let state = RestoreState::seen(restore, velero);
            let said = state.what_velero_does();
            let keep = match state.unseen || !state.running.is_empty() {
                true => ": do not delete it",
                false => "",
            };
            let finding =
                headed(&RESTORE, &restore.phase, &restore.meta, 1).seen(format!("{said}{keep}"));
            steps(facts, &RESTORE, finding, &restore.meta)
        })
        .collect()
}

fn told<'a>(
    facts: &Facts<'_>,
    meaning: &Meaning,
    objects: impl Iterator<Item = (&'a str, &'a Meta)>,
) -> Vec<Finding> {
    let mut by_phase: BTreeMap<&str, Vec<&Meta>> = BTreeMap::new();
    for (phase, meta) in objects {
        by_phase.entry(phase).or_default().push(meta);
    }
    by_phase
        .into_iter()
        .filter_map(|(phase, all)| {
            let newest = all.iter().max_by_key(|meta| (meta.created, &meta.name))?;
            let finding = headed(meaning, phase, newest, all.len());
            Some(steps(facts, meaning, finding, newest))
        })
        .collect()
}

fn headed(meaning: &Meaning, phase: &str, newest: &Meta, number: usize) -> Finding {
    let (kind, name) = (meaning.kind, &newest.name);
    let finding = match number {
        1 => Finding::warning(
            meaning.id,
            format!("{kind} {name} has phase {phase}, which this program does not know"),
        ),
        several => Finding::warning(
            meaning.id,
            format!(
                "{} have phase {phase}, which this program does not know",
                count(several, kind)
            ),
        )
        .seen(format!("the newest is {name}")),
    };
    finding.seen(meaning.taken_for)
}

fn steps(facts: &Facts<'_>, meaning: &Meaning, finding: Finding, newest: &Meta) -> Finding {
    let (resource, name, writer) = (meaning.resource, &newest.name, meaning.writer);
    finding
        .run(
            format!("see who wrote it, {writer} or a person by hand:"),
            facts
                .kubectl("get")
                .say(resource)
                .name(name)
                .say("-o yaml --show-managed-fields"),
        )
        .todo(format!(
            "if {writer} did: it is newer than this program; take one that knows it"
        ))
        .todo(format!("if a person did: {}", meaning.by_hand))
}
