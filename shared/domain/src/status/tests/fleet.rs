//! The clusters: still coming, gone missing, left behind.

use super::hubs::{Hub, at, marker, set_of};
use crate::kinds::restore::Restore;
use crate::read::Unreadable;
use crate::status::{Answer, Finding, Role, Verdict};

/// `b`, which activated at 16:00 and has `available` of its `total` clusters.
fn activated(total: usize, available: usize) -> Hub {
    let mut hub = Hub::active("b").with_restored_clusters(total, available);
    hub.backups.push(marker("b", "a", "16:00:00"));
    hub
}

fn first(hub: &Hub) -> Finding {
    hub.report().findings.remove(0)
}

fn first_of(hub: &Hub, id: &str) -> Finding {
    let mut findings = hub.report().findings;
    findings.retain(|finding| finding.id == id);
    findings.remove(0)
}

#[test]
fn for_a_quarter_of_an_hour_clusters_that_come_are_counted_and_not_warned_of() {
    let report = activated(5, 2).report();
    assert_eq!((report.findings, report.verdict), (Vec::new(), Verdict::Ok));
    let clusters = report.clusters.unwrap();
    assert_eq!(clusters.activated, Some(at("16:00:00")));
    assert_eq!(clusters.look_again, Some(at("16:15:00")));
    assert_eq!(activated(5, 5).report().clusters.unwrap().look_again, None);
}

#[test]
fn later_those_that_are_missing_are_told_with_their_causes() {
    let mut hub = activated(5, 2).seen_at("16:15:01");
    for cluster in &mut hub.clusters[2..] {
        cluster.unavailable_because = Some("ManagedClusterLeaseUpdateStopped".into());
    }
    hub.clusters[3].unavailable_because = None;
    hub.clusters[4].import_disabled = true;
    hub.restores.push(Restore {
        managed_clusters: Some("latest".into()),
        phase: "Finished".into(),
        messages: vec![
            "Created auto-import-secret for (c4)".into(),
            "No suitable MSA secret found for cluster (c1)".into(),
            "Cannot reimport cluster c3, no serverUrl property".into(),
        ],
        ..Restore::default()
    });
    let finding = first(&hub);
    assert_eq!(finding.id, "clusters/not-reconnected");
    assert_eq!(
        finding.headline,
        "3 of 5 restored clusters have not reconnected to this hub"
    );
    assert_eq!(
        finding.evidence,
        [
            "2 clusters: ManagedClusterLeaseUpdateStopped",
            "1 cluster: never reported",
            "1 cluster with import.open-cluster-management.io/disable-auto-import: this hub does not import it",
            "the operator: Cannot reimport cluster c3, no serverUrl property",
        ]
    );
    let commands: Vec<_> = finding
        .steps
        .iter()
        .filter_map(|step| step.command.as_deref())
        .collect();
    assert_eq!(
        commands,
        [
            "oc get managedclusters -l 'velero.io/restore-name,local-cluster!=true' -o 'custom-columns=NAME:.metadata.name,AVAILABLE:.status.conditions[?(@.type==\"ManagedClusterConditionAvailable\")].status,URL:.spec.managedClusterClientConfigs[0].url'",
            "oc annotate managedclusters -l 'velero.io/restore-name,local-cluster!=true' import.open-cluster-management.io/disable-auto-import-",
        ]
    );
}

#[test]
fn one_cluster_is_not_many() {
    let mut hub = Hub::active("a");
    hub.clusters[0].available = false;
    assert_eq!(
        first(&hub).headline,
        "1 cluster does not report to this hub"
    );
    let hub = activated(1, 0).seen_at("16:30:00");
    assert_eq!(
        first(&hub).headline,
        "1 of 1 restored cluster has not reconnected to this hub"
    );
}

