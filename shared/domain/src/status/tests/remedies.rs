//! What a printed remedy must not do, whatever the Restore says of itself.

use super::hubs::{Hub, at, marker};
use crate::kinds::meta::Meta;
use crate::kinds::restore::Restore;
use crate::kinds::velero_restore::VeleroRestore;
use crate::snapshot::{Fact, Missing, Snapshot};
use crate::status::{Finding, StatusReport, assess};

const PHASES: [&str; 10] = [
    "",
    "Started",
    "Running",
    "Enabled",
    "EnabledWithErrors",
    "Error",
    "SomethingNew",
    "Unknown",
    "Finished",
    "FinishedWithErrors",
];

const REFUSED: &str =
    "This resource is ignored because BackupSchedule resource schedule-acm is currently active";

/// What Velero does for the Restore.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Velero {
    Nothing,
    Ended,
    Runs,
    /// An earlier pass still runs beside a newer one that has ended.
    RunsBehind,
    /// It is named in the status of the Restore, and by nothing else.
    RunsByStatus,
    NotToBeSeen,
}

const VELERO: [Velero; 6] = [
    Velero::Nothing,
    Velero::Ended,
    Velero::Runs,
    Velero::RunsBehind,
    Velero::RunsByStatus,
    Velero::NotToBeSeen,
];

