//! Phases that nobody knows: each object is named, with what it is taken for.

use super::hubs::{Hub, finding, text};
use crate::kinds::backup::Backup;
use crate::status::{Role, Severity};

const SPOILT: &str = "Sealed";

/// A hub, with the phase of one object of it spoilt.
fn spoilt(id: &str) -> Hub {
    let mut hub = match id {
        "restore/unknown-phase" | "velero-restore/unknown-phase" => Hub::passive("b", "a"),
        _ => Hub::active("a"),
    };
    *match id {
        "backup/unknown-phase" => &mut hub.backups[1].phase,
        "restore/unknown-phase" => &mut hub.restores[0].phase,
        "velero-restore/unknown-phase" => &mut hub.velero_restores[0].phase,
        "schedule/unknown-phase" => &mut hub.schedules[0].phase,
        "velero-schedule/unknown-phase" => &mut hub.velero_schedules[0].phase,
        "storage/unknown-phase" => &mut hub.locations[0].phase,
        _ => panic!("{id}"),
    } = SPOILT.to_owned();
    hub
}

#[test]
fn a_phase_nobody_knows_is_told_of_each_kind_and_judged_on_the_safe_side() {
    for (id, beside) in [
        ("backup/unknown-phase", vec!["!backup/none-complete"]),
        ("restore/unknown-phase", vec![]),
        ("velero-restore/unknown-phase", vec![]),
        ("schedule/unknown-phase", vec![]),
        ("velero-schedule/unknown-phase", vec![]),
        ("storage/unknown-phase", vec!["!storage/unavailable"]),
    ] {
        let hub = spoilt(id);
        let mut expected = beside;
        expected.push(id);
        assert_eq!(hub.found(), expected);
        let found = finding(&hub, id);
        assert_eq!(found.severity, Severity::Warning);
        assert!(
            found
                .headline
                .ends_with("has phase Sealed, which this program does not know"),
            "{}",
            found.headline
        );
        insta::assert_snapshot!(id.replace('/', "-"), text(&found));
    }
}

#[test]
fn a_phase_that_is_known_is_no_finding() {
    use crate::kinds::restore::Restore;
    use crate::kinds::storage_location::StorageLocation;
    use crate::kinds::velero_restore::VeleroRestore;
    let mut hub = Hub::passive("b", "a").scheduled();
    let none = |hub: &Hub, phase: &str| {
        let found = hub.found();
        assert!(
            !found.iter().any(|id| id.ends_with("/unknown-phase")),
            "{phase}: {found:?}"
        );
    };
    for phase in Backup::PHASES.0 {
        hub.backups[0].phase = (*phase).into();
        none(&hub, phase);
    }
    for phase in Restore::PHASES.0 {
        hub.restores[0].phase = (*phase).into();
        none(&hub, phase);
    }
    for phase in VeleroRestore::PHASES.0 {
        hub.velero_restores[0].phase = (*phase).into();
        none(&hub, phase);
    }
    for phase in StorageLocation::PHASES.0 {
        hub.locations[0].phase = (*phase).into();
        none(&hub, phase);
    }
}

#[test]
fn many_of_one_phase_are_one_finding() {
    let mut hub = Hub::active("a");
    for backup in &mut hub.backups {
        backup.phase = SPOILT.into();
    }
    let found = finding(&hub, "backup/unknown-phase");
    assert_eq!(
        found.headline,
        "5 Backups have phase Sealed, which this program does not know"
    );
    assert_eq!(
        hub.found(),
        ["!backup/none-complete", "backup/unknown-phase"]
    );
}

#[test]
fn what_is_not_the_operators_is_not_told() {
    let mut hub = Hub::active("a");
    let mut nightly = hub.backups[0].clone();
    nightly.meta.name = "nightly-1".into();
    nightly.meta.labels.clear();
    nightly.phase = SPOILT.into();
    hub.backups.push(nightly);
    assert_eq!(hub.found(), Vec::<String>::new());
}

/// It shows that its hub is alive all the same.
#[test]
fn a_backup_of_an_unknown_phase_is_a_sign_of_life() {
    let mut hub = Hub::passive("b", "a");
    for backup in &mut hub.backups {
        backup.phase = SPOILT.into();
    }
    let report = hub.report();
    assert!(report.writers[0].live);
    assert!(!report.set.unwrap().complete);
}

/// An activation is not called running because of a word nobody knows, once Velero has ended all of it:
/// the hub would never be told that nothing backs it up.
#[test]
fn an_activation_of_an_unknown_phase_runs_until_velero_has_ended_it() {
    let mut hub = Hub::passive("b", "a").with_restored_clusters(2, 2);
    hub.restores[0].managed_clusters = Some("latest".into());
    hub.restores[0].phase = SPOILT.into();
    hub.velero_restores[0].phase = "InProgress".into();
    assert_eq!(hub.report().role, Role::Activating);
    assert!(
        finding(&hub, "restore/unknown-phase")
            .evidence
            .contains(&"Velero still restores for it: do not delete it".to_owned())
    );
    hub.velero_restores[0].phase = "Completed".into();
    assert_eq!(hub.report().role, Role::Active);
    assert!(hub.found().contains(&"!schedule/none".to_owned()));
    hub.velero_restores.clear();
    assert_eq!(hub.report().role, Role::Activating);
}

/// A pass that goes on for ever would hide it.
#[test]
fn a_part_that_a_sync_of_an_unknown_phase_lacks_is_told() {
    let mut hub = Hub::passive("b", "a");
    hub.restores[0].phase = SPOILT.into();
    hub.velero_restores.remove(0);
    assert_eq!(
        hub.found(),
        ["!passive/part-missing", "restore/unknown-phase"]
    );
}

#[test]
fn a_schedule_of_an_odd_phase_without_a_backup_is_not_well() {
    for phase in [SPOILT, "Unknown"] {
        let mut hub = Hub::active("a").without_backups();
        hub.schedules[0].phase = phase.into();
        assert!(
            hub.found().contains(&"!backup/none".to_owned()),
            "{phase}: {:?}",
            hub.found()
        );
    }
}

/// Failed before: "Velero has nothing of it here", where nobody could look.
#[test]
fn what_velero_does_is_not_told_where_it_could_not_be_looked_up() {
    let mut hub = Hub::passive("b", "a");
    hub.restores[0].phase = "Sealed".into();
    let mut snapshot = hub.snapshot();
    snapshot.velero_restores = crate::snapshot::Fact::unasked();
    let findings = crate::status::assess(&snapshot).findings;
    let told = findings
        .iter()
        .find(|finding| finding.id == "restore/unknown-phase")
        .unwrap();
    let line = "what Velero does for it could not be looked up: do not delete it";
    assert!(told.evidence.iter().any(|said| said == line), "{told:?}");
}
