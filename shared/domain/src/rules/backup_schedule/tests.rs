use crate::hub::identity::HubId;
use crate::kinds::Kind;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::restore::Restore;
use crate::kinds::velero_restore::VeleroRestore;
use crate::rules::review::{Operation, Origin, Review, Subject};
use crate::rules::{judge, needs};
use crate::snapshot::{Fact, Missing, Snapshot};
use jiff::Timestamp;
use serde_json::{Value, json};

const RULE: &str = "backup-schedule/active-restore";

fn schedule(spec: Value) -> Value {
    let mut schedule = json!({
        "metadata": {"name": "schedule-acm", "namespace": "ocm-backup"},
        "spec": {"veleroSchedule": "0 */2 * * *"},
    });
    for (key, value) in spec.as_object().unwrap() {
        schedule["spec"][key] = value.clone();
    }
    schedule
}

fn review(from: Option<Value>, to: Value) -> Review {
    let read = |object: &Value| Subject::BackupSchedule(BackupSchedule::read(object));
    Review {
        operation: match from {
            Some(_) => Operation::Update,
            None => Operation::Create,
        },
        subject: read(&schedule(to)),
        previous: from.map(|from| read(&schedule(from))),
        origin: Origin::Admission {
            user: "admin".into(),
            dry_run: false,
        },
        by_operator: false,
    }
}

fn create() -> Review {
    review(None, json!({}))
}

/// A hub with one Restore, and what Velero does for it.
fn beside(clusters: &str, phase: &str, velero: &str) -> Snapshot {
    let now: Timestamp = "2026-11-22T16:00:30Z".parse().unwrap();
    let mut snapshot = Snapshot::empty(now, "ocm-backup");
    snapshot.hub_id = Fact::known(HubId::new("75b1a9a2-89e1-59cb-84bc-9815403f475d"), now);
    let restore = json!({
        "metadata": {"name": "sync", "namespace": "ocm-backup"},
        "spec": {"veleroManagedClustersBackupName": clusters, "syncRestoreWithNewBackups": true},
        "status": {"phase": phase},
    });
    let velero = json!({
        "metadata": {"name": "sync-acm-credentials-schedule-20261122160000", "namespace": "ocm-backup",
            "ownerReferences": [{"kind": "Restore", "name": "sync"}]},
        "status": {"phase": velero, "startTimestamp": "2026-11-22T16:00:10Z"},
    });
    snapshot.restores = Fact::known(vec![Restore::read(&restore)], now);
    snapshot.velero_restores = Fact::known(vec![VeleroRestore::read(&velero)], now);
    // Nobody else is in question.
    snapshot.backups = Fact::known(Vec::new(), now);
    snapshot.storage_locations = Fact::known(Vec::new(), now);
    snapshot.managed_clusters = Fact::known(Vec::new(), now);
    snapshot.accepted = Fact::known(Vec::new(), now);
    snapshot
}

fn denied(review: &Review, snapshot: &Snapshot) -> bool {
    judge(review, snapshot)
        .denials()
        .any(|finding| finding.rule == RULE)
}

/// One wrong `apply` on a passive hub stops the primary's backups.
#[test]
fn beside_a_restore_that_is_not_over_none_starts() {
    for (phase, velero, expected) in [
        ("", "Completed", true),
        ("Started", "New", true),
        ("Running", "InProgress", true),
        ("Enabled", "Completed", true),
        ("EnabledWithErrors", "Completed", true),
        ("Error", "Failed", true),
        ("SomethingNew", "Completed", true),
        ("Finished", "InProgress", true),
        ("FinishedWithErrors", "Finalizing", true),
        ("Finished", "Completed", false),
        ("FinishedWithErrors", "PartiallyFailed", false),
    ] {
        for clusters in ["skip", "latest"] {
            let snapshot = beside(clusters, phase, velero);
            assert_eq!(
                denied(&create(), &snapshot),
                expected,
                "{clusters} {phase} {velero}"
            );
        }
    }
}

/// Whoever may write its status could take it out of its collision, which the operator never does.
#[test]
fn one_that_is_taken_out_of_its_collision_starts() {
    let active = beside("skip", "Enabled", "Completed");
    for (from, to, paused, expected) in [
        ("BackupCollision", "", false, true),
        ("BackupCollision", "Enabled", false, true),
        ("BackupCollision", "BackupCollision", false, false),
        ("BackupCollision", "", true, false),
        ("Enabled", "BackupCollision", false, false),
        ("Failed", "Enabled", false, false),
    ] {
        let mut review = review(Some(json!({"paused": paused})), json!({"paused": paused}));
        for (subject, phase) in [
            (&mut review.subject, to),
            (review.previous.as_mut().unwrap(), from),
        ] {
            if let Subject::BackupSchedule(schedule) = subject {
                schedule.phase = phase.into();
            }
        }
        assert_eq!(
            denied(&review, &active),
            expected,
            "{from} -> {to}, {paused}"
        );
    }
}