/// Hubs on which a Restore may stand in the way of something.
fn hubs() -> [(&'static str, Hub); 5] {
    let mut fleet = Hub::active("b");
    fleet.schedules.clear();
    fleet.velero_schedules.clear();
    let mut activated = Hub::passive("b", "a").with_restored_clusters(2, 2);
    activated.backups.push(marker("b", "a", "16:00:45"));
    [
        ("waits", Hub::passive("b", "a")),
        ("holds a fleet", fleet),
        ("has activated", activated),
        ("set to back up", Hub::passive("b", "a").scheduled()),
        ("new", Hub::new("b")),
    ]
}

fn restore(phase: &str, message: &str, sync: bool, clusters: &str) -> Restore {
    Restore {
        meta: Meta {
            name: "one".into(),
            namespace: "open-cluster-management-backup".into(),
            created: Some(at("12:00:00")),
            ..Meta::default()
        },
        managed_clusters: Some(clusters.into()),
        credentials: Some("latest".into()),
        resources: Some("latest".into()),
        sync,
        phase: phase.into(),
        message: message.into(),
        ..Restore::default()
    }
}

fn velero_restore(name: &str, phase: &str, created: &str) -> VeleroRestore {
    VeleroRestore {
        meta: Meta {
            name: name.into(),
            namespace: "open-cluster-management-backup".into(),
            owners: vec![("Restore".into(), "one".into())],
            created: Some(at(created)),
            ..Meta::default()
        },
        backup: "acm-resources-schedule-20261122160000".into(),
        phase: phase.into(),
        items: Some(5),
        ..VeleroRestore::default()
    }
}

fn with(hub: &Hub, mut restore: Restore, velero: Velero) -> Snapshot {
    let mut hub = hub.clone();
    let ended = velero_restore("one-acm-resources-2", "Completed", "15:30:00");
    let mut runs = velero_restore("one-acm-resources-1", "InProgress", "15:00:00");
    hub.velero_restores = match velero {
        Velero::Nothing | Velero::NotToBeSeen => Vec::new(),
        Velero::Ended => vec![ended],
        Velero::Runs => vec![runs],
        Velero::RunsBehind => vec![ended, runs],
        Velero::RunsByStatus => {
            runs.meta.owners.clear();
            runs.meta.name = "of-another-name".into();
            restore.velero_restores = vec!["of-another-name".into()];
            vec![ended, runs]
        }
    };
    hub.restores = vec![restore];
    let mut snapshot = hub.snapshot();
    if velero == Velero::NotToBeSeen {
        snapshot.velero_restores = Fact::Missing(Missing::Forbidden {
            verb: "list".into(),
            resource: "restores.velero.io".into(),
            namespace: None,
        });
    }
    snapshot
}

/// The steps that tell to delete a Restore, by command or in words.
fn deletions(report: &StatusReport) -> Vec<String> {
    let steps = report.findings.iter().flat_map(|finding| &finding.steps);
    steps
        .filter(|step| {
            let command = step.command.as_deref().unwrap_or_default();
            let words = step.text.contains("delete") && step.text.contains("Restore");
            let not = ["do not delete", "only once", "is gone"]
                .iter()
                .any(|words| step.text.contains(words));
            command.contains("delete crst") || words && step.command.is_none() && !not
        })
        .map(|step| format!("{} {}", step.text, step.command.as_deref().unwrap_or("")))
        .collect()
}

fn each(mut look: impl FnMut(&str, &Restore, Velero, &Hub)) {
    for (what, hub) in hubs() {
        for phase in PHASES {
            for message in ["", REFUSED] {
                for (sync, clusters) in [(true, "skip"), (true, "latest"), (false, "skip")] {
                    for velero in VELERO {
                        let restore = restore(phase, message, sync, clusters);
                        let told =
                            format!("{what}: {phase:?} {message:.4} {sync} {clusters} {velero:?}");
                        look(&told, &restore, velero, &hub);
                    }
                }
            }
        }
    }
}

/// Whoever deletes it then leaves a hub that is restored in part, and the operator has no way back.
#[test]
fn no_restore_that_runs_or_may_run_is_to_be_deleted() {
    let (mut told_at_all, mut wrong) = (0, Vec::new());
    each(|what, restore, velero, hub| {
        let told = deletions(&assess(&with(hub, restore.clone(), velero)));
        let works = matches!(
            restore.phase.as_str(),
            "" | "Started" | "Running" | "SomethingNew" | "Unknown"
        );
        // A sync of hours ago for which Velero was never asked will not run any more.
        let rests = match velero {
            Velero::Ended => !works,
            Velero::Nothing => !works || restore.is_passive_sync(),
            _ => false,
        };
        if !rests && !told.is_empty() {
            wrong.push(format!("{what}: {told:?}"));
        }
        told_at_all += told.len();
    });
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(told_at_all > 50, "{told_at_all}");
}

/// A BackupSchedule whose deletion was asked for is waited for; and of one that is to be deleted it is said
/// what goes with it.
#[test]
fn a_schedule_is_deleted_once_and_knowingly() {
    let second = |hub: &mut Hub| {
        let mut second = hub.schedules[0].clone();
        second.meta.name = "by-hand".into();
        second.meta.created = Some(at("15:50:00"));
        hub.schedules.push(second);
    };
    let mut collided = Hub::active("a");
    collided.schedules[0].phase = "BackupCollision".into();
    let mut several = Hub::active("a");
    second(&mut several);
    let mut both = collided.clone();
    second(&mut both);
    both.schedules[1].phase = "Failed".into();
    for (what, hub) in [("collided", collided), ("several", several), ("both", both)] {
        let told = |hub: &Hub| -> Vec<Finding> {
            let mut findings = hub.report().findings;
            findings.retain(|finding| {
                let commands = finding.steps.iter().flat_map(|step| &step.command);
                commands
                    .clone()
                    .any(|command| command.contains("delete bsch"))
            });
            findings
        };
        assert!(!told(&hub).is_empty(), "{what}");
        let mut owning = hub.clone();
        for schedule in &mut owning.schedules {
            schedule.owns_backups = true;
        }
        for finding in told(&owning) {
            assert!(
                finding
                    .evidence
                    .iter()
                    .any(|line| line.contains("useOwnerReferencesInBackup")),
                "{what}: {finding:?}"
            );
        }
        let mut leaving = hub.clone();
        for schedule in &mut leaving.schedules {
            schedule.meta.deleted = Some(at("16:00:50"));
        }
        assert_eq!(told(&leaving), [], "{what}");
    }
}

/// Its deletion was asked for: what is left is to wait until it is gone.
#[test]
fn one_that_is_being_deleted_is_not_to_be_deleted_again() {
    let mut wrong = Vec::new();
    each(|what, restore, velero, hub| {
        let mut restore = restore.clone();
        restore.meta.deleted = Some(at("16:00:50"));
        let told = deletions(&assess(&with(hub, restore, velero)));
        wrong.extend((!told.is_empty()).then(|| format!("{what}: {told:?}")));
    });
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
