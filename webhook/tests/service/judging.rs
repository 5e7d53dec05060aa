//! From an AdmissionReview through the rules to the answer, with the hub's state in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use acm_backup_hub::lease::Leases;
use acm_backup_webhook::admission::endpoint::Judge;
use acm_backup_webhook::judge::apart::{Apart, FLEETS_AT_ONCE};
use acm_backup_webhook::judge::guard::Guard;
use acm_backup_webhook::judge::label::Label;
use acm_backup_webhook::judge::slot::Slots;
use acm_backup_webhook::watch::backups::Backups;
use acm_backup_webhook::watch::local_clusters::LocalClusters;
use acm_backup_webhook::watch::referrers::Referrers;
use acm_backup_webhook::watch::stored::Stored;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::api::Api;
use crate::caller::{Caller, restore_review};
use crate::running::{Running, Setup};

pub const NAMESPACE: &str = "open-cluster-management-backup";
const OPERATOR: &str = "system:serviceaccount:open-cluster-management-backup:cluster-backup-chart";

pub fn collection(group: &str, version: &str, plural: &str) -> String {
    format!("/apis/{group}/{version}/namespaces/{NAMESPACE}/{plural}")
}

/// A hub with ACM and Velero installed and nothing in it.
pub fn hub() -> Api {
    let api = Api::default();
    let placeholder = || json!({"metadata": {"name": "kind-is-served"}});
    let acm = "cluster.open-cluster-management.io";
    for plural in ["restores", "backupschedules"] {
        api.put(&collection(acm, "v1beta1", plural), placeholder());
    }
    for plural in ["backups", "restores", "schedules", "backupstoragelocations"] {
        api.put(&collection("velero.io", "v1", plural), placeholder());
    }
    api
}

pub fn passive() -> Value {
    json!({
        "cleanupBeforeRestore": "None", "veleroManagedClustersBackupName": "skip",
        "veleroCredentialsBackupName": "latest", "veleroResourcesBackupName": "latest",
        "syncRestoreWithNewBackups": true,
    })
}

fn active_restore(api: &Api) {
    api.put(
        &collection("cluster.open-cluster-management.io", "v1beta1", "restores"),
        json!({"metadata": {"name": "running"}, "spec": passive(), "status": {"phase": "Enabled"}}),
    );
}

fn guard(api: &Api) -> Arc<dyn Judge> {
    Arc::new(guard_with(api, Arc::default()))
}

/// One replica's guard, which has seen this stored.
pub fn guard_with(api: &Api, stored: Arc<Stored>) -> Guard {
    let backups = Arc::new(Backups::default());
    backups.contact.heard(Timestamp::now());
    let apart = Arc::new(Apart::new(backups, NAMESPACE));
    Guard {
        attesting_accounts: BTreeSet::new(),
        client: api.client(),
        slots: Arc::new(Slots {
            client: api.client(),
            leases: Leases::new(api.client(), "acm-backup-system"),
            bound: SignedDuration::from_secs(70),
            stored,
            apart: Arc::clone(&apart),
        }),
        apart,
        operator_user: OPERATOR.to_owned(),
    }
}

async fn guarded(api: &Api) -> Running {
    Running::start(Setup {
        guard: guard(api),
        ..Setup::default()
    })
    .await
}

/// The product's own judges on a hub with nothing in it.
pub fn real_judges() -> (Arc<dyn Judge>, Arc<dyn Judge>) {
    real_judges_of(&hub())
}

/// The same on a hub of the test's.
pub fn real_judges_of(api: &Api) -> (Arc<dyn Judge>, Arc<dyn Judge>) {
    let local_clusters = Arc::new(LocalClusters::default());
    local_clusters.contact.heard(Timestamp::now());
    let labeller = Arc::new(Label {
        referrers: Referrers::new(Arc::default()),
        local_clusters,
    });
    (labeller, guard(api))
}

async fn validated(running: &Running, review: &Value) -> Value {
    let mut caller = Caller::connect(running).await;
    let reply = caller
        .post("/validate/deny?timeout=5s", review.to_string())
        .await;
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.text);
    reply.json()["response"].clone()
}

fn passive_review() -> Value {
    let mut review = restore_review("u");
    review["request"]["object"]["spec"] = passive();
    review
}

