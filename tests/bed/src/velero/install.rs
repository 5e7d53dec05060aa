//! What has to be on a hub before Velero starts, and what the operator expects to find beside it.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Velero, VeleroOptions};
use crate::hub::Hub;
use crate::process::StopOrder;
use crate::s3::Bucket;
use crate::{run, workspace};

const DPA: &str = "dpa";
const DPA_CRD: &str = "crds/third-party/dataprotectionapplications.oadp.openshift.io.yaml";
const CREDENTIALS: &str = "cloud-credentials";

/// Velero's CRDs, as this Velero prints them, and the one of the owner of its storage location.
pub(super) async fn crds(hub: &Hub, velero: &Path) -> Result<()> {
    let mut command = run::bare_command(velero, StopOrder::Client)?;
    let printed = command
        .args(["install", "--crds-only", "--dry-run", "-o", "json"])
        .env("HOME", hub.file("home"))
        .output()
        .context("cannot run velero")?;
    if !printed.status.success() {
        bail!(
            "velero install: {}",
            String::from_utf8_lossy(&printed.stderr)
        );
    }
    let velero: Value = serde_json::from_slice(&printed.stdout)
        .context("`velero install --crds-only --dry-run -o json` printed no JSON")?;
    let path = workspace().join(DPA_CRD);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let dpa: Value =
        serde_saphyr::from_str(&text).with_context(|| format!("{}", path.display()))?;
    hub.install_crd_objects(&[velero, dpa]).await
}

/// Namespace, credentials, storage location and its owner, and a Deployment.
pub(super) async fn objects(hub: &Hub, bucket: &Bucket, options: &VeleroOptions) -> Result<()> {
    let namespace = &options.namespace;
    hub.create_namespace(namespace).await?;
    hub.apply(&json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "namespace": namespace, "name": CREDENTIALS },
        "stringData": { "cloud": bucket.credentials() },
    }))
    .await?;
    // The operator takes a location for available only when OADP owns it; with a garbage
    // collector about, that owner has to exist.
    let owner = hub
        .apply(&json!({
            "apiVersion": "oadp.openshift.io/v1alpha1",
            "kind": "DataProtectionApplication",
            "metadata": { "namespace": namespace, "name": DPA },
            "spec": {},
        }))
        .await?;
    let uid = owner.metadata.uid.context("an object without uid")?;
    hub.apply(&json!({
        "apiVersion": "velero.io/v1",
        "kind": "BackupStorageLocation",
        "metadata": {
            "namespace": namespace,
            "name": Velero::LOCATION,
            "ownerReferences": [{
                "apiVersion": "oadp.openshift.io/v1alpha1",
                "kind": "DataProtectionApplication",
                "name": DPA,
                "uid": uid,
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "provider": "aws",
            "default": true,
            "accessMode": if options.read_only { "ReadOnly" } else { "ReadWrite" },
            "backupSyncPeriod": "10s",
            "objectStorage": { "bucket": Bucket::NAME, "prefix": options.prefix },
            "credential": { "name": CREDENTIALS, "key": "cloud" },
            "config": { "region": Bucket::REGION, "s3ForcePathStyle": "true", "s3Url": bucket.url() },
        },
    }))
    .await?;
    // A restore looks this Deployment up; without it every restore ends PartiallyFailed with nothing restored.
    hub.apply(&json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "namespace": namespace, "name": "velero" },
        "spec": {
            "replicas": 0,
            "selector": { "matchLabels": { "component": "velero" } },
            "template": {
                "metadata": { "labels": { "component": "velero" } },
                "spec": { "containers": [{ "name": "velero", "image": "velero" }] },
            },
        },
    }))
    .await
    .map(drop)
}
