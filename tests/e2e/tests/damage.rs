//! Without us the damage happens: the same steps as in the demo, with neither our configurations nor our
//! reconciler installed. What this test sees is what the others see prevented.

use acm_backup_bed::BACKUP_NAMESPACE;
use acm_backup_e2e::{World, WorldOptions, fixtures, look};
use serde_json::{Value, json};

use crate::support::{alone, says};

const RESTORES: &str = "restores.cluster.open-cluster-management.io";

#[test]
fn secrets_are_missed_a_restore_is_burnt_and_two_hubs_hold_the_fleet() {
    alone(async {
        let world = World::start(WorldOptions { replicas: 0 }).await.unwrap();
        secrets_a_cluster_deployment_names_are_in_no_backup(&world).await;
        hub_b_follows(&world).await;
        a_second_restore_is_burnt(&world).await;
        an_activation_beside_a_live_hub_is_accepted(&world).await;
    });
}

/// Step 2 of the demo.
async fn secrets_a_cluster_deployment_names_are_in_no_backup(world: &World) {
    let (hub, cluster) = (&world.a.hub, "harbor");
    fixtures::fleet(hub).await.unwrap();
    hub.create_namespace(cluster).await.unwrap();
    for (name, _) in fixtures::NAMED {
        let secret = fixtures::secret(cluster, &format!("{cluster}-{name}"), Value::Null);
        hub.create(&secret).await.unwrap();
    }
    hub.create(&fixtures::kubeconfig_secret(cluster))
        .await
        .unwrap();
    hub.create(&fixtures::cluster_deployment(cluster))
        .await
        .unwrap();
    hub.create(&fixtures::backup_schedule("* * * * *"))
        .await
        .unwrap();
    let set = look::until_set(hub, world.a.id).await.unwrap();
    let credentials = set
        .iter()
        .filter_map(|backup| backup.metadata.name.as_deref())
        .find(|name| name.starts_with("acm-credentials-schedule"))
        .unwrap();
    let describe = format!(
        "velero --kubecontext hub-a -n {BACKUP_NAMESPACE} backup describe {credentials} --details"
    );
    let held = world.shell.ok(&describe).await.unwrap();
    says(&held, &[&format!("{cluster}/{cluster}-admin-kubeconfig")]);
    for (name, _) in fixtures::NAMED {
        assert!(
            !held.contains(&format!("{cluster}/{cluster}-{name}")),
            "{name} is in it: {held}"
        );
    }
}

async fn hub_b_follows(world: &World) {
    world.b.read_the_bucket().await.unwrap();
    look::until_set(&world.b.hub, world.a.id).await.unwrap();
    world
        .b
        .hub
        .create(&fixtures::restore("passive-sync", "skip", true))
        .await
        .unwrap();
    look::until_phase(
        &world.b.hub,
        look::ACM,
        "Restore",
        "passive-sync",
        &["Enabled"],
    )
    .await
    .unwrap();
}

/// Step 5 of the demo.
async fn a_second_restore_is_burnt(world: &World) {
    let hub = &world.b.hub;
    hub.create(&fixtures::restore("one-more", "skip", false))
        .await
        .unwrap();
    let burnt = look::until_phase(
        hub,
        look::ACM,
        "Restore",
        "one-more",
        &["FinishedWithErrors"],
    )
    .await
    .unwrap();
    let message = burnt.data["status"]["lastMessage"].as_str().unwrap();
    says(
        message,
        &["This resource is ignored because Restore resource passive-sync is currently active"],
    );
}

/// Step 4 of the demo.
async fn an_activation_beside_a_live_hub_is_accepted(world: &World) {
    let patch = json!({ "spec": { "veleroManagedClustersBackupName": "latest" } });
    let line =
        format!("kubectl --context hub-b patch {RESTORES} passive-sync --type merge -p '{patch}'");
    world.shell.ok(&line).await.unwrap();
    let ended = ["Finished", "FinishedWithErrors"];
    look::until_phase(&world.b.hub, look::ACM, "Restore", "passive-sync", &ended)
        .await
        .unwrap();
    for context in ["hub-a", "hub-b"] {
        let fleet = world
            .shell
            .ok(&format!("kubectl --context {context} get managedclusters"))
            .await
            .unwrap();
        says(&fleet, &fixtures::IMPORTED);
    }
}
