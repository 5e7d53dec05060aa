//! One row, one sentence: what is on the hub, and what `status` must say of it.

mod active;
mod collected;
mod fleet;
mod guard;
mod hubs;
mod odd_names;
mod ownership;
mod passive;
mod remedies;
mod schedules;
mod storage;
mod sync;
mod twins;
mod unknown_phases;

use super::*;
use crate::snapshot::{Fact, Missing};
use hubs::Hub;

#[test]
fn what_cannot_be_looked_up_is_never_ok() {
    let report = assess(&Snapshot::empty(hubs::at("16:00:00"), "ns"));
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.role, Role::Unknown);
    assert_eq!(report.activation.answer, Answer::NotKnown);
    // No answer rests on what the operator's definition knows; it only words what is to be done.
    // Whether the guards stand is one question of three needs.
    assert_eq!(report.not_checked.len(), needs().count() - 3);
    assert!(report.knows_nothing());
}

#[test]
fn a_missing_fact_that_decides_nothing_is_a_warning() {
    let mut snapshot = Hub::active("a").snapshot();
    snapshot.managed_clusters = crate::snapshot::Fact::unasked();
    let report = assess(&snapshot);
    assert_eq!(report.verdict, Verdict::Warning);
    assert_eq!(report.findings, []);
    assert_eq!(report.summary, "not checked: clusters");
}

/// What makes them critical, or only a warning, is what could not be looked up.
#[test]
fn what_rests_on_a_missing_fact_is_not_told_as_critical() {
    let missing = || Missing::Forbidden {
        verb: "list".to_owned(),
        resource: "any".to_owned(),
        namespace: None,
    };
    // Took over from `a`, which wrote a moment before: whether that counts its clusters tell.
    let mut hub = Hub::active("b").with_restored_clusters(2, 2);
    hub.backups.extend(hubs::set_of("a", "155500"));
    hub.backups.push(hubs::marker("b", "a", "15:58:00"));
    let mut snapshot = hub.snapshot();
    assert_eq!(assess(&snapshot).findings, []);
    snapshot.managed_clusters = Fact::Missing(missing());
    assert_eq!(assess(&snapshot).findings, []);
    // Refused at once, beside a BackupSchedule: what Velero restored for it tells that it kept nothing in sync.
    let mut hub = Hub::active("a");
    hub.restores.push(crate::kinds::restore::Restore {
        phase: "FinishedWithErrors".into(),
        message: "This resource is ignored because BackupSchedule resource schedule-acm is currently active".into(),
        sync: true,
        ..Default::default()
    });
    let mut snapshot = hub.snapshot();
    assert_eq!(assess(&snapshot).findings[0].id, "restore/refused");
    snapshot.velero_restores = Fact::Missing(missing());
    let report = assess(&snapshot);
    assert_eq!(report.findings[0].id, "restore/ended");
    assert_eq!(report.verdict, Verdict::Unknown);
}

#[test]
fn that_a_file_may_be_lost_is_said() {
    let mut snapshot = Hub::active("a").snapshot();
    assert!(!assess(&snapshot).not_knowable.contains(&UNCOUNTED));
    snapshot.uncounted = true;
    assert!(assess(&snapshot).not_knowable.contains(&UNCOUNTED));
}

#[test]
fn critical_weighs_more_than_not_knowing() {
    let mut hub = Hub::active("a");
    hub.schedules[0].phase = "FailedValidation".into();
    let mut snapshot = hub.snapshot();
    snapshot.restores = crate::snapshot::Fact::unasked();
    assert_eq!(assess(&snapshot).verdict, Verdict::Critical);
}

#[test]
fn an_empty_hub_is_idle_and_ok() {
    let report = assess(&Hub::new("a").snapshot());
    assert_eq!((report.role, report.verdict), (Role::Idle, Verdict::Ok));
    assert_eq!(report.activation.answer, Answer::No);
    assert_eq!(
        report.activation.because,
        "there is no backup in the storage to restore"
    );
}

#[test]
fn every_command_runs_in_the_operators_namespace_or_names_none() {
    let reports = [
        assess(&Hub::new("a").snapshot()),
        assess(&Hub::active("a").without_backups().snapshot()),
        assess(&Hub::passive("b", "a").snapshot()),
    ];
    for step in reports
        .iter()
        .flat_map(|report| &report.findings)
        .flat_map(|finding| &finding.steps)
    {
        let command = step.command.as_deref().unwrap_or("oc ");
        assert!(command.starts_with("oc "), "{command}");
        assert!(
            !command.contains(" -n ") || command.contains("-n open-cluster-management-backup"),
            "{command}"
        );
    }
}

#[test]
fn a_hub_without_a_cluster_version_is_told_of_kubectl() {
    let mut hub = Hub::active("unknown");
    hub.schedules[0].phase = "Failed".into();
    let mut snapshot = hub.snapshot();
    snapshot.velero_schedules =
        crate::snapshot::Fact::Missing(crate::snapshot::Missing::Forbidden {
            verb: "list".into(),
            resource: "schedules.velero.io".into(),
            namespace: None,
        });
    let report = assess(&snapshot);
    let finding = report
        .findings
        .iter()
        .find(|finding| finding.id == "schedule/failed");
    let command = finding.and_then(|finding| finding.steps[0].command.as_deref());
    assert!(
        command.is_some_and(|command| command.starts_with("kubectl -n ")),
        "{command:?}"
    );
    assert!(
        report.not_checked[0]
            .way_out
            .to_string()
            .contains(": kubectl auth can-i")
    );
    snapshot.hub_id =
        crate::snapshot::Fact::known(crate::hub::identity::HubId::new("a"), snapshot.now);
    assert!(
        assess(&snapshot).not_checked[0]
            .way_out
            .to_string()
            .contains(": oc auth can-i")
    );
}
