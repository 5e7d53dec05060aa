//! How much of the storage is seen, and why it is not more.

use super::hubs::{Hub, at};
use crate::status::{Severity, Verdict};

fn never_read(mut hub: Hub, made: &str) -> Hub {
    hub.locations[0].synced = None;
    hub.locations[0].meta.created = Some(at(made));
    hub
}

#[test]
fn a_storage_that_was_not_read_yet_is_no_velero_that_has_stopped() {
    let young = never_read(Hub::passive("b", "a"), "16:00:00").report();
    assert_eq!(young.verdict, Verdict::Warning);
    assert_eq!(
        young.findings[0].headline,
        "what other hubs have written is not known yet: Velero has not read the storage so far"
    );
    assert_eq!(young.findings[0].steps[0].command, None);
    let old = never_read(Hub::passive("b", "a"), "15:00:00").report();
    assert_eq!(
        old.findings[0].headline,
        "what other hubs have written is not known: Velero has never read the storage"
    );
}

#[test]
fn a_sync_that_is_switched_off_in_the_spec_is_told_with_field_and_value() {
    let mut hub = Hub::passive("b", "a");
    hub.locations[0].sync_period = Some("0s".parse().unwrap());
    assert_eq!(hub.found(), ["!storage/sync-off"]);
    let report = hub.report();
    assert!(report.storage[0].sync_off && !report.storage[0].fresh);
    let finding = &report.findings[0];
    assert_eq!(
        finding.headline,
        "what other hubs write is not seen here: storage location dpa-1 has spec.backupSyncPeriod 0s"
    );
    assert_eq!(
        finding.steps[0].command.as_deref(),
        Some(
            "oc -n open-cluster-management-backup edit dataprotectionapplications.oadp.openshift.io dpa"
        )
    );
    let mut active = Hub::active("a");
    active.locations[0].sync_period = Some("0s".parse().unwrap());
    assert_eq!(active.found(), ["storage/sync-off"]);
}

#[test]
fn a_negative_period_is_velero_s_default() {
    let mut hub = Hub::active("a");
    hub.locations[0].sync_period = Some("-1h".parse().unwrap());
    assert_eq!(hub.found(), Vec::<String>::new());
}

#[test]
fn a_hub_that_was_away_does_not_know_who_took_its_place() {
    let mut hub = Hub::active("a").seen_at("17:18:00");
    hub.locations[0].synced = Some(at("16:59:00"));
    let report = hub.report();
    assert_eq!(report.findings[0].severity, Severity::Critical);
    assert_eq!(
        report.findings[0].headline,
        "this hub was away: whether another has taken over since 2026-11-22 16:59:00Z is not known"
    );
}

/// With a second location, which is well.
fn with_another(mut hub: Hub) -> Hub {
    let mut archive = hub.locations[0].clone();
    archive.meta.name = "archive".into();
    hub.locations[0].is_default = true;
    hub.locations.push(archive);
    hub
}

#[test]
fn a_location_that_is_well_hides_no_default_one_that_is_not() {
    let mut stale = with_another(Hub::active("a"));
    assert_eq!(stale.found(), Vec::<String>::new());
    stale.locations[0].synced = Some(at("15:30:00"));
    assert_eq!(stale.found(), ["storage/stale"]);
    let mut never = with_another(Hub::passive("b", "a"));
    never.locations[0].synced = None;
    assert_eq!(never.found(), ["storage/unread"]);
    let mut gone = with_another(Hub::active("a"));
    gone.locations[0].phase = "Unavailable".into();
    assert_eq!(gone.found(), ["!storage/unavailable"]);
    assert!(gone.report().findings[0].headline.contains("dpa-1"));
    let mut off = with_another(Hub::passive("b", "a"));
    off.locations[0].sync_period = Some("0s".parse().unwrap());
    assert_eq!(off.found(), ["!storage/sync-off"]);
    // The other one alone stops nobody from waiting.
    let mut other = with_another(Hub::passive("b", "a"));
    other.locations[1].synced = None;
    other.locations[1].phase = "Unavailable".into();
    assert_eq!(other.found(), Vec::<String>::new());
    other.locations[1].phase = "Available".into();
    other.locations[1].sync_period = Some("0s".parse().unwrap());
    assert_eq!(other.found(), ["storage/sync-off"]);
}
