use serde_json::json;

use super::*;
use crate::write::Again;

#[test]
fn each_failed_validation_has_its_message_and_pace() {
    let retried = Some(Again::Retry);
    type Change = fn(&mut World);
    let rows: [(&str, Value, Change, &str, Option<Again>); 8] = [
        (
            "empty cron",
            json!({"spec": {"veleroSchedule": ""}}),
            |_| {},
            "Schedule must be a non-empty valid Cron expression",
            None,
        ),
        (
            "wrong cron",
            json!({"spec": {"veleroSchedule": "WRONG"}}),
            |_| {},
            "invalid schedule: expected exactly 5 fields, found 1: [WRONG]",
            None,
        ),
        (
            "no spec",
            json!({"spec": null}),
            |_| {},
            "Schedule must be a non-empty valid Cron expression",
            None,
        ),
        (
            "an active Restore",
            json!({}),
            |world| world.put(passive(json!({"status": {"phase": "Error"}}))),
            "Restore resource r is currently active, verify that any active restores are removed.",
            retried,
        ),
        (
            "no storage location anywhere",
            json!({}),
            |world| drop(world.remove(Kind::StorageLocation, &ObjectName::new(NS, "default"))),
            "velero.io.BackupStorageLocation resources not found. Verify you have created a \
             konveyor.openshift.io.Velero or oadp.openshift.io.DataProtectionApplications resource.",
            retried,
        ),
        (
            "a storage location without an owner",
            json!({}),
            |world| {
                world.put(object(
                    Kind::StorageLocation,
                    NS,
                    "default",
                    json!({"status": {"phase": "Available"}}),
                ))
            },
            "Backup storage location is not available. Check velero.io.BackupStorageLocation and validate storage credentials.",
            retried,
        ),
        (
            "a storage location in another namespace only",
            json!({}),
            |world| {
                let mut location = world
                    .remove(Kind::StorageLocation, &ObjectName::new(NS, "default"))
                    .unwrap();
                location["metadata"]["namespace"] = json!("elsewhere");
                world.put(location);
            },
            "Backup storage location is not available. Check velero.io.BackupStorageLocation and validate storage credentials.",
            retried,
        ),
        (
            "accounts without the component",
            json!({"spec": {"useManagedServiceAccount": true}}),
            |_| {},
            "UseManagedServiceAccount option cannot be used, managedserviceaccount component is not enabled",
            retried,
        ),
    ];
    for (case, fields, change, message, again) in rows {
        let mut world = world();
        world.put(schedule(fields));
        change(&mut world);
        let pass = look_schedule(&world, "2.17");
        assert_eq!(
            said(&pass),
            ("FailedValidation".to_owned(), message.to_owned()),
            "{case}"
        );
        assert_eq!(pass.again, again, "{case}");
    }
}

#[test]
fn a_duration_that_does_not_parse_hides_the_object() {
    let mut world = world();
    world.put(schedule(json!({"spec": {"veleroTtl": "5d"}})));
    assert_eq!(look_schedule(&world, "2.17"), Pass::default());
    world.put(passive(json!({})));
    put_set(&mut world);
    assert_eq!(
        created(&look_restore(&world, "2.17"), Kind::VeleroRestore).len(),
        3,
        "nothing is in its way"
    );
}

#[test]
fn validation_backups_live_until_shortly_after_the_next_one() {
    let mut world = world();
    world.put(schedule(json!({})));
    let pass = look_schedule(&world, "2.17");
    let ttl = pass.writes.iter().find_map(|write| match write {
        Write::Create(object)
            if crate::object::name(object) == "acm-validation-policy-schedule" =>
        {
            Some(object["spec"]["template"]["ttl"].clone())
        }
        _ => None,
    });
    assert_eq!(ttl, Some(json!("1h5m0s")));
}

#[test]
fn the_first_set_is_made_at_once_unless_told_otherwise() {
    for (fields, backups) in [
        (json!({}), 5),
        (json!({"spec": {"noBackupOnStart": true}}), 0),
        (json!({"spec": {"skipImmediately": true}}), 0),
    ] {
        let mut world = world();
        world.put(schedule(fields));
        let pass = look_schedule(&world, "2.17");
        assert_eq!(created(&pass, Kind::VeleroSchedule).len(), 5);
        assert_eq!(created(&pass, Kind::Backup).len(), backups);
    }
}

