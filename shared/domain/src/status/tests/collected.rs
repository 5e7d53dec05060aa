//! A hub that was collected into a directory: over a while, and perhaps not to its end.

use super::hubs::{Hub, at};
use crate::snapshot::{Fact, Missing, Snapshot};
use crate::status::{SyncState, Verdict, assess};
use crate::time::Now;

/// A hub whose objects were read some time between two times.
fn between(hub: &Hub, earliest: &str, latest: &str) -> Snapshot {
    let mut snapshot = hub.snapshot();
    snapshot.now = Now::between(at(earliest), at(latest));
    snapshot
}

#[test]
fn nothing_is_overdue_stale_or_silent_for_the_time_that_the_collection_took() {
    for hub in [Hub::active("a"), Hub::passive("b", "a")] {
        let at_its_end = hub.clone().seen_at("17:00:00");
        let synced = hub.locations[0].synced;
        let mut stale = at_its_end.clone();
        stale.locations[0].synced = synced;
        assert!(!stale.found().is_empty(), "as if all had been read last");
        let report = assess(&between(&hub, "16:01:00", "17:00:00"));
        assert_eq!(report.findings, []);
        assert_eq!(report.verdict, Verdict::Ok);
        assert!(
            report.summary.contains("1h") || report.following.is_some(),
            "{}",
            report.summary
        );
    }
}

#[test]
fn what_was_so_at_its_begin_is_told_whatever_came_after() {
    let hub = Hub::active("a");
    let late = hub.seen_at("18:00:00");
    let whole: Vec<_> = late.report().findings.iter().map(|one| one.id).collect();
    let report = assess(&between(&late, "18:00:00", "18:45:00"));
    let found: Vec<_> = report.findings.iter().map(|one| one.id).collect();
    assert_eq!(found, whole);
    assert_eq!(report.verdict, Verdict::Critical);
}

/// What stopped after its begin is taken for alive, as long as the collection may have taken. Two collections in one
/// have days between them.
#[test]
fn a_collection_that_is_too_long_for_one_is_no_time_to_judge_by() {
    let hub = Hub::active("a");
    let report = |until: &str| assess(&between(&hub, "16:01:00", until));
    assert_eq!(report("17:01:00").verdict, Verdict::Ok);
    for until in ["17:01:01", "23:59:59"] {
        let report = report(until);
        assert_eq!(
            (report.verdict, &report.findings),
            (Verdict::Unknown, &vec![])
        );
        assert_eq!(report.not_checked[0].what, "time of the collection");
    }
    assert_eq!(
        report("17:01:01").not_checked[0].why,
        "the collection went on for 1h, until 2026-11-22 17:01:01Z: what it held, and what has stopped since, is of no one time"
    );
}

#[test]
fn an_object_that_was_written_meanwhile_is_of_no_wrong_clock() {
    let mut hub = Hub::active("a");
    hub.velero_schedules[0].last_backup = Some(at("16:30:00"));
    let ahead = |snapshot: &Snapshot| {
        let report = assess(snapshot);
        report.findings.iter().any(|one| one.id == "hub/time-ahead")
    };
    assert!(ahead(&hub.snapshot()));
    assert!(ahead(&between(&hub, "16:01:00", "16:20:00")));
    assert!(!ahead(&between(&hub, "16:01:00", "16:45:00")));
}

#[test]
fn a_collection_without_an_end_is_never_ok() {
    let mut snapshot = Hub::active("a").snapshot();
    snapshot.now = Now::after(snapshot.now.earliest());
    let report = assess(&snapshot);
    assert_eq!(report.findings, []);
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.summary, "not checked: time of the collection");
}

/// Sets one of the facts to something else.
type Change = fn(&mut Snapshot, Missing);

/// The facts that a file tells, each with what makes it missing.
const FACTS: [(&str, Change); 8] = [
    ("hub id", |s, why| s.hub_id = Fact::Missing(why)),
    ("restores", |s, why| s.restores = Fact::Missing(why)),
    ("schedules", |s, why| {
        s.backup_schedules = Fact::Missing(why)
    }),
    ("storage", |s, why| s.storage_locations = Fact::Missing(why)),
    ("backups", |s, why| s.backups = Fact::Missing(why)),
    ("velero restores", |s, why| {
        s.velero_restores = Fact::Missing(why)
    }),
    ("velero schedules", |s, why| {
        s.velero_schedules = Fact::Missing(why)
    }),
    ("clusters", |s, why| s.managed_clusters = Fact::Missing(why)),
];

#[test]
fn a_broken_file_is_never_ok_and_adds_nothing() {
    let hubs = [
        Hub::active("a"),
        Hub::passive("b", "a"),
        Hub::active("a").with_restored_clusters(3, 3),
    ];
    for hub in hubs {
        let whole = hub.report();
        for (name, change) in FACTS {
            let mut snapshot = hub.snapshot();
            let broken = Missing::BrokenFile {
                resource: name.to_owned(),
                file: format!("{name}.yaml"),
                why: "the file ends in the middle".to_owned(),
            };
            change(&mut snapshot, broken);
            let report = assess(&snapshot);
            assert_eq!(report.verdict, Verdict::Unknown, "{name}");
            let added: Vec<_> = report
                .findings
                .iter()
                .filter(|one| !whole.findings.contains(one))
                .map(|one| &one.headline)
                .collect();
            assert!(added.is_empty(), "{name}: {added:?}");
        }
    }
}

#[test]
fn a_hub_whose_backups_were_not_read_is_not_in_sync_with_them() {
    let mut snapshot = Hub::passive("b", "a").snapshot();
    snapshot.backups = Fact::unasked();
    let following = assess(&snapshot).following.unwrap();
    assert_eq!(following.state, SyncState::NotCompared);
}
