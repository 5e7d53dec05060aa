use super::*;
use crate::snapshot::Missing;

const RULE: &str = "restore/activation-taken-back";
const NAMED: &str = "acm-managed-clusters-schedule-20261122160000";

fn edit(phase: &str, from: &str, to: Value) -> Review {
    let stored = in_phase(restore("sync", from), phase);
    let edited = with(stored.clone(), "/spec/veleroManagedClustersBackupName", to);
    update(&stored, &edited)
}

fn velero(phase: &str) -> Snapshot {
    let mut snapshot = passive_hub();
    snapshot.velero_restores = Fact::known(vec![velero_restore("sync", phase)], snapshot.now);
    snapshot
}

/// GitOps put the name back to `skip` four seconds after an activation: that hub held the fleet and the
/// marker, and called itself passive.
#[test]
fn the_name_is_not_put_back_before_the_restore_is_over() {
    let to = |text: &str| json!(text);
    for (phase, from, to, denied) in [
        ("", "latest", to("skip"), true),
        ("Started", "latest", to("skip"), true),
        ("Running", "latest", to("skip"), true),
        ("Enabled", "latest", to("skip"), true),
        ("EnabledWithErrors", "latest", to("skip"), true),
        ("Error", "latest", to("skip"), true),
        ("Running", "latest", to("Skip"), true),
        ("Running", "latest", to(""), true),
        ("Running", "latest", Value::Null, true),
        ("Running", "latest", to(NAMED), true),
        ("Running", NAMED, to("latest"), true),
        ("Running", NAMED, to("skip"), true),
        // The same in other letters, and what never was an activation.
        ("Running", "Latest", to("latest"), false),
        ("Running", "Skip", to("skip"), false),
        ("Enabled", "skip", to("latest"), false),
        ("Enabled", "skip", to("skip"), false),
        // It is over.
        ("Finished", "latest", to("skip"), false),
        ("FinishedWithErrors", "latest", to("skip"), false),
    ] {
        let review = edit(phase, from, to.clone());
        assert_eq!(
            denies(RULE, &review, &passive_hub()),
            denied,
            "{phase}: {from} -> {to}"
        );
    }
}

#[test]
fn a_last_phase_is_believed_only_if_velero_has_ended() {
    let review = edit("FinishedWithErrors", "latest", json!("skip"));
    assert!(denies(RULE, &review, &velero("InProgress")));
    assert!(!denies(RULE, &review, &velero("Completed")));
    let mut blind = passive_hub();
    blind.velero_restores = Fact::Missing(Missing::NoKind {
        resource: "restores.velero.io".into(),
    });
    assert!(warns(RULE, &review, &blind) && !denies(RULE, &review, &blind));
}

#[test]
fn on_an_object_that_is_being_deleted_it_passes() {
    let stored = with(
        in_phase(restore("sync", "latest"), "Started"),
        "/metadata/deletionTimestamp",
        json!("2026-11-22T16:00:00Z"),
    );
    let edited = with(
        stored.clone(),
        "/spec/veleroManagedClustersBackupName",
        json!("skip"),
    );
    assert!(
        judge(&update(&stored, &edited), &velero("InProgress"))
            .findings
            .is_empty()
    );
}

#[test]
fn the_text_prints_the_way_out() {
    let review = edit("Started", "latest", json!("skip"));
    insta::assert_snapshot!(refusal(&review, &velero("InProgress")));
}
