//! Who works on the hubs. Nobody here is cluster-admin: what a command may do is tested with it.

use std::path::PathBuf;

use acm_backup_bed::{Hub, Rule, Subject};
use anyhow::Result;

/// Administers hubs; must not say what became of another one. The user of the contexts.
pub const ADMIN: &str = "ops";

/// Administers hubs and may attest: `kubectl --user dr-lead@hub-b`.
pub const ATTESTER: &str = "dr-lead";

/// The ClusterRole our manifests ship for those who may attest.
const ATTESTER_ROLE: &str = "acm-backup-attester";

const ALL: &[&str] = &["*"];
const READ: &[&str] = &["get", "list", "watch"];

/// Everything an administrator of hubs works with, and none of our own group.
const ADMIN_RULES: &[Rule<'static>] = &[
    Rule {
        groups: &[""],
        resources: &["namespaces", "secrets", "configmaps", "events"],
        verbs: ALL,
    },
    Rule {
        groups: &[
            "cluster.open-cluster-management.io",
            "authentication.open-cluster-management.io",
            "addon.open-cluster-management.io",
            "hive.openshift.io",
            "velero.io",
        ],
        resources: ALL,
        verbs: ALL,
    },
    Rule {
        groups: &["config.openshift.io", "oadp.openshift.io"],
        resources: ALL,
        verbs: READ,
    },
];

/// Their kubeconfigs on a hub, the administrator's first.
pub async fn on(hub: &Hub) -> Result<[PathBuf; 2]> {
    for user in [ADMIN, ATTESTER] {
        hub.allow(&format!("hub-{user}"), Subject::User(user), ADMIN_RULES)
            .await?;
    }
    // A binding may come before its role, which comes with our manifests.
    hub.bind("may-attest", Subject::User(ATTESTER), ATTESTER_ROLE)
        .await?;
    Ok([
        hub.kubeconfig_for(ADMIN, &[])?,
        hub.kubeconfig_for(ATTESTER, &[])?,
    ])
}
