use super::*;
use crate::kinds::Kind;
use crate::snapshot::Missing;
use referrers::{Referrer, ReferrerKind};
use serde_json::{Value, json};
use std::cell::RefCell;

fn deployment(object: &Value) -> Referrer {
    Referrer::read(ReferrerKind::ClusterDeployment, object)
}

fn references() -> References {
    let mut references = References::default();
    for object in [
        json!({
            "metadata": {"name": "c1", "namespace": "c1"},
            "spec": {
                "pullSecretRef": {"name": "pull"},
                "platform": {"aws": {"credentialsSecretRef": {"name": "creds"}}},
                "provisioning": {"manifestsConfigMapRef": {"name": "manifests"}}
            }
        }),
        json!({
            "metadata": {"name": "pool-x7", "namespace": "pool-x7"},
            "spec": {"clusterPoolRef": {"poolName": "pool"}, "pullSecretRef": {"name": "pool-x7-pull"}}
        }),
        // Adopted, as in shared/cases/10-adopted-cluster.
        json!({
            "metadata": {"name": "edge-7", "namespace": "adopted"},
            "spec": {
                "installed": true,
                "clusterMetadata": {
                    "adminKubeconfigSecretRef": {"name": "edge-7-admin-kubeconfig"},
                    "adminPasswordSecretRef": {"name": "edge-7-admin-password"},
                    "metadataJSONSecretRef": {"name": "edge-7-metadata-json"}
                },
                "platform": {"aws": {"credentialsSecretRef": {"name": "edge-7-aws"}}},
                "pullSecretRef": {"name": "edge-7-pull"}
            }
        }),
    ] {
        references.insert(deployment(&object));
    }
    references.insert(Referrer::read(
        ReferrerKind::ClusterPool,
        &json!({
            "metadata": {"name": "blue", "namespace": "pools"},
            "spec": {
                "pullSecretRef": {"name": "registries"},
                "installConfigSecretTemplateRef": {"name": "template"},
                "platform": {"aws": {"credentialsSecretRef": {"name": "cloud"}}}
            }
        }),
    ));
    references
}

type Given = BTreeMap<String, String>;

fn labels(of: &[(&str, &str)]) -> Given {
    of.iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn own() -> Fact<Arc<BTreeSet<String>>> {
    let own = ["local-cluster", "hub-prague"].map(str::to_owned);
    Fact::known(Arc::new(own.into()), jiff::Timestamp::UNIX_EPOCH)
}

fn text(decision: LabelDecision) -> String {
    match decision {
        LabelDecision::Label { value, .. } => format!("label {}", value.as_str()),
        LabelDecision::PutBack { lost, value, .. } => format!("lost {lost}, put back {value:?}"),
        LabelDecision::Selected { by } => format!("selected by {by}"),
        LabelDecision::Never { why } => format!("never: {why}"),
        LabelDecision::NotNeeded => "not needed".to_owned(),
    }
}

fn decided_on(what: Labelled, namespace: &str, name: &str, of: &[(&str, &str)]) -> String {
    let labels = labels(of);
    let subject = Subject {
        what,
        namespace,
        name,
        labels: &labels,
    };
    let hub = Hub {
        references: &references(),
        local_clusters: &own(),
    };
    text(decide(&subject, &hub))
}

fn decided(namespace: &str, name: &str, of: &[(&str, &str)]) -> String {
    decided_on(Labelled::Secret, namespace, name, of)
}

fn updated(name: &str, before: &[(&str, &str)], after: &[(&str, &str)]) -> String {
    let (before, after) = (labels(before), labels(after));
    let subject = Subject {
        what: Labelled::Secret,
        namespace: "c1",
        name,
        labels: &after,
    };
    let hub = Hub {
        references: &references(),
        local_clusters: &own(),
    };
    text(decide_update(&before, &subject, &hub))
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
        (
            "hub-prague",
            "auto-import-account",
            &[MSA],
            "never: it belongs to the hub's own cluster",
        ),
        (
            "adopted",
            "edge-7-admin-kubeconfig",
            &[],
            "label adminkubeconfig",
        ),
        (
            "adopted",
            "edge-7-admin-password",
            &[],
            "label adminpassword",
        ),
        ("adopted", "edge-7-metadata-json", &[], "label metadatajson"),
        ("adopted", "edge-7-aws", &[], "label platformcredentials"),
        ("adopted", "edge-7-pull", &[], "label pullsecret"),
        (
            "adopted",
            "edge-7-admin-kubeconfig",
            &[(object_label::HIVE_SECRET_TYPE, "kubeconfig")],
            "selected by hive.openshift.io/secret-type",
        ),
        ("pools", "registries", &[], "label pullsecret"),
        ("pools", "template", &[], "label installconfig"),
        ("pools", "cloud", &[], "label platformcredentials"),
        ("pools", "blue-own", &[], "label clusterpool"),
        ("pools", "green-own", &[], "not needed"),
        ("c1", "manifests", &[], "not needed"),
    ] {
        assert_eq!(
            decided(namespace, name, labels),
            expected,
            "{namespace}/{name} {labels:?}"
        );
    }
}

