//! Objects on a hub: applied from values and files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::discovery::{self, Scope};
use kube::{Api, Client};
use serde_json::Value;

use super::Hub;
use crate::wait;

const FIELD_MANAGER: &str = "acm-backup-bed";
const CRD_LIMIT: Duration = Duration::from_secs(30);

impl Hub {
    /// Apply an object, or each item of a `List`, server-side, taking over fields of others.
    /// Returns the last one as stored.
    pub async fn apply(&self, object: &Value) -> Result<DynamicObject> {
        let client = self.client().await?;
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let mut stored = None;
        for item in items(object) {
            let (api, name) = api_for(&client, item).await?;
            let patch = Patch::Apply(item);
            let done = api.patch(&name, &params, &patch).await;
            stored = Some(done.with_context(|| format!("applying {}", title(item)))?);
        }
        stored.context("a list without items")
    }

    /// Create an object with a POST, as `kubectl create` does: it must not exist, and no field is owned by apply.
    pub async fn create(&self, object: &Value) -> Result<DynamicObject> {
        let client = self.client().await?;
        let (api, _) = api_for(&client, object).await?;
        let typed: DynamicObject = serde_json::from_value(object.clone())?;
        api.create(&PostParams::default(), &typed)
            .await
            .with_context(|| format!("creating {}", title(object)))
    }

    /// Make a namespace, where it does not exist.
    pub async fn create_namespace(&self, name: &str) -> Result<()> {
        self.apply(&serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name },
        }))
        .await
        .map(drop)
    }

    /// Apply every YAML or JSON file under a directory.
    pub async fn apply_dir(&self, dir: &Path) -> Result<()> {
        for object in read_dir(dir)? {
            self.apply(&object).await?;
        }
        Ok(())
    }

    /// Apply every CRD under a directory and wait until all are served.
    pub async fn install_crds(&self, dir: &Path) -> Result<()> {
        self.install_crd_objects(&read_dir(dir)?).await
    }

    /// Apply CRDs and wait until all are served.
    pub async fn install_crd_objects(&self, objects: &[Value]) -> Result<()> {
        let api: Api<CustomResourceDefinition> = Api::all(self.client().await?);
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let mut names = Vec::new();
        for object in objects.iter().flat_map(items) {
            if object["kind"] != "CustomResourceDefinition" {
                bail!("{} is not a CRD", title(object));
            }
            let name = object["metadata"]["name"]
                .as_str()
                .context("a CRD without a name")?;
            api.patch(name, &params, &Patch::Apply(object))
                .await
                .with_context(|| format!("applying {}", title(object)))?;
            names.push(name);
        }
        for name in names {
            let what = format!("CRD {name} to be established");
            wait::for_object(&api, name, &what, CRD_LIMIT, |crd| {
                is_established(crd?).then_some(())
            })
            .await?;
        }
        Ok(())
    }
}

fn is_established(crd: &CustomResourceDefinition) -> bool {
    let conditions = crd.status.as_ref().and_then(|s| s.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|c| c.type_ == "Established" && c.status == "True")
}

/// The objects of a `List`, or the object itself.
fn items(object: &Value) -> &[Value] {
    match object["items"].as_array() {
        Some(items)
            if object["kind"]
                .as_str()
                .is_some_and(|kind| kind.ends_with("List")) =>
        {
            items
        }
        _ => std::slice::from_ref(object),
    }
}

/// The API an object belongs to, and its name (empty for one that is to be named by the server).
async fn api_for(client: &Client, object: &Value) -> Result<(Api<DynamicObject>, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let (group, version) = version.rsplit_once('/').unwrap_or(("", &version));
    let gvk = GroupVersionKind::gvk(group, version, &kind);
    let (resource, capabilities) = discovery::pinned_kind(client, &gvk)
        .await
        .with_context(|| format!("the hub does not serve the kind of {}", title(object)))?;
    let namespace = object["metadata"]["namespace"].as_str();
    let api = match (capabilities.scope, namespace) {
        (Scope::Cluster, _) => Api::all_with(client.clone(), &resource),
        (Scope::Namespaced, Some(namespace)) => {
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
        (Scope::Namespaced, None) => bail!("{} needs a namespace", title(object)),
    };
    Ok((api, text(&object["metadata"]["name"])))
}

/// An object in an error: `Restore ns/name`.
fn title(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let metadata = &object["metadata"];
    let name = text(&metadata["name"]);
    let name = match metadata["namespace"].as_str() {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name,
    };
    format!("{} {name}", text(&object["kind"]))
}

/// Every object of every YAML or JSON file under a directory, in the order of their paths.
fn read_dir(dir: &Path) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for path in files(dir)? {
        let text = std::fs::read_to_string(&path)?;
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&text).with_context(|| format!("{}", path.display()))?;
        objects.extend(documents.into_iter().filter(|document| !document.is_null()));
    }
    if objects.is_empty() {
        bail!("no objects in {}", dir.display());
    }
    Ok(objects)
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(dir).with_context(|| format!("{}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        let extension = path.extension().and_then(|e| e.to_str());
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if matches!(extension, Some("yaml" | "yml" | "json")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