#[test]
fn a_hub_that_gave_its_fleet_away_is_told_what_is_left_of_it() {
    let mut hub = Hub::active("a").without_backups();
    hub.schedules.clear();
    hub.velero_schedules.clear();
    hub.backups.push(marker("b", "a", "15:00:00"));
    assert_eq!(hub.found(), ["hub/replaced"]);
    let finding = first(&hub);
    assert_eq!(
        finding.headline,
        "this hub has been replaced by hub b, and still holds 2 clusters"
    );
    assert_eq!(
        finding.steps[0].command.as_deref(),
        Some(
            "oc annotate managedclusters -l 'local-cluster!=true' import.open-cluster-management.io/disable-auto-import= --overwrite"
        )
    );
    // Done, it is not said again.
    for cluster in &mut hub.clusters {
        cluster.import_disabled = true;
    }
    assert_eq!(
        first(&hub).steps[0].text,
        "all that is to be done here has been done; see on hub b that its clusters report there"
    );
    assert_eq!(first(&hub).steps[0].command, None);
}

#[test]
fn an_old_hub_that_was_paused_and_annotated_is_not_told_to_do_so_again() {
    let mut hub = Hub::active("a").seen_at("16:31:00");
    hub.backups.push(marker("b", "a", "16:20:00"));
    let commands = |hub: &Hub| -> Vec<String> {
        let steps = first(hub).steps;
        steps
            .into_iter()
            .filter_map(|step| Some(step.command?.to_string()))
            .collect()
    };
    assert_eq!(commands(&hub).len(), 2);
    hub.schedules[0].paused = true;
    assert_eq!(commands(&hub).len(), 1, "it is asked to pause");
    for cluster in &mut hub.clusters {
        cluster.import_disabled = true;
    }
    assert!(commands(&hub).is_empty());
}

#[test]
fn a_hub_whose_successor_has_no_set_yet_still_sees_its_own() {
    let mut hub = Hub::active("a").seen_at("16:02:30");
    hub.backups.push(marker("b", "a", "16:02:00"));
    let report = hub.report();
    assert_eq!(report.role, Role::Replaced);
    assert_eq!(report.set.map(|set| set.run), Some(at("16:00:00")));
    assert_eq!(report.activation.answer, Answer::No);
    // In whatever way its own backups have ended since.
    for phase in ["BackupCollision", "Paused"] {
        hub.schedules[0].phase = phase.into();
        hub.schedules[0].paused = phase == "Paused";
        let answer = hub.clone().seen_at("19:00:00").report().activation.answer;
        assert_ne!(answer, Answer::Yes, "{phase}");
    }
}

#[test]
fn a_set_of_the_successor_that_is_not_whole_yet_is_a_set() {
    let mut hub = Hub::active("a").seen_at("16:03:00");
    hub.backups.push(marker("b", "a", "16:02:00"));
    let mut first = set_of("b", "160230");
    first.truncate(2);
    hub.backups.extend(first);
    assert_eq!(hub.report().role, Role::Replaced);
    assert!(hub.report().set.is_some(), "there is no backup, it said");
}

#[test]
fn a_replaced_hub_whose_schedule_the_operator_never_saw_does_not_back_up() {
    let mut hub = Hub::active("a").seen_at("16:31:00");
    hub.backups.push(marker("b", "a", "16:20:00"));
    hub.velero_schedules.clear();
    hub.schedules[0].phase = String::new();
    hub.schedules[0].unreadable.push(Unreadable {
        field: "spec.veleroTtl".into(),
        value: "\"5d\"".into(),
        why: "use 120h".into(),
    });
    let told = first_of(&hub, "hub/replaced");
    assert!(!told.headline.contains("backs up"), "{}", told.headline);
}

#[test]
fn a_hub_that_gave_the_fleet_back_and_kept_its_objects_is_told_so() {
    // b took over and has given the fleet back to a; its clusters are still here.
    let mut hub = Hub::active("b")
        .with_restored_clusters(2, 0)
        .seen_at("16:31:00");
    hub.schedules.clear();
    hub.velero_schedules.clear();
    hub.backups = set_of("a", "160000");
    hub.backups.push(marker("b", "a", "16:10:00"));
    hub.backups.push(marker("a", "b", "16:20:00"));
    hub.backups.extend(set_of("a", "162100"));
    let report = hub.report();
    assert_eq!(report.role, Role::Replaced);
    assert_eq!(
        report.findings[0].headline,
        "this hub has been replaced by hub a, and still holds 2 clusters"
    );
    assert_ne!(report.verdict, Verdict::Ok);
}
