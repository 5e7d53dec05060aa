//! What the elected replica does to Secrets, and what it never does.

use acm_backup_domain::upstream::object_label::{BACKUP, MANAGED_SERVICE_ACCOUNT};
use acm_backup_webhook::reconcile::secrets::Secrets;
use acm_backup_webhook::service::lifecycle::Phase;
use acm_backup_webhook::watch::follow::Store;
use serde_json::json;

use crate::api::Api;
use crate::hub::{Hub, LEASES, NEW, OLD, deployment};

#[tokio::test]
async fn a_secret_created_before_its_cluster_is_labelled_and_nothing_else_changes() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.clusters.replace(Vec::new());
    hub.elect(false);
    hub.api.secret("c1", "pull", json!({"mine": "stays"}));
    hub.api.secret("c1", "other", json!({}));
    let before = hub
        .api
        .get("/api/v1/namespaces/c1/secrets", "pull")
        .unwrap();
    hub.deploy(&deployment("c1", NEW));
    hub.labelled("c1", "pull", "pullsecret").await;
    let mut after = hub
        .api
        .get("/api/v1/namespaces/c1/secrets", "pull")
        .unwrap();
    assert_eq!(
        after["metadata"]["labels"],
        json!({"mine": "stays", (BACKUP): "pullsecret"})
    );
    after["metadata"]["labels"] = before["metadata"]["labels"].clone();
    after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
    assert_eq!(after, before);
    assert_eq!(hub.api.label_of("c1", "other", BACKUP), None);
    // Every look and every write at Secrets was of metadata (the API answers 406 to others), with our
    // name as field manager and no way to bring a deleted Secret back.
    let patch = hub
        .api
        .bodies()
        .into_iter()
        .find(|body| body["metadata"]["labels"][BACKUP] == "pullsecret");
    let patch = patch.unwrap();
    assert_eq!(patch["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(
        patch["metadata"]["resourceVersion"],
        before["metadata"]["resourceVersion"]
    );
    assert!(
        hub.api
            .requests()
            .iter()
            .any(|line| line.starts_with("PATCH")
                && line.contains("/secrets/pull?fieldManager=acm-backup"))
    );
}

#[tokio::test]
async fn a_value_someone_else_sets_meanwhile_is_left() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.clusters.replace(Vec::new());
    hub.api.secret("c1", "pull", json!({}));
    hub.api.before_write(|api| {
        // The first patch is the Lease's; the next is the Secret's.
        api.before_write(|api| {
            let mut secret = api.get("/api/v1/namespaces/c1/secrets", "pull").unwrap();
            secret["metadata"]["labels"][BACKUP] = json!("theirs");
            api.put("/api/v1/namespaces/c1/secrets", secret);
        });
    });
    hub.elect(false);
    hub.deploy(&deployment("c1", NEW));
    hub.settled("nothing-to-do").await;
    assert_eq!(
        hub.api.label_of("c1", "pull", BACKUP).as_deref(),
        Some("theirs")
    );
}

#[tokio::test]
async fn a_secret_deleted_meanwhile_does_not_come_back() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.clusters.replace(Vec::new());
    hub.api.secret("c1", "pull", json!({}));
    hub.api.before_write(|api| {
        api.before_write(|api| api.delete("/api/v1/namespaces/c1/secrets", "pull"));
    });
    hub.elect(false);
    hub.deploy(&deployment("c1", NEW));
    hub.api
        .until(|api| {
            api.requests()
                .iter()
                .any(|line| line.starts_with("PATCH") && line.contains("secrets"))
        })
        .await;
    assert_eq!(hub.api.get("/api/v1/namespaces/c1/secrets", "pull"), None);
}

#[tokio::test]
async fn nothing_is_labelled_before_the_hubs_own_cluster_is_known() {
    let hub = Hub::new();
    hub.clusters.replace(Vec::new());
    hub.api.secret("c1", "pull", json!({}));
    hub.elect(false);
    hub.deploy(&deployment("c1", NEW));
    // It was looked at and put back.
    hub.api
        .until(|api| api.requests().iter().any(|line| line.starts_with("PATCH")))
        .await;
    tokio::task::yield_now().await;
    assert!(
        !hub.api
            .requests()
            .iter()
            .any(|line| line.contains("/secrets/pull"))
    );
    hub.knows_itself();
    hub.labelled("c1", "pull", "pullsecret").await;
}

