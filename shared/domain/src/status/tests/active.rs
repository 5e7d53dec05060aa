//! A hub that backs up.

use super::hubs::{Hub, at, minutes_before, set_of};
use crate::kinds::backup::BackupType;
use crate::kinds::restore::Restore;
use crate::status::{Answer, Role, Verdict};

#[test]
fn a_hub_that_backs_up_is_active_and_needs_no_activation() {
    let report = Hub::active("a").report();
    assert_eq!((report.role, report.verdict), (Role::Active, Verdict::Ok));
    assert_eq!(report.activation.answer, Answer::AlreadyActive);
    assert_eq!(report.summary, "a complete set of backups is 1m old");
    let set = report.set.unwrap();
    assert!(set.complete && set.by_this_hub);
    assert_eq!(report.schedules[0].next, Some(at("17:00:00")));
    assert_eq!(report.schedules[0].last, Some(at("16:00:00")));
}

/// What is done to a well hub.
type Spoil = fn(&mut Hub);

#[test]
fn what_is_wrong_with_an_active_hub() {
    let cases: &[(&str, Spoil, &[&str])] = &[
        ("nothing", |_| {}, &[]),
        (
            "its schedule failed",
            |hub| hub.schedules[0].phase = "FailedValidation".into(),
            &["!schedule/failed"],
        ),
        (
            "its schedule is paused",
            |hub| hub.schedules[0].phase = "Paused".into(),
            &["schedule/paused"],
        ),
        (
            "its schedule was never looked at",
            |hub| hub.schedules[0].phase = String::new(),
            &["!schedule/unnoticed"],
        ),
        (
            "its cron is none",
            |hub| hub.schedules[0].cron = "WRONG".into(),
            &["!schedule/cron"],
        ),
        (
            "a run is overdue",
            |hub| {
                hub.velero_schedules
                    .iter_mut()
                    .for_each(|velero| velero.last_backup = Some(minutes_before("16:00:00", 61)))
            },
            &["!schedule/overdue"],
        ),
        (
            "it has no backup after hours",
            |hub| hub.backups.clear(),
            &["!backup/none"],
        ),
        (
            "it has no backup yet",
            |hub| {
                hub.backups.clear();
                hub.schedules[0].meta.created = Some(at("16:00:30"));
            },
            &["backup/none"],
        ),
        (
            "its first set is being written",
            |hub| {
                hub.backups.truncate(2);
                hub.schedules[0].meta.created = Some(at("16:00:00"));
            },
            &["backup/none-complete"],
        ),
        (
            "its first set is being written and has failed",
            |hub| {
                hub.backups.truncate(2);
                hub.backups[0].phase = "Failed".into();
                hub.schedules[0].meta.created = Some(at("16:00:00"));
            },
            &["!backup/none-complete", "!backup/failed"],
        ),
        (
            "a backup failed in part",
            |hub| hub.backups[0].phase = "PartiallyFailed".into(),
            &["!backup/none-complete", "backup/failed"],
        ),
        (
            "a backup failed, an older set is whole",
            |hub| {
                hub.backups[0].phase = "Failed".into();
                hub.backups.extend(set_of("a", "150000"));
            },
            &["!backup/failed"],
        ),
        (
            "a set is being written, an older one is whole",
            |hub| {
                hub.backups[0].phase = "InProgress".into();
                hub.backups.extend(set_of("a", "150000"));
            },
            &[],
        ),
        (
            "the newest whole set is old",
            |hub| hub.backups = set_of("a", "130000"),
            &["!backup/outdated"],
        ),
        (
            "there is no storage location",
            |hub| hub.locations.clear(),
            &["!storage/none"],
        ),
        (
            "the storage cannot be reached",
            |hub| hub.locations[0].phase = "Unavailable".into(),
            &["!storage/unavailable"],
        ),
        (
            "nothing owns the storage location",
            |hub| hub.locations[0].meta.owners.clear(),
            &["!storage/no-owner"],
        ),
        (
            "the storage is not read any more",
            |hub| hub.locations[0].synced = Some(at("15:30:00")),
            &["storage/stale"],
        ),
        (
            "a cluster does not report",
            |hub| hub.clusters[0].available = false,
            &["clusters/unavailable"],
        ),
        (
            "a Restore was refused",
            |hub| {
                hub.restores.push(Restore {
                    phase: "FinishedWithErrors".into(),
                    message: "This resource is ignored because BackupSchedule resource schedule-acm is currently active".into(),
                    ..Restore::default()
                });
            },
            &["restore/refused"],
        ),
    ];
    for (what, spoil, expected) in cases {
        let mut hub = Hub::active("a");
        spoil(&mut hub);
        assert_eq!(hub.found(), *expected, "{what}");
    }
}

