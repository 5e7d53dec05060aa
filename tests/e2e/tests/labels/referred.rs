//! What clusters and pools name, beyond the ordinary: adopted clusters, ConfigMaps, pools, the hub's own.

use acm_backup_bed::wait::{Seen, until};
use acm_backup_domain::upstream::object_label;
use acm_backup_e2e::fixtures;
use serde_json::{Value, json};

use super::{LIMIT, create, until_labelled};
use crate::support::{GuardedHub, guarded_hub};

/// What an adopted cluster names, by the end of its name, and the value each is labelled with.
const ADOPTED: [(&str, &str); 5] = [
    ("admin-kubeconfig", "adminkubeconfig"),
    ("admin-password", "adminpassword"),
    ("metadata-json", "metadatajson"),
    ("aws", "platformcredentials"),
    ("pull", "pullsecret"),
];

/// A cluster Hive did not install: its Secrets were made by a person, and Hive never labels them.
fn adopted(name: &str) -> Value {
    let named = |what: &str| json!({ "name": format!("{name}-{what}") });
    json!({
        "apiVersion": "hive.openshift.io/v1", "kind": "ClusterDeployment",
        "metadata": { "namespace": name, "name": name },
        "spec": {
            "baseDomain": "example",
            "clusterName": name,
            "installed": true,
            "preserveOnDelete": true,
            "clusterMetadata": {
                "clusterID": "0000aaaa-0000-4000-8000-000000000007",
                "infraID": format!("{name}-abcde"),
                "adminKubeconfigSecretRef": named("admin-kubeconfig"),
                "adminPasswordSecretRef": named("admin-password"),
                "metadataJSONSecretRef": named("metadata-json"),
            },
            "platform": { "aws": { "region": "eu-west-1", "credentialsSecretRef": named("aws") } },
            "pullSecretRef": named("pull"),
        },
    })
}

async fn secrets(hub: &GuardedHub, cluster: &str) {
    for (what, _) in ADOPTED {
        let name = format!("{cluster}-{what}");
        create(hub, fixtures::secret(cluster, &name, Value::Null)).await;
    }
}

#[test]
fn an_adopted_cluster_whichever_is_there_first() {
    guarded_hub(|hub| async move {
        for cluster in ["edge-6", "edge-7"] {
            hub.hub.create_namespace(cluster).await.unwrap();
        }
        secrets(&hub, "edge-6").await;
        create(&hub, adopted("edge-6")).await;
        create(&hub, adopted("edge-7")).await;
        secrets(&hub, "edge-7").await;
        for cluster in ["edge-6", "edge-7"] {
            for (what, value) in ADOPTED {
                until_labelled(&hub, cluster, &format!("{cluster}-{what}"), value).await;
            }
        }
    });
}

#[test]
fn what_hive_labels_itself_is_left_to_it() {
    guarded_hub(|hub| async move {
        let cluster = "edge-8";
        hub.hub.create_namespace(cluster).await.unwrap();
        create(&hub, fixtures::kubeconfig_secret(cluster)).await;
        create(&hub, adopted(cluster)).await;
        let pull = format!("{cluster}-pull");
        create(&hub, fixtures::secret(cluster, &pull, Value::Null)).await;
        until_labelled(&hub, cluster, &pull, "pullsecret").await;
        let kubeconfig = format!("{cluster}-admin-kubeconfig");
        assert_eq!(hub.label_of(cluster, &kubeconfig).await, None);
    });
}

#[test]
fn a_config_map_by_who_names_it_alone() {
    guarded_hub(|hub| async move {
        let cluster = "manifested";
        hub.hub.create_namespace(cluster).await.unwrap();
        let map = |name: &str| {
            json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "namespace": cluster, "name": name },
                "data": { "99-manifest.yaml": "a: b" },
            })
        };
        create(&hub, map("manifests")).await;
        create(&hub, map("nobodys")).await;
        let mut deployment = fixtures::cluster_deployment(cluster);
        deployment["spec"]["provisioning"]["manifestsConfigMapRef"] =
            json!({ "name": "manifests" });
        create(&hub, deployment).await;
        let label = |name: &'static str| {
            let path = format!(
                "jsonpath={{.metadata.labels.{}}}",
                object_label::BACKUP.replace('.', "\\.")
            );
            let args = ["-n", cluster, "get", "configmap", name, "-o", &path];
            hub.hub.kubectl(&args).unwrap().ok().unwrap()
        };
        until("the ConfigMap to be labelled", LIMIT, || async {
            let label = label("manifests");
            Ok(match label == "manifestsconfigmap" {
                true => Seen::Yes(()),
                false => Seen::NotYet(label),
            })
        })
        .await
        .unwrap();
        assert_eq!(label("nobodys"), "");
    });
}

