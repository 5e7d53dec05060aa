//! A hub that waits.

use super::hubs::{Hub, at, set_of};
use crate::snapshot::{Fact, Missing};
use crate::status::{Answer, Role, SyncState, Verdict, assess};

#[test]
fn a_passive_hub_says_whom_it_follows_and_how_far_behind() {
    let report = Hub::passive("b", "a").report();
    assert_eq!((report.role, report.verdict), (Role::Passive, Verdict::Ok));
    let following = report.following.unwrap();
    assert_eq!(following.source.unwrap().as_str(), "a");
    assert_eq!(following.state, SyncState::InSync);
    assert_eq!(following.behind_seconds, Some(0));
    assert_eq!(following.restored_run, Some(at("16:00:00")));
}

#[test]
fn beside_a_live_hub_it_must_not_activate_and_beside_a_silent_one_only_if_that_is_fenced() {
    let live = Hub::passive("b", "a");
    assert_eq!(live.report().activation.answer, Answer::No);
    assert_eq!(live.report().activation.rules, ["restore/old-hub-live"]);
    let silent = live.seen_at("18:00:00");
    assert_eq!(silent.report().activation.answer, Answer::OnceKnown);
    assert_eq!(silent.found(), ["hub/owner-silent"]);
}

#[test]
fn what_could_not_be_looked_up_is_no_answer_and_hides_none() {
    let unseen = |hub: &Hub| {
        let mut snapshot = hub.snapshot();
        snapshot.velero_schedules = Fact::Missing(Missing::NotCollected {
            resource: "schedules.velero.io".to_owned(),
            namespace: None,
        });
        assess(&snapshot).activation
    };
    let live = Hub::passive("b", "a");
    let answer = unseen(&live);
    assert_eq!(answer.answer, Answer::No);
    assert_eq!(answer.because, live.report().activation.because);
    let silent = unseen(&live.seen_at("18:00:00"));
    assert_eq!(silent.answer, Answer::NotKnown);
    assert!(
        silent.because.contains("Velero Schedules"),
        "{}",
        silent.because
    );
}

#[test]
fn a_view_that_is_too_old_proves_no_silence() {
    let mut hub = Hub::passive("b", "a").seen_at("18:00:00");
    hub.locations[0].synced = Some(at("16:00:30"));
    assert_eq!(hub.found(), ["storage/stale"]);
    assert_eq!(hub.report().activation.answer, Answer::OnceKnown);
}

#[test]
fn a_phase_is_a_claim() {
    let mut hub = Hub::passive("b", "a");
    for velero in &mut hub.velero_restores {
        velero.phase = "PartiallyFailed".into();
        velero.items = None;
        velero.errors = 1;
    }
    assert_eq!(hub.found(), ["!passive/holds-nothing"]);
    let report = hub.report();
    assert_eq!(report.restores[0].phase, "Enabled");
    assert_eq!(report.following.unwrap().state, SyncState::HoldsNothing);
    assert_eq!(report.activation.answer, Answer::No);

    let mut hub = Hub::passive("b", "a");
    hub.velero_restores[0].phase = "PartiallyFailed".into();
    assert_eq!(hub.found(), ["!passive/incomplete"]);

    let mut hub = Hub::passive("b", "a");
    hub.velero_restores
        .iter_mut()
        .for_each(|velero| velero.items = None);
    assert_eq!(
        hub.found(),
        ["!passive/holds-nothing"],
        "Completed, with nothing restored of what was there"
    );
}

#[test]
fn an_older_failure_is_forgotten_once_a_newer_pass_succeeded() {
    let mut hub = Hub::passive("b", "a");
    let mut failed = hub.velero_restores.clone();
    for velero in &mut failed {
        velero.meta.name = velero.meta.name.replace("160000", "150000");
        velero.backup = velero.backup.replace("160000", "150000");
        velero.meta.created = Some(at("15:00:31"));
        velero.phase = "PartiallyFailed".into();
    }
    hub.velero_restores.extend(failed);
    assert_eq!(hub.found(), Vec::<String>::new());
}

#[test]
fn newer_backups_are_normal_until_a_pass_has_missed_them() {
    let newer = |now: &str| {
        let mut hub = Hub::passive("b", "a").seen_at(now);
        let mut set = set_of("a", "170000");
        set.iter_mut().for_each(|backup| {
            backup.meta.created = Some(at("17:00:30"));
            backup.meta.generation = Some(1);
        });
        hub.backups.extend(set);
        hub
    };
    let report = newer("17:01:00").report();
    assert_eq!(report.findings, []);
    assert_eq!(
        report.following.as_ref().map(|following| following.state),
        Some(SyncState::Behind)
    );
    assert_eq!(
        report
            .following
            .and_then(|following| following.behind_seconds),
        Some(3600)
    );
    assert_eq!(
        newer("17:36:00").found(),
        ["passive/behind"],
        "30m and 5m have passed"
    );
}

#[test]
fn a_sync_that_was_ended_leaves_the_hub_without_protection() {
    let mut hub = Hub::passive("b", "a");
    hub.restores[0].phase = "FinishedWithErrors".into();
    hub.restores[0].message =
        "This resource is ignored because BackupSchedule resource schedule-acm is currently active"
            .into();
    assert_eq!(hub.found(), ["!restore/sync-ended"]);
    assert_eq!(hub.report().role, Role::Idle);
}

#[test]
fn a_schedule_beside_the_sync_is_told() {
    let mut hub = Hub::passive("b", "a").scheduled();
    hub.schedules[0].phase = "FailedValidation".into();
    assert_eq!(hub.found(), ["!schedule/failed"]);
    assert_eq!(
        hub.report().activation.rules,
        ["restore/active-schedule", "restore/old-hub-live"]
    );
}
