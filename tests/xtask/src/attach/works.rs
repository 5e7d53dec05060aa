//! Whether the API server really calls the webhook.

use super::target::Target;
use acm_backup_bed::{Replica, wait};
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, PostParams};
use kube::{Api, Client};
use serde_json::json;
use std::cell::RefCell;
use std::time::Duration;

/// An API server learns of configurations within a second or two.
const LIMIT: Duration = Duration::from_secs(20);

/// Waits until reviews of both kinds have reached the webhook, by its own count. Nothing is stored.
pub async fn until_called(target: &Target, replica: &Replica) -> Result<()> {
    let client = target.client().await?;
    let answers = RefCell::new(Vec::new());
    let called = wait::until("the API server to call the webhook", LIMIT, || async {
        answers.replace(ask(&client).await);
        let metrics = replica.probe("/metrics").await?;
        let missing: Vec<&str> = ["label", "guard"]
            .into_iter()
            .filter(|hook| !metrics.contains(&format!("reviews_total{{hook=\"{hook}\"")))
            .collect();
        Ok(match missing[..] {
            [] => wait::Seen::Yes(()),
            _ => wait::Seen::NotYet(format!("no call of: {}", missing.join(", "))),
        })
    })
    .await;
    // Labelling fails in silence; the guards do not.
    let failed = answers
        .into_inner()
        .into_iter()
        .find(|answer| answer.contains("failed calling webhook"));
    called.with_context(|| match failed {
        Some(answer) => format!(
            "{} cannot reach a webhook on loopback (does it run in a container?); it says: {answer}",
            target.server
        ),
        None => format!("{} does not call the webhook", target.server),
    })
}

/// Creates one object of each kind as a dry run; what was answered to those that were refused.
async fn ask(client: &Client) -> Vec<String> {
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let secrets: Api<Secret> = Api::default_namespaced(client.clone());
    let mut secret = Secret::default();
    secret.metadata.name = Some("probe".to_owned());
    let labelled = secrets.create(&dry_run, &secret).await.map(drop);

    let kind = GroupVersionKind::gvk("cluster.open-cluster-management.io", "v1beta1", "Restore");
    let kind = ApiResource::from_gvk(&kind);
    let restores: Api<DynamicObject> = Api::default_namespaced_with(client.clone(), &kind);
    let restore = DynamicObject::new("probe", &kind).data(json!({ "spec": {
        "cleanupBeforeRestore": "None",
        "veleroManagedClustersBackupName": "skip",
        "veleroCredentialsBackupName": "skip",
        "veleroResourcesBackupName": "skip",
    } }));
    let guarded = restores.create(&dry_run, &restore).await.map(drop);
    [labelled, guarded]
        .into_iter()
        .filter_map(Result::err)
        .map(|error| error.to_string())
        .collect()
}
