//! The webhook in the test bed: reached as in production, by URL where that cannot be, and removed.

use std::time::Duration;

use acm_backup_bed::{Hub, HubOptions, Program, Site, Webhook, WebhookOptions, wait, workspace};
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::ListParams;
use serde_json::json;

const SOON: Duration = Duration::from_secs(30);
const LABEL: &str = "cluster.open-cluster-management.io/backup";

fn quick() -> WebhookOptions {
    let mut options = WebhookOptions::new(Program::Webhook.path().unwrap());
    options.args.push("--drain-delay=1s".into());
    options
}

/// A Secret nobody but the webhook labels in its creation, as stored.
async fn is_labelled(hub: &Hub, name: &str) -> bool {
    let stored = hub
        .create(&json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "namespace": "default",
                "name": name,
                "labels": { "agent-install.openshift.io/watch": "true" },
            },
        }))
        .await
        .unwrap();
    stored.metadata.labels.unwrap().contains_key(LABEL)
}

/// An API server takes a second to notice a new configuration.
async fn until_called(hub: &Hub, prefix: &str) {
    let attempt = std::cell::Cell::new(0);
    wait::until("the API server to call the webhook", SOON, || async {
        attempt.set(attempt.get() + 1);
        let name = format!("{prefix}-{}", attempt.get());
        Ok(match is_labelled(hub, &name).await {
            true => wait::Seen::Yes(()),
            false => wait::Seen::NotYet(format!("no label on {name}")),
        })
    })
    .await
    .unwrap();
}

async fn configurations(hub: &Hub) -> usize {
    let client = hub.client().await.unwrap();
    let all = ListParams::default();
    let labels: Api<MutatingWebhookConfiguration> = Api::all(client.clone());
    let guards: Api<ValidatingWebhookConfiguration> = Api::all(client);
    labels.list(&all).await.unwrap().items.len() + guards.list(&all).await.unwrap().items.len()
}

#[tokio::test]
async fn replicas_are_called_through_their_service_and_come_back_from_a_kill() {
    let hub = Hub::start("hub").await.unwrap();
    hub.install_crds(&workspace().join("crds")).await.unwrap();
    let webhook = Webhook::install(hub.site(), quick()).await.unwrap();
    assert_eq!(
        webhook.replicas().len(),
        2,
        "as many as the Deployment says"
    );
    until_called(&hub, "first").await;

    webhook.kill();
    assert!(!is_labelled(&hub, "without").await);
    webhook.start_again().await.unwrap();
    until_called(&hub, "again").await;

    // One after the other is replaced, as in a rolling update.
    for old in webhook.replicas() {
        let new = webhook.add_replica().await.unwrap();
        let log = new.process.log().to_owned();
        assert!(log.is_file());
        assert!(
            webhook.retire(&old, SOON),
            "{} was drained",
            old.process.name()
        );
    }
    assert!(is_labelled(&hub, "replaced").await);
}

#[tokio::test]
async fn on_an_api_server_with_other_services_it_is_called_by_url_and_leaves_nothing() {
    let options = HubOptions {
        apiserver_args: vec!["--service-cluster-ip-range=10.96.0.0/24".to_owned()],
        ..HubOptions::default()
    };
    let hub = Hub::start_with("elsewhere", options).await.unwrap();
    hub.install_crds(&workspace().join("crds")).await.unwrap();
    let site = Site::of_context(&hub.admin_kubeconfig(), Some("elsewhere")).unwrap();
    let webhook = Webhook::install(&site, quick()).await.unwrap();
    until_called(&hub, "by-url").await;

    webhook.uninstall().unwrap();
    assert_eq!(configurations(&hub).await, 0);
    let namespaces: Api<Namespace> = Api::all(hub.client().await.unwrap());
    assert_eq!(namespaces.get_opt("acm-backup-system").await.unwrap(), None);
}

#[tokio::test]
async fn a_context_that_does_not_exist_is_named() {
    let hub = Hub::start("hub").await.unwrap();
    let error = Site::of_context(&hub.admin_kubeconfig(), Some("nowhere"))
        .err()
        .unwrap();
    let error = format!("{error:#}");
    assert!(error.contains("nowhere"), "{error}");
}
