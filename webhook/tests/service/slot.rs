//! The slot on an API server in memory: who gets it, who waits, and what becomes of it.
//!
//! Time is the test's own: nobody really waits.

use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::hub::record::Accepted;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::backup::Backup;
use acm_backup_domain::kinds::restore::Restore;
use acm_backup_domain::rules::review::{Operation, Origin, Review, Subject};
use acm_backup_domain::snapshot::{Fact, Snapshot};
use acm_backup_webhook::admission::answer::{Answer, Verdict};
use acm_backup_webhook::admission::endpoint::Judge;
use acm_backup_webhook::admission::review;
use acm_backup_webhook::judge::guard::Guard;
use acm_backup_webhook::judge::slot::Asked;
use acm_backup_webhook::watch::follow::Store;
use acm_backup_webhook::watch::stored::Stored;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::Api;
use crate::caller::restore_review;
use crate::hub::LEASES;
use crate::judging::{NAMESPACE, collection, guard_with, hub, passive};

const LEASE: &str = "acm-backup-slot-open-cluster-management-backup";
const BUDGET: Duration = Duration::from_millis(4700);

fn replica(api: &Api) -> Arc<Guard> {
    Arc::new(guard_with(api, Arc::default()))
}

/// A review of a passive Restore being created.
fn creation(name: &str, uid: &str) -> Value {
    let mut review = restore_review(&format!("review-of-{uid}"));
    review["request"]["name"] = json!(name);
    review["request"]["object"]["metadata"]["name"] = json!(name);
    review["request"]["object"]["metadata"]["uid"] = json!(uid);
    review["request"]["object"]["spec"] = passive();
    review
}

/// A review of a BackupSchedule.
fn schedule(name: &str, uid: &str, old: Option<Value>) -> Value {
    let mut review = creation(name, uid);
    let request = &mut review["request"];
    request["resource"]["resource"] = json!("backupschedules");
    request["object"]["kind"] = json!("BackupSchedule");
    request["object"]["spec"] = json!({"veleroSchedule": "0 * * * *", "veleroTtl": "120h"});
    if let Some(old) = old {
        request["operation"] = json!("UPDATE");
        request["oldObject"] = old;
    }
    review
}

async fn ask(guard: &Arc<Guard>, asked: &Value) -> Answer {
    let body = asked.to_string();
    let request = review::read(body.as_bytes()).unwrap();
    let deadline = Instant::now() + BUDGET;
    tokio::time::timeout_at(deadline, Arc::clone(guard).judge(&request, None, deadline))
        .await
        .expect("an answer before the deadline")
}

fn passes(answer: &Answer) -> bool {
    answer.verdict == Verdict::Allowed
}

#[track_caller]
fn refused(answer: &Answer, words: &[&str]) {
    let Verdict::Denied { message, .. } = &answer.verdict else {
        panic!("not refused");
    };
    for word in words {
        assert!(message.contains(word), "no {word:?} in:\n{message}");
    }
}

fn holders(api: &Api) -> Vec<String> {
    let Some(lease) = api.get(LEASES, LEASE) else {
        return Vec::new();
    };
    let slot = lease["metadata"]["annotations"]["acm-backup.dev/slot"].as_str();
    let entries: Vec<Value> = serde_json::from_str(slot.unwrap()).unwrap();
    let holder = |entry: &Value| entry["holder"].as_str().unwrap().to_owned();
    entries.iter().map(holder).collect()
}

/// Stores what was let through, as an API server does.
fn store(api: &Api, asked: &Value, phase: &str) {
    let mut object = asked["request"]["object"].clone();
    object["status"] = json!({"phase": phase});
    let plural = asked["request"]["resource"]["resource"].as_str().unwrap();
    let acm = "cluster.open-cluster-management.io";
    api.put(&collection(acm, "v1beta1", plural), object);
}

fn takes(api: &Api) -> usize {
    let writes = |line: &&String| {
        line.contains("/leases") && !line.starts_with("GET") && !line.contains("dryRun=All")
    };
    api.requests().iter().filter(writes).count()
}

