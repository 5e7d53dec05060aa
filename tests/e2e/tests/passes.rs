//! What must never hang on us passes: with the replicas alive, and with every one of them dead.

use std::time::Duration;

use acm_backup_bed::{BACKUP_NAMESPACE, Finished, wait};
use acm_backup_e2e::{fixtures, look};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;

use crate::support::{GuardedHub, guarded_hub, refused, says};

const RESTORES: &str = "restores.cluster.open-cluster-management.io";
const LIMIT: Duration = Duration::from_secs(60);

fn patch(hub: &GuardedHub, patch: &str, more: &[&str]) -> Finished {
    let args = [
        "-n",
        BACKUP_NAMESPACE,
        "patch",
        RESTORES,
        "first",
        "--type=merge",
        "-p",
        patch,
    ];
    hub.ops(&[&args[..], more].concat())
}

fn passed(finished: &Finished) {
    assert!(finished.succeeded(), "{finished}");
}

/// Everything but a changed spec.
async fn what_is_not_judged_passes(hub: &GuardedHub) {
    passed(&patch(
        hub,
        r#"{"metadata":{"labels":{"team":"night"}}}"#,
        &[],
    ));
    passed(&patch(
        hub,
        r#"{"metadata":{"annotations":{"acm-backup.dev/attest-old-hub":"down x"}}}"#,
        &[],
    ));
    passed(&patch(
        hub,
        r#"{"metadata":{"finalizers":["example.com/hold"]}}"#,
        &[],
    ));
    passed(&patch(
        hub,
        r#"{"status":{"phase":"Running"}}"#,
        &["--subresource=status"],
    ));
    // Being deleted, so that even its spec may change: whoever removes the last finalizer must get through.
    passed(&hub.ops(&[
        "-n",
        BACKUP_NAMESPACE,
        "delete",
        RESTORES,
        "first",
        "--wait=false",
    ]));
    passed(&patch(
        hub,
        r#"{"metadata":{"finalizers":null},"spec":{"veleroManagedClustersBackupName":"latest"}}"#,
        &[],
    ));
    let restores = look::api(&hub.hub, look::ACM, "Restore").await.unwrap();
    wait::until_gone(&restores, "first", LIMIT).await.unwrap();
}

/// What an operator writes that nobody else may: an activation beside another Restore.
async fn the_operator_passes(hub: &GuardedHub) {
    let activation = fixtures::restore("by-the-operator", "latest", false);
    passed(&hub.create_as_operator(&activation, &["--dry-run=server"]));
}

async fn sync_restore(hub: &GuardedHub) {
    let mut restore = fixtures::restore("first", "skip", true);
    restore["status"] = json!({ "phase": "Enabled" });
    hub.store(restore).await;
}

#[test]
fn while_the_replicas_live() {
    guarded_hub(|hub| async move {
        sync_restore(&hub).await;
        the_operator_passes(&hub).await;
        what_is_not_judged_passes(&hub).await;
    });
}

#[test]
fn while_every_replica_is_dead() {
    guarded_hub(|hub| async move {
        sync_restore(&hub).await;
        hub.webhook.kill();
        the_operator_passes(&hub).await;
        // The guard fails closed, and the API server says whose it is.
        let answer = patch(
            &hub,
            r#"{"spec":{"veleroManagedClustersBackupName":"latest"}}"#,
            &[],
        );
        assert_eq!(answer.code, Some(1), "{answer}");
        says(
            &answer.stderr,
            &["failed calling webhook \"guards.acm-backup.dev\""],
        );
        let answer = hub.create(&fixtures::restore("second", "skip", false), &[]);
        says(
            &answer.stderr,
            &["failed calling webhook \"guards.acm-backup.dev\""],
        );
        // Labels fail open: a Secret is stored, only unlabelled.
        hub.hub.create_namespace("passes-while-dead").await.unwrap();
        hub.hub
            .create(&fixtures::token_secret("passes-while-dead"))
            .await
            .unwrap();
        assert_eq!(
            hub.label_of("passes-while-dead", "auto-import-account")
                .await,
            None
        );
        what_is_not_judged_passes(&hub).await;

        hub.webhook.start_again().await.unwrap();
        sync_restore(&hub).await;
        let answer = hub.create(
            &fixtures::restore("second", "skip", false),
            &["--dry-run=server"],
        );
        refused(&answer, &["restore/another-active"]);
    });
}

#[test]
fn a_namespace_with_restores_in_it_can_be_deleted_while_every_replica_is_dead() {
    guarded_hub(|hub| async move {
        let namespace = "on-its-way-out";
        hub.hub.create_namespace(namespace).await.unwrap();
        let mut restore = fixtures::restore("inside", "skip", false);
        restore["metadata"]["namespace"] = json!(namespace);
        restore["metadata"]["name"] = json!("inside");
        restore["spec"]["veleroCredentialsBackupName"] = json!("skip");
        restore["spec"]["veleroResourcesBackupName"] = json!("skip");
        passed(&hub.create(&restore, &[]));
        hub.webhook.kill();
        let namespaces: Api<Namespace> = Api::all(hub.hub.client().await.unwrap());
        namespaces
            .delete(namespace, &DeleteParams::default())
            .await
            .unwrap();
        wait::until_gone(&namespaces, namespace, LIMIT)
            .await
            .unwrap();
        hub.webhook.start_again().await.unwrap();
    });
}
