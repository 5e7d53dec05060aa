//! Names without a time, and labels that contradict them.

use super::hubs::{Hub, at, finding, marker, text};
use crate::kinds::backup::BackupType;
use crate::status::Verdict;
use crate::upstream::backup_label;

/// A backup of the operator's template, made by hand.
fn by_hand(hub: &mut Hub, name: &str, begun: &str) {
    let mut backup = hub.backups[0].clone();
    backup.meta.name = name.into();
    backup.meta.labels.insert(
        backup_label::SCHEDULE_TYPE.into(),
        BackupType::Credentials.label_value().into(),
    );
    backup.started = Some(at(begun));
    backup.completed = Some(at(begun));
    backup.meta.created = Some(at(begun));
    hub.backups.push(backup);
}

#[test]
fn a_name_without_a_time_is_told_with_what_it_is_taken_for() {
    let mut hub = Hub::active("a");
    by_hand(&mut hub, "acm-credentials-schedule-demo", "15:59:00");
    assert_eq!(hub.found(), ["backup/name-without-time"]);
    assert_eq!(hub.report().verdict, Verdict::Warning);
    let found = finding(&hub, "backup/name-without-time");
    insta::assert_snapshot!("name-without-time", text(&found));
    assert_eq!(hub.report().set.unwrap().run, at("16:00:00"));
    by_hand(&mut hub, "copied-by-a-tool", "16:00:30");
    by_hand(
        &mut hub,
        "acm-credentials-schedule-20261322153706",
        "16:00:40",
    );
    insta::assert_snapshot!(
        "names-without-time",
        text(&finding(&hub, "backup/name-without-time"))
    );
    assert_eq!(hub.report().set.unwrap().run, at("16:00:00"));
}

#[test]
fn a_marker_whose_name_tells_no_time_is_told() {
    let mut hub = Hub::active("a");
    let mut odd = marker("b", "a", "16:00:45");
    odd.meta.name = "acm-restore-clusters-by-hand".into();
    hub.backups.push(odd);
    let found = finding(&hub, "backup/name-without-time");
    assert_eq!(
        found.evidence[1],
        "it is taken for a takeover at the time it came here: it makes its hub an owner, and supersedes none"
    );
}

#[test]
fn a_label_that_contradicts_the_name_is_told_with_its_value() {
    for (label, value) in [
        (backup_label::SCHEDULE_TYPE, "resources"),
        (backup_label::VELERO_SCHEDULE, "acm-resources-schedule"),
    ] {
        let mut hub = Hub::active("a");
        hub.backups[1]
            .meta
            .labels
            .insert(label.to_owned(), value.to_owned());
        assert_eq!(
            hub.backups[1].backup_type(),
            Some(BackupType::ManagedClusters)
        );
        let found = finding(&hub, "backup/labels-contradict-name");
        assert_eq!(
            found.headline,
            "acm-managed-clusters-schedule-20261122160000 is a managed-clusters backup by its name and another by its label"
        );
        assert_eq!(found.evidence[0], format!("it has {label}={value}"));
    }
}

#[test]
fn labels_that_say_what_the_name_says_are_none() {
    let mut hub = Hub::active("a");
    for backup in &mut hub.backups {
        let kind = backup.backup_type().unwrap();
        for (label, value) in [
            (backup_label::SCHEDULE_TYPE, kind.label_value()),
            (backup_label::VELERO_SCHEDULE, kind.schedule_name()),
        ] {
            backup.meta.labels.insert(label.into(), value.into());
        }
    }
    assert_eq!(hub.found(), Vec::<String>::new());
}

#[test]
fn one_of_another_hub_shows_that_it_ran() {
    let mut hub = Hub::passive("b", "a");
    hub.backups[0].meta.name = "acm-credentials-schedule-by-hand".into();
    let told = finding(&hub, "backup/name-without-time");
    assert_eq!(
        told.evidence,
        [
            "Velero began it 2026-11-22 16:00:00Z (1m ago), by hub a",
            "it is part of no set, and never the newest; but it shows that its hub ran when it was begun",
            "latest takes acm-credentials-schedule-by-hand now, beside backups of another run: the operator goes by the beginning of a name and by what began last",
        ]
    );
    assert!(hub.report().writers[0].live);
}
