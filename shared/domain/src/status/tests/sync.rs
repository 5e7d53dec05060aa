//! A sync that looks well by its phase, and is not.

use super::hubs::{Hub, at, marker, set_of};
use crate::kinds::backup::BackupType;
use crate::status::{Answer, Finding, Role, SyncState, Verdict};
use crate::upstream::backup_label;

fn only(hub: &Hub) -> Finding {
    let mut findings = hub.report().findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

fn commands(finding: &Finding) -> Vec<&str> {
    let steps = finding.steps.iter();
    steps.filter_map(|step| step.command.as_deref()).collect()
}

fn without_credentials() -> Hub {
    let mut hub = Hub::passive("b", "a");
    hub.velero_restores.remove(0);
    hub
}

#[test]
fn credentials_that_nothing_restored_here_are_never_called_held() {
    let hub = without_credentials();
    let report = hub.report();
    assert_eq!(report.verdict, Verdict::Critical);
    assert_eq!(report.following.unwrap().state, SyncState::PartMissing);
    let finding = only(&hub);
    assert_eq!(finding.id, "passive/part-missing");
    assert_eq!(
        finding.headline,
        "this hub is not known to hold credentials: no Velero restore of that is here"
    );
    assert!(
        finding.evidence[0].contains("acm-credentials-schedule-20261122160000"),
        "{:?}",
        finding.evidence
    );
}

#[test]
fn a_pass_that_is_still_made_up_lacks_nothing() {
    let mut hub = without_credentials();
    hub.restores[0].phase = "Started".into();
    assert_eq!(hub.found(), Vec::<String>::new());
    assert_eq!(hub.report().following.unwrap().state, SyncState::Running);
}

#[test]
fn a_type_that_was_never_saved_is_not_missed_here() {
    let mut hub = without_credentials();
    hub.backups
        .retain(|backup| backup.backup_type() != Some(BackupType::Credentials));
    assert_eq!(hub.found(), Vec::<String>::new());
}

#[test]
fn what_is_held_of_a_backup_that_is_gone_still_has_an_age() {
    let mut hub = Hub::passive("b", "a");
    let held = &mut hub.velero_restores[0];
    held.backup = held.backup.replace("160000", "150000");
    let following = hub.report().following.unwrap();
    assert_eq!(following.state, SyncState::Behind);
    assert_eq!(following.behind_seconds, Some(3600));
    let late = hub.seen_at("16:40:00");
    assert_eq!(late.found()[0], "passive/behind");
}

#[test]
fn parts_of_two_hubs_are_told_as_a_mix() {
    let mut hub = Hub::passive("b", "a");
    hub.velero_restores[2]
        .meta
        .labels
        .insert(backup_label::BACKUP_CLUSTER.to_owned(), "c".to_owned());
    hub.velero_restores[2].backup = "acm-resources-schedule-20261122160030".into();
    let mut newer = set_of("c", "160030");
    newer.retain(|backup| backup.backup_type() == Some(BackupType::Resources));
    hub.backups.extend(newer);
    let finding = only(&hub);
    assert_eq!(finding.id, "passive/mixed");
    assert_eq!(
        finding.evidence,
        [
            "credentials and resources-generic: of hub a",
            "resources: of hub c",
            "the operator pairs nothing: of each type it takes the newest, whoever wrote it",
        ]
    );
    assert_eq!(hub.report().following.unwrap().held.len(), 2);
    assert_eq!(hub.report().verdict, Verdict::Warning);
}

#[test]
fn a_restore_made_again_at_once_says_enabled_and_nothing_runs() {
    let mut hub = Hub::passive("b", "a");
    hub.velero_restores.clear();
    hub.restores[0].meta.created = Some(at("16:00:55"));
    assert_eq!(
        hub.report().following.unwrap().state,
        SyncState::NothingRuns
    );
    let finding = only(&hub);
    assert_eq!(finding.id, "passive/nothing-runs");
    assert!(finding.headline.contains("nothing runs"), "{finding:?}");
    assert_eq!(
        commands(&finding),
        [
            "oc -n open-cluster-management-backup delete crst sync",
            "oc -n open-cluster-management-backup get restores.velero.io -w",
        ]
    );
    hub.restores[0].phase = String::new();
    assert_eq!(hub.report().following.unwrap().state, SyncState::Running);
    assert_eq!(hub.found(), Vec::<String>::new());
    hub.restores[0].meta.created = Some(at("15:00:00"));
    assert_eq!(hub.found(), ["!restore/unnoticed"]);
    hub.restores[0].phase = "Started".into();
    assert_eq!(hub.found(), ["!passive/nothing-runs"]);
}

#[test]
fn a_sync_switched_off_and_on_again_follows_no_more() {
    let mut hub = Hub::passive("b", "a");
    hub.restores[0].phase = "Finished".into();
    hub.restores[0].message = "All Velero restores have run successfully".into();
    assert_eq!(hub.found(), ["!restore/sync-ended"]);
    let finding = only(&hub);
    assert_eq!(
        finding.headline,
        "this hub no longer follows another: its sync Restore sync is Finished for good"
    );
    assert!(finding.evidence[0].contains("on again has no effect"));
    assert_eq!(
        finding.evidence[2],
        "what it brought is of 2026-11-22 16:00:00Z (1m ago)"
    );
    // Left switched off, it is what somebody wanted.
    hub.restores[0].sync = false;
    let report = hub.report();
    assert_eq!((report.role, report.verdict), (Role::Idle, Verdict::Ok));
    assert_eq!(
        report.summary,
        "this hub follows no other; Restore sync brought what was saved at 2026-11-22 16:00:00Z (1m ago)"
    );
}

#[test]
fn a_restore_that_velero_still_works_for_is_not_to_be_deleted() {
    let refused =
        "This resource is ignored because BackupSchedule resource schedule-acm is currently active";
    let mut hub = Hub::passive("b", "a");
    hub.restores[0].phase = "FinishedWithErrors".into();
    hub.restores[0].message = refused.into();
    let delete = "oc -n open-cluster-management-backup delete crst sync";
    assert_eq!(commands(&only(&hub)), [delete]);
    hub.velero_restores[1].phase = "InProgress".into();
    assert!(!commands(&only(&hub)).contains(&delete));
    hub.restores[0].phase = "Error".into();
    hub.restores[0].managed_clusters = Some("latest".into());
    let stuck = |hub: &Hub| {
        let report = hub.report();
        let findings = report.findings.into_iter();
        findings
            .filter(|finding| finding.id == "restore/error")
            .collect::<Vec<_>>()
            .remove(0)
    };
    assert!(!commands(&stuck(&hub)).contains(&delete));
    hub.velero_restores[1].phase = "Completed".into();
    assert_eq!(commands(&stuck(&hub)), [delete]);
}

#[test]
fn a_log_is_named_only_where_velero_made_one_and_its_reason_is_told() {
    let of = |phase: &str| {
        let mut hub = Hub::passive("b", "a");
        hub.velero_restores[0].phase = phase.into();
        hub.velero_restores[0].reasons = vec!["backup not found".into()];
        let finding = only(&hub);
        assert_eq!(finding.id, "passive/incomplete");
        assert_eq!(finding.evidence[1], "credentials: backup not found");
        commands(&finding)[0].to_owned()
    };
    assert!(of("PartiallyFailed").contains("/velero restore logs sync-acm-credentials"));
    assert!(of("FailedValidation").contains("get restores.velero.io sync-acm-credentials"));
}

#[test]
fn a_source_that_is_silent_is_not_followed_in_sync() {
    let hub = Hub::passive("b", "a");
    let following = |hub: &Hub| hub.report().following.unwrap();
    assert!(!following(&hub).source_silent);
    let silent = hub.seen_at("18:00:00");
    assert!(following(&silent).source_silent);
    let mut unseen = silent;
    unseen.locations[0].synced = Some(at("16:00:30"));
    assert!(!following(&unseen).source_silent);
    assert!(!following(&unseen).view_fresh);
}

#[test]
fn an_activation_that_brought_no_cluster_is_not_ok() {
    let mut hub = Hub::passive("b", "a");
    hub.restores[0].managed_clusters = Some("latest".into());
    hub.restores[0].phase = "Finished".into();
    let mut clusters = hub.velero_restores[0].clone();
    clusters.backup = "acm-managed-clusters-schedule-20261122155000".into();
    clusters.meta.name = format!("sync-{}", clusters.backup);
    clusters
        .meta
        .labels
        .insert(backup_label::BACKUP_CLUSTER.to_owned(), "b".to_owned());
    hub.velero_restores.push(clusters);
    let finding = only(&hub);
    assert_eq!(finding.id, "restore/no-cluster");
    assert_eq!(
        finding.evidence,
        ["it restored acm-managed-clusters-schedule-20261122155000, which this hub itself wrote"]
    );
}

#[test]
fn before_2_10_the_backup_tells_whose_it_is() {
    let mut hub = Hub::passive("b", "a");
    for velero in &mut hub.velero_restores {
        velero.meta.labels.clear();
    }
    let following = hub.report().following.unwrap();
    assert_eq!(following.source.unwrap().as_str(), "a");
    assert_eq!(following.held.len(), 1);
}

#[test]
fn an_activation_that_was_taken_back_half_way_is_told_as_what_it_is() {
    let mut hub = Hub::passive("b", "a").with_restored_clusters(2, 2);
    hub.backups.push(marker("b", "a", "16:00:45"));
    let finding = hub.report().findings.remove(0);
    assert_eq!(finding.id, "hub/activation-taken-back");
    assert_eq!(
        finding.headline,
        "this hub has taken the fleet over, and Restore sync makes it follow: nothing backs the fleet up"
    );
    assert_eq!(hub.report().activation.answer, Answer::AlreadyActive);
    let mut clusters = hub.velero_restores[0].clone();
    clusters.backup = "acm-managed-clusters-schedule-20261122160000".into();
    clusters.meta.name = format!("sync-{}", clusters.backup);
    hub.velero_restores.push(clusters);
    let finding = hub.report().findings.remove(0);
    assert_eq!(
        finding.headline,
        "the activation by Restore sync was taken back half-way: this hub has the fleet, and nothing backs it up"
    );
    hub.velero_restores[3].phase = "InProgress".into();
    let finding = hub.report().findings.remove(0);
    assert_eq!(
        commands(&finding),
        ["oc -n open-cluster-management-backup get restores.velero.io -w"]
    );
}

/// Failed before: "OK: this hub holds the newest backups, nothing to do" of a sync that is about to end.
#[test]
fn a_sync_that_is_being_deleted_is_told() {
    let mut hub = Hub::passive("b", "a");
    hub.restores[0].meta.deleted = Some(at("16:00:00"));
    assert_eq!(hub.found(), ["passive/leaving"]);
}

/// Failed before: of two that run side by side nothing was said.
#[test]
fn two_restores_that_are_active_at_once_are_told() {
    let mut hub = Hub::passive("b", "a");
    let mut second = hub.restores[0].clone();
    second.meta.name = "second".into();
    hub.restores.push(second);
    assert_eq!(hub.found(), ["restore/several"]);
    let headline = &hub.report().findings[0].headline;
    assert!(headline.contains("sync and second"), "{headline}");
    hub.restores[1].meta.deleted = Some(at("16:00:00"));
    assert_eq!(hub.found(), Vec::<String>::new());
}

/// Failed before: "OK: an activation is running" for hours, of one that the operator never ended.
#[test]
fn an_activation_that_velero_has_ended_long_ago_hangs() {
    let mut hub = Hub::passive("b", "a");
    hub.restores[0].sync = false;
    hub.restores[0].managed_clusters = Some("latest".into());
    hub.restores[0].phase = "Running".into();
    let hangs = |hub: &Hub| hub.found().contains(&"!restore/hangs".to_owned());
    // What it brought while it was a sync tells nothing of an activation.
    assert!(!hangs(&hub.clone().seen_at("17:00:00")));
    let mut clusters = hub.velero_restores[0].clone();
    clusters.meta.name = "sync-acm-managed-clusters-schedule-20261122160000".into();
    clusters.backup = "acm-managed-clusters-schedule-20261122160000".into();
    hub.velero_restores.push(clusters);
    assert!(!hangs(&hub.clone().seen_at("16:10:40")));
    assert!(hangs(&hub.clone().seen_at("16:10:41")));
    let mut works = hub.clone();
    works.velero_restores[0].phase = "InProgress".into();
    assert!(!hangs(&works.seen_at("17:00:00")));
    let mut ended = hub.clone();
    ended.restores[0].phase = "Finished".into();
    assert!(!hangs(&ended.seen_at("17:00:00")));
    // Nothing was begun for a new one.
    hub.velero_restores.clear();
    hub.restores[0].meta.created = Some(at("16:00:00"));
    hub.restores[0].phase.clear();
    assert!(!hangs(&hub.clone().seen_at("16:10:00")));
    assert!(hangs(&hub.seen_at("16:10:01")));
}