#[test]
fn a_paused_schedule_is_paused_beside_an_active_restore_and_resumes() {
    let mut world = world();
    let owner = schedule(json!({"spec": {"paused": true}, "status": {"phase": "Enabled"}}));
    put_velero_schedules(&mut world, &owner);
    world.put(owner);
    world.put(passive(json!({})));
    let pass = look_schedule(&world, "2.17");
    assert_eq!(
        said(&pass),
        ("Paused".to_owned(), "BackupSchedule is paused.".to_owned())
    );
    assert_eq!(pass.again, None);
    let deleted = |pass: &Pass| {
        pass.writes
            .iter()
            .filter(|write| matches!(write, Write::Delete { .. }))
            .count()
    };
    assert_eq!(deleted(&pass), 0);
    assert_eq!(
        deleted(&look_schedule(&world, "2.14")),
        5,
        "before 2.15 they were deleted"
    );

    world.remove(Kind::AcmRestore, &ObjectName::new(NS, "r"));
    let mut owner = schedule(json!({"status": {"phase": "Paused"}}));
    owner["spec"]["paused"] = json!(false);
    world.put(owner);
    for kind in crate::decide::velero_schedules::BACKUP_TYPES {
        let at = ObjectName::new(NS, kind.schedule);
        world.get_mut(Kind::VeleroSchedule, &at).unwrap()["spec"]["paused"] = json!(true);
    }
    let resumed = look_schedule(&world, "2.17").writes;
    let unpaused = resumed
        .iter()
        .filter(
            |write| matches!(write, Write::Patch { patch, .. } if patch["spec"]["paused"] == false),
        )
        .count();
    assert_eq!(unpaused, 5);
}

#[test]
fn a_lost_velero_schedule_brings_all_of_them_anew() {
    let mut world = world();
    let owner = schedule(json!({"status": {"phase": "Enabled"}}));
    put_velero_schedules(&mut world, &owner);
    world.put(owner);
    world.remove(
        Kind::VeleroSchedule,
        &ObjectName::new(NS, "acm-resources-schedule"),
    );
    let pass = look_schedule(&world, "2.17");
    assert_eq!(
        pass.writes
            .iter()
            .filter(|write| matches!(write, Write::Delete { .. }))
            .count(),
        4
    );
    assert_eq!(said(&pass).0, "New");
}

#[test]
fn cron_and_retention_are_kept_up_to_date_and_nothing_else() {
    let mut world = world();
    let owner = schedule(json!({"status": {"phase": "Enabled"}}));
    put_velero_schedules(&mut world, &owner);
    world.put(schedule(json!({
        "spec": {"veleroSchedule": "0 */2 * * *", "veleroTtl": "24h", "volumeSnapshotLocations": ["other"]},
        "status": {"phase": "Enabled"},
    })));
    let patches: Vec<_> = look_schedule(&world, "2.17")
        .writes
        .into_iter()
        .filter_map(|write| match write {
            Write::Patch { at, patch, .. } => Some((at.name, patch)),
            _ => None,
        })
        .collect();
    assert_eq!(patches.len(), 5);
    for (name, patch) in patches {
        let ttl = if name == "acm-validation-policy-schedule" {
            "2h5m0s"
        } else {
            "24h0m0s"
        };
        assert_eq!(
            patch,
            json!({"spec": {"schedule": "0 */2 * * *", "template": {"ttl": ttl}}}),
            "{name}"
        );
    }
}

#[test]
fn an_expired_validation_backup_is_deleted_whoever_wrote_it() {
    let mut world = world();
    let mut expired = backup(
        "acm-validation-policy-schedule",
        "20261122140000",
        "2026-11-22T14:00:00Z",
        "other",
    );
    expired["status"]["expiration"] = json!("2026-11-22T15:05:00Z");
    let at = ObjectName::of(&expired);
    world.put(expired);
    assert_eq!(
        created(&look_restore(&world, "2.17"), Kind::DeleteBackupRequest),
        std::slice::from_ref(&at.name)
    );

    let request = |errors: Value| {
        object(
            Kind::DeleteBackupRequest,
            NS,
            &at.name,
            json!({"status": {"errors": errors}}),
        )
    };
    world.put(request(json!([])));
    assert_eq!(look_schedule(&world, "2.17"), Pass::default());
    world.put(request(json!(["gone"])));
    assert_eq!(
        look_schedule(&world, "2.17").writes,
        [Write::Delete {
            kind: Kind::Backup,
            at
        }]
    );
}
