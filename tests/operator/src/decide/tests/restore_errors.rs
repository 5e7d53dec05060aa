use serde_json::json;

use super::*;
use crate::write::Again;

#[test]
fn refusals_are_for_good() {
    let rows = [
        (
            json!({"spec": {"cleanupBeforeRestore": "Everything"}}),
            "2.17",
            "invalid CleanupBeforeRestore value : Everything",
        ),
        (
            json!({"spec": null}),
            "2.17",
            "invalid CleanupBeforeRestore value : ",
        ),
        (
            json!({"spec": {"cleanupBeforeRestore": "CleanupAll"}}),
            "2.17",
            "cleanupBeforeRestore=CleanupAll requires the cluster.open-cluster-management.io/restore-cleanup-all-confirmed=true \
             annotation on the Restore resource to confirm mass deletion of ACM-scoped hub resources",
        ),
    ];
    for (fields, version, message) in rows {
        let mut world = world();
        world.put(passive(fields));
        let pass = look_restore(&world, version);
        assert_eq!(
            said(&pass),
            ("FinishedWithErrors".to_owned(), message.to_owned())
        );
        assert_eq!(pass.again, None);
    }
    // 2.12 was not hardened.
    let mut world = world();
    world.put(passive(
        json!({"spec": {"cleanupBeforeRestore": "CleanupAll"}}),
    ));
    assert_eq!(said(&look_restore(&world, "2.12")).0, "Error");
}

#[test]
fn what_keeps_a_restore_from_running_goes_by_phase_only() {
    for (phase, version, refused) in [
        ("", "2.17", true),
        ("New", "2.17", true),
        ("FailedValidation", "2.17", true),
        ("Failed", "2.17", true),
        ("Paused", "2.17", false),
        ("Paused", "2.11", true),
        ("BackupCollision", "2.17", false),
    ] {
        let mut world = world();
        put_set(&mut world);
        world.put(passive(json!({})));
        // What the spec says does not count.
        world.put(schedule(
            json!({"spec": {"paused": true}, "status": {"phase": phase}}),
        ));
        let (said, _) = said(&look_restore(&world, version));
        assert_eq!(
            said == "FinishedWithErrors",
            refused,
            "beside {phase:?} at {version}"
        );
    }
}

#[test]
fn errors_are_retried_and_keep_a_sync_going_since_2_17() {
    let sync = json!({"spec": {"syncRestoreWithNewBackups": true}});
    let named = json!({"spec": {"veleroCredentialsBackupName": "x"}});
    let rows = [
        (json!({}), "2.17", "Error", "no velero backups found"),
        (
            sync.clone(),
            "2.17",
            "EnabledWithErrors",
            "no velero backups found",
        ),
        (sync, "2.16", "Error", "no velero backups found"),
        (
            named,
            "2.17",
            "Error",
            "cannot find x Velero Backup: Backup.velero.io \"x\" not found",
        ),
        (
            json!({"spec": {"veleroCredentialsBackupName": ""}}),
            "2.17",
            "Error",
            "backup name not found",
        ),
    ];
    for (fields, version, phase, message) in rows {
        let mut world = world();
        world.put(passive(fields));
        let pass = look_restore(&world, version);
        assert_eq!(said(&pass), (phase.to_owned(), message.to_owned()));
        assert_eq!(pass.again, Some(Again::Retry));
    }
}

#[test]
fn sync_with_options_that_do_not_allow_it_is_a_restore_with_a_warning() {
    let mut world = world();
    put_set(&mut world);
    world.put(passive(json!({"spec": {
        "syncRestoreWithNewBackups": true,
        "veleroCredentialsBackupName": "x",
    }})));
    let (phase, message) = said(&look_restore(&world, "2.17"));
    assert_eq!(phase, "Error");
    assert!(
        message.ends_with(
            " ; SyncRestoreWithNewBackups option is ignored because VeleroCredentialsBackupName should be set to latest."
        ),
        "{message}"
    );
}

#[test]
fn without_the_hub_component_kind_nothing_happens() {
    let mut world = world();
    world
        .offered
        .retain(|offered| offered.kind != "InternalHubComponent");
    world.put(passive(json!({})));
    assert_eq!(look_restore(&world, "2.17").writes, []);
}
