//! Somebody who needs a Restore all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use acm_backup_bed::{BACKUP_NAMESPACE, Hub, wait};
use acm_backup_e2e::look;
use kube::Api;
use kube::api::{DynamicObject, PostParams};
use serde_json::json;
use tokio::task::JoinHandle;

const LIMIT: Duration = Duration::from_secs(60);

/// Creates a Restore that nothing speaks against, over and over, as a server-side dry run.
pub struct Prober {
    asked: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<Vec<String>>,
}

/// That Restore, once: an error where it is refused.
pub async fn a_restore_can_be_created(restores: &Api<DynamicObject>) -> kube::Result<()> {
    let restore: DynamicObject = serde_json::from_value(json!({
        "apiVersion": look::ACM, "kind": "Restore",
        "metadata": { "generateName": "in-need-" },
        "spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": "skip",
            "veleroCredentialsBackupName": "skip",
            "veleroResourcesBackupName": "skip",
        },
    }))
    .map_err(kube::Error::SerdeError)?;
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    restores.create(&dry_run, &restore).await.map(drop)
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
                while !stop.load(Ordering::Relaxed) {
                    if let Err(error) = a_restore_can_be_created(&restores).await {
                        refused.push(error.to_string());
                    }
                    asked.fetch_add(1, Ordering::Relaxed);
                }
                refused
            }
        });
        Self { asked, stop, task }
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
    pub async fn never_refused(self) {
        self.stop.store(true, Ordering::Relaxed);
        let refused = self.task.await.unwrap();
        assert_eq!(refused, Vec::<String>::new());
        assert!(self.asked.load(Ordering::Relaxed) > 0);
    }
}