#[test]
fn a_config_map_is_labelled_where_one_is_named_and_never_by_what_a_secret_says_of_itself() {
    for (namespace, name, labels, expected) in [
        ("c1", "manifests", &[][..], "label manifestsconfigmap"),
        ("c1", "pull", &[], "not needed"),
        (
            "c1",
            "x",
            &[(object_label::AGENT_INSTALL_WATCH, "true")],
            "not needed",
        ),
        ("pools", "blue-own", &[], "not needed"),
        (
            "c1",
            "manifests",
            &[(object_label::BACKUP, "")],
            "selected by cluster.open-cluster-management.io/backup",
        ),
        (
            "c1",
            "manifests",
            &[(object_label::EXCLUDE, "true")],
            "never: it is excluded from backups",
        ),
    ] {
        assert_eq!(
            decided_on(Labelled::ConfigMap, namespace, name, labels),
            expected,
            "{namespace}/{name} {labels:?}"
        );
    }
}

#[test]
fn a_label_that_an_update_takes_away_comes_back_with_its_old_value_where_it_is_needed() {
    let backup = |value| (object_label::BACKUP, value);
    for (name, before, after, expected) in [
        (
            "pull",
            &[backup("pullsecret")][..],
            &[][..],
            "lost cluster.open-cluster-management.io/backup, put back \"pullsecret\"",
        ),
        // Someone had chosen another value, or an empty one.
        (
            "pull",
            &[backup("cluster-activation")],
            &[("other", "label")],
            "lost cluster.open-cluster-management.io/backup, put back \"cluster-activation\"",
        ),
        (
            "pull",
            &[backup("")],
            &[],
            "lost cluster.open-cluster-management.io/backup, put back \"\"",
        ),
        // Another's label selected it: it stays in the backup by ours.
        (
            "pull",
            &[(object_label::HIVE_SECRET_TYPE, "merged-pull-secret")],
            &[],
            "lost hive.openshift.io/secret-type, put back \"pullsecret\"",
        ),
        // What stands there is a choice.
        (
            "pull",
            &[backup("pullsecret")],
            &[backup("")],
            "selected by cluster.open-cluster-management.io/backup",
        ),
        (
            "pull",
            &[backup("pullsecret")],
            &[backup("mine")],
            "selected by cluster.open-cluster-management.io/backup",
        ),
        (
            "pull",
            &[backup("pullsecret")],
            &[(object_label::EXCLUDE, "true")],
            "never: it is excluded from backups",
        ),
        // Nobody needs it (any more).
        ("nobodys", &[backup("mine")], &[], "not needed"),
        (
            "auto-import-account",
            &[backup("msa"), MSA],
            &[],
            "not needed",
        ),
        // It never had one.
        ("pull", &[], &[], "label pullsecret"),
    ] {
        assert_eq!(
            updated(name, before, after),
            expected,
            "{name} {before:?} -> {after:?}"
        );
    }
}

