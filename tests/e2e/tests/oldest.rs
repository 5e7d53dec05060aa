//! The oldest Kubernetes we support, from installation to removal.

use std::time::Duration;

use acm_backup_bed::{HubOptions, K8s, Webhook, wait};
use acm_backup_e2e::{fixtures, look};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;

use crate::support::{GuardedHub, alone, refused};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn on_kubernetes_1_30_we_label_and_refuse_and_leave_nothing_behind() {
    alone(async {
        let options = HubOptions {
            kubernetes: Some(K8s::V1_30),
            ..HubOptions::default()
        };
        let hub = GuardedHub::start(options).await;
        let version = hub
            .hub
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

        hub.storage().read(SignedDuration::from_secs(20)).await;
        hub.storage()
            .set(SignedDuration::from_secs(20), SignedDuration::from_hours(1))
            .await;
        let activation = fixtures::restore("take-over", "latest", false);
        refused(
            &hub.create(&activation, &[]),
            &["restore/old-hub-live", "counts as alive"],
        );
        hub.hub.create_namespace("labelled").await.unwrap();
        hub.hub
            .create(&fixtures::token_secret("labelled"))
            .await
            .unwrap();
        assert_eq!(
            hub.label_of("labelled", "auto-import-account")
                .await
                .as_deref(),
            Some("msa")
        );
        // The conditions are judged in the API server, which had just learnt them in 1.30.
        let sync = fixtures::restore("sync", "skip", true);
        assert!(hub.create(&sync, &[]).succeeded());
        hub.webhook.kill();
        let label = hub.ops(&[
            "-n",
            acm_backup_bed::BACKUP_NAMESPACE,
            "label",
            "restores.cluster.open-cluster-management.io",
            "sync",
            "team=night",
        ]);
        assert!(label.succeeded(), "{label}");

        removal_leaves_nothing(hub).await;
    });
}

async fn removal_leaves_nothing(hub: GuardedHub) {
    let (webhook, hub) = hub.into_parts();
    Webhook::uninstall(webhook).unwrap();
    let kinds = "namespaces,customresourcedefinitions,clusterroles,clusterrolebindings,\
                 mutatingwebhookconfigurations,validatingwebhookconfigurations";
    let namespaces: Api<Namespace> = Api::all(hub.client().await.unwrap());
    wait::until_gone(&namespaces, "acm-backup-system", LIMIT)
        .await
        .unwrap();
    let left = hub
        .kubectl(&["get", kinds, "-A", "-o", "name"])
        .unwrap()
        .ok()
        .unwrap();
    let ours: Vec<_> = left
        .lines()
        .filter(|name| name.contains("acm-backup"))
        .collect();
    assert_eq!(ours, Vec::<&str>::new());
    // Nobody asks us any more.
    hub.create(&fixtures::restore("take-over", "latest", false))
        .await
        .unwrap();
    let restores = look::api(&hub, look::ACM, "Restore").await.unwrap();
    restores.get("take-over").await.unwrap();
}
