//! The words of each refusal, pinned: they are read at 3am, by someone who has no manual.

use super::*;
use crate::snapshot::Missing;

fn denial(review: &Review, snapshot: &Snapshot) -> String {
    let judgement = judge(review, snapshot);
    judgement
        .denials()
        .find(|finding| finding.rule == "restore/old-hub-live")
        .unwrap()
        .to_string()
}

fn activation() -> Review {
    let stored = in_phase(restore("restore-acm-passive-sync", "skip"), "Enabled");
    let edited = with(
        stored.clone(),
        "/spec/veleroManagedClustersBackupName",
        json!("latest"),
    );
    update(&stored, &edited)
}

#[test]
fn live() {
    insta::assert_snapshot!(denial(&activation(), &passive_hub()));
}

#[test]
fn live_for_a_new_restore() {
    insta::assert_snapshot!(denial(
        &create(&restore("activate", "latest")),
        &passive_hub()
    ));
}

#[test]
fn silent() {
    let mut snapshot = passive_hub();
    snapshot.now = at("16:10:00");
    snapshot.storage_locations = Fact::known(vec![storage("16:09:55")], snapshot.now);
    insta::assert_snapshot!(denial(&activation(), &snapshot));
}

#[test]
fn stale_view() {
    let mut snapshot = passive_hub();
    snapshot.now = at("16:10:00");
    insta::assert_snapshot!(denial(&activation(), &snapshot));
}

#[test]
fn no_permission() {
    let mut snapshot = passive_hub();
    snapshot.backups = Fact::Missing(Missing::Forbidden {
        verb: "list".into(),
        resource: "backups.velero.io".into(),
        namespace: Some("ocm-backup".into()),
    });
    insta::assert_snapshot!(denial(&activation(), &snapshot));
}

#[test]
fn twin() {
    let mut snapshot = passive_hub();
    snapshot.backups = Fact::known(synced_set(HUB_B, "160000"), snapshot.now);
    insta::assert_snapshot!(denial(&activation(), &snapshot));
}

#[test]
fn skip_with_a_capital() {
    insta::assert_snapshot!(denial(&create(&restore("t1", "Skip")), &passive_hub()));
}