#[tokio::test(start_paused = true)]
async fn a_yes_takes_the_slot_and_the_lease_tells_who_has_it() {
    let api = hub();
    assert!(passes(&ask(&replica(&api), &creation("a", "1")).await));
    let lease = api.get(LEASES, LEASE).unwrap();
    assert_eq!(lease["spec"]["holderIdentity"], "Restore/a");
    assert_eq!(lease["spec"]["leaseDurationSeconds"], 70);
    assert_eq!(lease["spec"]["acquireTime"], "2031-11-25T12:00:00.000000Z");
    let labels = &lease["metadata"]["labels"];
    assert_eq!(labels["velero.io/exclude-from-backup"], "true");
    assert_eq!(holders(&api), ["Restore/a"]);
}

#[tokio::test(start_paused = true)]
async fn another_is_told_who_has_it_since_when_and_until_when() {
    let api = hub();
    assert!(passes(&ask(&replica(&api), &creation("a", "1")).await));
    api.pass(13);
    let words = [
        "acm-backup: Restore b must wait: Restore a was let through just before it",
        "2031-11-25 12:00:00Z (13s ago)",
        "2031-11-25 12:01:10Z (in 57s) at the latest",
        "try again in 57s",
        "rule:  restore/another-active",
    ];
    refused(&ask(&replica(&api), &creation("b", "2")).await, &words);
    assert_eq!(holders(&api), ["Restore/a"]);
    let words = ["rule:  backup-schedule/active-restore"];
    refused(
        &ask(&replica(&api), &schedule("s", "3", None)).await,
        &words,
    );
}

#[tokio::test(start_paused = true)]
async fn a_restore_waits_for_a_schedule_that_is_created_or_unpaused() {
    let api = hub();
    assert!(passes(
        &ask(&replica(&api), &schedule("s", "1", None)).await
    ));
    let words = [
        "BackupSchedule s was let through",
        "restore/active-schedule",
    ];
    refused(&ask(&replica(&api), &creation("a", "2")).await, &words);

    let api = hub();
    let paused = json!({
        "metadata": {"name": "s", "uid": "1", "namespace": NAMESPACE},
        "spec": {"paused": true}, "status": {"phase": "Paused"},
    });
    let acm = "cluster.open-cluster-management.io";
    let paused = api.put(&collection(acm, "v1beta1", "backupschedules"), paused);
    let unpausing = schedule("s", "1", Some(paused.clone()));
    assert!(passes(&ask(&replica(&api), &unpausing).await));
    refused(&ask(&replica(&api), &creation("a", "2")).await, &words);
    // It was changed otherwise: the un-pausing over the old version can no longer be stored.
    api.put(&collection(acm, "v1beta1", "backupschedules"), paused);
    assert!(passes(&ask(&replica(&api), &creation("a", "3")).await));
}

