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

/// A phase is a claim: "killed" as FinishedWithErrors while Velero still restores, it blocked nobody.
#[test]
fn one_that_says_it_is_over_blocks_while_velero_works_for_it() {
    for (phase, blocked) in [
        ("", true),
        ("New", true),
        ("InProgress", true),
        ("WaitingForPluginOperations", true),
        ("Finalizing", true),
        ("FinalizingPartiallyFailed", true),
        ("SomethingNew", true),
        ("Completed", false),
        ("PartiallyFailed", false),
        ("Failed", false),
        ("FailedValidation", false),
    ] {
        for word in ["Finished", "FinishedWithErrors"] {
            let mut snapshot = beside(&[in_phase(restore("killed", "latest"), word)]);
            let running = vec![velero_restore("killed", phase)];
            snapshot.velero_restores = Fact::known(running, snapshot.now);
            let new = create(&restore("new", "skip"));
            assert_eq!(denies(RULE, &new, &snapshot), blocked, "{word} {phase}");
        }
    }
}

#[test]
fn what_velero_does_for_the_restore_under_review_is_its_own_affair() {
    let stored = in_phase(restore("sync", "skip"), "Enabled");
    let edited = with(
        stored.clone(),
        "/spec/veleroManagedClustersBackupName",
        json!("latest"),
    );
    let mut snapshot = beside(std::slice::from_ref(&stored));
    snapshot.velero_restores =
        Fact::known(vec![velero_restore("sync", "InProgress")], snapshot.now);
    assert!(!denies(RULE, &update(&stored, &edited), &snapshot));
}

#[test]
fn the_text_tells_what_still_runs_and_how_to_wait_for_it() {
    let mut snapshot = beside(&[in_phase(restore("killed", "latest"), "FinishedWithErrors")]);
    snapshot.velero_restores =
        Fact::known(vec![velero_restore("killed", "InProgress")], snapshot.now);
    insta::assert_snapshot!(refusal(&create(&restore("new", "skip")), &snapshot));
}

#[test]
fn nobody_is_told_to_delete_a_restore_that_runs() {
    let sync = |phase: &str| {
        with(
            in_phase(restore("other", "skip"), phase),
            "/spec/syncRestoreWithNewBackups",
            json!(true),
        )
    };
    for (phase, velero, delete) in [
        ("Enabled", "Completed", true),
        ("Error", "Failed", true),
        ("EnabledWithErrors", "Completed", true),
        ("Enabled", "InProgress", false),
        ("Error", "InProgress", false),
        ("Started", "New", false),
        ("Running", "InProgress", false),
        ("", "Completed", false),
    ] {
        let mut snapshot = beside(&[sync(phase)]);
        snapshot.velero_restores = Fact::known(vec![velero_restore("other", velero)], snapshot.now);
        let text = refusal(&create(&restore("new", "skip")), &snapshot);
        assert_eq!(
            text.contains(" delete "),
            delete,
            "{phase} {velero}: {text}"
        );
    }
}

#[test]
fn nor_one_of_which_it_cannot_be_seen_whether_it_runs() {
    for phase in ["Enabled", "EnabledWithErrors", "Error", "Started", ""] {
        let mut snapshot = beside(&[with(
            in_phase(restore("other", "skip"), phase),
            "/spec/syncRestoreWithNewBackups",
            json!(true),
        )]);
        snapshot.velero_restores = Fact::Missing(Missing::TimedOut {
            resource: "restores.velero.io".into(),
            seconds: std::time::Duration::from_secs(4).into(),
        });
        let text = refusal(&create(&restore("new", "skip")), &snapshot);
        assert!(
            !text.is_empty() && !text.contains(" delete crst"),
            "{phase}: {text}"
        );
    }
}

#[test]
fn what_velero_does_must_be_known_once_another_says_that_it_is_over() {
    let mut snapshot = beside(&[in_phase(restore("done", "latest"), "Finished")]);
    let missing = |snapshot: &mut Snapshot, why: Missing| {
        snapshot.velero_restores = Fact::Missing(why);
    };
    let review = create(&restore("new", "skip"));
    missing(
        &mut snapshot,
        Missing::Forbidden {
            verb: "list".into(),
            resource: "restores.velero.io".into(),
            namespace: Some("ocm-backup".into()),
        },
    );
    assert!(warns(RULE, &review, &snapshot) && !denies(RULE, &review, &snapshot));
    let text = judge(&review, &snapshot).findings[0].to_string();
    assert!(
        text.contains("its ClusterRole acm-backup-guards must allow list restores.velero.io")
            && !text.contains("apply -k"),
        "{text}"
    );
    // No time is no answer, and to try again costs nothing.
    missing(
        &mut snapshot,
        Missing::TimedOut {
            resource: "restores.velero.io".into(),
            seconds: std::time::Duration::from_secs(4).into(),
        },
    );
    assert!(denies(RULE, &review, &snapshot));
    // With nobody else there, there is nothing to ask Velero about.
    snapshot.restores = Fact::known(Vec::new(), snapshot.now);
    assert!(!denies(RULE, &review, &snapshot) && !warns(RULE, &review, &snapshot));
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

/// The operator burns a Restore beside any phase but the last two; one that nobody knows may never change,
/// so to wait is not the only way on.
#[test]
fn a_phase_nobody_knows_is_told_with_what_it_is_taken_for() {
    let other = in_phase(restore("other", "skip"), "Sealed");
    let mut snapshot = beside(&[other]);
    let told = |snapshot: &Snapshot| refusal(&create(&restore("new", "skip")), snapshot);
    let line = |velero: &str| {
        format!(
            "the operator counts every phase but Finished and FinishedWithErrors as active; {velero}"
        )
    };
    let nothing = told(&snapshot);
    assert!(
        nothing.contains(&line("Velero has nothing of it here")),
        "{nothing}"
    );
    let mut blind = snapshot.clone();
    blind.velero_restores = Fact::Missing(Missing::NoKind {
        resource: "restores.velero.io".into(),
    });
    let blind = told(&blind);
    assert!(
        blind.contains(&line("what Velero does for it could not be looked up")),
        "{blind}"
    );
    snapshot.velero_restores =
        Fact::known(vec![velero_restore("other", "InProgress")], snapshot.now);
    let running = told(&snapshot);
    assert!(
        running.contains(&line("Velero still restores for it")),
        "{running}"
    );
    snapshot.velero_restores =
        Fact::known(vec![velero_restore("other", "Completed")], snapshot.now);
    insta::assert_snapshot!("a_phase_nobody_knows", told(&snapshot));
    // Of Velero's own objects too.
    let mut killed = beside(&[in_phase(restore("killed", "latest"), "Finished")]);
    killed.velero_restores = Fact::known(vec![velero_restore("killed", "Sealed")], killed.now);
    let velero = told(&killed);
    assert!(
        velero.contains("in phase Sealed (not a phase this program knows) since 2026-11-22 16:00:10Z (20s ago); so it is taken for one that goes on"),
        "{velero}"
    );
}
