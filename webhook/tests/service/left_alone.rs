//! What was there before the labels, and the record of it.

use std::time::Duration;

use acm_backup_domain::names::LEFT_ALONE;
use acm_backup_domain::upstream::object_label::BACKUP;
use acm_backup_webhook::log;
use acm_backup_webhook::watch::follow::Store;
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
    let captured = Captured::default();
    let subscriber = log::subscriber("info", captured.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
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
