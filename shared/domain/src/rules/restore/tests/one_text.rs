//! One situation, one text and one way on.

use super::*;
use crate::kinds::backup_schedule::BackupSchedule;

fn with_sync(phase: &str) -> Snapshot {
    let mut snapshot = passive_hub();
    let sync = with(
        in_phase(restore("sync", "skip"), phase),
        "/spec/syncRestoreWithNewBackups",
        json!(true),
    );
    snapshot.restores = Fact::known(vec![Restore::read(&sync)], snapshot.now);
    snapshot
}

/// Two texts, and following either was refused again.
#[test]
fn an_activation_beside_the_sync_is_sent_to_the_sync() {
    for phase in ["Enabled", "EnabledWithErrors", "Started", "Running", ""] {
        let review = create(&restore("activate", "latest"));
        let judgement = judge(&review, &with_sync(phase));
        assert_eq!(ids(&judgement).0, ["restore/another-active"], "{phase}");
        let text = judgement.refusal().unwrap();
        assert!(
            text.starts_with(
                "do not add a Restore: activate the one that keeps this hub in sync, sync"
            ),
            "{text}"
        );
        assert_eq!(text.matches("\"latest\"").count(), 1, "{text}");
    }
    // What must be known of the other hub is asked of the edit that this leads to.
    let stored = with(
        in_phase(restore("sync", "skip"), "Enabled"),
        "/spec/syncRestoreWithNewBackups",
        json!(true),
    );
    let edited = with(
        stored.clone(),
        "/spec/veleroManagedClustersBackupName",
        json!("latest"),
    );
    assert!(denies(
        "restore/old-hub-live",
        &update(&stored, &edited),
        &with_sync("Enabled")
    ));
}

/// Whoever writes Skip does not want to activate, and was told how to.
#[test]
fn skip_in_other_letters_beside_the_sync_is_no_wish_to_activate() {
    for phase in ["Enabled", "Started"] {
        let text = refusal(&create(&restore("t1", "Skip")), &with_sync(phase));
        assert!(text.contains("\"Skip\" is not \"skip\""), "{text}");
        assert!(!text.contains("latest"), "{text}");
    }
    let stored = with(
        in_phase(restore("sync", "skip"), "Enabled"),
        "/spec/syncRestoreWithNewBackups",
        json!(true),
    );
    let edited = with(
        stored.clone(),
        "/spec/veleroManagedClustersBackupName",
        json!("Skip"),
    );
    let text = refusal(&update(&stored, &edited), &with_sync("Enabled"));
    assert!(text.starts_with("\"Skip\" is not \"skip\""), "{text}");
    assert!(!text.contains("latest"), "{text}");
}

#[test]
fn of_several_that_refuse_the_first_says_what_to_do_and_the_others_are_named() {
    let mut snapshot = with_sync("Running");
    let schedule = json!({
        "metadata": {"name": "schedule-acm", "namespace": "ocm-backup"}, "status": {"phase": "Enabled"}
    });
    snapshot.backup_schedules = Fact::known(vec![BackupSchedule::read(&schedule)], snapshot.now);
    let text = refusal(&create(&restore("new", "skip")), &snapshot);
    assert!(
        text.starts_with("BackupSchedule schedule-acm is active"),
        "{text}"
    );
    assert!(
        text.contains("and once that is solved: Restore sync is still active"),
        "{text}"
    );
    assert_eq!(text.matches("\n  rule:  ").count(), 1, "{text}");
    assert_eq!(text.matches("\n  1. ").count(), 1, "{text}");
}

#[test]
fn oc_where_there_is_a_cluster_version_else_kubectl() {
    let review = create(&restore("new", "skip"));
    let mut snapshot = with_sync("Running");
    assert!(refusal(&review, &snapshot).contains("oc -n ocm-backup get crst -w"));
    snapshot.hub_id = Fact::known(HubId::unknown(), snapshot.now);
    assert!(refusal(&review, &snapshot).contains("kubectl -n ocm-backup get crst -w"));
}
