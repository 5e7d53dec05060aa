//! BackupSchedules that are more than one, that Velero refuses, or that the operator cannot read.

use super::hubs::{Hub, at, marker, set_of};
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::restore::Restore;
use crate::read::Unreadable;
use crate::status::{Finding, Role, Verdict};
use crate::upstream::backup_label;

/// With a second BackupSchedule, while Velero's schedules belong to the first.
fn with_second(phase: &str) -> Hub {
    let mut hub = Hub::active("a");
    for velero in &mut hub.velero_schedules {
        velero.meta.owners = vec![("BackupSchedule".into(), "schedule-acm".into())];
    }
    let mut second = hub.schedules[0].clone();
    second.meta.name = "by-hand".into();
    second.meta.created = Some(at("15:50:00"));
    second.phase = phase.into();
    second.message = "Velero schedules initialization failed: already exists".into();
    hub.schedules.insert(0, second);
    hub
}

fn first(hub: &Hub) -> Finding {
    hub.report().findings.remove(0)
}

#[test]
fn of_two_schedules_it_is_said_which_works_and_which_to_delete() {
    for phase in ["Failed", "Enabled"] {
        let hub = with_second(phase);
        assert_eq!(hub.found(), ["schedule/several"], "{phase}");
        let finding = first(&hub);
        assert_eq!(
            finding.headline,
            format!(
                "2 BackupSchedules: Velero's schedules belong to schedule-acm; by-hand ({phase}) does nothing"
            )
        );
        assert!(finding.evidence[0].contains("already exists"));
        assert!(
            finding.evidence[1].contains("schedule-acm goes on as before"),
            "{:?}",
            finding.evidence
        );
        assert_eq!(
            finding.steps[0].command.as_deref(),
            Some("oc -n open-cluster-management-backup delete bsch by-hand")
        );
        assert_eq!(hub.report().schedules[0].name, "schedule-acm");
    }
}