#[test]
fn a_pool_and_what_bears_its_name() {
    guarded_hub(|hub| async move {
        let namespace = "pools";
        hub.hub.create_namespace(namespace).await.unwrap();
        let secrets = [
            ("registries", Some("pullsecret")),
            ("template", Some("installconfig")),
            ("cloud", Some("platformcredentials")),
            ("blue-own", Some("clusterpool")),
            ("unrelated", None),
        ];
        let (before, after) = secrets.split_at(2);
        for (name, _) in before {
            create(&hub, fixtures::secret(namespace, name, Value::Null)).await;
        }
        create(
            &hub,
            json!({
                "apiVersion": "hive.openshift.io/v1", "kind": "ClusterPool",
                "metadata": { "namespace": namespace, "name": "blue" },
                "spec": {
                    "baseDomain": "example",
                    "size": 1,
                    "imageSetRef": { "name": "newest" },
                    "pullSecretRef": { "name": "registries" },
                    "installConfigSecretTemplateRef": { "name": "template" },
                    "platform": { "aws": { "region": "eu-west-1", "credentialsSecretRef": { "name": "cloud" } } },
                },
            }),
        )
        .await;
        for (name, _) in after {
            create(&hub, fixtures::secret(namespace, name, Value::Null)).await;
        }
        for (name, value) in secrets {
            match value {
                Some(value) => until_labelled(&hub, namespace, name, value).await,
                None => assert_eq!(hub.label_of(namespace, name).await, None),
            }
        }
    });
}

#[test]
fn every_cluster_that_is_the_hub_is_left_out_from_the_moment_it_says_so() {
    guarded_hub(|hub| async move {
        let mut own = Vec::new();
        for name in ["own-1", "own-2", "own-3"] {
            hub.hub.create_namespace(name).await.unwrap();
            let mut cluster = fixtures::managed_cluster(name);
            // The third says so later.
            if name != "own-3" {
                cluster["metadata"]["labels"] = json!({ "local-cluster": "true" });
            }
            hub.hub.apply(&cluster).await.unwrap();
            own.push(name);
        }
        let label = ["label", "managedcluster", "own-3", "local-cluster=true"];
        hub.hub.kubectl(&label).unwrap().ok().unwrap();
        // Every replica hears of it by its watch; what is done right after it is not yet kept out.
        until("each of them to be told apart", LIMIT, || async {
            let mut labelled = Vec::new();
            for name in &own {
                let mut probe = fixtures::token_secret(name);
                probe["metadata"]["name"] = json!("auto-import-account");
                for _ in hub.webhook.replicas() {
                    let args = ["create", "--dry-run=server", "-f", "-", "-o", "json"];
                    let admin = hub.hub.admin_kubeconfig();
                    let made = hub
                        .hub
                        .kubectl_with_input(&admin, &args, &probe.to_string())?;
                    if made.ok()?.contains(object_label::BACKUP) {
                        labelled.push(*name);
                    }
                }
            }
            Ok(match labelled.is_empty() {
                true => Seen::Yes(()),
                false => Seen::NotYet(format!("{labelled:?}")),
            })
        })
        .await
        .unwrap();
        // By the reconciler: what names them comes after them.
        for name in &own {
            let pull = format!("{name}-pull-secret");
            create(&hub, fixtures::secret(name, &pull, Value::Null)).await;
            create(&hub, fixtures::cluster_deployment(name)).await;
        }
        // One that is none, after them: those before it were looked at.
        let other = "not-own";
        hub.hub.create_namespace(other).await.unwrap();
        create(
            &hub,
            fixtures::secret(other, &format!("{other}-pull-secret"), Value::Null),
        )
        .await;
        create(&hub, fixtures::cluster_deployment(other)).await;
        until_labelled(&hub, other, &format!("{other}-pull-secret"), "pullsecret").await;
        for name in &own {
            assert_eq!(
                hub.label_of(name, &format!("{name}-pull-secret")).await,
                None
            );
        }
        for name in own {
            let delete = ["delete", "managedcluster", name];
            hub.hub.kubectl(&delete).unwrap().ok().unwrap();
        }
    });
}