#[tokio::test]
async fn a_second_restore_is_refused_with_the_rules_own_words() {
    let api = hub();
    active_restore(&api);
    let running = guarded(&api).await;
    let response = validated(&running, &passive_review()).await;
    assert_eq!(response["allowed"], false, "{response}");
    assert_eq!(response["status"]["code"], 403);
    assert_eq!(response["status"]["reason"], "Forbidden");
    let message = response["status"]["message"].as_str().unwrap();
    assert!(message.starts_with("acm-backup: "), "who speaks: {message}");
    assert!(message.contains("running"), "{message}");
    assert!(
        message.contains("rule:  restore/another-active"),
        "{message}"
    );
    assert_eq!(
        response["auditAnnotations"]["rule"],
        "restore/another-active"
    );
    assert_eq!(response["auditAnnotations"]["decision"], "denied");
}

#[tokio::test]
async fn what_must_never_wait_for_us_passes_without_a_look_at_the_hub() {
    let api = hub();
    active_restore(&api);
    let running = guarded(&api).await;
    let with = |change: Value| {
        let mut review = passive_review();
        json_patch::merge(&mut review, &json!({"request": change}));
        review
    };
    let finished = json!({"spec": passive(), "status": {"phase": "Finished"}});
    let deleted =
        json!({"metadata": {"deletionTimestamp": "2026-11-22T16:00:00Z"}, "spec": passive()});
    for (what, change) in [
        ("the operator", json!({"userInfo": {"username": OPERATOR}})),
        ("a deletion", json!({"operation": "DELETE", "object": null})),
        (
            "a status",
            json!({"subResource": "status", "operation": "UPDATE",
                "object": finished, "oldObject": finished}),
        ),
        (
            "another sub-resource",
            json!({"subResource": "scale", "operation": "UPDATE", "oldObject": finished}),
        ),
        (
            "on its way out",
            json!({"operation": "UPDATE", "object": deleted, "oldObject": deleted}),
        ),
        ("another kind", json!({"resource": {"group": "velero.io"}})),
    ] {
        let response = validated(&running, &with(change)).await;
        assert_eq!(response["allowed"], true, "{what}: {response}");
    }
    assert_eq!(api.requests(), Vec::<String>::new());
    let response = validated(&running, &with(json!({}))).await;
    assert_eq!(response["allowed"], false, "the same from anyone else");
}

