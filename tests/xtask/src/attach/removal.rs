//! Takes everything away that attaching installs. What is gone already is fine.

use super::NAMESPACE;
use acm_backup_bed::{Site, remove_manifests, wait};
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(90);

/// A namespace that is being deleted and that no controller has looked at for this long will stay: the
/// API server runs alone. (A controller waits five seconds before it begins.)
const NO_CONTROLLER: Duration = Duration::from_secs(20);

/// Removes the configurations first, so that nothing is refused for want of a webhook, then the rest.
pub async fn remove(site: &Site) -> Result<()> {
    remove_manifests(site).context("cannot remove what was applied")?;
    // Not in the manifests: the certificate's Secret and the Lease.
    let rest = format!("delete secrets,leases --all --wait=false --namespace={NAMESPACE}");
    let rest: Vec<&str> = rest.split_whitespace().collect();
    site.kubectl(&rest)?
        .ok()
        .context("cannot empty the namespace")?;
    until_gone(&site.client().await?).await
}

async fn until_gone(client: &Client) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let start = Instant::now();
    let what = format!("namespace {NAMESPACE} to be gone");
    wait::until(&what, LIMIT, || async {
        let Some(namespace) = namespaces.get_opt(NAMESPACE).await? else {
            return Ok(wait::Seen::Yes(()));
        };
        let status = namespace.status.clone().unwrap_or_default();
        let looked_at = status.conditions.is_some_and(|all| !all.is_empty());
        if !looked_at && start.elapsed() > NO_CONTROLLER {
            release(client, namespace).await?;
        }
        Ok(wait::Seen::NotYet(format!(
            "phase {}",
            status.phase.unwrap_or_default()
        )))
    })
    .await
}

/// What a namespace controller does once a namespace is empty, as ours is by now.
async fn release(client: &Client, mut namespace: Namespace) -> Result<()> {
    namespace.spec.get_or_insert_default().finalizers = None;
    let path = format!("/api/v1/namespaces/{NAMESPACE}/finalize");
    let request = http::Request::put(path)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&namespace)?)?;
    client.request::<Namespace>(request).await?;
    Ok(())
}
