//! Somebody who needs a Restore all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use acm_backup_bed::{BACKUP_NAMESPACE, Hub, wait};
use acm_backup_e2e::look;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const LIMIT: Duration = Duration::from_secs(60);

/// Creates a Restore that nothing speaks against, over and over: as a server-side dry run, and really.
pub struct Prober {
    asked: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    task: Option<JoinHandle<Vec<String>>>,
}

/// With the test: nothing asks a hub that is being stopped.
impl Drop for Prober {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// A Restore that nothing speaks against.
fn harmless(metadata: Value) -> kube::Result<DynamicObject> {
    serde_json::from_value(json!({
        "apiVersion": look::ACM, "kind": "Restore",
        "metadata": metadata,
        "spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": "skip",
            "veleroCredentialsBackupName": "skip",
            "veleroResourcesBackupName": "skip",
        },
    }))
    .map_err(kube::Error::SerdeError)
}

/// It, once, as a dry run: an error where it is refused.
pub async fn a_restore_can_be_created(restores: &Api<DynamicObject>) -> kube::Result<()> {
    let restore = harmless(json!({ "generateName": "in-need-" }))?;
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    restores.create(&dry_run, &restore).await.map(drop)
}

/// It, stored under its own name, and carried out as the operator would: there is nothing to do. The one before
/// it goes only then: what came and went between two looks would keep the slot of those that follow.
async fn is_created(
    restores: &Api<DynamicObject>,
    name: &str,
    before: Option<String>,
) -> kube::Result<()> {
    let restore = harmless(json!({ "name": name }))?;
    restores.create(&PostParams::default(), &restore).await?;
    let status = Patch::Merge(json!({ "status": { "phase": "Finished" } }));
    restores
        .patch_status(name, &PatchParams::default(), &status)
        .await?;
    if let Some(before) = before {
        restores.delete(&before, &DeleteParams::default()).await?;
    }
    Ok(())
}

/// Restores of the operator's namespace.
pub async fn restores(hub: &Hub) -> Api<DynamicObject> {
    let kind = look::resource(look::ACM, "Restore");
    Api::namespaced_with(hub.client().await.unwrap(), BACKUP_NAMESPACE, &kind)
}

impl Prober {
    /// Begin.
    pub async fn start(hub: &Hub) -> Self {
        let restores = restores(hub).await;
        let (asked, stop) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let task = tokio::spawn({
            let (asked, stop) = (Arc::clone(&asked), Arc::clone(&stop));
            async move {
                let mut refused = Vec::new();
                let mut before = None;
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    if let Err(error) = a_restore_can_be_created(&restores).await {
                        refused.push(error.to_string());
                    }
                    let name = format!("in-need-{number}");
                    match is_created(&restores, &name, before.take()).await {
                        Ok(()) => before = Some(name),
                        Err(error) => refused.push(error.to_string()),
                    }
                    asked.fetch_add(1, Ordering::Relaxed);
                }
                refused
            }
        });
        Self {
            asked,
            stop,
            task: Some(task),
        }
    }

    /// Wait until it has been answered a few times more: as things are now, not as they were.
    pub async fn again(&self) {
        let before = self.asked.load(Ordering::Relaxed);
        wait::until("more answers", LIMIT, || async {
            let now = self.asked.load(Ordering::Relaxed);
            Ok(match now >= before + 3 {
                true => wait::Seen::Yes(()),
                false => wait::Seen::NotYet(format!("{now} answers, {before} before")),
            })
        })
        .await
        .unwrap();
    }

    /// End, and fail unless every one could have been created.
    pub async fn never_refused(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let refused = self.task.take().unwrap().await.unwrap();
        assert_eq!(refused, Vec::<String>::new());
        assert!(self.asked.load(Ordering::Relaxed) > 0);
    }
}
