//! What the elected replica does to Secrets, and what it never does.

use acm_backup_domain::labels::referrers::Labelled;
use acm_backup_domain::upstream::object_label::{
    BACKUP, MANAGED_SERVICE_ACCOUNT, METAL3_ENVIRONMENT,
};
use acm_backup_webhook::reconcile::metadata::Metadatas;
use acm_backup_webhook::service::lifecycle::Phase;
use acm_backup_webhook::watch::follow::Store;
use serde_json::{Value, json};

use crate::api::Api;
use crate::hub::{Hub, LEASES, NEW, OLD, deployment};
use crate::quiet::Captured;

#[tokio::test]
async fn a_secret_created_before_its_cluster_is_labelled_and_nothing_else_changes() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.deployments.replace(Vec::new());
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
    hub.deployments.replace(Vec::new());
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
    hub.deployments.replace(Vec::new());
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
    hub.deployments.replace(Vec::new());
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
        hub.deployments.replace(
            list.iter()
                .map(|object| hub.deployments.project(object))
                .collect(),
        );
        for namespace in ["old", "new"] {
            hub.api.secret_of(OLD, namespace, "pull", json!({}));
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
    let deployment = hub.deployments.project(&deployment("new", NEW));
    hub.deployments.replace(vec![deployment]);
    hub.labelled("new", "pull", "pullsecret").await;
}

#[tokio::test]
async fn marked_secrets_that_slipped_past_admission_are_found() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.deployments.replace(Vec::new());
    let marker = json!({(MANAGED_SERVICE_ACCOUNT): "true"});
    hub.api.secret("c1", "auto-import-account", marker.clone());
    hub.api
        .secret("local-cluster", "auto-import-account", marker);
    hub.elect(false);
    hub.labelled("c1", "auto-import-account", "msa").await;
    // The look that found the one has seen the other.
    hub.pools.replace(Vec::new());
    hub.noted().await;
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
    hub.deployments.replace(Vec::new());
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
async fn a_pool_gets_what_it_names_and_what_begins_with_its_name() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.pools.replace(Vec::new());
    for name in ["registries", "template", "cloud", "blue-own", "unrelated"] {
        hub.api.secret("pools", name, json!({}));
    }
    hub.elect(false);
    let pool = json!({
        "metadata": {"name": "blue", "namespace": "pools", "creationTimestamp": NEW},
        "spec": {
            "pullSecretRef": {"name": "registries"},
            "installConfigSecretTemplateRef": {"name": "template"},
            "platform": {"aws": {"credentialsSecretRef": {"name": "cloud"}}},
        }
    });
    hub.pools.apply(hub.pools.project(&pool));
    for (name, value) in [
        ("registries", "pullsecret"),
        ("template", "installconfig"),
        ("cloud", "platformcredentials"),
        ("blue-own", "clusterpool"),
    ] {
        hub.labelled("pools", name, value).await;
    }
    assert_eq!(hub.api.label_of("pools", "unrelated", BACKUP), None);
}

#[tokio::test]
async fn a_config_map_that_is_named_is_labelled_by_its_metadata() {
    let hub = Hub::new();
    hub.knows_itself();
    let mut named = deployment("c1", NEW);
    named["spec"]["provisioning"]["manifestsConfigMapRef"] = json!({"name": "manifests"});
    // There when the work begins, and made under our eyes.
    let first = hub.deployments.project(&named);
    hub.deployments.replace(vec![first]);
    for namespace in ["c1", "c2"] {
        hub.api.config_map(namespace, "manifests");
        hub.api.config_map(namespace, "kube-root-ca.crt");
    }
    hub.elect(false);
    named["metadata"]["name"] = json!("c2");
    named["metadata"]["namespace"] = json!("c2");
    hub.deploy(&named);
    let label = |api: &Api, namespace, name| api.label("configmaps", namespace, name, BACKUP);
    for namespace in ["c1", "c2"] {
        let is =
            |api: &Api| label(api, namespace, "manifests").as_deref() == Some("manifestsconfigmap");
        hub.api.until(is).await;
        assert_eq!(label(&hub.api, namespace, "kube-root-ca.crt"), None);
    }
}

#[tokio::test]
async fn no_cluster_that_is_the_hub_is_labelled_also_when_it_says_so_later() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.deployments.replace(Vec::new());
    let own = |name: &str| json!({"metadata": {"name": name, "labels": {"local-cluster": "true"}}});
    let is_own = |name: &str| {
        let cluster = hub.local_clusters.project(&own(name));
        hub.local_clusters.apply(cluster);
    };
    is_own("hub-a");
    is_own("hub-b");
    for namespace in ["hub-a", "hub-b", "local-cluster", "later", "c1"] {
        hub.api.secret(namespace, "pull", json!({}));
    }
    hub.elect(false);
    hub.pools.replace(Vec::new());
    hub.noted().await;
    hub.deploy(&deployment("hub-a", NEW));
    hub.deploy(&deployment("hub-b", NEW));
    hub.deploy(&deployment("local-cluster", NEW));
    is_own("later");
    hub.deploy(&deployment("later", NEW));
    // The last of them is labelled: those before it were looked at.
    hub.deploy(&deployment("c1", NEW));
    hub.labelled("c1", "pull", "pullsecret").await;
    hub.settled_times("nothing-to-do", 4).await;
    for namespace in ["hub-a", "hub-b", "local-cluster", "later"] {
        assert_eq!(
            hub.api.label_of(namespace, "pull", BACKUP),
            None,
            "{namespace}"
        );
    }
}

