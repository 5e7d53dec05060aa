//! A view is what the watch had seen, and says so where it is old.

use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::snapshot::Missing;
use acm_backup_operator::recording::{Change, Event, HUBS};
use acm_backup_recorded::away::absences;
use acm_backup_recorded::judged::Site;
use acm_backup_recorded::object::text;
use acm_backup_recorded::truth::Truth;
use acm_backup_recorded::view::{View, listed};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

fn key(event: &Event) -> (String, String, String, String) {
    let of = |pointer| text(&event.object, pointer).to_owned();
    (
        of("/apiVersion"),
        of("/kind"),
        of("/metadata/namespace"),
        of("/metadata/name"),
    )
}

/// A hub that was away lists its Backups anew; no other does.
#[test]
fn every_absence_is_in_the_table() {
    for recording in acm_backup_recorded::recordings() {
        for (hub, _) in HUBS {
            let site = Site::open(recording).unwrap();
            let away = absences(recording, hub).unwrap();
            let mut known = BTreeMap::new();
            let mut anew = Vec::new();
            for event in &site.hub(hub).unwrap().events {
                let is_backup = text(&event.object, "/kind") == "Backup";
                match event.change {
                    Change::Added if is_backup => {
                        let before = known.insert(key(event), event.at);
                        anew.extend(before.map(|_| event.at));
                    }
                    Change::Deleted => drop(known.remove(&key(event))),
                    _ => {}
                }
                let gone = away.iter().any(|away| {
                    away.from < event.at && event.at < away.until - SignedDuration::from_secs(5)
                });
                assert!(
                    event.change == Change::Step || !gone,
                    "{recording} {hub}: {} while it is away",
                    event.at
                );
            }
            for at in anew {
                assert!(
                    away.iter().any(|away| {
                        away.from < at
                            && away.until - SignedDuration::from_secs(5) < at
                            && at <= away.until
                    }),
                    "{recording} {hub} lists anew at {at}"
                );
            }
            assert_eq!(
                hub == "hub1" && recording.contains('-') && recording != "2.17-traps",
                !away.is_empty()
            );
        }
    }
}

fn view_at(recording: &'static str, hub: &str, at: &str) -> (View, Timestamp) {
    let site = Site::open(recording).unwrap();
    let side = site.hub(hub).unwrap();
    let now = acm_backup_recorded::at(recording, at).unwrap();
    let mut view = View::new(recording, hub, side).unwrap();
    for event in side.events.iter().filter(|event| event.at <= now) {
        view.see(event);
    }
    (view, now)
}

#[test]
fn a_dead_watch_is_stale_after_a_minute() {
    let backups = |at: &str| {
        let (view, now) = view_at("2.17-guarded", "hub1", at);
        view.snapshot(now, Vec::new()).backups
    };
    let lost = "2026-11-25T19:14:20.081Z".parse().unwrap();
    assert_eq!(backups("19:14:20.081").as_of(), Some(lost));
    assert_eq!(backups("19:15:20.081").as_of(), Some(lost));
    for at in ["19:15:20.082", "19:32:34.856"] {
        assert_eq!(
            backups(at).get().unwrap_err(),
            &Missing::Stale {
                resource: "backups.velero.io".into(),
                last_contact: lost
            },
            "{at}"
        );
    }
    assert_eq!(backups("19:32:34.857").items().len(), 34);
}

#[test]
fn a_view_is_one_hubs_and_of_one_moment() {
    let (view, now) = view_at("2.17-guarded", "hub2", "19:31:03.495");
    let snapshot = view.snapshot(now, Vec::new());
    assert_eq!(
        snapshot.hub_id.value(),
        Some(&HubId::new("75b1a9a2-89e1-59cb-84bc-9815403f475d"))
    );
    let names: Vec<_> = snapshot
        .restores
        .items()
        .iter()
        .map(|r| &r.meta.name)
        .collect();
    assert_eq!(names, ["activate-pinned", "restore-acm-passive-sync"]);
    assert_eq!(snapshot.managed_clusters.items().len(), 5);
    assert_eq!(snapshot.storage_locations.items().len(), 1);
    assert_eq!(snapshot.backup_schedules.items().len(), 0);
    assert!(snapshot.kube_system_created.value().unwrap() < &now);
    let backups = snapshot.backups.items();
    assert!(
        backups
            .iter()
            .any(|backup| backup.meta.name == "acm-restore-clusters-20261125193102")
    );
    assert!(
        !backups
            .iter()
            .any(|backup| backup.meta.name == "acm-restore-clusters-20261125191726")
    );
}

#[test]
fn what_was_there_is_listed_within_the_first_seconds() {
    for recording in acm_backup_recorded::recordings() {
        for (hub, _) in HUBS {
            let site = Site::open(recording).unwrap();
            let side = site.hub(hub).unwrap();
            let listed = listed(side).unwrap();
            let mut view = View::new(recording, hub, side).unwrap();
            for event in side.events.iter().filter(|event| event.at <= listed) {
                view.see(event);
            }
            let snapshot = view.snapshot(listed, Vec::new());
            assert_eq!(
                snapshot.storage_locations.items().len(),
                1,
                "{recording} {hub}"
            );
            assert!(snapshot.restores.items().is_empty());
        }
    }
}

/// What the table of sights says was to be seen did come then.
#[test]
fn a_split_brain_is_seen_when_something_arrives() {
    for recording in acm_backup_recorded::recordings() {
        let site = Site::open(recording).unwrap();
        for sight in Truth::of(recording).unwrap().sights() {
            let side = site.hub(sight.hub).unwrap();
            let away = absences(recording, sight.hub).unwrap();
            assert!(
                away.iter().any(|away| away.until == sight.from)
                    || side.events.iter().any(|event| event.at == sight.from
                        && event.change != Change::Step
                        && matches!(text(&event.object, "/kind"), "Backup" | "Restore")),
                "{recording} {}: nothing arrives at {}",
                sight.hub,
                sight.from
            );
        }
    }
}