#[test]
fn only_what_starts_to_back_up_is_asked() {
    let active = beside("skip", "Enabled", "Completed");
    let paused = || json!({"paused": true});
    let broken = || json!({"veleroTtl": "5d"});
    for (what, review, expected) in [
        ("created", create(), true),
        ("created paused", review(None, paused()), false),
        (
            "un-paused",
            review(Some(paused()), json!({"paused": false})),
            true,
        ),
        ("pause taken away", review(Some(paused()), json!({})), true),
        ("paused", review(Some(json!({})), paused()), false),
        (
            "another cron",
            review(Some(json!({})), json!({"veleroSchedule": "@daily"})),
            false,
        ),
        ("unchanged", review(Some(json!({})), json!({})), false),
        (
            "still paused",
            review(Some(paused()), json!({"paused": true, "veleroTtl": "72h"})),
            false,
        ),
        ("broken", review(Some(json!({})), broken()), false),
        // The operator did not see it, and now does.
        (
            "mended",
            review(Some(broken()), json!({"veleroTtl": "120h"})),
            true,
        ),
        (
            "still broken",
            review(Some(broken()), json!({"veleroTtl": "6d"})),
            false,
        ),
        ("created broken", review(None, broken()), true),
    ] {
        assert_eq!(denied(&review, &active), expected, "{what}");
        assert_eq!(!needs(&review).is_empty(), expected, "{what}");
    }
}

#[test]
fn the_operator_deletions_and_other_namespaces_pass() {
    let active = beside("skip", "Enabled", "Completed");
    let mut operator = create();
    operator.by_operator = true;
    assert!(!denied(&operator, &active));
    let mut delete = create();
    delete.operation = Operation::Delete;
    assert!(!denied(&delete, &active));
    let mut elsewhere = create();
    let Subject::BackupSchedule(schedule) = &mut elsewhere.subject else {
        unreachable!()
    };
    schedule.meta.namespace = "elsewhere".into();
    assert!(!denied(&elsewhere, &active));
}

#[test]
fn what_cannot_be_looked_up_is_told() {
    let mut blind = beside("skip", "Finished", "Completed");
    blind.velero_restores = Fact::Missing(Missing::Forbidden {
        verb: "list".into(),
        resource: "restores.velero.io".into(),
        namespace: Some("ocm-backup".into()),
    });
    let judgement = judge(&create(), &blind);
    assert!(judgement.denials().all(|finding| finding.rule != RULE));
    assert_eq!(judgement.warnings().count(), 1);
}

#[test]
fn no_restore_is_to_be_deleted_of_which_it_cannot_be_seen_whether_it_runs() {
    for (clusters, phase) in [
        ("skip", "Enabled"),
        ("skip", "Started"),
        ("latest", "Error"),
        ("latest", "Running"),
    ] {
        let mut blind = beside(clusters, phase, "Completed");
        blind.velero_restores = Fact::Missing(Missing::TimedOut {
            resource: "restores.velero.io".into(),
            seconds: std::time::Duration::from_secs(4).into(),
        });
        let text = judge(&create(), &blind).refusal().unwrap();
        assert!(!text.contains(" delete crst"), "{clusters} {phase}: {text}");
    }
}

#[test]
fn the_text_fits_what_the_restore_is_doing() {
    let text = |clusters, phase, velero| {
        judge(&create(), &beside(clusters, phase, velero))
            .refusal()
            .unwrap()
    };
    insta::assert_snapshot!("passive", text("skip", "Enabled", "Completed"));
    insta::assert_snapshot!("mid_pass", text("skip", "Started", "InProgress"));
    insta::assert_snapshot!("activating", text("latest", "Running", "InProgress"));
    insta::assert_snapshot!("killed", text("latest", "FinishedWithErrors", "InProgress"));
    insta::assert_snapshot!("in_error", text("latest", "Error", "Failed"));
}

#[test]
fn beside_a_restore_of_a_phase_nobody_knows_the_text_says_what_it_is_taken_for() {
    let snapshot = beside("latest", "Sealed", "Completed");
    let text = judge(&create(), &snapshot).refusal().unwrap();
    for part in [
        "Restore sync has phase Sealed (not a phase this program knows)",
        "Velero has ended all that it began for it",
        "see who wrote its phase and when",
        "if the operator does nothing more for it, delete sync",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
