use super::*;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::rules::needs;

/// A hub on which every rule would refuse.
fn hostile() -> Snapshot {
    let mut snapshot = passive_hub();
    let other = Restore::read(&in_phase(restore("other", "skip"), "Running"));
    snapshot.restores = Fact::known(vec![other], snapshot.now);
    let schedule = json!({"metadata": {"name": "s", "namespace": "ocm-backup"}, "status": {"phase": "Enabled"}});
    snapshot.backup_schedules = Fact::known(vec![BackupSchedule::read(&schedule)], snapshot.now);
    snapshot
}

fn passes(review: &Review) -> bool {
    judge(review, &hostile()).findings.is_empty() && needs(review).is_empty()
}

#[test]
fn the_hostile_hub_refuses_by_three_rules_at_once() {
    let denials = ids(&judge(&create(&restore("new", "latest")), &hostile())).0;
    assert_eq!(
        denials,
        [
            "restore/active-schedule",
            "restore/another-active",
            "restore/old-hub-live"
        ]
    );
}

#[test]
fn deletions_departing_objects_and_the_operator_are_never_stopped() {
    let mut delete = create(&restore("new", "latest"));
    delete.operation = Operation::Delete;
    assert!(passes(&delete));

    let departing = with(
        restore("new", "latest"),
        "/metadata/deletionTimestamp",
        json!("2026-11-22T16:00:00Z"),
    );
    assert!(passes(&update(&departing, &departing)));
    // The API server clears it on creation: it says nothing.
    assert!(!passes(&create(&departing)));

    let mut operator = create(&restore("new", "latest"));
    operator.by_operator = true;
    assert!(passes(&operator));
}

#[test]
fn updates_that_leave_the_judged_part_alone_pass() {
    let stored = in_phase(restore("sync", "latest"), "Running");
    for (path, to) in [
        ("/metadata/finalizers", json!([])),
        ("/metadata/annotations", json!({"a": "b"})),
        ("/status/phase", json!("Enabled")),
        ("/status/phase", json!("Finished")),
        ("/spec/cleanupBeforeRestore", json!("CleanupRestored")),
    ] {
        assert!(
            passes(&update(&stored, &with(stored.clone(), path, to))),
            "{path}"
        );
    }
}

#[test]
fn a_finished_restore_that_is_applied_again_unchanged_passes() {
    for phase in ["Finished", "FinishedWithErrors"] {
        let stored = in_phase(restore("done", "latest"), phase);
        let again = with(stored.clone(), "/metadata/labels", json!({"argocd": "x"}));
        assert!(passes(&update(&stored, &again)), "{phase}");
    }
}
