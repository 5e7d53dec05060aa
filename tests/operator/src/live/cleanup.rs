//! Carrying out a clean-up: over every discovered kind it covers, in the foreground, finalizers removed
//! (operator-facts §6.8).

use anyhow::Result;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::discovery::verbs;
use serde_json::json;
use tracing::{info, warn};

use acm_backup_domain::upstream::object_label;

use super::Hub;
use crate::cleanup_rule::CleanUp;

impl Hub {
    /// Deletes what the rule takes.
    ///
    /// # Errors
    /// When a kind cannot be listed; an object that cannot be deleted is logged.
    pub(super) async fn clean_up(&self, rule: &CleanUp) -> Result<()> {
        let params = if rule.unrestored_too {
            ListParams::default()
        } else {
            ListParams::default().labels(object_label::RESTORED_FROM)
        };
        for (resource, capabilities) in &self.resources {
            let kind = resource.kind.to_lowercase();
            let full = if resource.group.is_empty() {
                kind
            } else {
                format!("{kind}.{}", resource.group)
            };
            let able = capabilities.supports_operation(verbs::LIST)
                && capabilities.supports_operation(verbs::DELETE);
            if !able || !rule.covers(&full) {
                continue;
            }
            let all: Api<DynamicObject> = Api::all_with(self.client.clone(), resource);
            for object in all.list(&params).await? {
                let value = serde_json::to_value(&object)?;
                if rule.takes(&value) {
                    let api = match object.namespace() {
                        Some(namespace) => {
                            Api::namespaced_with(self.client.clone(), &namespace, resource)
                        }
                        None => all.clone(),
                    };
                    delete(&api, &object, &full).await;
                }
            }
        }
        Ok(())
    }
}

async fn delete(api: &Api<DynamicObject>, object: &DynamicObject, resource: &str) {
    let name = object.name_any();
    info!(resource, name, "clean-up");
    if let Err(error) = api.delete(&name, &DeleteParams::foreground()).await {
        warn!(resource, name, "clean-up: {error}");
        return;
    }
    let patch = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    match api
        .patch_metadata(&name, &PatchParams::default(), &patch)
        .await
    {
        Err(kube::Error::Api(status)) if status.code == 404 => {}
        Err(error) => warn!(resource, name, "clean-up: {error}"),
        Ok(_) => {}
    }
}
