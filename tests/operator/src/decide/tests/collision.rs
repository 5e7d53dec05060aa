use serde_json::json;

use super::*;

/// A primary that has been backing up for an hour, and what the bucket shows.
fn primary(backups: &[Value]) -> World {
    let mut world = world();
    let owner = schedule(json!({"status": {"phase": "Enabled"}}));
    put_velero_schedules(&mut world, &owner);
    world.put(owner);
    backups.iter().for_each(|backup| world.put(backup.clone()));
    world
}

fn resources(stamp: &str, started: &str, hub: &str) -> Value {
    backup("acm-resources-schedule", stamp, started, hub)
}

/// An activation marker: who activated, when it started, and when this hub saw it.
fn marker(by: &str, started: &str, seen: &str) -> Value {
    object(
        Kind::Backup,
        NS,
        &format!("acm-restore-clusters-{by}"),
        json!({
            "metadata": {
                "creationTimestamp": seen,
                "labels": {"cluster.open-cluster-management.io/restore-cluster": by},
            },
            "status": {"phase": "Completed", "startTimestamp": started},
        }),
    )
}

fn phase(world: &World, version: &str) -> Option<String> {
    let pass = look_schedule(world, version);
    pass.writes
        .iter()
        .any(|write| matches!(write, Write::Status { .. }))
        .then(|| said(&pass).0)
}

#[test]
fn the_newest_resources_backup_decides_by_when_it_started() {
    let own = resources("20261122155000", "2026-11-22T15:50:00Z", HUB);
    let earlier = resources("20261122155500", "2026-11-22T15:45:00Z", "other");
    let later = resources("20261122154000", "2026-11-22T15:55:00Z", "other");
    let mut deleting = later.clone();
    deleting["status"]["phase"] = json!("Deleting");
    for (backups, collides) in [
        (vec![], false),
        (vec![own.clone()], false),
        (vec![own.clone(), earlier], false),
        (vec![own.clone(), deleting], false),
        (vec![own, later], true),
    ] {
        let phase = phase(&primary(&backups), "2.17");
        assert_eq!(
            phase.as_deref() == Some("BackupCollision"),
            collides,
            "{backups:?}"
        );
    }
}

#[test]
fn a_later_marker_of_another_hub_is_a_collision_since_2_11() {
    let after = |seen| vec![marker("other", "2026-11-22T15:30:00Z", seen)];
    assert_eq!(
        phase(&primary(&after("2026-11-22T15:30:00Z")), "2.17").as_deref(),
        Some("BackupCollision")
    );
    assert_ne!(
        phase(&primary(&after("2026-11-22T15:30:00Z")), "2.10").as_deref(),
        Some("BackupCollision")
    );
    assert_ne!(
        phase(&primary(&after("2026-11-22T15:00:00Z")), "2.17").as_deref(),
        Some("BackupCollision"),
        "equal times"
    );
    let own = vec![marker(HUB, "2026-11-22T15:30:00Z", "2026-11-22T15:30:00Z")];
    assert_ne!(
        phase(&primary(&own), "2.17").as_deref(),
        Some("BackupCollision")
    );
    // The newest marker counts.
    let both = vec![
        marker("other", "2026-11-22T15:30:00Z", "2026-11-22T15:30:00Z"),
        marker(HUB, "2026-11-22T15:40:00Z", "2026-11-22T15:40:00Z"),
    ];
    assert_ne!(
        phase(&primary(&both), "2.17").as_deref(),
        Some("BackupCollision")
    );
}

#[test]
fn a_failback_after_the_foreign_backup_is_no_collision_since_2_17() {
    let foreign = resources("20261122155000", "2026-11-22T15:50:00Z", "other");
    let restored_here = marker(HUB, "2026-11-22T15:55:00Z", "2026-11-22T15:55:00Z");
    let backups = [foreign.clone(), restored_here];
    assert_ne!(
        phase(&primary(&backups), "2.17").as_deref(),
        Some("BackupCollision")
    );
    assert_eq!(
        phase(&primary(&backups), "2.16").as_deref(),
        Some("BackupCollision")
    );
    let too_early = marker(HUB, "2026-11-22T15:45:00Z", "2026-11-22T15:45:00Z");
    assert_eq!(
        phase(&primary(&[foreign, too_early]), "2.17").as_deref(),
        Some("BackupCollision")
    );
}

#[test]
fn a_schedule_in_collision_is_dead() {
    let mut world = primary(&[]);
    world.put(schedule(json!({"status": {"phase": "BackupCollision"}})));
    assert_eq!(look_schedule(&world, "2.17"), Pass::default());
}
