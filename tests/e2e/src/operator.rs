//! The operator of a hub: its stand-in, or a real one where `ACM_BACKUP_OPERATOR` names it.
//!
//! `ACM_BACKUP_OPERATOR=FILE[,FILE]` gives one file a hub, because the port of a real operator's own webhook is
//! compiled in. Both are started alike: as ServiceAccount `cluster-backup-chart`, with the rights it has in production.
//! The tokens of ManagedServiceAccounts are made by an add-on that is not the operator's, and that is the stand-in's in
//! both cases.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use acm_backup_bed::{BACKUP_NAMESPACE, Hub, Process, Program, Recipe, Rule, Subject};
use anyhow::{Context, Result};
use serde_json::json;

/// The ServiceAccount it runs as (operator-facts §9).
const SERVICE_ACCOUNT: &str = "cluster-backup-chart";

/// Version the stand-in plays.
pub const VERSION: &str = "2.17";

const METRICS_PORT: u16 = 8082;
const PROBE_PORT: u16 = 8081;

/// What its chart grants it: almost everything, and nothing under our own group by name.
const RULES: &[Rule<'static>] = &[
    Rule {
        groups: &["*"],
        resources: &["*"],
        verbs: &["get", "list", "watch", "delete", "patch"],
    },
    Rule {
        groups: &[""],
        resources: &["secrets", "events", "configmaps"],
        verbs: &["create", "update"],
    },
    Rule {
        groups: &[
            "cluster.open-cluster-management.io",
            "velero.io",
            "authentication.open-cluster-management.io",
            "addon.open-cluster-management.io",
            "work.open-cluster-management.io",
            "events.k8s.io",
        ],
        resources: &["*"],
        verbs: &["create", "update"],
    },
    // To hold it by a finalizer, before it holds a Restore by one (2.14 and later).
    Rule {
        groups: &["operator.open-cluster-management.io"],
        resources: &["internalhubcomponents"],
        verbs: &["update"],
    },
];

/// Which program is the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Our stand-in.
    StandIn,
    /// A real one.
    Real(PathBuf),
}

impl Operator {
    /// What the environment asks for, for the hub with this number (0 or 1).
    pub fn from_env(number: usize) -> Result<Self> {
        let Some(files) = std::env::var_os("ACM_BACKUP_OPERATOR").filter(|files| !files.is_empty())
        else {
            return Ok(Self::StandIn);
        };
        let files = files
            .into_string()
            .ok()
            .context("ACM_BACKUP_OPERATOR is not UTF-8")?;
        let file = files.split(',').nth(number).with_context(|| {
            format!(
                "ACM_BACKUP_OPERATOR={files}: no file for hub {}",
                number + 1
            )
        })?;
        let file = std::path::absolute(file)?;
        anyhow::ensure!(
            file.is_file(),
            "ACM_BACKUP_OPERATOR: there is no {}",
            file.display()
        );
        Ok(Self::Real(file))
    }

    /// What it is, in a few words.
    pub fn describe(&self) -> String {
        match self {
            Self::StandIn => format!("stand-in for cluster-backup-operator {VERSION}"),
            Self::Real(file) => format!("real operator {}", file.display()),
        }
    }

    /// Start it on a hub that has its CRDs and its namespace.
    pub async fn start(&self, hub: &Hub) -> Result<Arc<Process>> {
        let kubeconfig = account(hub).await?;
        if let Self::Real(_) = self {
            hub.run(addon(&kubeconfig)?, "token-addon")?;
        }
        hub.run(self.recipe(hub, &kubeconfig)?, "operator")
    }

    fn recipe(&self, hub: &Hub, kubeconfig: &Path) -> Result<Recipe> {
        let ip = hub.address().ip();
        let recipe = match self {
            Self::StandIn => Recipe::new("operator stand-in", Program::Operator.path()?)
                .arg(format!("--operator-version={VERSION}")),
            Self::Real(file) => {
                let tmp = hub.file("operator-tmp");
                serving_certificate(&tmp.join("k8s-webhook-server/serving-certs"))?;
                // Where controller-runtime looks for its webhook's certificate.
                Recipe::new("operator", file).env("TMPDIR", tmp)
            }
        };
        Ok(recipe
            .arg("--leader-elect=false")
            .arg(format!("--metrics-bind-address={ip}:{METRICS_PORT}"))
            .arg(format!("--health-probe-bind-address={ip}:{PROBE_PORT}"))
            .env("KUBECONFIG", kubeconfig)
            .env("POD_NAMESPACE", BACKUP_NAMESPACE))
    }
}

/// What makes tokens for the accounts a real operator creates; without it every backup is one without tokens.
fn addon(kubeconfig: &Path) -> Result<Recipe> {
    Ok(Recipe::new("token add-on", Program::Operator.path()?)
        .arg("--only-msa-addon")
        .env("KUBECONFIG", kubeconfig))
}

/// Play the import controller on a hub too, which marks and deletes the namespaces of clusters.
pub async fn import_controller(hub: &Hub) -> Result<Arc<Process>> {
    let recipe = Recipe::new("import controller", Program::Operator.path()?)
        .arg("--only-import-controller")
        .env("KUBECONFIG", hub.admin_kubeconfig());
    hub.run(recipe, "import-controller")
}

/// Kubeconfig of the account it runs as, with the rights it has in production.
pub async fn account(hub: &Hub) -> Result<PathBuf> {
    let account = Subject::ServiceAccount(BACKUP_NAMESPACE, SERVICE_ACCOUNT);
    hub.allow("cluster-backup-operator", account, RULES).await?;
    hub.kubeconfig_for_service_account(BACKUP_NAMESPACE, SERVICE_ACCOUNT)
        .await
}

fn serving_certificate(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    std::fs::write(dir.join("tls.crt"), made.cert.pem())?;
    std::fs::write(dir.join("tls.key"), made.signing_key.serialize_pem())?;
    Ok(())
}

/// What an operator reads of a hub before it does anything.
pub async fn surroundings(hub: &Hub) -> Result<()> {
    hub.apply(&json!({
        "apiVersion": "config.openshift.io/v1", "kind": "APIServer",
        "metadata": { "name": "cluster" }, "spec": {},
    }))
    .await?;
    // Turns the ManagedServiceAccount component on (2.15 and later).
    hub.apply(&json!({
        "apiVersion": "addon.open-cluster-management.io/v1alpha1", "kind": "ClusterManagementAddOn",
        "metadata": { "name": "managed-serviceaccount" }, "spec": {},
    }))
    .await?;
    // Every hub with the operator has it; without it no Restore gets a finalizer (2.14 and later).
    let namespace = "open-cluster-management";
    hub.create_namespace(namespace).await?;
    hub.apply(&json!({
        "apiVersion": "operator.open-cluster-management.io/v1", "kind": "InternalHubComponent",
        "metadata": { "namespace": namespace, "name": "cluster-backup" }, "spec": {},
    }))
    .await
    .map(drop)
}