#[test]
fn a_backup_that_velero_refused_is_told_in_its_words_and_has_no_log() {
    let told = |phase: &str| {
        let mut hub = Hub::active("a");
        hub.backups[0].phase = phase.into();
        hub.backups[0].reasons = vec!["the location is read-only".into()];
        hub.backups.extend(set_of("a", "150000"));
        hub.report().findings.remove(0)
    };
    let refused = told("FailedValidation");
    assert_eq!(
        refused.headline,
        "the newest finished set lacks something: 1 backup did not complete"
    );
    assert_eq!(
        refused.evidence[1],
        "credentials: the location is read-only"
    );
    let command = |phase| told(phase).steps[0].command.clone().unwrap();
    assert!(command("FailedValidation").contains("get backups.velero.io acm-credentials"));
    assert!(command("PartiallyFailed").contains("/velero backup logs acm-credentials"));
}

#[test]
fn what_was_saved_before_a_schedule_was_made_anew_is_not_held_against_it() {
    let mut hub = Hub::active("a");
    hub.schedules[0].meta.created = Some(at("16:00:30"));
    hub.backups = set_of("a", "130000");
    assert_eq!(hub.found(), ["backup/none"]);
    assert_eq!(
        hub.report().findings[0].headline,
        "the BackupSchedule is new, and its first set has not begun yet"
    );
    hub.backups.extend(set_of("a", "160030"));
    assert_eq!(hub.found(), Vec::<String>::new());
    // Nor is it denied.
    let failed = hub
        .backups
        .iter_mut()
        .find(|backup| backup.meta.name == "acm-credentials-schedule-20261122160030");
    failed.unwrap().phase = "Failed".into();
    assert_eq!(hub.found(), ["!backup/none-complete", "!backup/failed"]);
    let headline = &hub.report().findings[0].headline;
    assert!(
        headline.contains("the newest complete one is 3h"),
        "{headline}"
    );
}

#[test]
fn a_ttl_the_operator_cannot_read_is_told_with_its_remedy() {
    let mut hub = Hub::active("a");
    hub.schedules[0].unreadable.push(crate::read::Unreadable {
        field: "spec.veleroTtl".into(),
        value: "\"5d\"".into(),
        why: "use 120h".into(),
    });
    assert_eq!(hub.found(), ["!schedule/unreadable"]);
    let finding = &hub.report().findings[0];
    assert!(
        finding.headline.contains("spec.veleroTtl is \"5d\""),
        "{}",
        finding.headline
    );
    assert!(finding.evidence[0].contains("120h"));
}

#[test]
fn after_an_activation_only_reconnected_clusters_count() {
    let report = Hub::active("a").with_restored_clusters(5, 2).report();
    let clusters = report.clusters.unwrap();
    assert_eq!(
        (clusters.total, clusters.restored, clusters.reconnected),
        (5, 5, 2)
    );
    assert_eq!(
        report.findings[0].headline,
        "3 of 5 restored clusters have not reconnected to this hub"
    );
}

/// Failed before: "the next is not whole yet", of a set that failed.
#[test]
fn a_newer_set_that_failed_is_not_awaited() {
    for (phase, abandoned) in [("InProgress", false), ("Queued", false), ("Failed", true)] {
        let mut hub = Hub::active("a");
        let mut newer = set_of("a", "160030");
        for backup in &mut newer {
            if backup.backup_type() == Some(BackupType::Resources) {
                backup.phase = phase.into();
                backup.completed = None;
            }
        }
        hub.backups.extend(newer);
        let set = hub.report().set.unwrap();
        assert!(
            set.complete && set.in_progress.is_some(),
            "{phase}: {set:?}"
        );
        assert_eq!(set.abandoned, abandoned, "{phase}");
    }
}