/// Each takes the whole fleet in its hands; forged ones cost nothing. Failed before: as many at once as there are
/// slots, and then all of them for whoever came first.
#[tokio::test]
async fn few_fleets_are_looked_up_at_once_and_whoever_waits_in_vain_is_refused() {
    let api = hub();
    let fleet = "managedclusters?limit";
    (0..FLEETS_AT_ONCE).for_each(|_| api.hang_once(fleet));
    let running = guarded(&api).await;
    let mut activation = passive_review();
    activation["request"]["object"]["spec"]["veleroManagedClustersBackupName"] = json!("latest");
    let mut waiting = Vec::new();
    let asks = async |from: [u8; 4]| {
        let caller = Caller::connect_from(from.into(), &running).await;
        let (mut caller, review) = (caller.unwrap(), activation.to_string());
        tokio::spawn(async move {
            caller.post("/validate/deny?timeout=30s", review).await;
        })
    };
    // However many come from one address, one turn is left to the others.
    for _ in 0..9 {
        waiting.push(asks([127, 0, 0, 2]).await);
    }
    waiting.push(asks([127, 0, 0, 1]).await);
    api.until(Api::hangs).await;
    let mut caller = Caller::connect(&running).await;
    let one_more = activation.to_string();
    let path = "/validate/deny?timeout=500ms";
    let reply = caller.post(path, one_more).await.json();
    assert_eq!(reply["response"]["allowed"], false, "{reply}");
    let message = reply["response"]["status"]["message"].as_str().unwrap();
    assert!(message.contains("not looked up"), "{message}");
    let asked = api.requests();
    let fleets = asked.iter().filter(|line| line.contains(fleet)).count();
    assert_eq!(fleets, FLEETS_AT_ONCE, "{asked:?}");
    // What needs none waits for nobody.
    let light = validated(&running, &passive_review()).await;
    assert_ne!(
        light["auditAnnotations"]["decision"], "timed-out",
        "{light}"
    );
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Failed before: only what took too long was refused; whatever else kept the API server from answering was a
/// warning, and Velero was still restoring for the Restore that says it has ended.
#[tokio::test]
async fn a_look_up_that_was_not_answered_refuses_and_says_try_again() {
    let running_unseen = || {
        let api = hub();
        api.put(
            &collection("cluster.open-cluster-management.io", "v1beta1", "restores"),
            json!({"metadata": {"name": "ended"}, "spec": passive(), "status": {"phase": "Finished"}}),
        );
        api.put(
            &collection("velero.io", "v1", "restores"),
            json!({"metadata": {"name": "ended-acm-resources-schedule-20261122160000",
                "ownerReferences": [{"kind": "Restore", "name": "ended"}]},
                "status": {"phase": "InProgress"}}),
        );
        api
    };
    let look_up = "velero.io/v1/namespaces/open-cluster-management-backup/restores?limit";
    for failure in [Some(500), None] {
        let api = running_unseen();
        match failure {
            Some(code) => api.fail_once(look_up, code),
            None => api.hang_once(look_up),
        }
        let running = guarded(&api).await;
        let mut caller = Caller::connect(&running).await;
        let review = passive_review().to_string();
        let reply = caller
            .post("/validate/deny?timeout=1s", review)
            .await
            .json();
        let response = &reply["response"];
        assert_eq!(response["allowed"], false, "{failure:?}: {response}");
        let message = response["status"]["message"].as_str().unwrap();
        assert!(message.contains("restore/another-active"), "{message}");
        assert!(message.contains("try again"), "{message}");
    }
}

/// Failed before: no review of a status was read, so whoever may write `restores/status` could activate.
#[tokio::test]
async fn a_status_that_wakes_a_restore_is_judged_as_what_it_starts() {
    let running = guarded(&hub()).await;
    let mut review = passive_review();
    let mut woken = review["request"]["object"].clone();
    woken["spec"]["veleroManagedClustersBackupName"] = json!("latest");
    woken["spec"]["veleroCredentialsBackupName"] = json!("skip");
    woken["spec"]["veleroResourcesBackupName"] = json!("skip");
    woken["status"] = json!({"phase": "Enabled"});
    let mut stored = woken.clone();
    stored["status"] = json!({"phase": "Finished"});
    json_patch::merge(
        &mut review,
        &json!({"request": {"operation": "UPDATE", "subResource": "status",
            "object": woken, "oldObject": stored}}),
    );
    let response = validated(&running, &review).await;
    assert_eq!(response["allowed"], false, "{response}");
}

/// Failed before: no review of such a status was read, so whoever may write `backupschedules/status` took one out
/// of its collision, and the hub that lost the fleet backed up again.
#[tokio::test]
async fn a_status_that_takes_a_schedule_out_of_its_collision_is_judged_as_what_it_starts() {
    let api = hub();
    active_restore(&api);
    let running = guarded(&api).await;
    let of_phase = |phase: &str| {
        json!({"kind": "BackupSchedule", "metadata": {"name": "schedule-acm"},
            "spec": {"veleroSchedule": "0 * * * *"}, "status": {"phase": phase}})
    };
    for (from, to, allowed) in [
        ("BackupCollision", "", false),
        ("BackupCollision", "Enabled", false),
        ("BackupCollision", "BackupCollision", true),
        ("Enabled", "BackupCollision", true),
        ("Failed", "Enabled", true),
    ] {
        let mut review = passive_review();
        json_patch::merge(
            &mut review,
            &json!({"request": {
                "kind": {"kind": "BackupSchedule"}, "resource": {"resource": "backupschedules"},
                "operation": "UPDATE", "subResource": "status",
            }}),
        );
        review["request"]["object"] = of_phase(to);
        review["request"]["oldObject"] = of_phase(from);
        let response = validated(&running, &review).await;
        assert_eq!(response["allowed"], allowed, "{from} -> {to}: {response}");
    }
}

/// Failed before: nothing judged a BackupSchedule.
#[tokio::test]
async fn a_backup_schedule_beside_an_active_restore_is_refused() {
    let api = hub();
    active_restore(&api);
    let running = guarded(&api).await;
    let mut review = passive_review();
    json_patch::merge(
        &mut review,
        &json!({"request": {
            "kind": {"kind": "BackupSchedule"},
            "resource": {"resource": "backupschedules"},
            "object": {"kind": "BackupSchedule", "spec": {"veleroSchedule": "0 * * * *"}},
        }}),
    );
    let response = validated(&running, &review).await;
    assert_eq!(response["allowed"], false, "{response}");
    assert_eq!(
        response["auditAnnotations"]["rule"],
        "backup-schedule/active-restore"
    );
}

#[tokio::test]
async fn an_activation_asks_whether_this_requests_user_may_attest_and_lists_no_backups() {
    let api = hub();
    let running = guarded(&api).await;
    let mut review = passive_review();
    review["request"]["object"]["spec"]["veleroManagedClustersBackupName"] = json!("latest");
    review["request"]["object"]["metadata"]["annotations"] = json!({
        "acm-backup.dev/attest-old-hub": "down hub-a 2026-11-22T16:20:26Z seen on site"
    });
    review["request"]["userInfo"] = json!({
        "username": "jane", "uid": "7", "groups": ["dr"], "extra": {"scopes": ["a"]}
    });
    validated(&running, &review).await;
    let asked = api
        .bodies()
        .into_iter()
        .find(|body| body["kind"] == "SubjectAccessReview")
        .unwrap();
    assert_eq!(asked["spec"]["user"], "jane");
    assert_eq!(asked["spec"]["groups"], json!(["dr"]));
    assert_eq!(asked["spec"]["extra"], json!({"scopes": ["a"]}));
    assert_eq!(asked["spec"]["resourceAttributes"]["verb"], "attest");
    assert_eq!(
        asked["spec"]["resourceAttributes"]["name"],
        "restore/old-hub-live"
    );
    assert!(
        !api.requests().iter().any(|line| line.contains("/backups?")),
        "{:?}",
        api.requests()
    );
}

#[tokio::test]
async fn a_namespace_that_cannot_exist_never_gets_into_a_path() {
    let api = hub();
    let running = guarded(&api).await;
    for namespace in [
        "",
        "a/../../../../../api/v1/secrets?x=",
        "UPPER",
        "a.b",
        &"a".repeat(64),
    ] {
        let mut review = passive_review();
        review["request"]["namespace"] = json!(namespace);
        let response = validated(&running, &review).await;
        assert_eq!(response["allowed"], false, "{namespace}");
        assert_eq!(response["status"]["code"], 422, "{namespace}");
    }
    assert_eq!(api.requests(), Vec::<String>::new());
}

/// It goes on record in a Lease.
#[tokio::test]
async fn a_uid_that_no_api_server_gives_is_refused() {
    let api = hub();
    let running = guarded(&api).await;
    let mut review = passive_review();
    review["request"]["object"]["metadata"]["uid"] = json!("\u{1}".repeat(65));
    let response = validated(&running, &review).await;
    assert_eq!(response["status"]["code"], 422, "{response}");
    assert_eq!(api.requests(), Vec::<String>::new());
}

/// Failed before: the namespace of the object went into the paths of the slot's look-ups and of its Lease, with our
/// rights, and another namespace's slot was taken.
#[tokio::test]
async fn the_namespace_is_the_requests_whatever_the_object_says() {
    for namespace in [
        "a/../../../../../api/v1/secrets?x=",
        "another",
        "kube-system",
    ] {
        let api = hub();
        let running = guarded(&api).await;
        let mut review = passive_review();
        review["request"]["object"]["metadata"]["namespace"] = json!(namespace);
        let response = validated(&running, &review).await;
        assert_eq!(response["allowed"], true, "{response}");
        let asked = api.requests();
        assert!(
            asked.iter().any(|path| path.contains("acm-backup-slot-")),
            "{asked:?}"
        );
        for path in asked {
            assert!(!path.contains(namespace) && !path.contains(".."), "{path}");
        }
    }
}

/// The operator cuts the blanks off and takes it for `latest`: what cannot be read whole is not judged by its
/// beginning.
#[tokio::test]
async fn a_name_longer_than_any_is_refused_by_its_field_and_read_to_its_end_by_nobody() {
    let api = hub();
    let running = guarded(&api).await;
    let mut review = passive_review();
    let latest = format!("latest{}", " ".repeat(3000));
    review["request"]["object"]["spec"]["veleroManagedClustersBackupName"] = json!(latest);
    let response = validated(&running, &review).await;
    assert_eq!(response["status"]["code"], 422, "{response}");
    let message = response["status"]["message"].as_str().unwrap();
    assert!(
        message.contains("spec.veleroManagedClustersBackupName is longer than 1024 bytes"),
        "{message}"
    );
    assert_eq!(api.requests(), Vec::<String>::new());
    // What the operator has to say may be long, and its own writes are never refused.
    review["request"]["object"]["spec"] = passive();
    review["request"]["object"]["status"] = json!({"lastMessage": "x".repeat(3000)});
    let response = validated(&running, &review).await;
    assert_ne!(response["status"]["code"], 422, "{response}");
    review["request"]["object"]["spec"]["veleroManagedClustersBackupName"] = json!(latest);
    review["request"]["userInfo"]["username"] = json!(OPERATOR);
    assert_eq!(validated(&running, &review).await["allowed"], true);
}

#[tokio::test]
async fn a_review_without_its_object_is_refused_as_malformed() {
    let running = guarded(&hub()).await;
    let mut review = passive_review();
    review["request"]["object"] = Value::Null;
    let response = validated(&running, &review).await;
    assert_eq!(response["status"]["code"], 422, "{response}");
}