/// Failed before: "nothing backs them up", of a hub whose Velero Schedules run on.
#[test]
fn backups_that_go_on_without_a_schedule_are_told() {
    let mut hub = Hub::active("a");
    hub.schedules.clear();
    for velero in &mut hub.velero_schedules {
        velero.meta.owners.clear();
        let kind = backup_label::SCHEDULE_TYPE.to_owned();
        velero.meta.labels.insert(kind, "resources".to_owned());
    }
    assert_eq!(hub.found(), ["!schedule/unattended"]);
    let finding = first(&hub);
    let command = finding.steps[0].command.as_deref().unwrap();
    assert!(
        command.contains("delete schedules.velero.io acm-"),
        "{command}"
    );
    hub.clusters.clear();
    hub.backups.clear();
    assert_eq!(hub.found(), ["!schedule/unattended"]);
    let command = first(&hub).steps[0].command.clone().unwrap();
    assert!(
        command.contains(r#"-p '{"spec":{"paused":true}}'"#),
        "{command}"
    );
    for velero in &mut hub.velero_schedules {
        velero.paused = true;
    }
    assert_eq!(hub.found(), Vec::<String>::new());
}

/// Failed before: "nothing is backed up" beside the time of the next backup, "stopped for good" of one that runs
/// on, and on a hub that was replaced nothing at all.
#[test]
fn one_that_says_it_has_ended_and_still_backs_up_is_not_believed() {
    for (phase, paused) in [("Paused", true), ("BackupCollision", false)] {
        let mut hub = Hub::active("a");
        hub.schedules[0].phase = phase.into();
        hub.schedules[0].paused = paused;
        for velero in &mut hub.velero_schedules {
            velero.meta.owners = vec![("BackupSchedule".into(), "schedule-acm".into())];
        }
        assert_eq!(hub.found(), ["!schedule/still-runs"], "{phase}");
        let finding = first(&hub);
        assert_eq!(
            finding.headline,
            format!(
                "BackupSchedule schedule-acm says {phase}, but its Velero Schedules still run: this hub backs up"
            )
        );
        let command = finding.steps[0].command.as_deref().unwrap();
        assert!(
            command.contains("patch schedules.velero.io acm-")
                && command.contains(r#"-p '{"spec":{"paused":true}}'"#),
            "{command}"
        );
        // On a hub that was replaced as well, whose clusters are gone.
        hub.clusters.clear();
        hub.backups.push(marker("b", "a", "16:02:00"));
        let found = hub.found();
        assert_eq!(found, ["!hub/replaced", "!schedule/still-runs"]);
        assert!(
            first(&hub).headline.ends_with("and still backs up"),
            "{:?}",
            first(&hub)
        );
        for velero in &mut hub.velero_schedules {
            velero.paused = true;
        }
        assert_eq!(hub.found(), ["hub/replaced"]);
        assert!(
            first(&hub).headline.ends_with("its backups are stopped"),
            "{:?}",
            first(&hub)
        );
    }
}

/// Failed before: "OK, nothing to do" of backups that are about to end.
#[test]
fn one_that_is_being_deleted_or_asked_to_pause_is_told() {
    let mut hub = Hub::active("a");
    hub.schedules[0].meta.deleted = Some(at("16:00:00"));
    assert_eq!(hub.found(), ["schedule/leaving"]);
    let finding = first(&hub);
    assert!(finding.headline.contains("being deleted"), "{finding:?}");
    // Where it is right that it goes nobody is told.
    hub.backups.push(marker("b", "a", "16:02:00"));
    assert!(!hub.found().contains(&"schedule/leaving".to_owned()));

    let mut hub = Hub::active("a");
    hub.schedules[0].paused = true;
    assert_eq!(hub.found(), ["schedule/pausing"]);
    for velero in &mut hub.velero_schedules {
        velero.paused = true;
    }
    assert_eq!(
        hub.found(),
        Vec::<String>::new(),
        "the phase follows at once"
    );
}

/// Failed before: of a BackupSchedule made anew beside what the first left behind, "create a BackupSchedule".
#[test]
fn beside_what_is_left_behind_no_second_schedule_is_asked_for() {
    let mut hub = Hub::active("a");
    hub.schedules[0].phase = "Failed".into();
    for velero in &mut hub.velero_schedules {
        velero.meta.owners.clear();
        let kind = backup_label::SCHEDULE_TYPE.to_owned();
        velero.meta.labels.insert(kind, "resources".to_owned());
    }
    let report = hub.report();
    let unattended = report
        .findings
        .iter()
        .find(|finding| finding.id == "schedule/unattended")
        .unwrap();
    let last = &unattended.steps.last().unwrap().text;
    assert!(!last.contains("create a BackupSchedule"), "{last}");
    assert!(last.contains("schedule-acm"), "{last}");
}

#[test]
fn what_is_wrong_with_the_one_that_works_is_told_beside_it() {
    let mut hub = with_second("Failed");
    hub.schedules[1].phase = "Paused".into();
    assert_eq!(hub.found(), ["schedule/paused", "schedule/several"]);
}

#[test]
fn a_zone_that_velero_refuses_is_told_in_its_words() {
    let mut hub = Hub::active("a").without_backups();
    hub.schedules[0].cron = "CRON_TZ=America/New_York 0 3 * * *".into();
    hub.schedules[0].phase = "FailedValidation".into();
    hub.schedules[0].message = "Velero schedules initialization failed".into();
    for velero in &mut hub.velero_schedules {
        velero.phase = "FailedValidation".into();
        velero.reasons = vec!["invalid schedule: unknown time zone America/New_York".into()];
    }
    assert_eq!(hub.found(), ["!schedule/refused"]);
    let finding = first(&hub);
    assert_eq!(
        finding.evidence,
        [
            "Velero: invalid schedule: unknown time zone America/New_York",
            "the operator: Velero schedules initialization failed",
        ]
    );
    assert!(finding.steps[0].text.starts_with("use UTC:"), "{finding:?}");
}

#[test]
fn velero_s_refusal_counts_whatever_the_operator_says() {
    let mut hub = Hub::active("a");
    hub.velero_schedules[0].phase = "FailedValidation".into();
    hub.velero_schedules[0].reasons = vec!["invalid TTL".into()];
    assert_eq!(hub.found(), ["!schedule/refused"]);
    assert!(first(&hub).headline.ends_with("1 of its 5 schedules"));
}

#[test]
fn one_the_operator_cannot_read_backs_up_or_never_ran_and_it_is_said_which() {
    let mut hub = Hub::active("a");
    hub.schedules[0].unreadable.push(Unreadable {
        field: "spec.veleroTtl".into(),
        value: "\"5d\"".into(),
        why: "use 120h".into(),
    });
    assert_eq!(
        first(&hub).headline,
        "the operator no longer sees BackupSchedule schedule-acm, which still backs up: spec.veleroTtl is \"5d\""
    );
    hub.velero_schedules.clear();
    assert_eq!(
        first(&hub).headline,
        "the operator does not see BackupSchedule schedule-acm, which never ran: spec.veleroTtl is \"5d\""
    );
}

#[test]
fn a_fleet_that_nothing_backs_up_is_critical() {
    let mut hub = Hub::active("a").without_backups();
    hub.schedules.clear();
    hub.velero_schedules.clear();
    let report = hub.report();
    assert_eq!(
        (report.role, report.verdict),
        (Role::Active, Verdict::Critical)
    );
    assert_eq!(
        report.findings[0].headline,
        "this hub has 2 clusters, and nothing backs them up: there is no BackupSchedule"
    );
    hub.clusters.truncate(1);
    assert!(first(&hub).headline.contains("1 cluster,"));
    // The hub itself is no fleet.
    hub.clusters[0].meta.name = "local-cluster".into();
    assert_eq!(hub.report().verdict, Verdict::Ok);
}

#[test]
fn what_is_in_the_way_of_a_schedule_is_waited_for_or_deleted_by_what_it_does() {
    let mut hub = Hub::active("a").without_backups();
    hub.schedules.clear();
    let with = |phase: &str| {
        let mut hub = hub.clone();
        hub.restores.push(Restore {
            phase: phase.into(),
            credentials: Some("latest".into()),
            meta: crate::kinds::meta::Meta {
                name: "of-secrets".into(),
                ..Default::default()
            },
            ..Restore::default()
        });
        let finding = hub
            .report()
            .findings
            .into_iter()
            .find(|finding| finding.id == "schedule/none");
        finding.unwrap().steps[1].command.clone().unwrap()
    };
    assert!(with("Running").ends_with("get crst of-secrets -w"));
    assert!(with("Error").ends_with("delete crst of-secrets"));
}

#[test]
fn git_is_named_where_an_object_tells_that_it_owns_it() {
    let mut hub = Hub::active("a");
    hub.schedules[0].phase = "Paused".into();
    hub.schedules[0].paused = true;
    let told = |schedule: &BackupSchedule| {
        let mut hub = hub.clone();
        hub.schedules[0] = schedule.clone();
        first(&hub).steps[0].text.clone()
    };
    let mut schedule = hub.schedules[0].clone();
    assert!(told(&schedule).contains("in Git first if it is there"));
    schedule
        .meta
        .annotations
        .insert("argocd.argoproj.io/tracking-id".into(), "x".into());
    assert!(told(&schedule).contains("in Git first: Argo CD owns it"));
    // Resumed already, the remedy is not printed again.
    schedule.paused = false;
    assert!(!told(&schedule).contains("resume it"));
}

/// `b`, which follows nobody, holds no cluster and has a BackupSchedule, while `a` owns the fleet.
fn stray() -> Hub {
    let mut hub = Hub::new("b").scheduled();
    hub.backups = set_of("a", "160000");
    for backup in &mut hub.backups {
        backup.meta.created = Some(at("16:00:30"));
    }
    hub
}

#[test]
fn a_schedule_that_velero_does_not_run_is_not_said_to_back_up() {
    let mut hub = stray();
    assert!(first(&hub).headline.starts_with("this hub backs up"));
    hub.velero_schedules.clear();
    hub.schedules[0].phase = "FailedValidation".into();
    assert!(
        first(&hub)
            .headline
            .starts_with("this hub is set to back up")
    );
    hub.schedules[0].phase = String::new();
    hub.schedules[0].unreadable.push(Unreadable {
        field: "spec.veleroTtl".into(),
        value: "\"5d\"".into(),
        why: "use 120h".into(),
    });
    let report = hub.report();
    let told = report
        .findings
        .iter()
        .find(|finding| finding.id == "hub/stray-schedule")
        .unwrap();
    assert!(told.headline.starts_with("this hub has a BackupSchedule"));
    let command = told.steps[0].command.as_deref().unwrap();
    assert!(command.ends_with("delete bsch schedule-acm"), "{command}");
}

#[test]
fn a_collision_is_told_by_its_reason() {
    let mut hub = Hub::active("a");
    hub.schedules[0].phase = "BackupCollision".into();
    let why = |hub: &Hub| first(hub).headline.rsplit(": ").next().map(str::to_owned);
    assert_eq!(why(&hub).unwrap(), "another hub writes to the same storage");
    hub.schedules[0].message = "Hub with id [b] had run a restore managed cluster operation".into();
    let mut hollow = marker("b", "", "16:00:45");
    hollow.meta.labels.remove(backup_label::RESTORED_CLUSTERS);
    hollow.meta.created = Some(at("16:00:50"));
    hub.backups.push(hollow);
    assert_eq!(
        hub.found(),
        ["!schedule/collision"],
        "a marker is no backup"
    );
    assert_eq!(
        why(&hub).unwrap(),
        "another hub says that it has taken the fleet over"
    );
}
