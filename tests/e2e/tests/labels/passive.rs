//! What passive values leave on a passive hub (ACM-9780): two hubs with real Velero, and the import controller on
//! both. What only a real hub can show is in docs/labels.md.

use std::collections::BTreeSet;

use acm_backup_bed::wait::{self, Seen};
use acm_backup_domain::upstream::object_label;
use acm_backup_e2e::{World, WorldOptions, fixtures, look, operator};
use acm_backup_operator::import_controller::MARK;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::LIMIT;
use crate::support::alone;

#[test]
fn they_leave_namespaces_the_import_controller_does_not_touch_and_no_clusters() {
    alone(async {
        let world = World::start(WorldOptions::default()).await.unwrap();
        let (a, b) = (&world.a.hub, &world.b.hub);
        for hub in [a, b] {
            operator::import_controller(hub).await.unwrap();
        }
        // A cluster Hive made, one that was imported, and what is to come with an activation only.
        let (hive, imported) = ("harbor", fixtures::IMPORTED[0]);
        fixtures::local_cluster(a).await.unwrap();
        for cluster in [hive, imported] {
            fixtures::imported(a, cluster).await.unwrap();
        }
        a.create(&fixtures::cluster_deployment(hive)).await.unwrap();
        a.create(&fixtures::kubeconfig_secret(hive)).await.unwrap();
        let mut passive = BTreeSet::from([format!("{hive}-admin-kubeconfig")]);
        for (name, _) in fixtures::NAMED {
            let name = format!("{hive}-{name}");
            let secret = fixtures::secret(hive, &name, Value::Null);
            a.create(&secret).await.unwrap();
            passive.insert(name);
        }
        let later = json!({ object_label::BACKUP: "cluster-activation" });
        a.create(&fixtures::secret(hive, "later", later))
            .await
            .unwrap();
        let namespaces: Api<Namespace> = Api::all(a.client().await.unwrap());
        for cluster in [hive, imported] {
            wait::until("the namespace to be marked", LIMIT, || async {
                let labels = namespaces.get(cluster).await?.labels().clone();
                Ok(match labels.contains_key(MARK) {
                    true => Seen::Yes(()),
                    false => Seen::NotYet(format!("{labels:?}")),
                })
            })
            .await
            .unwrap();
        }

        a.create(&fixtures::backup_schedule("* * * * *"))
            .await
            .unwrap();
        look::until_set(a, world.a.id).await.unwrap();
        world.b.read_the_bucket().await.unwrap();
        look::until_set(b, world.a.id).await.unwrap();
        let restore = fixtures::restore("passive-sync", "skip", true);
        b.create(&restore).await.unwrap();
        look::until_phase(b, look::ACM, "Restore", "passive-sync", &["Enabled"])
            .await
            .unwrap();

        let client = b.client().await.unwrap();
        let of = |namespace| Api::<Secret>::namespaced(client.clone(), namespace);
        let names = |namespace| async move {
            let found = of(namespace).list_metadata(&ListParams::default()).await;
            let found = found.unwrap().items;
            found
                .iter()
                .map(ResourceExt::name_any)
                .collect::<BTreeSet<_>>()
        };
        // Ours lie beside Hive's own, which nobody's label brings; the other comes when the hub is activated.
        assert_eq!(names(hive).await, passive);
        // As do the tokens, by the operator's own value.
        assert!(names(imported).await.contains("auto-import-account"));
        let kind = look::resource("cluster.open-cluster-management.io/v1", "ManagedCluster");
        let clusters: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
        let clusters = clusters.list(&ListParams::default()).await.unwrap();
        assert_eq!(clusters.items.len(), 0);
        // Velero makes a namespace it needs anew where the backup does not hold it, and no passive backup holds
        // any: it comes without the mark.
        let namespaces: Api<Namespace> = Api::all(client.clone());
        for cluster in [hive, imported] {
            let namespace = namespaces.get(cluster).await.unwrap();
            assert!(!namespace.labels().contains_key(MARK));
            assert_eq!(namespace.metadata.deletion_timestamp, None);
        }

        // The controller is there and does what it does: with the mark, the namespace would have gone.
        let mark = json!({ "metadata": { "labels": { MARK: hive } } });
        let patch = Patch::Merge(&mark);
        namespaces
            .patch(hive, &PatchParams::default(), &patch)
            .await
            .unwrap();
        wait::until("the marked namespace to be deleted", LIMIT, || async {
            let namespace = namespaces.get_opt(hive).await?;
            Ok(
                match namespace.is_none_or(|it| it.metadata.deletion_timestamp.is_some()) {
                    true => Seen::Yes(()),
                    false => Seen::NotYet("it stands".to_owned()),
                },
            )
        })
        .await
        .unwrap();
    });
}
