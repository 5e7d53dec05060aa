//! 2. Secrets appear in the awkward order, and are in the next backup all the same.

use std::collections::BTreeMap;

use acm_backup_bed::BACKUP_NAMESPACE;
use acm_backup_bed::wait::{Seen, until};
use acm_backup_domain::upstream::object_label;
use acm_backup_e2e::{fixtures, look};
use anyhow::Result;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::ListParams;

use super::heredoc;
use crate::demo::stage::{Stage, wait};

const KUBECTL: &str = "kubectl --context hub-a";

/// The cluster that is being made.
const CLUSTER: &str = "harbor";

/// A cluster that is being imported.
const IMPORTED: &str = "metro-3";

pub async fn tell(stage: &Stage<'_>) -> Result<()> {
    stage.step(2, "secrets are labelled the moment they matter");
    secrets(stage).await?;
    token(stage).await?;
    cluster_deployment(stage).await?;
    backup(stage).await
}

/// First the secrets, which say nothing about themselves.
async fn secrets(stage: &Stage<'_>) -> Result<()> {
    stage
        .done(&format!("{KUBECTL} create namespace {CLUSTER}"))
        .await?;
    stage.say("four secrets that nothing names yet, one nobody needs, and one that Hive labelled:");
    let names = named()
        .map(|(name, _)| name)
        .chain(["unrelated".to_owned()]);
    for name in names {
        let create = format!("{KUBECTL} -n {CLUSTER} create secret generic {name}");
        stage
            .done(&format!("{create} --from-literal=value=canary"))
            .await?;
    }
    let own = fixtures::kubeconfig_secret(CLUSTER);
    stage
        .done(&heredoc(&format!("{KUBECTL} create"), &own)?)
        .await?;
    let labels = labels(stage).await?;
    stage.holds("none of them has a backup label", labels.is_empty())
}

async fn token(stage: &Stage<'_>) -> Result<()> {
    stage.say("the token of an imported cluster, as the ManagedServiceAccount add-on writes it:");
    stage
        .done(&format!("{KUBECTL} create namespace {IMPORTED}"))
        .await?;
    let token = fixtures::token_secret(IMPORTED);
    stage
        .done(&heredoc(&format!("{KUBECTL} create"), &token)?)
        .await?;
    let label = object_label::BACKUP;
    let get = format!("{KUBECTL} -n {IMPORTED} get secret auto-import-account -L {label}");
    let shown = stage.done(&get).await?.stdout;
    stage.holds(
        "it was labelled as it was created",
        shown.trim_end().ends_with("msa"),
    )
}

/// Then what names four of them.
async fn cluster_deployment(stage: &Stage<'_>) -> Result<()> {
    stage.say("now the ClusterDeployment that names four of them:");
    let deployment = fixtures::cluster_deployment(CLUSTER);
    stage
        .done(&heredoc(&format!("{KUBECTL} create"), &deployment)?)
        .await?;
    let wanted: Labels = named().collect();
    let labelled = until("the four to be labelled", look::LIMIT, || async {
        let labels = read(stage).await?;
        Ok(
            match wanted
                .iter()
                .all(|(name, value)| labels.get(name) == Some(value))
            {
                true => Seen::Yes(()),
                false => Seen::NotYet(format!("{labels:?}")),
            },
        )
    });
    wait("the four to be labelled", labelled).await?;
    let labels = labels(stage).await?;
    stage.holds(
        "neither the one nobody needs nor Hive's was touched",
        labels == wanted,
    )
}

/// The secrets the ClusterDeployment names, and the label each gets.
fn named() -> impl Iterator<Item = (String, String)> {
    let each = fixtures::NAMED.into_iter();
    each.map(|(name, value)| (format!("{CLUSTER}-{name}"), value.to_owned()))
}

/// The backup labels of the cluster's Secrets, of those that have one.
type Labels = BTreeMap<String, String>;

async fn read(stage: &Stage<'_>) -> Result<Labels> {
    let secrets: Api<Secret> = Api::namespaced(stage.world.a.hub.client().await?, CLUSTER);
    let secrets = secrets.list_metadata(&ListParams::default()).await?;
    let labels = secrets.into_iter().filter_map(|secret| {
        let value = secret.metadata.labels?.remove(object_label::BACKUP)?;
        Some((secret.metadata.name?, value))
    });
    Ok(labels.collect())
}

/// Show the labels Velero selects by, and read them.
async fn labels(stage: &Stage<'_>) -> Result<Labels> {
    let columns = object_label::SELECTING
        .map(|label| format!("-L {label}"))
        .join(" ");
    stage
        .done(&format!("{KUBECTL} -n {CLUSTER} get secrets {columns}"))
        .await?;
    read(stage).await
}

/// What Velero really has.
async fn backup(stage: &Stage<'_>) -> Result<()> {
    let schedule = "acm-credentials-schedule";
    let name = format!("{schedule}-demo");
    let velero = format!("velero --kubecontext hub-a -n {BACKUP_NAMESPACE} backup");
    stage.nudge("a backup from the operator's schedule now, instead of at the next full minute");
    stage
        .done(&format!(
            "{velero} create {name} --from-schedule {schedule} --wait"
        ))
        .await?;
    let describe = format!("{velero} describe {name} --details | sed -n '/^Resource List/,/^$/p'");
    let held = stage.done(&describe).await?.stdout;
    let holds = |namespace: &str, secret: &str| {
        let line = format!("- {namespace}/{secret}");
        held.lines().any(|held| held.trim() == line)
    };
    for (name, _) in named() {
        stage.holds(&format!("{name} is in the backup"), holds(CLUSTER, &name))?;
    }
    stage.holds("so is the token", holds(IMPORTED, "auto-import-account"))?;
    let own = format!("{CLUSTER}-admin-kubeconfig");
    stage.holds(
        "so is the kubeconfig, which Hive labelled",
        holds(CLUSTER, &own),
    )?;
    stage.holds("the one nobody needs is not", !holds(CLUSTER, "unrelated"))
}
