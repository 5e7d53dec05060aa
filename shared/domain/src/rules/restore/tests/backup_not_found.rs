use super::*;
use crate::snapshot::Missing;

const RULE: &str = "restore/backup-not-found";
const NAMED: &str = "acm-managed-clusters-schedule-20261122160000";

fn naming(name: &str) -> Value {
    with(
        restore("new", "skip"),
        "/spec/veleroManagedClustersBackupName",
        json!(name),
    )
}

fn with_named(mut snapshot: Snapshot, name: &str, backup: Option<Backup>) -> Snapshot {
    snapshot
        .named_backups
        .insert(name.into(), Fact::known(backup, snapshot.now));
    snapshot
}

fn found(change: impl FnOnce(&mut Backup)) -> String {
    let mut backup = backup(HUB_A, BackupType::ManagedClusters, "160000");
    change(&mut backup);
    headline(
        RULE,
        &create(&naming(NAMED)),
        &with_named(passive_hub(), NAMED, Some(backup)),
    )
}

#[test]
fn a_named_backup_must_be_there_and_usable() {
    assert_eq!(found(|_| {}), "");
    assert_eq!(found(|backup| backup.phase = "PartiallyFailed".into()), "");
    let cannot = format!("backup {NAMED} cannot be restored: ");
    for (phase, why) in [
        ("Failed", "it has failed (phase Failed)"),
        ("FailedValidation", "it has failed (phase FailedValidation)"),
        (
            "InProgress",
            "it is not finished (phase InProgress since 2026-11-22 16:00:00Z (30s ago))",
        ),
        (
            "Queued",
            "it is not finished (phase Queued since 2026-11-22 16:00:00Z (30s ago))",
        ),
        ("", "Velero has not looked at it yet"),
        (
            "Deleting",
            "it is being deleted since 2026-11-22 16:00:09Z (21s ago)",
        ),
    ] {
        let headline = found(|backup| {
            backup.phase = phase.into();
            backup.meta.deleted = (phase == "Deleting").then(|| at("16:00:09"));
        });
        assert_eq!(headline, format!("{cannot}{why}"));
    }
    let missing = with_named(passive_hub(), NAMED, None);
    assert_eq!(
        headline(RULE, &create(&naming(NAMED)), &missing),
        format!("there is no backup {NAMED} on this hub")
    );
}

#[test]
fn a_backup_of_another_type_is_not_restored_in_its_place() {
    let name = "acm-credentials-schedule-20261122160000";
    let snapshot = with_named(
        passive_hub(),
        name,
        Some(backup(HUB_A, BackupType::Credentials, "160000")),
    );
    assert_eq!(
        headline(RULE, &create(&naming(name)), &snapshot),
        format!("backup {name} cannot be restored: it holds credentials, not managed-clusters")
    );
}

#[test]
fn latest_must_find_something_unless_a_sync_can_wait_for_it() {
    let mut empty = passive_hub();
    empty.backups = Fact::known(Vec::new(), empty.now);
    let once = create(&restore("new", "skip"));
    assert!(denies(RULE, &once, &empty));
    assert!(!denies(RULE, &once, &passive_hub()));
    let sync = create(&with(
        restore("new", "skip"),
        "/spec/syncRestoreWithNewBackups",
        json!(true),
    ));
    assert!(warns(RULE, &sync, &empty) && !denies(RULE, &sync, &empty));
}

#[test]
fn an_empty_name_is_refused_and_skip_is_not() {
    assert!(denies(RULE, &create(&naming("")), &passive_hub()));
    assert!(denies(RULE, &create(&naming("  ")), &passive_hub()));
    assert!(!denies(RULE, &create(&naming("skip")), &passive_hub()));
}

#[test]
fn names_that_an_edit_leaves_alone_are_not_judged_again() {
    let stored = in_phase(naming(NAMED), "Running");
    let gone = with_named(passive_hub(), NAMED, None);
    let edited = with(stored.clone(), "/spec/restoreSyncInterval", json!("10m"));
    assert!(!denies(RULE, &update(&stored, &edited), &gone));
    let renamed = with(
        stored.clone(),
        "/spec/veleroCredentialsBackupName",
        json!("nothing"),
    );
    let gone = with_named(gone, "nothing", None);
    assert!(denies(RULE, &update(&stored, &renamed), &gone));
}

#[test]
fn blindness_is_told_and_does_not_block() {
    let mut snapshot = passive_hub();
    snapshot.backups = Fact::Missing(Missing::NoKind {
        resource: "backups.velero.io".into(),
    });
    let review = create(&restore("new", "skip"));
    assert!(warns(RULE, &review, &snapshot) && !denies(RULE, &review, &snapshot));
}

#[test]
fn the_text_offers_what_there_is() {
    let snapshot = with_named(
        passive_hub(),
        "acm-managed-clusters-schedule-20261121000000",
        None,
    );
    let judgement = judge(
        &create(&naming("acm-managed-clusters-schedule-20261121000000")),
        &snapshot,
    );
    let finding = judgement
        .findings
        .iter()
        .find(|finding| finding.rule == RULE)
        .unwrap();
    insta::assert_snapshot!(finding.to_string());
}

#[test]
fn a_phase_nobody_knows_is_neither_unfinished_nor_whole() {
    let mut sealed = backup(HUB_A, BackupType::ManagedClusters, "160000");
    sealed.phase = "Sealed".into();
    let name = sealed.meta.name.clone();
    let snapshot = with_named(passive_hub(), &name, Some(sealed));
    assert_eq!(
        headline(RULE, &create(&naming(&name)), &snapshot),
        format!(
            "backup {name} cannot be restored: its phase is Sealed (not a phase this program knows), so whether it is whole cannot be told; a newer Velero may have it, or somebody wrote it by hand"
        )
    );
}