#[tokio::test(start_paused = true)]
async fn the_same_name_enters_again_whatever_its_uid() {
    let api = hub();
    assert!(passes(&ask(&replica(&api), &creation("a", "1")).await));
    // A quota refused it; the person applies again.
    assert!(passes(&ask(&replica(&api), &creation("a", "2")).await));
    assert_eq!(holders(&api), ["Restore/a", "Restore/a"]);
    refused(
        &ask(&replica(&api), &creation("b", "3")).await,
        &["must wait"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_takes_nothing_and_is_not_kept_waiting() {
    let api = hub();
    let mut dry = creation("a", "1");
    dry["request"]["dryRun"] = json!(true);
    assert!(passes(&ask(&replica(&api), &dry).await));
    assert_eq!(takes(&api), 0);
    assert!(passes(&ask(&replica(&api), &creation("b", "2")).await));
    assert!(passes(&ask(&replica(&api), &dry).await));
    assert_eq!(takes(&api), 1);
}

/// Failed before: a dry run never touched the Lease, so one came back as it should where every Restore afterwards was
/// refused, and the guards were armed by it.
#[tokio::test(start_paused = true)]
async fn a_dry_run_is_told_where_the_slot_cannot_be_had_and_nothing_else() {
    for (verb, there) in [
        ("GET", false),
        ("POST", false),
        // It would be wanted for the second Restore.
        ("PATCH", false),
        ("GET", true),
        ("PATCH", true),
    ] {
        for code in [403, 500] {
            let api = hub();
            if there {
                api.put(LEASES, json!({"metadata": {"name": LEASE}}));
            }
            let mut dry = creation("a", "1");
            dry["request"]["dryRun"] = json!(true);
            // What it would be told otherwise, as the manifest that arms the guards is.
            dry["request"]["object"]["spec"]["veleroCredentialsBackupName"] =
                json!("no-such-backup");
            let words = ["there is no backup no-such-backup"];
            refused(&ask(&replica(&api), &dry).await, &words);
            api.fail_once(
                match verb {
                    "GET" => "GET /apis/coordination",
                    "POST" => "POST /apis/coordination",
                    _ => "PATCH /apis/coordination",
                },
                code,
            );
            let answer = ask(&replica(&api), &dry).await;
            let words = [
                "could not reserve this hub for it",
                "leases.coordination.k8s.io",
            ];
            refused(&answer, &words);
            let Verdict::Denied { message, .. } = &answer.verdict else {
                panic!("not refused");
            };
            assert!(!message.contains("no-such-backup"), "{message}");
            assert_eq!(takes(&api), 0);
            // The same in mode warn.
            let warning = answer.let_pass().warnings.concat();
            assert!(!warning.contains("no-such-backup"), "{warning}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_free_once_the_object_is_seen_stored() {
    let api = hub();
    let first = creation("a", "1");
    assert!(passes(&ask(&replica(&api), &first).await));
    store(&api, &first, "Finished");
    assert!(passes(&ask(&replica(&api), &creation("b", "2")).await));
    assert_eq!(holders(&api), ["Restore/b"]);
    // Stored and gone again before anyone asked: the replica's watch saw it.
    let stored = Arc::new(Stored::default());
    stored.restores.apply("2".to_owned());
    stored.restores.remove("2".to_owned());
    let watching = Arc::new(guard_with(&api, stored));
    assert!(passes(&ask(&watching, &creation("c", "3")).await));
    // Another of the same name is not the one that was let through.
    store(&api, &creation("c", "0"), "Finished");
    refused(&ask(&watching, &creation("d", "4")).await, &["must wait"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_second_waits_a_moment_and_is_told_by_the_rule() {
    let api = hub();
    let first = creation("a", "1");
    assert!(passes(&ask(&replica(&api), &first).await));
    let (guard, second) = (replica(&api), creation("b", "2"));
    let stored = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        store(&api, &first, "");
    };
    let (answer, ()) = tokio::join!(ask(&guard, &second), stored);
    refused(&answer, &["Restore a is still active beside Restore b"]);
    // Without having taken anything.
    assert_eq!(takes(&api), 1);
}

#[tokio::test(start_paused = true)]
async fn it_ends_by_the_api_servers_clock_and_no_other() {
    let api = hub();
    assert!(passes(&ask(&replica(&api), &creation("a", "1")).await));
    // A day of ours is nothing.
    tokio::time::advance(Duration::from_secs(86_400)).await;
    refused(
        &ask(&replica(&api), &creation("b", "2")).await,
        &["in 1m10s"],
    );
    api.pass(69);
    refused(&ask(&replica(&api), &creation("b", "3")).await, &["in 1s"]);
    api.pass(1);
    assert!(passes(&ask(&replica(&api), &creation("b", "4")).await));
    assert_eq!(holders(&api), ["Restore/b"]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_time_was_taken_away_gets_one() {
    for managed in [
        json!([]),
        json!([{"manager": "acm-backup", "time": "2099-01-01T00:00:00Z"}]),
    ] {
        let api = hub();
        assert!(passes(&ask(&replica(&api), &creation("a", "1")).await));
        let mut lease = api.get(LEASES, LEASE).unwrap();
        lease["metadata"]["managedFields"] = managed;
        api.put(LEASES, lease);
        refused(
            &ask(&replica(&api), &creation("b", "2")).await,
            &["in 1m10s"],
        );
        api.pass(70);
        assert!(passes(&ask(&replica(&api), &creation("b", "3")).await));
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_read_is_waited_for_and_written_anew() {
    let api = hub();
    assert!(passes(&ask(&replica(&api), &creation("a", "1")).await));
    let mut lease = api.get(LEASES, LEASE).unwrap();
    lease["metadata"]["annotations"]["acm-backup.dev/slot"] = json!("x".repeat(200_000));
    api.put(LEASES, lease);
    let words = ["cannot be read", "annotation acm-backup.dev/slot of Lease"];
    refused(&ask(&replica(&api), &creation("b", "2")).await, &words);
    api.pass(70);
    assert!(passes(&ask(&replica(&api), &creation("b", "3")).await));
    assert_eq!(holders(&api), ["Restore/b"]);
}

#[tokio::test(start_paused = true)]
async fn without_the_lease_nothing_starts_and_the_right_is_named() {
    for (verb, there) in [
        ("get", false),
        ("create", false),
        ("get", true),
        ("patch", true),
    ] {
        let api = hub();
        if there {
            api.put(LEASES, json!({"metadata": {"name": LEASE}}));
        }
        let line = match verb {
            "get" => "GET /apis/coordination",
            "create" => "POST /apis/coordination",
            _ => "PATCH /apis/coordination",
        };
        api.fail_once(line, 403);
        let can_i = format!(
            "kubectl auth can-i {verb} leases.coordination.k8s.io -n acm-backup-system \
             --as=system:serviceaccount:acm-backup-system:acm-backup-webhook"
        );
        let words = [
            can_i.as_str(),
            "its Role acm-backup-system/acm-backup-webhook must allow",
            "rule:  restore/another-active",
        ];
        refused(&ask(&replica(&api), &creation("a", "1")).await, &words);
        // With the right that the API server asks us by, we are not installed any more: what was under way as it was
        // taken away passes. Failed before: one Restore was refused as the guards were removed.
        api.unbind();
        for dry in [false, true] {
            api.fail_once(line, 403);
            let mut late = creation("a", "1");
            late["request"]["dryRun"] = json!(dry);
            let answer = ask(&replica(&api), &late).await;
            assert!(passes(&answer), "{verb} {there} {dry}");
            let told = answer.warnings.concat();
            assert!(told.contains("not asked any more"), "{told}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_fails_or_is_silent_lets_nothing_start() {
    for line in [
        "GET /apis/coordination",
        "POST /apis/coordination",
        // Under the slot: what is stored cannot be seen.
        "LIST UNDER THE SLOT",
    ] {
        for hangs in [false, true] {
            let api = hub();
            let fail = move |api: &Api, line: &'static str| match hangs {
                true => api.hang_once(line),
                false => api.fail_once(line, 500),
            };
            match line {
                "LIST UNDER THE SLOT" => api.before_write(move |api| fail(api, "/restores?")),
                line => fail(&api, line),
            }
            let answer = ask(&replica(&api), &creation("a", "1")).await;
            refused(&answer, &["not let through unlooked", "try again"]);
            // What was taken, or may have been, is given back.
            api.until(|api| holders(api).is_empty()).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn others_that_write_all_the_time_cannot_hold_it_up_for_ever() {
    let api = hub();
    api.put(LEASES, json!({"metadata": {"name": LEASE}}));
    for _ in 0..10_000 {
        api.fail_once("PATCH /apis/coordination", 409);
    }
    let began = Instant::now();
    let answer = ask(&replica(&api), &creation("a", "1")).await;
    refused(&answer, &["no answer within 4s", "try again"]);
    assert!(began.elapsed() < BUDGET);
    assert!(api.requests().len() < 200, "it does not hammer");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_deleted_meanwhile_is_made_anew() {
    let api = hub();
    api.put(LEASES, json!({"metadata": {"name": LEASE}}));
    api.before_write(|api| api.delete(LEASES, LEASE));
    assert!(passes(&ask(&replica(&api), &creation("a", "1")).await));
    assert_eq!(holders(&api), ["Restore/a"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_stored_after_the_first_look_is_seen_under_the_slot() {
    let api = hub();
    api.before_write(|api| store(api, &creation("a", "1"), "Started"));
    let answer = ask(&replica(&api), &creation("b", "2")).await;
    refused(&answer, &["Restore a is still active beside Restore b"]);
    api.until(|api| holders(api).is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_second_of_one_name_is_told_what_the_api_server_would_say() {
    let api = hub();
    store(&api, &creation("a", "1"), "Finished");
    let answer = ask(&replica(&api), &creation("a", "2")).await;
    let Verdict::Denied {
        code,
        reason,
        message,
    } = &answer.verdict
    else {
        panic!("passed");
    };
    assert_eq!((*code, *reason), (409, "AlreadyExists"));
    assert_eq!(message, "Restore a already exists");
    api.until(|api| holders(api).is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn namespaces_do_not_wait_for_each_other() {
    let api = hub();
    api.put("/api/v1/namespaces", json!({"metadata": {"name": "other"}}));
    assert!(passes(&ask(&replica(&api), &creation("a", "1")).await));
    let mut elsewhere = creation("b", "2");
    elsewhere["request"]["namespace"] = json!("other");
    elsewhere["request"]["object"]["metadata"]["namespace"] = json!("other");
    for plural in ["restores", "backupschedules"] {
        let path =
            format!("/apis/cluster.open-cluster-management.io/v1beta1/namespaces/other/{plural}");
        api.put(&path, json!({"metadata": {"name": "kind-is-served"}}));
    }
    assert!(passes(&ask(&replica(&api), &elsewhere).await));
    assert!(api.get(LEASES, "acm-backup-slot-other").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_generated_name_holds_as_the_object_has_it() {
    let api = hub();
    let mut generated = creation("activate-x7k2p", "1");
    generated["request"]["name"] = json!("");
    generated["request"]["object"]["metadata"]["generateName"] = json!("activate-");
    assert!(passes(&ask(&replica(&api), &generated).await));
    assert_eq!(holders(&api), ["Restore/activate-x7k2p"]);
    let mut other = generated.clone();
    other["request"]["object"]["metadata"]["name"] = json!("activate-b2b2b");
    other["request"]["object"]["metadata"]["uid"] = json!("2");
    refused(&ask(&replica(&api), &other).await, &["must wait"]);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_dies_with_the_slot_holds_it_up_no_longer_than_the_bound() {
    let api = hub();
    let (guard, asked) = (replica(&api), creation("a", "1"));
    // Killed between taking it and answering: nobody gives it back.
    api.before_write(|api| {
        api.hang_once("v1beta1/namespaces/open-cluster-management-backup/restores?")
    });
    let body = asked.to_string();
    let request = review::read(body.as_bytes()).unwrap();
    let deadline = Instant::now() + BUDGET;
    let mut dying = guard.judge(&request, None, deadline);
    tokio::select! {
        _ = &mut dying => panic!("it cannot answer"),
        () = api.until(|api| !holders(api).is_empty() && api.hangs()) => {}
    }
    std::mem::forget(dying);
    refused(
        &ask(&replica(&api), &creation("b", "2")).await,
        &["try again in 1m10s"],
    );
    api.pass(70);
    assert!(passes(&ask(&replica(&api), &creation("b", "3")).await));
}

#[tokio::test(start_paused = true)]
async fn of_many_at_once_through_three_replicas_one_is_stored() {
    for round in 0..60_u64 {
        let api = hub();
        let replicas = [replica(&api), replica(&api), replica(&api)];
        let racers = (0..6_u64).map(|racer| {
            let (api, guard) = (&api, &replicas[(racer % 3) as usize]);
            async move {
                let asked = creation(&format!("r{racer}"), &format!("{racer}"));
                tokio::time::sleep(Duration::from_micros(round * 37 * racer % 5_000)).await;
                let passed = passes(&ask(guard, &asked).await);
                if passed {
                    // The API server takes a while to store it.
                    tokio::time::sleep(Duration::from_millis(round * racer % 50)).await;
                    store(api, &asked, "");
                }
                passed
            }
        });
        let passed = futures::future::join_all(racers).await;
        let passed = passed.into_iter().filter(|passed| *passed).count();
        assert_eq!(passed, 1, "round {round}");
    }
}

fn statement() -> Accepted {
    serde_json::from_value(json!({
        "meaning": "5f1c", "kind": "down", "about": "hub-a", "at": "2031-11-25T11:59:00Z",
        "holder": "", "uid": "", "accepted": "2031-11-25T11:59:00Z",
    }))
    .unwrap()
}

/// What is on record, as it counts now for one who watches for so long already.
async fn on_record(api: &Api, stored: &Arc<Stored>) -> Vec<Accepted> {
    let guard = guard_with(api, Arc::clone(stored));
    let deadline = Instant::now() + BUDGET;
    let fact = guard.slots.accepted(NAMESPACE, deadline).await;
    fact.value().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn what_is_accepted_goes_on_record_with_the_slot_and_counts_once_it_was_stored() {
    let api = hub();
    assert_eq!(
        on_record(&api, &Arc::default()).await,
        [],
        "no Lease, no record"
    );
    put_on_record(&api, statement());
    let stored = Arc::new(Stored::default());
    let open = on_record(&api, &stored).await;
    assert!(open[0].open_until.is_some(), "nobody knows yet");
    stored.restores.apply("1".to_owned());
    assert_eq!(on_record(&api, &stored).await[0].open_until, None);
    // One who has not watched all the time takes it for used once its time is over.
    api.pass(100);
    assert_eq!(on_record(&api, &Arc::default()).await[0].open_until, None);
    // The next who takes the slot keeps it; four hours later it is forgotten.
    assert!(passes(&ask(&replica(&api), &creation("b", "2")).await));
    assert_eq!(on_record(&api, &Arc::default()).await.len(), 1);
    api.pass(5 * 3600);
    assert!(passes(&ask(&replica(&api), &creation("c", "3")).await));
    assert_eq!(on_record(&api, &Arc::default()).await, []);
}

/// Takes the slot for a Restore that passes on [`statement`].
/// A backup of each type a passive sync asks for.
fn usable() -> Vec<Backup> {
    ["acm-credentials-schedule", "acm-resources-schedule"]
        .map(|schedule| {
            Backup::read(&json!({
                "metadata": {"name": format!("{schedule}-20261122160000"), "namespace": NAMESPACE,
                    "labels": {"velero.io/schedule-name": schedule}},
                "status": {"phase": "Completed", "startTimestamp": "2026-11-22T16:00:00Z"},
            }))
        })
        .into()
}

async fn enter_on_a_statement(api: &Api, name: &str, uid: &str) -> bool {
    enter_as(api, name, uid, Operation::Create).await
}

async fn enter_as(api: &Api, name: &str, uid: &str, operation: Operation) -> bool {
    let object =
        json!({"metadata": {"namespace": NAMESPACE, "name": name, "uid": uid}, "spec": passive()});
    let review = Review {
        operation,
        subject: Subject::Restore(Restore::read(&object)),
        previous: None,
        origin: Origin::Admission {
            user: "jane".to_owned(),
            dry_run: false,
        },
        by_operator: false,
    };
    let asked = Asked {
        review: &review,
        cli: "kubectl",
        request: &format!("review-of-{uid}"),
        version: (operation == Operation::Update).then(|| "7".to_owned()),
        deadline: Instant::now() + BUDGET,
    };
    let now = Timestamp::now();
    let mut snapshot = Snapshot::empty(now, NAMESPACE);
    snapshot.velero_restores = Fact::known(Vec::new(), now);
    snapshot.velero_schedules = Fact::known(Vec::new(), now);
    // Both names of the passive sync find one.
    snapshot.backups = Fact::known(usable(), now);
    let slots = Arc::clone(&replica(api).slots);
    slots.enter(&asked, snapshot, &[statement()]).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn the_record_says_for_whom_and_when_by_the_api_servers_clock() {
    let api = hub();
    assert!(enter_on_a_statement(&api, "a", "1").await);
    let lease = api.get(LEASES, LEASE).unwrap();
    let record = &lease["metadata"]["annotations"]["acm-backup.dev/accepted-statements"];
    let record: Vec<Accepted> = serde_json::from_str(record.as_str().unwrap()).unwrap();
    let expected = Accepted {
        holder: "Restore/a".to_owned(),
        uid: "1".to_owned(),
        accepted: api.now(),
        // The reservation's 70 s, and what a healthy watch may be behind.
        open_until: Some(api.now() + SignedDuration::from_secs(100)),
        ..statement()
    };
    assert_eq!(record, std::slice::from_ref(&expected));
    // The same object again is no second use; another is.
    assert!(enter_on_a_statement(&api, "a", "1").await);
    assert_eq!(on_record(&api, &Arc::default()).await, [expected]);
    assert!(enter_on_a_statement(&api, "a", "2").await);
    assert_eq!(on_record(&api, &Arc::default()).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_under_the_slot_leaves_nothing_on_record() {
    let api = hub();
    api.before_write(|api| store(api, &creation("b", "2"), "Started"));
    assert!(!enter_on_a_statement(&api, "a", "1").await);
    api.until(|api| holders(api).is_empty()).await;
    assert_eq!(on_record(&api, &Arc::default()).await, []);
}

/// Failed before: an update of what nobody stored was let pass, its statements went on record as used for good, and
/// the slot freed itself for the next.
#[tokio::test(start_paused = true)]
async fn an_update_of_what_is_not_stored_leaves_nothing_behind() {
    let api = hub();
    assert!(!enter_as(&api, "a", "1", Operation::Update).await);
    api.until(|api| holders(api).is_empty()).await;
    assert_eq!(on_record(&api, &Arc::default()).await, []);
    // Another of that name is not it.
    store(&api, &creation("a", "2"), "Finished");
    assert!(!enter_as(&api, "a", "1", Operation::Update).await);
    api.until(|api| holders(api).is_empty()).await;
    assert!(enter_as(&api, "a", "2", Operation::Update).await);
}

/// Failed before: a Lease was made for each, and none is ever removed.
#[tokio::test(start_paused = true)]
async fn no_lease_is_made_for_a_namespace_that_is_not_there() {
    let api = hub();
    api.put("/api/v1/namespaces", json!({"metadata": {"name": "other"}}));
    for (namespace, there) in [("made-up", false), ("other", true)] {
        let mut elsewhere = creation("b", "2");
        elsewhere["request"]["namespace"] = json!(namespace);
        let acm = "cluster.open-cluster-management.io";
        for plural in ["restores", "backupschedules"] {
            let path = format!("/apis/{acm}/v1beta1/namespaces/{namespace}/{plural}");
            api.put(&path, json!({"metadata": {"name": "kind-is-served"}}));
        }
        let answer = ask(&replica(&api), &elsewhere).await;
        assert_eq!(passes(&answer), there, "{namespace}");
        if !there {
            refused(&answer, &["there is no namespace made-up"]);
        }
        let lease = format!("acm-backup-slot-{namespace}");
        assert_eq!(api.get(LEASES, &lease).is_some(), there, "{namespace}");
    }
}

fn put_on_record(api: &Api, statement: Accepted) {
    let until = "2031-11-25T12:01:40Z".parse().unwrap();
    let entry = Accepted {
        holder: "Restore/a".to_owned(),
        uid: "1".to_owned(),
        open_until: Some(until),
        ..statement
    };
    let record = serde_json::to_string(&[entry]).unwrap();
    let annotations = json!({"acm-backup.dev/accepted-statements": record});
    api.put(
        LEASES,
        json!({"metadata": {"name": LEASE, "annotations": annotations}}),
    );
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_missing_and_never_overwritten() {
    let api = hub();
    let annotations = json!({"acm-backup.dev/accepted-statements": "{"});
    api.put(
        LEASES,
        json!({"metadata": {"name": LEASE, "annotations": annotations}}),
    );
    let guard = replica(&api);
    let fact = guard
        .slots
        .accepted(NAMESPACE, Instant::now() + BUDGET)
        .await;
    let why = fact.get().unwrap_err().to_string();
    assert!(
        why.contains("accepted-statements of Lease acm-backup-slot-"),
        "{why}"
    );
    assert!(passes(&ask(&guard, &creation("a", "1")).await));
    let lease = api.get(LEASES, LEASE).unwrap();
    let record = &lease["metadata"]["annotations"]["acm-backup.dev/accepted-statements"];
    assert_eq!(record, "{");
}
