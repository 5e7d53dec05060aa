//! Doing what a pass decided.

use anyhow::{Context, Result};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tracing::{info, warn};

use super::merge;
use super::{Hub, Item};
use crate::decide::schedule_status;
use crate::kinds::Kind;
use crate::object::{ObjectName, name};
use crate::world::World;
use crate::write::Write;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Done, or not needed any more.
    Done,
    /// The operator gives this pass up, and has said why in the status.
    Abandoned,
}

/// Errors on these the operator logs or swallows (operator-facts §3.1, §4.2, §4.3, §6.9).
fn is_best_effort(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Backup
            | Kind::Secret
            | Kind::ConfigMap
            | Kind::ManagedServiceAccount
            | Kind::ManagedClusterAddOn
            | Kind::ManifestWork
            | Kind::ManagedCluster
            | Kind::DeleteBackupRequest
            | Kind::Event
    )
}

impl Hub {
    /// Does one write.
    ///
    /// # Errors
    /// What the API server answers, where the operator would come back for it.
    pub async fn apply(&self, world: &World, item: &Item, write: &Write) -> Result<Applied> {
        let (kind, at) = match write {
            Write::Create(object) => (
                Kind::of(object).context("a kind nobody knows")?,
                ObjectName::of(object),
            ),
            Write::Status { kind, at, .. }
            | Write::Patch { kind, at, .. }
            | Write::Delete { kind, at } => (*kind, at.clone()),
            Write::CleanUp(rule) => {
                self.clean_up(rule).await.context("clean-up")?;
                return Ok(Applied::Done);
            }
        };
        let Err(error) = self.send(world, kind, &at, write).await else {
            return Ok(Applied::Done);
        };
        let what = format!("{} {}/{}", kind.api().kind, at.namespace, at.name);
        if is_best_effort(kind) {
            warn!("{what}: {error}");
            return Ok(Applied::Done);
        }
        if kind == Kind::VeleroSchedule && matches!(write, Write::Create(_)) {
            let message = format!("Velero schedules initialization failed: {}", said(&error));
            self.fail_schedule(world, item, message).await?;
            return Ok(Applied::Abandoned);
        }
        Err(anyhow::Error::new(error).context(what))
    }

    async fn send(
        &self,
        world: &World,
        kind: Kind,
        at: &ObjectName,
        write: &Write,
    ) -> kube::Result<()> {
        let Some(api) = self.api(kind, at) else {
            return Ok(());
        };
        let sent = match write {
            Write::Create(object) => {
                let object = self.typed(kind, object)?;
                api.create(&PostParams::default(), &object).await.map(drop)
            }
            Write::Status { status, .. } => {
                let before = world
                    .get(kind, at)
                    .and_then(|object| object.get("status"))
                    .cloned();
                let changes = merge::patch(&before.unwrap_or_else(|| json!({})), status);
                info!(kind = kind.api().kind, name = %at.name, phase = %status["phase"], message = %status["lastMessage"]);
                let patch = Patch::Merge(json!({"status": changes}));
                api.patch_status(&at.name, &PatchParams::default(), &patch)
                    .await
                    .map(drop)
            }
            Write::Patch { patch, .. } => api
                .patch(&at.name, &PatchParams::default(), &Patch::Merge(patch))
                .await
                .map(drop),
            Write::Delete { .. } => api
                .delete(&at.name, &DeleteParams::default())
                .await
                .map(drop),
            Write::CleanUp(_) => Ok(()),
        };
        match sent {
            Err(kube::Error::Api(status)) if is_moot(write, status.code, &status.reason) => Ok(()),
            other => other,
        }
    }

    fn typed(&self, kind: Kind, object: &Value) -> kube::Result<DynamicObject> {
        let mut object = object.clone();
        if let Some(version) = self.api_version(kind) {
            object["apiVersion"] = json!(version);
        }
        info!(kind = kind.api().kind, name = %name(&object), "create");
        serde_json::from_value(object).map_err(kube::Error::SerdeError)
    }

    async fn fail_schedule(&self, world: &World, (kind, at): &Item, message: String) -> Result<()> {
        let verdict = schedule_status::verdict("Failed", message);
        if let Some(write) = world
            .get(*kind, at)
            .and_then(|owner| schedule_status::write(owner, &verdict, &[]))
        {
            self.send(world, *kind, at, &write).await?;
        }
        Ok(())
    }
}

/// Somebody else was faster: it is there already, or gone already.
fn is_moot(write: &Write, code: u16, reason: &str) -> bool {
    match write {
        Write::Create(object) => {
            reason == "AlreadyExists" && Kind::of(object) != Some(Kind::VeleroSchedule)
        }
        _ => code == 404,
    }
}

/// An error in the API server's own words.
fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}
