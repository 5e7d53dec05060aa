//! Without us the damage happens: the same steps as in the demo, with neither our configurations nor our
//! reconciler installed. What this test sees is what the others see prevented.

use acm_backup_bed::{BACKUP_NAMESPACE, wait};
use acm_backup_e2e::{World, WorldOptions, fixtures, look};
use kube::api::{DeleteParams, ListParams};
use serde_json::Value;

use crate::support::{alone, says};

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
    // The operator labels the pull secret itself from 5.0 on, and none of the others.
    for (name, _) in fixtures::NAMED
        .iter()
        .filter(|(name, _)| *name != "pull-secret")
    {
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

/// Step 5 of the demo. Which of the two is burnt depends on whom the operator looks at first; the one
/// that kept the hub in sync may be the one.
async fn a_second_restore_is_burnt(world: &World) {
    let hub = &world.b.hub;
    hub.create(&fixtures::restore("one-more", "skip", false))
        .await
        .unwrap();
    let restores = look::api(hub, look::ACM, "Restore").await.unwrap();
    let burnt = wait::until("one of two Restores to be burnt", look::LIMIT, || async {
        let all = restores.list(&ListParams::default()).await?.items;
        assert_eq!(all.len(), 2, "both are stored");
        let burnt = all.iter().find(|one| {
            let message = one.data["status"]["lastMessage"]
                .as_str()
                .unwrap_or_default();
            look::phase(one) == "FinishedWithErrors"
                && message.starts_with("This resource is ignored because Restore resource")
        });
        Ok(match burnt {
            Some(burnt) => wait::Seen::Yes(burnt.metadata.name.clone().unwrap_or_default()),
            None => wait::Seen::NotYet(all.iter().map(look::phase).collect::<Vec<_>>().join(", ")),
        })
    })
    .await
    .unwrap();
    assert!(
        ["passive-sync", "one-more"].contains(&burnt.as_str()),
        "{burnt}"
    );
}

/// Step 4 of the demo.
async fn an_activation_beside_a_live_hub_is_accepted(world: &World) {
    let hub = &world.b.hub;
    let restores = look::api(hub, look::ACM, "Restore").await.unwrap();
    for name in ["passive-sync", "one-more"] {
        restores
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
        wait::until_gone(&restores, name, look::LIMIT)
            .await
            .unwrap();
    }
    let activation = fixtures::restore("take-over", "latest", false);
    let line = format!("kubectl --context hub-b create -f - <<'EOF'\n{activation}\nEOF");
    world.shell.ok(&line).await.unwrap();
    look::until_phase(hub, look::ACM, "Restore", "take-over", &["Finished"])
        .await
        .unwrap();
    // Neither hub has been told of the other, and both hold the fleet.
    for context in ["hub-a", "hub-b"] {
        let fleet = format!("kubectl --context {context} get managedclusters");
        says(&world.shell.ok(&fleet).await.unwrap(), &fixtures::IMPORTED);
    }
}
