//! One cycle on two real hubs with real Velero, played by the stand-in's binary: recorded, and compared with
//! what the decisions say as the recordings of the real operator are. `ACM_BACKUP_OPERATOR=FILE,FILE` compares
//! a real operator's cycle instead.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use acm_backup_bed::{
    BACKUP_NAMESPACE, Bucket, Hub, Process, Recipe, Velero, VeleroOptions, wait, workspace,
};
use acm_backup_operator::kinds::Kind;
use acm_backup_operator::live::api_resource;
use acm_backup_operator::recording::{Event, HUBS};
use acm_backup_operator::version::Version;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::recorder::Recorder;
use crate::stage::{Unrecorded, replay_events};
use crate::tracks;

const LIMIT: Duration = Duration::from_secs(150);

/// A hub with Velero and the operator, being recorded.
struct Site {
    recorder: Recorder,
    operator: Arc<Process>,
    velero: Velero,
    hub: Hub,
    id: &'static str,
}

impl Site {
    async fn start(number: usize, bucket: &Bucket) -> Self {
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
        let operator = hub.run(operator(&hub, number), "operator").unwrap();
        Self {
            recorder,
            operator,
            velero,
            hub,
            id,
        }
    }

    async fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let client = self.hub.client().await.unwrap();
        if kind.api().namespaced {
            Api::namespaced_with(client, BACKUP_NAMESPACE, &api_resource(kind))
        } else {
            Api::all_with(client, &api_resource(kind))
        }
    }

    async fn until_phase(&self, kind: Kind, name: &str, phase: &str) -> DynamicObject {
        let what = format!("{kind:?} {name} to be {phase} on {}", self.hub.name());
        wait::for_object(&self.api(kind).await, name, &what, LIMIT, |object| {
            let object = object?;
            (object.data["status"]["phase"] == phase).then(|| object.clone())
        })
        .await
        .unwrap()
    }

    /// Waits until a backup of each of the five types is complete, and returns the resources one's name.
    async fn until_a_full_set(&self, limit: Duration) {
        let api = self.api(Kind::Backup).await;
        wait::until("a full set", limit, || async {
            let backups = api.list(&Default::default()).await?;
            let complete = backups
                .iter()
                .filter(|backup| backup.data["status"]["phase"] == "Completed")
                .count();
            Ok(if complete >= 5 {
                wait::Seen::Yes(())
            } else {
                wait::Seen::NotYet(format!("{complete} of 5"))
            })
        })
        .await
        .unwrap();
    }

    async fn merge(&self, kind: Kind, name: &str, patch: Value) {
        let patch = Patch::Merge(patch);
        self.api(kind)
            .await
            .patch(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    /// Stops the operator and the recording.
    async fn stop(self) -> (Hub, Velero, Vec<Event>) {
        self.operator.stop();
        (self.hub, self.velero, self.recorder.stop().await)
    }
}

fn operator(hub: &Hub, number: usize) -> Recipe {
    let real = std::env::var("ACM_BACKUP_OPERATOR")
        .ok()
        .filter(|files| !files.is_empty());
    let program = match &real {
        Some(files) => OsString::from(files.split(',').nth(number).expect("a file for each hub")),
        None => OsString::from(env!("CARGO_BIN_EXE_acm-backup-operator-standin")),
    };
    let mut recipe = Recipe::new("operator", program)
        .args([
            "--leader-elect=false",
            "--metrics-bind-address=0",
            "--health-probe-bind-address=0",
        ])
        .env("KUBECONFIG", hub.admin_kubeconfig())
        .env("POD_NAMESPACE", BACKUP_NAMESPACE);
    if real.is_none() {
        recipe = recipe.args(["--operator-version=2.17", "--requeue-healthy=5s"]);
    }
    recipe
}

/// What the operator wants to find on a hub.
fn surroundings(id: &str) -> [Value; 3] {
    [
        json!({
            "apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion",
            "metadata": {"name": "version"}, "spec": {"clusterID": id},
        }),
        json!({
            "apiVersion": "config.openshift.io/v1", "kind": "APIServer", "metadata": {"name": "cluster"}, "spec": {},
        }),
        json!({
            "apiVersion": "addon.open-cluster-management.io/v1alpha1", "kind": "ClusterManagementAddOn",
            "metadata": {"name": "managed-serviceaccount"}, "spec": {},
        }),
    ]
}

async fn populate(hub: &Hub) {
    for (cluster, labels) in [
        ("imported1", json!({})),
        (
            "local-cluster",
            json!({"local-cluster": "true", "velero.io/exclude-from-backup": "true"}),
        ),
    ] {
        hub.create_namespace(cluster).await.unwrap();
        hub.apply(&json!({
            "apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
            "metadata": {"name": cluster, "labels": labels},
            "spec": {
                "hubAcceptsClient": true,
                "managedClusterClientConfigs": [{"url": format!("https://api.{cluster}.example.com:6443")}],
            },
        }))
        .await
        .unwrap();
    }
}

/// A cron that does not come round while the test runs: the set is the operator's own first one.
fn schedule() -> Value {
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "metadata": {"name": "schedule-acm", "namespace": BACKUP_NAMESPACE},
        "spec": {"veleroSchedule": "0 0 29 2 *", "veleroTtl": "2h", "useManagedServiceAccount": true},
    })
}

