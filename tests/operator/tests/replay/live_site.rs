//! A real hub with real Velero and an operator, being recorded.

use std::sync::Arc;
use std::time::Duration;

use acm_backup_bed::{
    BACKUP_NAMESPACE, Bucket, Hub, Process, Recipe, Velero, VeleroOptions, wait, workspace,
};
use acm_backup_operator::kinds::Kind;
use acm_backup_operator::live::api_resource;
use acm_backup_operator::object::name_stamp;
use acm_backup_operator::recording::{Event, HUBS};
use jiff::Timestamp;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::live_objects::surroundings;
use crate::recorder::Recorder;

const LIMIT: Duration = Duration::from_secs(150);

/// A hub with Velero and the operator, being recorded.
pub struct Site {
    recorder: Recorder,
    operator: Arc<Process>,
    pub velero: Velero,
    pub hub: Hub,
    pub id: &'static str,
}

impl Site {
    pub async fn start(number: usize, bucket: &Bucket) -> Self {
        let (name, id) = HUBS[number];
        let hub = Hub::start(name).await.unwrap();
        hub.install_crds(&workspace().join("crds")).await.unwrap();
        for object in surroundings(id) {
            hub.apply(&object).await.unwrap();
        }
        let velero = Velero::start(&hub, bucket, VeleroOptions::default())
            .await
            .unwrap();
        let recorder = Recorder::start(&hub.client().await.unwrap()).await;
        let operator = hub.run(operator(&hub), "operator").unwrap();
        let site = Self {
            recorder,
            operator,
            velero,
            hub,
            id,
        };
        // A nudged Velero does not sync again before this time is over.
        let often = json!({"spec": {"backupSyncPeriod": "1s"}});
        site.merge(Kind::StorageLocation, Velero::LOCATION, often)
            .await;
        site
    }

    async fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let client = self.hub.client().await.unwrap();
        if kind.api().namespaced {
            Api::namespaced_with(client, BACKUP_NAMESPACE, &api_resource(kind))
        } else {
            Api::all_with(client, &api_resource(kind))
        }
    }

    pub async fn until_phase(&self, kind: Kind, name: &str, phase: &str) {
        self.until(kind, name, &format!("be {phase}"), |object| {
            object["status"]["phase"] == phase
        })
        .await;
    }

    pub async fn until(&self, kind: Kind, name: &str, what: &str, is: impl Fn(&Value) -> bool) {
        let what = format!("{kind:?} {name} to {what} on {}", self.hub.name());
        wait::for_object(&self.api(kind).await, name, &what, LIMIT, |object| {
            is(&object?.data).then_some(())
        })
        .await
        .unwrap();
    }

    /// Waits until so many backups are complete whose name begins so.
    pub async fn until_complete(&self, prefix: &str, wanted: usize) {
        let api = self.api(Kind::Backup).await;
        let what = format!("{wanted} complete backups {prefix}* on {}", self.hub.name());
        wait::until(&what, LIMIT, || async {
            let backups = api.list(&ListParams::default()).await?;
            let done = backups
                .iter()
                .filter(|backup| backup.name_any().starts_with(prefix))
                .filter(|backup| backup.data["status"]["phase"] == "Completed")
                .count();
            Ok(if done >= wanted {
                wait::Seen::Yes(())
            } else {
                wait::Seen::NotYet(format!("{done}"))
            })
        })
        .await
        .unwrap();
    }

    /// What the cron would do: one more complete backup of a Velero Schedule, whose name it returns. Velero
    /// is nudged, which looks at its queue once a minute.
    pub async fn back_up_again(&self, schedule: &str) -> String {
        let of = self
            .api(Kind::VeleroSchedule)
            .await
            .get(schedule)
            .await
            .unwrap();
        let mut labels = json!(of.metadata.labels);
        labels["velero.io/schedule-name"] = json!(schedule);
        let name = format!("{schedule}-{}", name_stamp(Timestamp::now()));
        self.hub
            .create(&json!({
                "apiVersion": "velero.io/v1", "kind": "Backup",
                "metadata": {"name": name, "namespace": BACKUP_NAMESPACE, "labels": labels},
                "spec": of.data["spec"]["template"],
            }))
            .await
            .unwrap();
        self.velero.nudge().unwrap();
        self.until_phase(Kind::Backup, &name, "Completed").await;
        name
    }

    pub async fn merge(&self, kind: Kind, name: &str, patch: Value) {
        let api = self.api(kind).await;
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .unwrap();
    }

    /// Stops the operator and the recording.
    pub async fn stop(self) -> (Hub, Velero, Vec<Event>) {
        self.operator.stop();
        (self.hub, self.velero, self.recorder.stop().await)
    }
}

fn operator(hub: &Hub) -> Recipe {
    Recipe::new(
        "operator",
        env!("CARGO_BIN_EXE_acm-backup-operator-standin"),
    )
    .args([
        "--leader-elect=false",
        "--metrics-bind-address=0",
        "--health-probe-bind-address=0",
        "--operator-version=2.17",
        // The collision is to be seen before the usual five minutes are over.
        "--requeue-healthy=5s",
    ])
    .env("KUBECONFIG", hub.admin_kubeconfig())
    .env("POD_NAMESPACE", BACKUP_NAMESPACE)
}