#[test]
fn who_takes_a_label_away_is_told_how_to_keep_the_secret_out_and_what_another_value_does() {
    let told = put_back_warning(
        object_label::BACKUP,
        "pullsecret",
        "ClusterDeployment c1 (spec.pullSecretRef)",
    );
    for words in [
        "ClusterDeployment c1 (spec.pullSecretRef)",
        "cluster.open-cluster-management.io/backup=pullsecret",
        "velero.io/exclude-from-backup=true",
        "an empty one too",
    ] {
        assert!(told.contains(words), "{told}");
    }
}

/// Whoever has not collected the labels must know which to look for.
#[test]
fn no_label_is_asked_for_but_those_that_are_listed() {
    #[derive(Debug, Default)]
    struct Asked(RefCell<BTreeSet<String>>);
    impl Labels for Asked {
        fn label(&self, key: &str) -> Option<&str> {
            self.0.borrow_mut().insert(key.to_owned());
            None
        }
    }
    let asked = Asked::default();
    let hub = Hub {
        references: &references(),
        local_clusters: &own(),
    };
    for name in ["pull", "auto-import-account"] {
        let subject = Subject {
            what: Labelled::Secret,
            namespace: "c1",
            name,
            labels: &asked,
        };
        decide_update(&asked, &subject, &hub);
    }
    assert_eq!(asked.0.into_inner(), ASKED_FOR.map(str::to_owned).into());
}

#[test]
fn nothing_is_labelled_while_the_hubs_own_cluster_is_not_known() {
    let missing = Fact::Missing(Missing::TimedOut {
        resource: "managedclusters".into(),
        seconds: std::time::Duration::from_secs(1).into(),
    });
    let subject = Subject {
        what: Labelled::Secret,
        namespace: "c1",
        name: "pull",
        labels: &Given::new(),
    };
    let hub = Hub {
        references: &references(),
        local_clusters: &missing,
    };
    let decision = decide(&subject, &hub);
    assert!(matches!(decision, LabelDecision::Never { .. }));
}

#[test]
fn deciding_twice_changes_nothing_more() {
    assert_eq!(decided("c1", "pull", &[]), "label pullsecret");
    assert_eq!(
        decided("c1", "pull", &[(object_label::BACKUP, "pullsecret")]),
        "selected by cluster.open-cluster-management.io/backup"
    );
}

#[test]
fn a_reference_ends_with_who_made_it() {
    let mut references = references();
    references.remove(ReferrerKind::ClusterPool, "c1", "c1");
    let needed = |references: &References| {
        let needed = references.to(Labelled::Secret, "c1", "pull");
        needed.map(|needed| needed.to_string())
    };
    assert_eq!(
        needed(&references).as_deref(),
        Some("ClusterDeployment c1 (spec.pullSecretRef)")
    );
    references.remove(ReferrerKind::ClusterDeployment, "c1", "c1");
    references.remove(ReferrerKind::ClusterDeployment, "c1", "never-there");
    assert_eq!(needed(&references), None);
}

#[test]
fn the_hubs_own_clusters_are_found_all_of_them_and_under_any_name() {
    let cluster = |name: &str, local: &str| {
        ManagedCluster::read(
            &json!({"metadata": {"name": name, "labels": {"local-cluster": local}}}),
        )
    };
    for (clusters, expected) in [
        (vec![], vec!["local-cluster"]),
        (
            vec![cluster("c1", "false"), cluster("hub-prague", "true")],
            vec!["hub-prague", "local-cluster"],
        ),
        (
            vec![cluster("hub-a", "true"), cluster("hub-b", "true")],
            vec!["hub-a", "hub-b", "local-cluster"],
        ),
    ] {
        let found: Vec<_> = local_clusters(&clusters).into_iter().collect();
        assert_eq!(found, expected);
    }
}
