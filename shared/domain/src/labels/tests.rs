use super::*;
use crate::kinds::Kind;
use crate::kinds::cluster_deployment::ClusterDeployment;
use crate::snapshot::Missing;
use serde_json::json;

fn references() -> References {
    let mut references = References::default();
    references.insert(&ClusterDeployment::read(&json!({
        "metadata": {"name": "c1", "namespace": "c1"},
        "spec": {"pullSecretRef": {"name": "pull"}, "platform": {"aws": {"credentialsSecretRef": {"name": "creds"}}}}
    })));
    references.insert(&ClusterDeployment::read(&json!({
        "metadata": {"name": "pool-x7", "namespace": "pool-x7"},
        "spec": {"clusterPoolRef": {"poolName": "pool"}, "pullSecretRef": {"name": "pool-x7-pull"}}
    })));
    references
}

fn secret(namespace: &str, name: &str, labels: &[(&str, &str)]) -> SecretMeta {
    let labels: serde_json::Map<_, _> = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    SecretMeta::read(&json!({"metadata": {"name": name, "namespace": namespace, "labels": labels}}))
}

fn decided(secret: &SecretMeta) -> String {
    let local = Fact::known("local-cluster".to_owned(), jiff::Timestamp::UNIX_EPOCH);
    match decide(
        secret,
        &Hub {
            references: &references(),
            local_cluster: &local,
        },
    ) {
        LabelDecision::Label { value, .. } => format!("label {value}"),
        LabelDecision::Selected { by } => format!("selected by {by}"),
        LabelDecision::Never { why } => format!("never: {why}"),
        LabelDecision::NotNeeded => "not needed".to_owned(),
    }
}

const MSA: (&str, &str) = (object_label::MANAGED_SERVICE_ACCOUNT, "true");

#[test]
fn each_secret_gets_what_it_needs_and_no_more() {
    for (namespace, name, labels, expected) in [
        ("c1", "pull", &[][..], "label pullsecret"),
        ("c1", "creds", &[], "label platformcredentials"),
        ("c1", "other", &[], "not needed"),
        ("c2", "pull", &[], "not needed"),
        ("c1", "auto-import-account", &[MSA], "label msa"),
        ("c1", "auto-import-account-pair", &[MSA], "label msa"),
        ("c1", "another-account", &[MSA], "not needed"),
        (
            "c1",
            "x",
            &[(object_label::AGENT_INSTALL_WATCH, "true")],
            "label agent-install",
        ),
        (
            "c1",
            "x",
            &[(object_label::METAL3_ENVIRONMENT, "baremetal")],
            "label baremetal",
        ),
        (
            "openshift-machine-api",
            "x",
            &[(object_label::METAL3_ENVIRONMENT, "baremetal")],
            "not needed",
        ),
        (
            "c1",
            "admin",
            &[(object_label::HIVE_SECRET_TYPE, "kubeconfig")],
            "selected by hive.openshift.io/secret-type",
        ),
        (
            "c1",
            "pull",
            &[(object_label::BACKUP, "")],
            "selected by cluster.open-cluster-management.io/backup",
        ),
        (
            "c1",
            "pull",
            &[(object_label::CREDENTIAL_TYPE, "aws")],
            "selected by cluster.open-cluster-management.io/type",
        ),
        (
            "c1",
            "pull",
            &[(object_label::EXCLUDE, "true")],
            "never: it is excluded from backups",
        ),
        ("pool-x7", "pool-x7-0-kubeconfig", &[], "label clusterpool"),
        ("pool-x7", "pool-x7-pull", &[], "label pullsecret"),
        ("pool-x7", "unrelated", &[], "not needed"),
        (
            "pool-x7",
            "pool-x7-import",
            &[],
            "never: import secrets are made anew by the hub that imports",
        ),
        (
            "pool-x7",
            "pool-x7-bootstrap-kubeconfig",
            &[],
            "never: bootstrap secrets are short-lived",
        ),
        (
            "local-cluster",
            "auto-import-account",
            &[MSA],
            "never: it belongs to the hub's own cluster",
        ),
    ] {
        assert_eq!(
            decided(&secret(namespace, name, labels)),
            expected,
            "{namespace}/{name} {labels:?}"
        );
    }
}

#[test]
fn nothing_is_labelled_while_the_hubs_own_cluster_is_not_known() {
    let missing = Fact::Missing(Missing::TimedOut {
        resource: "managedclusters".into(),
        seconds: 1,
    });
    let decision = decide(
        &secret("c1", "pull", &[]),
        &Hub {
            references: &references(),
            local_cluster: &missing,
        },
    );
    assert!(matches!(decision, LabelDecision::Never { .. }));
}

#[test]
fn deciding_twice_changes_nothing_more() {
    let first = secret("c1", "pull", &[]);
    assert_eq!(decided(&first), "label pullsecret");
    assert_eq!(
        decided(&secret(
            "c1",
            "pull",
            &[(object_label::BACKUP, "pullsecret")]
        )),
        "selected by cluster.open-cluster-management.io/backup"
    );
}

#[test]
fn a_reference_ends_with_the_cluster_deployment() {
    let mut references = references();
    references.remove("c1", "c1");
    references.remove("c1", "never-there");
    assert_eq!(references.to(&secret("c1", "pull", &[]).meta), None);
}

#[test]
fn the_hubs_own_cluster_is_found_under_any_name() {
    let cluster = |name: &str, local: &str| {
        ManagedCluster::read(
            &json!({"metadata": {"name": name, "labels": {"local-cluster": local}}}),
        )
    };
    let known = |clusters| {
        local_cluster(&Fact::known(clusters, jiff::Timestamp::UNIX_EPOCH))
            .value()
            .cloned()
    };
    assert_eq!(
        known(vec![cluster("c1", "false"), cluster("hub-prague", "true")]).as_deref(),
        Some("hub-prague")
    );
    assert_eq!(known(vec![]).as_deref(), Some("local-cluster"));
}
