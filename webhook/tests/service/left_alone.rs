//! What was there before the labels, and the record of it.

use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::labels::referrers::ReferrerKind;
use acm_backup_domain::names::LEFT_ALONE;
use acm_backup_domain::upstream::object_label::BACKUP;
use acm_backup_webhook::watch::follow::{Follow, Store};
use acm_backup_webhook::watch::referrers::resource;
use serde_json::{Value, json};

use crate::api::Api;
use crate::hub::{Hub, NEW, OLD, RECORDS, deployment};
use crate::quiet::Captured;

/// Longer than any pause but that of the sweep.
pub const SOON: Duration = Duration::from_secs(60);

/// A cluster that is older than the installation.
pub fn old() -> Value {
    let mut old = deployment("old", OLD);
    old["spec"]["provisioning"] = json!({
        "sshPrivateKeySecretRef": {"name": "ssh"},
        "installConfigSecretRef": {"name": "config"},
        "manifestsConfigMapRef": {"name": "manifests"},
    });
    old["spec"]["platform"] = json!({"aws": {"credentialsSecretRef": {"name": "cloud"}}});
    old
}

/// That cluster, as it was there when the labels were installed; what is needed was noted.
pub async fn installed_on(hub: &Hub) {
    for name in ["pull", "cloud", "spare", "host"] {
        hub.api.secret_of(OLD, "old", name, json!({}));
    }
    hub.api
        .secret_of(OLD, "old", "ssh", json!({(BACKUP): "sshkey"}));
    hub.knows_itself();
    hub.lists(&[old()]);
    let running = hub.elect(false);
    hub.noted().await;
    running.abort();
    let _ = running.await;
    for name in ["pull", "cloud", "spare", "host"] {
        assert_eq!(hub.label("old", name), None, "{name}");
    }
}

/// The lists of a replica that comes back arrive one by one.
#[tokio::test(start_paused = true)]
async fn what_is_left_alone_stays_so_while_it_is_not_known_who_names_it() {
    let gone = Hub::new();
    installed_on(&gone).await;
    let back = Hub::on(gone.api.clone());
    back.knows_itself();
    back.elect_as("b", false);
    // Sweeps pass: no cluster is known, nothing seems needed.
    tokio::time::sleep(Duration::from_secs(1800)).await;
    back.lists(&[old()]);
    back.deploy(&deployment("new", NEW));
    back.api.secret("new", "pull", json!({}));
    back.labelled("new", "pull", "pullsecret").await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    for name in ["pull", "cloud"] {
        assert_eq!(back.label("old", name), None, "{name}");
    }
}

