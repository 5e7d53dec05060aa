//! The webhook's figures: reviews at its own socket, memory, and what the API server saw.

use super::apiserver::{self, Call, Calls};
use super::cores::{self, Cores};
use super::load::{self, Latencies};
use super::memory::{self, Memory};
use super::pool::Pool;
use super::review::Review;
use acm_backup_bed::{BACKUP_NAMESPACE, Hub, Replica, Webhook, WebhookOptions, wait};
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, PostParams};
use kube::{Api, Client};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long each load lasts.
const LENGTH: Duration = Duration::from_secs(4);
/// Calls before the first figure is taken.
const WARM_UP: Duration = Duration::from_secs(1);
const HANDSHAKES: u32 = 200;
const SECRET_WRITES: usize = 500;
const RESTORE_WRITES: usize = 100;

/// Everything measured of one replica.
pub struct Figures {
    /// A review and what a load of it showed.
    pub loads: Vec<(Review, Latencies)>,
    /// Opening a connection.
    pub handshakes: Latencies,
    /// Ready, nothing asked yet.
    pub idle: Memory,
    /// After all loads.
    pub after: Memory,
    /// What the API server counted over real writes.
    pub seen_by_apiserver: Calls,
}

/// Installs one replica on a hub and measures it.
pub async fn measure(hub: &Hub, binary: PathBuf, cores: Option<Cores>) -> Result<Figures> {
    let options = WebhookOptions {
        replicas: Some(1),
        ..WebhookOptions::new(binary)
    };
    let webhook = Webhook::install(hub.site(), options).await?;
    let replica = webhook
        .replicas()
        .pop()
        .context("the webhook has no replica")?;
    let pid = replica.process.pid().context("the webhook has ended")?;
    let client = hub.client().await?;
    until_called(&client).await?;
    let idle = memory::of(pid).context("the webhook has ended")?;
    let seen_by_apiserver = real_writes(&client).await?;

    if let Some(cores) = cores {
        cores::keep_process(pid, cores.server);
    }
    let authority = hub.file("manifests/overlays/own-certificate/ca/ca.crt");
    let authority = std::fs::read_to_string(&authority)
        .with_context(|| format!("cannot read {}", authority.display()))?;
    // The generator has a runtime of its own, on its own core.
    let (loads, handshakes) =
        tokio::task::spawn_blocking(move || generate(&replica, &authority, cores)).await??;
    let after = memory::of(pid).context("the webhook has ended")?;
    Ok(Figures {
        loads,
        handshakes,
        idle,
        after,
        seen_by_apiserver,
    })
}

type Generated = (Vec<(Review, Latencies)>, Latencies);

fn generate(replica: &Replica, authority: &str, cores: Option<Cores>) -> Result<Generated> {
    let pin = move || {
        if let Some(cores) = cores {
            cores::keep_thread(cores.client);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .on_thread_start(pin)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let small = Review::secret("Secret CREATE, 2 KB", 2048);
        let large = Review::secret("Secret CREATE, 18 KB", 18 * 1024);
        // A pool for each path, as the API server has.
        let mutate = Arc::new(Pool::new(replica.address, authority)?);
        let validate = Arc::new(Pool::new(replica.address, authority)?);
        load::open_loop(&mutate, &small, 200, WARM_UP).await?;
        let mut loads = Vec::new();
        for (review, rate) in [(&small, 200), (&large, 200), (&small, 1000), (&large, 1000)] {
            let found = load::open_loop(&mutate, review, rate, LENGTH).await?;
            loads.push((review.clone(), found));
        }
        let restore = Review::restore();
        load::open_loop(&validate, &restore, 20, WARM_UP).await?;
        let found = load::open_loop(&validate, &restore, 20, LENGTH).await?;
        loads.push((restore, found));
        Ok((loads, load::handshakes(&mutate, HANDSHAKES).await?))
    })
}

/// The API server learns of new configurations by a watch: waits until both were called.
async fn until_called(client: &Client) -> Result<()> {
    wait::until(
        "the API server to call the webhook",
        Duration::from_secs(30),
        || async {
            create_secret(client, "probe", true).await?;
            create_restore(client, "probe").await?;
            let called = apiserver::calls(client).await?;
            Ok(match called.len() {
                2.. => wait::Seen::Yes(()),
                _ => wait::Seen::NotYet(format!("{called:?}")),
            })
        },
    )
    .await
}

/// Secrets that are stored and Restores that are not (a dry run is judged all the same).
async fn real_writes(client: &Client) -> Result<Calls> {
    let before = apiserver::calls(client).await?;
    for number in 0..SECRET_WRITES {
        create_secret(client, &format!("measured-{number}"), false).await?;
    }
    for number in 0..RESTORE_WRITES {
        create_restore(client, &format!("measured-{number}")).await?;
    }
    let mut calls = apiserver::calls(client).await?;
    for (name, call) in &mut calls {
        *call = call.since(before.get(name).copied().unwrap_or_default());
    }
    calls.retain(|_, call| *call != Call::default());
    Ok(calls)
}

async fn create_secret(client: &Client, name: &str, dry_run: bool) -> Result<()> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), "default");
    let secret = serde_json::from_value(json!({
        "metadata": { "name": name },
        "stringData": { "value": "x".repeat(1500) },
    }))?;
    let params = PostParams {
        dry_run,
        ..PostParams::default()
    };
    secrets.create(&params, &secret).await?;
    Ok(())
}

async fn create_restore(client: &Client, name: &str) -> Result<()> {
    let kind = GroupVersionKind::gvk("cluster.open-cluster-management.io", "v1beta1", "Restore");
    let kind = ApiResource::from_gvk(&kind);
    let restores: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), BACKUP_NAMESPACE, &kind);
    let restore = serde_json::from_value(json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": { "name": name },
        "spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": "skip",
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "skip",
        },
    }))?;
    let params = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    match restores.create(&params, &restore).await {
        // Let through or refused: it was judged.
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.message.contains("denied the request") => Ok(()),
        Err(error) => Err(error).context("creating a Restore as a dry run"),
    }
}
