//! Two hubs with one bucket: what one's Velero writes, the other's sees and restores.

use std::time::{Duration, Instant};

use acm_backup_bed::{BACKUP_NAMESPACE, Bucket, Hub, Velero, VeleroOptions, wait};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(120);

async fn velero_api(hub: &Hub, kind: &str) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("velero.io", "v1", kind));
    Api::namespaced_with(hub.client().await.unwrap(), BACKUP_NAMESPACE, &resource)
}

async fn until_completed(hub: &Hub, kind: &str, name: &str) -> DynamicObject {
    let api = velero_api(hub, kind).await;
    let what = format!("{kind} {name} to be completed on {}", hub.name());
    wait::for_object(&api, name, &what, LIMIT, |object| {
        let object = object?;
        (object.data["status"]["phase"] == "Completed").then(|| object.clone())
    })
    .await
    .unwrap()
}

async fn start(name: &str, bucket: &Bucket) -> (Velero, Hub) {
    let hub = Hub::start(name).await.unwrap();
    let velero = Velero::start(&hub, bucket, VeleroOptions::default())
        .await
        .unwrap();
    (velero, hub)
}

#[tokio::test]
async fn a_backup_of_one_is_restored_on_the_other() {
    let started = Instant::now();
    let bucket = Bucket::start().unwrap();
    let ((_velero_a, hub_a), (velero_b, hub_b)) =
        tokio::join!(start("hub-a", &bucket), start("hub-b", &bucket));
    println!(
        "two hubs with Velero on one bucket started in {:?}",
        started.elapsed()
    );

    hub_a.create_namespace("app").await.unwrap();
    hub_a
        .apply(&json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "namespace": "app", "name": "carried" }, "data": { "from": "hub-a" },
        }))
        .await
        .unwrap();
    hub_a
        .create(&json!({
            "apiVersion": "velero.io/v1", "kind": "Backup",
            "metadata": { "namespace": BACKUP_NAMESPACE, "name": "one" },
            "spec": { "includedNamespaces": ["app"], "storageLocation": Velero::LOCATION },
        }))
        .await
        .unwrap();
    until_completed(&hub_a, "Backup", "one").await;

    velero_b.nudge().unwrap();
    until_completed(&hub_b, "Backup", "one").await;
    hub_b
        .create(&json!({
            "apiVersion": "velero.io/v1", "kind": "Restore",
            "metadata": { "namespace": BACKUP_NAMESPACE, "name": "one" },
            "spec": { "backupName": "one" },
        }))
        .await
        .unwrap();
    until_completed(&hub_b, "Restore", "one").await;
    let maps: Api<ConfigMap> = Api::namespaced(hub_b.client().await.unwrap(), "app");
    let carried = maps.get("carried").await.unwrap();
    assert_eq!(carried.data.unwrap()["from"], "hub-a");

    // The hub dies with its Velero, and comes back with it.
    hub_b.kill();
    assert_eq!(velero_b.process().pid(), None);
    hub_b.start_again().await.unwrap();
    assert!(velero_b.process().pid().is_some());
}
