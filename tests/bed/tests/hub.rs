//! One hub: what tests of the product rely on.

use std::time::{Duration, Instant};

use acm_backup_bed::{Hub, HubOptions, K8s, Rule, Subject, wait};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;

const SOON: Duration = Duration::from_secs(30);

fn config_map(name: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "namespace": "default", "name": name }, "data": { "key": "value" },
    })
}

#[tokio::test]
async fn a_hub_has_rbac_users_and_namespaces_that_end() {
    let started = Instant::now();
    let hub = Hub::start("hub").await.unwrap();
    println!("hub started in {:?}", started.elapsed());

    // A certificate gives a name and groups, and no rights.
    let alice = hub
        .kubeconfig_for("alice", &["operators", "night-shift"])
        .unwrap();
    let who = hub
        .kubectl_as(&alice, &["auth", "whoami", "-o", "json"])
        .unwrap();
    let who: serde_json::Value = serde_json::from_str(&who.ok().unwrap()).unwrap();
    let who = &who["status"]["userInfo"];
    assert_eq!(who["username"], "alice");
    assert_eq!(
        who["groups"],
        json!(["operators", "night-shift", "system:authenticated"])
    );
    let refused = hub.kubectl_as(&alice, &["get", "configmaps"]).unwrap();
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("\"alice\" cannot list"),
        "{refused}"
    );

    // Rights come from RBAC, by group too.
    let rules = [Rule {
        groups: &[""],
        resources: &["configmaps"],
        verbs: &["get", "list"],
    }];
    hub.allow("reads-configmaps", Subject::Group("night-shift"), &rules)
        .await
        .unwrap();
    hub.apply(&config_map("seen")).await.unwrap();
    wait::until("alice to be allowed", SOON, || async {
        let seen = hub.kubectl_as(&alice, &["get", "configmaps", "-o", "name"])?;
        Ok(match seen.stdout.contains("configmap/seen") {
            true => wait::Seen::Yes(()),
            false => wait::Seen::NotYet(seen.to_string()),
        })
    })
    .await
    .unwrap();

    // A service account's token names it as in production.
    let robot = hub
        .kubeconfig_for_service_account("default", "robot")
        .await
        .unwrap();
    let who = hub
        .kubectl_as(&robot, &["auth", "whoami"])
        .unwrap()
        .ok()
        .unwrap();
    assert!(who.contains("system:serviceaccount:default:robot"), "{who}");

    // A namespace with something in it can be deleted.
    hub.create_namespace("short-lived").await.unwrap();
    let mut object = config_map("inside");
    object["metadata"]["namespace"] = json!("short-lived");
    hub.create(&object).await.unwrap();
    let namespaces: Api<Namespace> = Api::all(hub.client().await.unwrap());
    namespaces
        .delete("short-lived", &DeleteParams::default())
        .await
        .unwrap();
    wait::until_gone(&namespaces, "short-lived", SOON)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_killed_hub_comes_back_with_its_data_and_its_users() {
    let hub = Hub::start("hub").await.unwrap();
    let alice = hub.kubeconfig_for("alice", &["system:masters"]).unwrap();
    hub.apply(&config_map("kept")).await.unwrap();

    hub.kill();
    assert_eq!(hub.pids(), Vec::<u32>::new());
    let dead = hub.kubectl(&["get", "configmaps"]).unwrap();
    assert!(dead.stderr.contains("refused"), "{dead}");

    hub.start_again().await.unwrap();
    assert_eq!(hub.pids().len(), 3);
    let kept: Api<ConfigMap> = Api::default_namespaced(hub.client_as(&alice).await.unwrap());
    kept.get("kept").await.unwrap();

    hub.restart_apiserver().await.unwrap();
    let kept: Api<ConfigMap> = Api::default_namespaced(hub.client_as(&alice).await.unwrap());
    kept.get("kept").await.unwrap();
}

#[tokio::test]
async fn the_oldest_supported_kubernetes_runs_too() {
    let options = HubOptions {
        kubernetes: Some(K8s::V1_30),
        ..HubOptions::default()
    };
    let hub = Hub::start_with("old", options).await.unwrap();
    let version = hub
        .client()
        .await
        .unwrap()
        .apiserver_version()
        .await
        .unwrap();
    assert_eq!(
        (version.major.as_str(), version.minor.as_str()),
        ("1", "30")
    );
}

#[tokio::test]
async fn a_wait_that_fails_says_for_what_and_what_it_saw() {
    let hub = Hub::start("hub").await.unwrap();
    hub.apply(&config_map("dull")).await.unwrap();
    let api: Api<ConfigMap> = Api::default_namespaced(hub.client().await.unwrap());
    let limit = Duration::from_millis(300);
    let what = "the map to be exciting";
    let error = wait::for_object(&api, "dull", what, limit, |_| None::<()>)
        .await
        .unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("waited 300ms for the map to be exciting"),
        "{error}"
    );
    assert!(error.contains(r#""data":{"key":"value"}"#), "{error}");
}