/// A record that somebody took away, or that an older installation never had.
#[tokio::test(start_paused = true)]
async fn without_a_record_age_decides_and_it_is_said() {
    let (captured, _guard) = Captured::from_now("info");
    let hub = Hub::without_record();
    hub.api.secret_of(OLD, "old", "pull", json!({}));
    hub.api.secret_of(NEW, "old", "config", json!({}));
    hub.knows_itself();
    hub.lists(&[old()]);
    hub.elect(false);
    hub.labelled("old", "config", "installconfig").await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    assert_eq!(hub.label("old", "pull"), None);
    let said = "there is no ConfigMap acm-backup-left-alone";
    assert_eq!(
        captured.text().matches(said).count(),
        1,
        "{}",
        captured.text()
    );
    // It comes, with the labels that are applied anew: what is there by then is left.
    hub.api.put(
        RECORDS,
        json!({"metadata": {"name": LEFT_ALONE, "creationTimestamp": NEW}}),
    );
    hub.noted().await;
    assert_eq!(hub.label("old", "pull"), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_once_is_never_left_alone_again() {
    let gone = Hub::new();
    installed_on(&gone).await;
    let asked = Hub::on(gone.api.clone());
    asked.knows_itself();
    asked.lists(&[old()]);
    let running = asked.elect_as("b", true);
    asked.labelled("old", "pull", "pullsecret").await;
    asked.labelled("old", "cloud", "platformcredentials").await;
    let empty = |api: &Api| api.get(RECORDS, LEFT_ALONE).unwrap()["binaryData"]["uids"] == "";
    asked.api.until(empty).await;
    running.abort();
    let _ = running.await;
    asked
        .api
        .relabel("old", "pull", BACKUP, Value::Null, "ADDED");
    let back = Hub::on(gone.api.clone());
    back.knows_itself();
    back.lists(&[old()]);
    back.elect_as("c", false);
    back.labelled("old", "pull", "pullsecret").await;
}

/// A new pool claims by its name's beginning what is in its namespace: not what another's is and was left.
#[tokio::test(start_paused = true)]
async fn a_new_pool_in_an_old_namespace_takes_nothing_of_an_old_pool() {
    let hub = Hub::new();
    hub.api.secret_of(OLD, "pools", "blue-1", json!({}));
    hub.knows_itself();
    hub.deployments.replace(Vec::new());
    let pool = |name: &str, created: &str| {
        let object =
            json!({"metadata": {"name": name, "namespace": "pools", "creationTimestamp": created}});
        hub.pools.project(&object)
    };
    hub.pools.replace(vec![pool("blue", OLD)]);
    hub.elect(false);
    hub.noted().await;
    hub.api.secret_of(OLD, "pools", "green-1", json!({}));
    hub.pools.apply(pool("green", NEW));
    hub.labelled("pools", "green-1", "clusterpool").await;
    assert_eq!(hub.label("pools", "blue-1"), None);
}

/// The rest of a list that took too long is refused: what was seen of it is not the whole.
#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_in_the_middle_forgets_nothing() {
    let gone = Hub::new();
    installed_on(&gone).await;
    let api = &gone.api;
    for number in 0..600 {
        api.secret("aaa", &format!("nobodys-{number}"), json!({}));
    }
    let before = api.get(RECORDS, LEFT_ALONE);
    api.fail_once("continue=500", 410);
    let back = Hub::on(api.clone());
    back.knows_itself();
    back.lists(&[old()]);
    back.elect_as("b", false);
    let whole = |api: &Api| {
        let lines = api.requests();
        lines
            .iter()
            .filter(|it| it.contains("continue=500"))
            .count()
            == 2
    };
    api.until(whole).await;
    tokio::time::sleep(SOON).await;
    assert_eq!(api.get(RECORDS, LEFT_ALONE), before);
    assert_eq!(back.label("old", "pull"), None);
}

/// A hub whose record has no room in a ConfigMap, or where somebody took the right away.
#[tokio::test(start_paused = true)]
async fn a_record_that_is_refused_is_sent_with_every_sweep_and_no_more_often() {
    let hub = Hub::new();
    hub.api.secret_of(OLD, "old", "pull", json!({}));
    hub.api
        .refuse("PATCH /api/v1/namespaces/acm-backup-system/configmaps", 422);
    hub.knows_itself();
    hub.lists(&[old()]);
    hub.elect(false);
    tokio::time::sleep(Duration::from_secs(3590)).await;
    let lines = hub.api.requests();
    let sent = lines
        .iter()
        .filter(|line| line.contains("PATCH") && line.contains(LEFT_ALONE));
    assert_eq!(sent.count(), 6);
    assert_eq!(hub.label("old", "pull"), None);
    // As soon as it is taken it is there for the next replica.
    hub.api
        .allow("PATCH /api/v1/namespaces/acm-backup-system/configmaps");
    hub.noted().await;
}

/// Somebody edits it, or a tool puts back half of it: what is missing from it is not due for that.
#[tokio::test(start_paused = true)]
async fn a_record_that_lost_a_part_is_made_anew_and_nothing_is_labelled_for_it() {
    for damage in [
        json!({"binaryData": null}),
        json!({"binaryData": {"uids": "AAAA"}}),
        json!({"binaryData": {"uids": "?"}}),
        json!({"data": null}),
    ] {
        let gone = Hub::new();
        installed_on(&gone).await;
        let whole = gone.api.get(RECORDS, LEFT_ALONE).unwrap();
        let mut record = whole.clone();
        json_patch::merge(&mut record, &damage);
        gone.api.put(RECORDS, record);
        let back = Hub::on(gone.api.clone());
        back.knows_itself();
        back.lists(&[old()]);
        back.elect_as("b", false);
        let mended = |api: &Api| {
            let record = api.get(RECORDS, LEFT_ALONE).unwrap();
            record["data"] == whole["data"] && record["binaryData"] == whole["binaryData"]
        };
        back.api.until(mended).await;
        for name in ["pull", "cloud"] {
            assert_eq!(back.label("old", name), None, "{damage}");
        }
    }
}

/// Who begins with the guards has a Lease of that day. Failed before: clusters that were made between the guards
/// and the labels counted as younger than the installation, and their keys were copied unasked.
#[tokio::test(start_paused = true)]
async fn labels_that_come_long_after_the_guards_leave_what_is_there_by_then() {
    let hub = Hub::without_record();
    hub.api.refuse("/secrets", 403);
    hub.api.refuse("/configmaps", 403);
    hub.knows_itself();
    hub.lists(&[deployment("between", NEW)]);
    hub.api.secret_of(NEW, "between", "pull", json!({}));
    hub.elect(false);
    tokio::time::sleep(Duration::from_secs(1800)).await;
    let labels_came = "2026-12-24T12:00:00Z";
    hub.api.put(
        RECORDS,
        json!({"metadata": {"name": LEFT_ALONE, "creationTimestamp": labels_came}}),
    );
    hub.api.allow("/configmaps");
    hub.api.allow("/secrets");
    hub.noted().await;
    hub.deploy(&deployment("after", "2026-12-24T13:00:00Z"));
    hub.api.secret("after", "pull", json!({}));
    hub.labelled("after", "pull", "pullsecret").await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    assert_eq!(hub.label("between", "pull"), None);
}

/// When the labels are installed again.
const LABELS_CAME: &str = "2026-12-24T12:00:00Z";

/// Applies the record anew, empty, as it is in the manifests.
fn install_again(hub: &Hub) {
    hub.api.put(
        RECORDS,
        json!({"metadata": {"name": LEFT_ALONE, "creationTimestamp": LABELS_CAME}}),
    );
}

/// As `noted`, but not for ever.
async fn noted_in_time(hub: &Hub) {
    let noted = tokio::time::timeout(Duration::from_secs(1800), hub.noted()).await;
    noted.expect("noted with one of the next sweeps");
}

/// Labels are taken away and installed again under one leader, which stays for the guards. Failed before: what the
/// new record says to leave was due by what the leader remembered of the old one, and by its old list.
#[tokio::test(start_paused = true)]
async fn labels_that_are_installed_again_leave_what_came_between() {
    const DEPLOYMENTS: &str = "/apis/hive.openshift.io/v1/namespaces";
    const RIGHTS: [&str; 3] = ["/secrets", "/configmaps", "/clusterdeployments"];
    let hub = Hub::new();
    let put = |object: Value| {
        let namespace = object["metadata"]["namespace"].as_str().unwrap().to_owned();
        let collection = format!("{DEPLOYMENTS}/{namespace}/clusterdeployments");
        hub.api.put(&collection, object);
    };
    put(old());
    hub.api.secret_of(OLD, "old", "pull", json!({}));
    let follow = Follow {
        resource: resource(ReferrerKind::ClusterDeployment),
        namespace: None,
        selector: "",
        store: Arc::clone(&hub.deployments),
        contact: Arc::clone(&hub.deployments.contact),
    };
    tokio::spawn(follow.run(hub.api.client()));
    hub.pools.replace(Vec::new());
    hub.knows_itself();
    hub.elect(false);
    hub.noted().await;
    for right in RIGHTS {
        hub.api.refuse(right, 403);
    }
    hub.api.delete(RECORDS, LEFT_ALONE);
    hub.api.end_watches();
    tokio::time::sleep(SOON).await;
    put(deployment("between", NEW));
    hub.api.secret_of(NEW, "between", "pull", json!({}));
    tokio::time::sleep(Duration::from_secs(1800)).await;
    hub.knows_itself();
    install_again(&hub);
    for right in RIGHTS {
        hub.api.allow(right);
    }
    noted_in_time(&hub).await;
    hub.deploy(&deployment("after", "2026-12-24T13:00:00Z"));
    hub.api.secret("after", "pull", json!({}));
    hub.labelled("after", "pull", "pullsecret").await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    for namespace in ["old", "between"] {
        assert_eq!(hub.label(namespace, "pull"), None, "{namespace}");
    }
}

/// Failed before: the leader never looked, and the record stayed empty; what still waited was labelled.
#[tokio::test(start_paused = true)]
async fn a_record_that_is_made_anew_under_a_leader_begins_from_what_is_there() {
    let hub = Hub::new();
    hub.api.secret_of(OLD, "old", "pull", json!({}));
    hub.knows_itself();
    hub.lists(&[old()]);
    hub.elect(false);
    hub.noted().await;
    // One that is due, and cannot be labelled for now.
    const WRITE: &str = "PATCH /api/v1/namespaces/between";
    hub.api.refuse(WRITE, 500);
    hub.api.secret_of(NEW, "between", "pull", json!({}));
    hub.deploy(&deployment("between", NEW));
    let tried = |api: &Api| api.requests().iter().any(|it| it.starts_with(WRITE));
    hub.api.until(tried).await;
    hub.api.delete(RECORDS, LEFT_ALONE);
    install_again(&hub);
    // Pools come to be known, so there is a sweep before it is tried for the last time.
    hub.pools.refused();
    hub.pools.replace(Vec::new());
    noted_in_time(&hub).await;
    hub.api.allow(WRITE);
    tokio::time::sleep(Duration::from_secs(1800)).await;
    for namespace in ["old", "between"] {
        assert_eq!(hub.label(namespace, "pull"), None, "{namespace}");
    }
    let record = hub.api.get(RECORDS, LEFT_ALONE).unwrap();
    assert_eq!(record["data"]["count"], "2");
}

/// `kubectl replace`, by hand or by a GitOps tool. Failed before: on a quiet hub nobody noticed, and the next replica
/// that was elected went by ages.
#[tokio::test(start_paused = true)]
async fn a_record_that_is_emptied_under_a_leader_is_written_again() {
    let hub = Hub::new();
    hub.api.secret_of(OLD, "old", "pull", json!({}));
    hub.knows_itself();
    hub.lists(&[old()]);
    hub.elect(false);
    hub.noted().await;
    tokio::time::sleep(SOON).await;
    let whole = hub.api.get(RECORDS, LEFT_ALONE).unwrap();
    for damage in [
        json!({"data": null, "binaryData": null}),
        json!({"data": null}),
    ] {
        let mut record = whole.clone();
        json_patch::merge(&mut record, &damage);
        hub.api.put(RECORDS, record);
        noted_in_time(&hub).await;
        let record = hub.api.get(RECORDS, LEFT_ALONE).unwrap();
        assert_eq!(record["data"], whole["data"]);
        assert_eq!(record["binaryData"], whole["binaryData"]);
    }
    assert_eq!(hub.label("old", "pull"), None);
}

/// Somebody annotates it just when it is written. Failed before: it was said that there is no ConfigMap, and a look
/// through everything later it was not there yet.
#[tokio::test(start_paused = true)]
async fn a_record_that_somebody_else_writes_at_the_same_time_is_written_all_the_same() {
    let (captured, _guard) = Captured::from_now("info");
    let gone = Hub::new();
    installed_on(&gone).await;
    let hub = Hub::on(gone.api.clone());
    // Gone, so the record is to be another.
    hub.api.delete("/api/v1/namespaces/old/secrets", "pull");
    hub.knows_itself();
    hub.lists(&[old()]);
    // The first write is that of the Lease.
    hub.api.before_write(|api| {
        api.before_write(|api| {
            let record = api.get(RECORDS, LEFT_ALONE).unwrap();
            api.put(RECORDS, record);
        });
    });
    hub.elect_as("b", false);
    let written = |api: &Api| {
        let record = api.get(RECORDS, LEFT_ALONE).unwrap();
        record["data"]["count"] == "1"
    };
    let in_time = tokio::time::timeout(SOON, hub.api.until(written)).await;
    assert!(in_time.is_ok(), "{}", captured.text());
    let text = captured.text();
    assert!(!text.contains("there is no ConfigMap"), "{text}");
}
