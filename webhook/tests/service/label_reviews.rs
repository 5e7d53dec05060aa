//! From the review of a Secret to the label it gets.

use std::sync::Arc;

use acm_backup_domain::labels::referrers::ReferrerKind;
use acm_backup_domain::upstream::object_label::{
    BACKUP, EXCLUDE, HIVE_SECRET_TYPE, MANAGED_SERVICE_ACCOUNT,
};
use acm_backup_webhook::judge::label::Label;
use acm_backup_webhook::watch::follow::Store;
use acm_backup_webhook::watch::local_clusters::LocalClusters;
use acm_backup_webhook::watch::referrers::Referrers;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::caller::{Caller, secret_review};
use crate::running::{Running, Setup};

/// With a ClusterDeployment that names `pull-secret`; which cluster is the hub is not known yet.
async fn labelling() -> (Running, Arc<LocalClusters>) {
    let referrers = Referrers::new(Arc::default());
    let deployments = referrers.followed(ReferrerKind::ClusterDeployment);
    deployments.apply(deployments.project(&json!({
        "metadata": {"name": "cluster-1", "namespace": "cluster-1"},
        "spec": {"pullSecretRef": {"name": "pull-secret"}}
    })));
    let local_clusters = Arc::new(LocalClusters::default());
    let running = Running::start(Setup {
        labeller: Arc::new(Label {
            referrers,
            local_clusters: Arc::clone(&local_clusters),
        }),
        ..Setup::default()
    })
    .await;
    (running, local_clusters)
}

/// The labels a Secret of a review is stored with after `/mutate` had its say, and what its author is told.
async fn stored(running: &Running, review: &Value) -> (Value, String) {
    let mut caller = Caller::connect(running).await;
    let response = caller
        .post("/mutate?timeout=1s", review.to_string())
        .await
        .json();
    let response = &response["response"];
    assert_eq!(response["allowed"], true);
    let mut secret = review["request"]["object"].clone();
    if let Some(patch) = response["patch"].as_str() {
        assert_eq!(response["patchType"], "JSONPatch");
        let patch: json_patch::Patch =
            serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
        json_patch::patch(&mut secret, &patch).unwrap();
    }
    let warnings = response["warnings"].as_array().into_iter().flatten();
    let warnings: Vec<_> = warnings.map(|it| it.as_str().unwrap()).collect();
    (secret["metadata"]["labels"].clone(), warnings.join(" "))
}

async fn created(running: &Running, object: Value) -> Value {
    let (labels, warning) = stored(running, &secret_review("m", object)).await;
    assert_eq!(warning, "");
    labels
}

async fn updated(running: &Running, before: Value, after: Value) -> (Value, String) {
    let labelled = |labels| json!({"metadata": {"labels": labels}});
    let mut review = secret_review("m", labelled(after));
    review["request"]["operation"] = json!("UPDATE");
    let old = secret_review("m", labelled(before));
    review["request"]["oldObject"] = old["request"]["object"].clone();
    stored(running, &review).await
}

#[tokio::test]
async fn secrets_are_labelled_in_their_creation_and_only_where_they_need_it() {
    let (running, local_clusters) = labelling().await;
    let msa = |name: &str| json!({"metadata": {"name": name, "labels": {(MANAGED_SERVICE_ACCOUNT): "true"}}});
    assert_eq!(
        created(&running, json!({})).await,
        Value::Null,
        "the hub's own cluster is unknown yet"
    );
    local_clusters.contact.heard(Timestamp::now());
    for (object, expected) in [
        (json!({}), json!({(BACKUP): "pullsecret"})),
        (json!({"metadata": {"name": "other"}}), Value::Null),
        (
            json!({"metadata": {"labels": {}}}),
            json!({(BACKUP): "pullsecret"}),
        ),
        (
            json!({"metadata": {"labels": {"a/b": "c"}}}),
            json!({"a/b": "c", (BACKUP): "pullsecret"}),
        ),
        (
            json!({"metadata": {"labels": {(BACKUP): ""}}}),
            json!({(BACKUP): ""}),
        ),
        (
            json!({"metadata": {"labels": {(EXCLUDE): "true"}}}),
            json!({(EXCLUDE): "true"}),
        ),
        (
            msa("auto-import-account"),
            json!({(MANAGED_SERVICE_ACCOUNT): "true", (BACKUP): "msa"}),
        ),
        (
            json!({"metadata": {"name": null, "generateName": "auto-import-account-",
                "labels": {(MANAGED_SERVICE_ACCOUNT): "true"}}}),
            json!({(MANAGED_SERVICE_ACCOUNT): "true", (BACKUP): "msa"}),
        ),
    ] {
        assert_eq!(
            created(&running, object.clone()).await,
            expected,
            "{object}"
        );
    }
}

#[tokio::test]
async fn an_update_that_takes_the_label_away_keeps_it_and_its_author_is_told_how_to_mean_it() {
    let (running, local_clusters) = labelling().await;
    local_clusters.contact.heard(Timestamp::now());
    for (before, after, expected, warned) in [
        (
            json!({(BACKUP): "pullsecret"}),
            Value::Null,
            json!({(BACKUP): "pullsecret"}),
            true,
        ),
        (
            json!({(BACKUP): "mine", "a": "b"}),
            json!({"a": "b"}),
            json!({(BACKUP): "mine", "a": "b"}),
            true,
        ),
        (
            json!({(BACKUP): ""}),
            json!({}),
            json!({(BACKUP): ""}),
            true,
        ),
        (
            json!({(HIVE_SECRET_TYPE): "merged-pull-secret"}),
            json!({}),
            json!({(BACKUP): "pullsecret"}),
            true,
        ),
        (
            json!({(BACKUP): "pullsecret"}),
            json!({(BACKUP): ""}),
            json!({(BACKUP): ""}),
            false,
        ),
        (
            json!({(BACKUP): "pullsecret"}),
            json!({(EXCLUDE): "true"}),
            json!({(EXCLUDE): "true"}),
            false,
        ),
    ] {
        let (labels, warning) = updated(&running, before.clone(), after.clone()).await;
        assert_eq!(labels, expected, "{before} -> {after}");
        assert_eq!(!warning.is_empty(), warned, "{warning}");
        if warned {
            assert!(
                warning.contains("ClusterDeployment cluster-1 (spec.pullSecretRef)")
                    && warning.contains("velero.io/exclude-from-backup=true"),
                "{warning}"
            );
        }
    }
}

/// What stood there before decides nothing where it cannot be read.
#[tokio::test]
async fn an_old_object_that_cannot_be_read_stands_in_no_ones_way() {
    let (running, local_clusters) = labelling().await;
    local_clusters.contact.heard(Timestamp::now());
    let mut review = secret_review("m", json!({}));
    review["request"]["operation"] = json!("UPDATE");
    review["request"]["oldObject"] = json!("nothing of the kind");
    let (labels, _) = stored(&running, &review).await;
    assert_eq!(labels, json!({(BACKUP): "pullsecret"}));
}