#[tokio::test]
async fn clusters_older_than_the_installation_are_asked_for() {
    for (label_existing, expected) in [(false, None), (true, Some("pullsecret"))] {
        let hub = Hub::new();
        hub.knows_itself();
        let list = [deployment("old", OLD), deployment("new", NEW)];
        hub.clusters.replace(
            list.iter()
                .map(|object| hub.clusters.project(object))
                .collect(),
        );
        for namespace in ["old", "new"] {
            hub.api.secret(namespace, "pull", json!({}));
        }
        hub.elect(label_existing);
        if let Some(value) = expected {
            hub.labelled("old", "pull", value).await;
        }
        hub.labelled("new", "pull", "pullsecret").await;
        assert_eq!(hub.api.label_of("old", "pull", BACKUP).as_deref(), expected);
    }
}

#[tokio::test]
async fn a_first_list_that_comes_after_the_election_is_looked_through() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.api.secret("new", "pull", json!({}));
    hub.elect(false);
    // Elected, and the first sweep is over: it knew of no cluster.
    let swept = |api: &Api| {
        api.requests()
            .iter()
            .any(|line| line.contains("/api/v1/secrets?"))
    };
    hub.api.until(swept).await;
    let deployment = hub.clusters.project(&deployment("new", NEW));
    hub.clusters.replace(vec![deployment]);
    hub.labelled("new", "pull", "pullsecret").await;
}

#[tokio::test]
async fn marked_secrets_that_slipped_past_admission_are_found() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.clusters.replace(Vec::new());
    let marker = json!({(MANAGED_SERVICE_ACCOUNT): "true"});
    hub.api.secret("c1", "auto-import-account", marker.clone());
    hub.api
        .secret("local-cluster", "auto-import-account", marker);
    hub.elect(false);
    hub.labelled("c1", "auto-import-account", "msa").await;
    hub.settled("nothing-to-do").await;
    assert_eq!(
        hub.api
            .label_of("local-cluster", "auto-import-account", BACKUP),
        None
    );
}

#[tokio::test]
async fn a_pools_cluster_gets_what_begins_with_its_name() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.clusters.replace(Vec::new());
    for name in [
        "pool-x7-0-kubeconfig",
        "pool-x7-bootstrap-token",
        "unrelated",
    ] {
        hub.api.secret("pool-x7", name, json!({}));
    }
    hub.elect(false);
    let mut pooled = deployment("pool-x7", NEW);
    pooled["spec"]["clusterPoolRef"] = json!({"poolName": "pool"});
    hub.deploy(&pooled);
    hub.labelled("pool-x7", "pool-x7-0-kubeconfig", "clusterpool")
        .await;
    for name in ["pool-x7-bootstrap-token", "unrelated"] {
        assert_eq!(hub.api.label_of("pool-x7", name, BACKUP), None);
    }
}

#[tokio::test]
async fn a_refused_write_is_tried_again_later_not_at_once() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.clusters.replace(Vec::new());
    hub.api.secret("c1", "pull", json!({}));
    hub.api
        .fail_once("PATCH /api/v1/namespaces/c1/secrets", 503);
    hub.elect(false);
    hub.deploy(&deployment("c1", NEW));
    hub.labelled("c1", "pull", "pullsecret").await;
    let metrics = hub.metrics.encode().unwrap();
    assert!(
        metrics.contains(r#"secrets_reconciled_total{outcome="failed"} 1"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn on_the_way_out_the_lease_is_given_up() {
    let hub = Hub::new();
    hub.knows_itself();
    let running = hub.elect(false);
    let holder = |api: &Api| {
        api.get(LEASES, "acm-backup-labeller").unwrap()["spec"]["holderIdentity"].clone()
    };
    hub.api.until(|api| holder(api) == "a").await;
    hub.lifecycle.advance(Phase::Leaving);
    running.await.unwrap();
    assert_eq!(holder(&hub.api), "");
}

/// The metadata API has `"items": null` where a typed list has `[]`.
#[tokio::test]
async fn a_hub_without_secrets_is_swept_like_any_other() {
    let secrets = Secrets::new(Api::default().client());
    let mut pages = Vec::new();
    secrets
        .pages(None, "", |page| pages.push(page.len()))
        .await
        .unwrap();
    assert_eq!(pages, [0]);
}