fn passive() -> Value {
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": {"name": "passive", "namespace": BACKUP_NAMESPACE},
        "spec": {
            "syncRestoreWithNewBackups": true, "restoreSyncInterval": "1m", "cleanupBeforeRestore": "CleanupRestored",
            "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest",
        },
    })
}

fn assert_replayed(hub: &str, id: &str, events: Vec<Event>) {
    let outcome = replay_events(events, id, Unrecorded::default(), Version::new(2, 17));
    let differences = tracks::differences(&outcome);
    assert!(
        differences.is_empty(),
        "{hub}, live:\n{}",
        differences.join("\n")
    );
    assert!(
        outcome.expected.steps() > 10,
        "{hub}: only {} states recorded",
        outcome.expected.steps()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_cycle_goes_as_decided() {
    let bucket = Bucket::start().unwrap();
    let (one, two) = tokio::join!(Site::start(0, &bucket), Site::start(1, &bucket));

    populate(&one.hub).await;
    one.hub.create(&schedule()).await.unwrap();
    one.until_phase(Kind::BackupSchedule, "schedule-acm", "Enabled")
        .await;
    one.until_a_full_set(LIMIT).await;

    two.velero.nudge().unwrap();
    two.until_a_full_set(LIMIT).await;
    two.hub.create(&passive()).await.unwrap();
    two.until_phase(Kind::AcmRestore, "passive", "Enabled")
        .await;
    two.merge(
        Kind::AcmRestore,
        "passive",
        json!({"spec": {"veleroManagedClustersBackupName": "latest"}}),
    )
    .await;
    let finished = two
        .until_phase(Kind::AcmRestore, "passive", "Finished")
        .await;
    assert_eq!(
        finished.data["status"]["messages"],
        json!(["Created auto-import-secret for (imported1)"]),
        "the token travelled in the backup"
    );
    two.hub.create(&schedule()).await.unwrap();
    two.until_phase(Kind::BackupSchedule, "schedule-acm", "Enabled")
        .await;

    one.velero.nudge().unwrap();
    one.until_phase(Kind::BackupSchedule, "schedule-acm", "BackupCollision")
        .await;

    let (one_id, two_id) = (one.id, two.id);
    let (_one_hub, _one_velero, of_one) = one.stop().await;
    let (_two_hub, _two_velero, of_two) = two.stop().await;
    assert_replayed("hub1", one_id, of_one);
    assert_replayed("hub2", two_id, of_two);
}
