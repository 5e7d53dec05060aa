use super::*;
use crate::snapshot::Missing;

const RULE: &str = "restore/another-active";

fn beside(others: &[Value]) -> Snapshot {
    let mut snapshot = passive_hub();
    snapshot.restores = Fact::known(others.iter().map(Restore::read).collect(), snapshot.now);
    snapshot
}

#[test]
fn every_phase_but_the_two_last_blocks() {
    for (phase, blocked) in [
        ("", true),
        ("Started", true),
        ("Running", true),
        ("Enabled", true),
        ("EnabledWithErrors", true),
        ("Error", true),
        ("Unknown", true),
        ("SomethingNew", true),
        ("Finished", false),
        ("FinishedWithErrors", false),
    ] {
        let other = in_phase(restore("other", "skip"), phase);
        assert_eq!(
            denies(RULE, &create(&restore("new", "skip")), &beside(&[other])),
            blocked,
            "{phase}"
        );
    }
}

#[test]
fn one_on_its_way_out_blocks_until_it_is_gone() {
    let other = with(
        in_phase(restore("other", "skip"), "Enabled"),
        "/metadata/deletionTimestamp",
        json!("2026-11-22T16:00:00Z"),
    );
    let judgement = judge(&create(&restore("new", "skip")), &beside(&[other]));
    assert!(
        judgement.findings[0]
            .to_string()
            .contains("wait until it is gone")
    );
}

#[test]
fn the_restore_under_review_is_no_other() {
    let stored = with(
        in_phase(restore("sync", "skip"), "Enabled"),
        "/metadata/uid",
        json!("u1"),
    );
    let edited = with(
        stored.clone(),
        "/spec/veleroManagedClustersBackupName",
        json!("latest"),
    );
    assert!(!denies(
        RULE,
        &update(&stored, &edited),
        &beside(std::slice::from_ref(&stored))
    ));
    // Of the same name but another object: the one that was deleted meanwhile.
    let recreated = with(stored.clone(), "/metadata/uid", json!("u2"));
    assert!(denies(
        RULE,
        &update(&stored, &edited),
        &beside(&[recreated])
    ));
}

#[test]
fn restores_of_other_namespaces_do_not_matter() {
    let other = with(
        restore("other", "skip"),
        "/metadata/namespace",
        json!("elsewhere"),
    );
    assert!(!denies(
        RULE,
        &create(&restore("new", "skip")),
        &beside(&[other])
    ));
}

#[test]
fn an_edit_that_starts_nothing_passes() {
    let other = in_phase(restore("other", "skip"), "Running");
    let stored = in_phase(restore("sync", "skip"), "Enabled");
    let edited = with(stored.clone(), "/spec/restoreSyncInterval", json!("10m"));
    assert!(!denies(RULE, &update(&stored, &edited), &beside(&[other])));
}

#[test]
fn beside_a_sync_the_way_on_is_to_edit_it() {
    let sync = with(
        in_phase(restore("sync", "skip"), "Enabled"),
        "/spec/syncRestoreWithNewBackups",
        json!(true),
    );
    let judgement = judge(&create(&restore("activate", "latest")), &beside(&[sync]));
    let text = judgement
        .findings
        .iter()
        .find(|finding| finding.rule == RULE)
        .unwrap()
        .to_string();
    insta::assert_snapshot!(text);
}

#[test]
fn blindness_is_told_and_does_not_block() {
    let mut snapshot = passive_hub();
    snapshot.restores = Fact::Missing(Missing::Forbidden {
        verb: "list".into(),
        resource: "restores.cluster.open-cluster-management.io".into(),
        namespace: Some("ocm-backup".into()),
    });
    let review = create(&restore("new", "skip"));
    assert!(warns(RULE, &review, &snapshot) && !denies(RULE, &review, &snapshot));
}
