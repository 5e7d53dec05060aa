//! Our webhook on a hub, up to the moment the API server calls it.

use std::time::Duration;

use acm_backup_bed::{BACKUP_NAMESPACE, Hub, Program, Webhook, WebhookOptions, wait};
use acm_backup_domain::upstream::object_label;
use anyhow::Result;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DynamicObject, PostParams};
use serde_json::json;

use crate::look;

const LIMIT: Duration = Duration::from_secs(60);

/// Install it from `manifests/`, and wait until the API server calls both of its ends. The
/// API server learns of a configuration by a watch: what is created at once may still pass unseen.
pub async fn install(hub: &Hub, replicas: u16) -> Result<Webhook> {
    let binary = tokio::task::spawn_blocking(|| Program::Webhook.path()).await??;
    let options = WebhookOptions {
        replicas: Some(replicas),
        ..WebhookOptions::new(binary)
    };
    install_with(hub, options).await
}

/// The same, of one that differs.
pub async fn install_with(hub: &Hub, options: WebhookOptions) -> Result<Webhook> {
    let webhook = Webhook::install(hub.site(), options).await?;
    until_it_labels(hub).await?;
    until_it_guards(hub).await?;
    Ok(webhook)
}

fn dry_run() -> PostParams {
    PostParams {
        dry_run: true,
        ..PostParams::default()
    }
}

async fn until_it_labels(hub: &Hub) -> Result<()> {
    let secrets: Api<Secret> = Api::namespaced(hub.client().await?, "default");
    wait::until("the API server to have a Secret labelled", LIMIT, || async {
        let probe: Secret = serde_json::from_value(json!({
            "metadata": { "name": "probe", "labels": { object_label::AGENT_INSTALL_WATCH: "true" } },
        }))?;
        let made = secrets.create(&dry_run(), &probe).await?;
        let labels = made.metadata.labels.unwrap_or_default();
        Ok(match labels.contains_key(object_label::BACKUP) {
            true => wait::Seen::Yes(()),
            false => wait::Seen::NotYet(format!("{labels:?}")),
        })
    })
    .await
}

/// Until it refuses: a Restore that leaves a name empty never passes.
async fn until_it_guards(hub: &Hub) -> Result<()> {
    let kind = look::resource(look::ACM, "Restore");
    let client = hub.client().await?;
    let restores: Api<DynamicObject> = Api::namespaced_with(client, BACKUP_NAMESPACE, &kind);
    wait::until("the API server to ask the guards", LIMIT, || async {
        let probe: DynamicObject = serde_json::from_value(json!({
            "apiVersion": look::ACM, "kind": "Restore",
            "metadata": { "name": "probe" },
            "spec": {
                "cleanupBeforeRestore": "None",
                "veleroManagedClustersBackupName": "skip",
                "veleroCredentialsBackupName": "",
                "veleroResourcesBackupName": "skip",
            },
        }))?;
        Ok(match restores.create(&dry_run(), &probe).await {
            Err(kube::Error::Api(status)) if status.message.contains("guards.acm-backup.dev") => {
                wait::Seen::Yes(())
            }
            other => wait::Seen::NotYet(format!("{other:?}")),
        })
    })
    .await
}
