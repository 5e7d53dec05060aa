//! Takes everything away that attaching installs. What is gone already is fine.

use super::NAMESPACE;
use acm_backup_bed::{Site, wait};
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use std::ffi::OsString;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(90);

/// A namespace that is being deleted and that no controller has looked at for this long will stay: the
/// API server runs alone. (A controller waits five seconds before it begins.)
const NO_CONTROLLER: Duration = Duration::from_secs(20);

/// Removes the configurations first, so that nothing is refused for want of a webhook, then the rest.
pub async fn remove(site: &Site) -> Result<()> {
    let base = crate::root().join("manifests/base");
    let kubectl = |line: &str, more: Option<OsString>| {
        let args = line.split_whitespace().map(OsString::from).chain(more);
        site.kubectl(&args.collect::<Vec<_>>())?.ok()
    };
    kubectl(
        "delete mutatingwebhookconfigurations,validatingwebhookconfigurations \
         -l app.kubernetes.io/part-of=acm-backup",
        None,
    )
    .context("cannot remove the webhook configurations")?;
    kubectl(
        "delete --ignore-not-found --wait=false -k",
        Some(base.into()),
    )
    .context("cannot remove the manifests")?;
    // Not in the manifests: the certificate's Secret and the Lease.
    kubectl(
        &format!("delete secrets,leases --all --wait=false --namespace={NAMESPACE}"),
        None,
    )
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
