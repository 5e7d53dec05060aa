use serde_json::json;

use super::*;

const BACKUP: &str = "cluster.open-cluster-management.io/backup";

fn secret(namespace: &str, name: &str, labels: Value) -> Value {
    object(
        Kind::Secret,
        namespace,
        name,
        json!({"metadata": {"labels": labels}}),
    )
}

/// The backup label each secret gets; `null` is its removal.
fn labelled(objects: Vec<Value>, version: &str) -> Vec<(String, Value)> {
    let mut world = world();
    world.put(schedule(
        json!({"spec": {"useManagedServiceAccount": true}}),
    ));
    world.put(object(
        Kind::ClusterManagementAddOn,
        "",
        "managed-serviceaccount",
        json!({}),
    ));
    objects.into_iter().for_each(|object| world.put(object));
    look_schedule(&world, version)
        .writes
        .into_iter()
        .filter_map(|write| match write {
            Write::Patch { at, patch, .. } => {
                Some((at.name, patch["metadata"]["labels"][BACKUP].clone()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn secrets_of_pools_are_found_by_the_prefix_of_their_names() {
    let pool = object(Kind::ClusterPool, "pools", "blue", json!({}));
    let rows = [
        (
            secret("pools", "blue-pull", json!({})),
            Some(json!("clusterpool")),
        ),
        (
            secret("pools", "blue-pull", json!({BACKUP: ""})),
            Some(json!("clusterpool")),
        ),
        (secret("pools", "blue-pull", json!({BACKUP: "mine"})), None),
        (
            secret(
                "pools",
                "blue-pull",
                json!({"hive.openshift.io/secret-type": "x"}),
            ),
            None,
        ),
        (secret("pools", "blue-bootstrap-1", json!({})), None),
        (secret("pools", "green-pull", json!({})), None),
        (secret("elsewhere", "blue-pull", json!({})), None),
    ];
    for (secret, wanted) in rows {
        let got = labelled(vec![pool.clone(), secret.clone()], "2.17");
        assert_eq!(
            got.first().map(|(_, value)| value.clone()),
            wanted,
            "{secret}"
        );
    }
    let deployment = object(
        Kind::ClusterDeployment,
        "blue-1",
        "blue-1",
        json!({"spec": {"clusterPoolRef": {}}}),
    );
    let import = secret("blue-1", "blue-1-import", json!({BACKUP: "clusterpool"}));
    assert_eq!(
        labelled(vec![deployment, import], "2.17"),
        [("blue-1-import".to_owned(), Value::Null)]
    );
}

#[test]
fn what_a_cluster_deployment_names_is_labelled_by_5_0_only_and_never_all_of_it() {
    let deployment = object(
        Kind::ClusterDeployment,
        "coast",
        "coast",
        json!({"spec": {
            "pullSecretRef": {"name": "pull"},
            "certificateBundles": [{"certificateSecretRef": {"name": "bundle"}}],
            "provisioning": {
                "installConfigSecretRef": {"name": "install-config"},
                "sshPrivateKeySecretRef": {"name": "ssh"},
                "manifestsSecretRef": {"name": "manifests"},
            },
            "platform": {"aws": {"credentialsSecretRef": {"name": "aws"}}},
        }}),
    );
    let mut objects = vec![deployment];
    objects.extend(
        [
            "pull",
            "bundle",
            "install-config",
            "ssh",
            "manifests",
            "aws",
        ]
        .map(|name| secret("coast", name, json!({}))),
    );
    assert_eq!(labelled(objects.clone(), "2.17"), []);
    let text = |name: &str, value: &str| (name.to_owned(), json!(value));
    assert_eq!(
        labelled(objects, "5.0"),
        [
            text("bundle", "certificatebundle"),
            text("pull", "pullsecret"),
            text("manifests", "manifestssecret")
        ]
    );
}

#[test]
fn installer_and_host_secrets_are_found_by_their_own_labels() {
    let agent = |value: &str| {
        secret(
            "a",
            "agent",
            json!({"agent-install.openshift.io/watch": value}),
        )
    };
    let host = |namespace: &str| {
        secret(
            namespace,
            "host",
            json!({"environment.metal3.io": "baremetal"}),
        )
    };
    assert_eq!(
        labelled(vec![agent("true")], "2.17"),
        [("agent".to_owned(), json!("agent-install"))]
    );
    assert_eq!(labelled(vec![agent("false")], "2.17"), []);
    assert_eq!(
        labelled(vec![host("a")], "2.17"),
        [("host".to_owned(), json!("baremetal"))]
    );
    assert_eq!(labelled(vec![host("openshift-machine-api")], "2.17"), []);
}

#[test]
fn a_second_account_is_made_only_after_half_the_first_ones_life() {
    let account = |name: &str| {
        object(
            Kind::ManagedServiceAccount,
            "c1",
            name,
            json!({"spec": {"rotation": {"validity": "144h0m0s"}}}),
        )
    };
    // Half of their life is over at 15:50 and at 15:30; now is 16:00, and the window lasts a quarter of an hour.
    for (start, end, pair) in [
        ("2026-11-22T15:00:00Z", "2026-11-22T16:40:00Z", true),
        ("2026-11-22T15:00:00Z", "2026-11-22T16:00:01Z", false),
        ("2026-11-22T15:00:00Z", "2026-11-22T18:00:00Z", false),
        ("2026-11-22T15:00:00Z", "no time", false),
    ] {
        let mut world = world();
        world.put(schedule(
            json!({"spec": {"useManagedServiceAccount": true}}),
        ));
        world.put(object(
            Kind::ClusterManagementAddOn,
            "",
            "managed-serviceaccount",
            json!({}),
        ));
        world.put(object(Kind::ManagedCluster, "", "c1", json!({})));
        world.put(account("auto-import-account"));
        world.put(object(
            Kind::Secret,
            "c1",
            "auto-import-account",
            json!({"metadata": {
                "labels": {"authentication.open-cluster-management.io/is-managed-serviceaccount": "true"},
                "annotations": {"lastRefreshTimestamp": start, "expirationTimestamp": end},
            }}),
        ));
        let made = created(&look_schedule(&world, "2.17"), Kind::ManagedServiceAccount);
        assert_eq!(
            made == ["auto-import-account-pair"],
            pair,
            "{start} to {end}"
        );
    }
}

#[test]
fn without_the_option_everything_made_for_import_is_removed() {
    let mut world = world();
    world.put(schedule(json!({})));
    let ours = json!({"metadata": {"labels": {
        "authentication.open-cluster-management.io/is-managed-serviceaccount": "auto-import-account",
        "open-cluster-management.io/addon-name-work": "managed-serviceaccount",
    }}});
    for kind in [
        Kind::ManagedServiceAccount,
        Kind::ManagedClusterAddOn,
        Kind::ManifestWork,
    ] {
        world.put(object(kind, "c1", "x", ours.clone()));
    }
    world.put(secret(
        "c1",
        "auto-import-account",
        json!({"authentication.open-cluster-management.io/is-managed-serviceaccount": "true"}),
    ));
    let deleted = look_schedule(&world, "2.17")
        .writes
        .into_iter()
        .filter(|write| matches!(write, Write::Delete { .. }));
    assert_eq!(deleted.count(), 4);
}