/// Admission was away, or never asked: what happened meanwhile is heard of, not only swept up.
#[tokio::test]
async fn what_admission_did_not_see_is_heard_of_by_the_leader() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.deployments.replace(vec![
        hub.deployments.project(&deployment("new", NEW)),
        hub.deployments.project(&deployment("old", OLD)),
    ]);
    let host = json!({(METAL3_ENVIRONMENT): "baremetal"});
    hub.api.secret_of(OLD, "old-too", "host", host);
    hub.elect(false);
    let watching = |api: &Api| {
        let mut requests = api.requests().into_iter();
        requests.any(|line| line.contains("/api/v1/secrets?watch=true"))
    };
    hub.api.until(watching).await;
    let happens = |kind: &str, namespace: &str, name: &str, created: &str, labels: Value| {
        let object =
            json!({"metadata": {"name": name, "labels": labels, "creationTimestamp": created}});
        let stored = hub
            .api
            .put(&format!("/api/v1/namespaces/{namespace}/secrets"), object);
        hub.api
            .event(kind, &json!({"metadata": stored["metadata"]}));
    };
    // Made; changed while nobody looked; lost its label; was never in the backup and is older than we are.
    happens(
        "ADDED",
        "c1",
        "auto-import-account",
        NEW,
        json!({(MANAGED_SERVICE_ACCOUNT): "true"}),
    );
    happens("MODIFIED", "new", "pull", NEW, json!({}));
    happens("ADDED", "old", "pull", OLD, json!({}));
    hub.api
        .relabel("old-too", "host", "mine", json!("too"), "MODIFIED");
    happens("ADDED", "c1", "nobodys", NEW, json!({}));
    hub.labelled("c1", "auto-import-account", "msa").await;
    hub.labelled("new", "pull", "pullsecret").await;
    hub.labelled("old", "pull", "pullsecret").await;
    assert_eq!(hub.api.label_of("old-too", "host", BACKUP), None);
    assert_eq!(hub.api.label_of("c1", "nobodys", BACKUP), None);
    // One sweep, at the start.
    let swept = |line: &&String| line.contains("/api/v1/secrets?limit");
    assert_eq!(hub.api.requests().iter().filter(swept).count(), 1);
}

#[tokio::test]
async fn a_look_out_that_fell_behind_looks_through_everything_again() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.api.fail_once("/api/v1/secrets?watch=true", 410);
    hub.elect(false);
    let swept = |api: &Api| {
        let requests = api.requests();
        let lines = requests.iter();
        lines
            .filter(|line| line.contains("/api/v1/secrets?limit"))
            .count()
            >= 2
    };
    hub.api.until(swept).await;
}

/// What an installation of the guards alone looks like.
#[tokio::test(start_paused = true)]
async fn without_a_right_on_secrets_it_idles_and_says_so_once() {
    let (captured, _guard) = Captured::from_now("info");
    let hub = Hub::new();
    hub.knows_itself();
    hub.api.refuse("/secrets", 403);
    hub.deployments.replace(Vec::new());
    hub.elect(false);
    hub.api
        .until(|api| api.requests().iter().any(|it| it.contains("/secrets")))
        .await;
    hub.deploy(&deployment("c1", NEW));
    let asked = |api: &Api| {
        let requests = api.requests();
        requests
            .iter()
            .filter(|line| line.contains("/secrets"))
            .count()
    };
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    // Once a minute, and nothing is tried again in between.
    let tries = asked(&hub.api);
    assert!((59..=65).contains(&tries), "{tries}");
    let text = captured.text();
    for (words, times) in [
        (
            "cannot look through the Secrets: nothing is labelled by this replica until",
            1,
        ),
        ("cannot label: nothing is labelled by this replica until", 1),
        ("WARN", 0),
    ] {
        assert_eq!(text.matches(words).count(), times, "{words}: {text}");
    }
    // The rights come.
    hub.api.secret("c1", "pull", json!({}));
    hub.api.allow("/secrets");
    hub.labelled("c1", "pull", "pullsecret").await;
}

/// Installations from before the watch have only the right to list.
#[tokio::test]
async fn without_the_right_to_watch_it_goes_by_its_sweeps() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.api.refuse("/secrets?watch=true", 403);
    hub.api.secret(
        "c1",
        "auto-import-account",
        json!({(MANAGED_SERVICE_ACCOUNT): "true"}),
    );
    hub.elect(false);
    hub.labelled("c1", "auto-import-account", "msa").await;
}

#[tokio::test]
async fn a_refused_write_is_tried_again_later_not_at_once() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.deployments.replace(Vec::new());
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
    let metadata = Metadatas::new(Api::default().client());
    let mut pages = Vec::new();
    metadata
        .pages(Labelled::Secret, None, "", |page| pages.push(page.len()))
        .await
        .unwrap();
    assert_eq!(pages, [0]);
}
