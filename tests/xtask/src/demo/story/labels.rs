//! 2. Secrets appear in the awkward order, and are in the next backup all the same.

use acm_backup_bed::wait::{Seen, until};
use acm_backup_domain::upstream::object_label;
use acm_backup_e2e::{fixtures, look};
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::ListParams;

use super::heredoc;
use crate::demo::stage::{Stage, wait};

/// The cluster that is being made.
const CLUSTER: &str = "harbor";

/// A cluster that is being imported.
const IMPORTED: &str = "metro-3";

pub async fn tell(stage: &Stage<'_>) -> Result<()> {
    let hub = &stage.world.a.hub;
    stage.step(2, "secrets are labelled the moment they matter");
    stage
        .done(&format!(
            "kubectl --context hub-a create namespace {CLUSTER}"
        ))
        .await?;
    stage.say(
        "four secrets that nothing names yet, one that Hive labelled itself, and one nobody needs:",
    );
    for (name, _) in fixtures::NAMED {
        create(stage, &format!("{CLUSTER}-{name}")).await?;
    }
    create(stage, "unrelated").await?;
    let own = fixtures::kubeconfig_secret(CLUSTER);
    stage
        .done(&heredoc("kubectl --context hub-a create", &own)?)
        .await?;
    stage.say(
        "and the token of an imported cluster, as the ManagedServiceAccount add-on writes it:",
    );
    stage
        .done(&format!(
            "kubectl --context hub-a create namespace {IMPORTED}"
        ))
        .await?;
    let token = fixtures::token_secret(IMPORTED);
    stage
        .done(&heredoc("kubectl --context hub-a create", &token)?)
        .await?;
    let token = format!(
        "kubectl --context hub-a -n {IMPORTED} get secret auto-import-account -L {}",
        object_label::BACKUP
    );
    let token = stage.done(&token).await?;
    stage.holds(
        "it was labelled as it was created",
        token.stdout.trim_end().ends_with("msa"),
    )?;

    let labels = labels(stage).await?;
    stage.holds(
        "what nothing names is not labelled",
        fixtures::NAMED
            .iter()
            .all(|(name, _)| label(&labels, &format!("{CLUSTER}-{name}")).is_none()),
    )?;

    stage.say("now the ClusterDeployment that names four of them:");
    let deployment = fixtures::cluster_deployment(CLUSTER);
    stage
        .done(&heredoc("kubectl --context hub-a create", &deployment)?)
        .await?;
    wait("their labels", async {
        until("the four to be labelled", look::LIMIT, || async {
            let labels = read(stage).await?;
            Ok(
                match fixtures::NAMED.iter().all(|(name, value)| {
                    label(&labels, &format!("{CLUSTER}-{name}")) == Some(value)
                }) {
                    true => Seen::Yes(()),
                    false => Seen::NotYet(format!("{labels:?}")),
                },
            )
        })
        .await
    })
    .await?;
    let labels = self::labels(stage).await?;
    stage.holds(
        "the one nobody needs is not labelled",
        label(&labels, "unrelated").is_none(),
    )?;
    stage.holds(
        "the one Hive labelled was left alone",
        label(&labels, &format!("{CLUSTER}-admin-kubeconfig")).is_none(),
    )?;

    backup(stage).await?;
    // Leave no backup half-way behind.
    wait(
        "hub-a's backups to be over",
        look::until_set(hub, stage.world.a.id),
    )
    .await
    .map(drop)
}

async fn create(stage: &Stage<'_>, name: &str) -> Result<()> {
    let line = format!(
        "kubectl --context hub-a -n {CLUSTER} create secret generic {name} --from-literal=value=canary"
    );
    stage.done(&line).await.map(drop)
}

/// Name and backup label of every Secret of the cluster.
type Labels = Vec<(String, Option<String>)>;

fn label<'a>(labels: &'a Labels, name: &str) -> Option<&'a str> {
    let (_, value) = labels.iter().find(|(known, _)| known == name)?;
    value.as_deref()
}

async fn read(stage: &Stage<'_>) -> Result<Labels> {
    let secrets: Api<Secret> = Api::namespaced(stage.world.a.hub.client().await?, CLUSTER);
    let secrets = secrets.list_metadata(&ListParams::default()).await?;
    let labels = secrets.into_iter().map(|secret| {
        let value = secret
            .metadata
            .labels
            .and_then(|labels| labels.get(object_label::BACKUP).cloned());
        (secret.metadata.name.unwrap_or_default(), value)
    });
    Ok(labels.collect())
}

/// Show the labels Velero selects by, and read them.
async fn labels(stage: &Stage<'_>) -> Result<Labels> {
    let columns = object_label::SELECTING
        .map(|label| format!("-L {label}"))
        .join(" ");
    stage
        .done(&format!(
            "kubectl --context hub-a -n {CLUSTER} get secrets {columns}"
        ))
        .await?;
    read(stage).await
}

/// What Velero really has.
async fn backup(stage: &Stage<'_>) -> Result<()> {
    let schedule = "acm-credentials-schedule";
    // Named as Velero would name it, so that whoever reads it takes it for what it is.
    let name = format!(
        "{schedule}-{}",
        jiff::Timestamp::now().strftime("%Y%m%d%H%M%S")
    );
    let velero = "velero --kubecontext hub-a -n open-cluster-management-backup";
    stage.nudge("a backup from the operator's schedule now, instead of at the next full minute");
    stage
        .done(&format!(
            "{velero} backup create {name} --from-schedule {schedule} --wait"
        ))
        .await?;
    let described = stage
        .done(&format!(
            "{velero} backup describe {name} --details | sed -n '/^Resource List/,/^$/p'"
        ))
        .await?;
    let listed = |namespace: &str, secret: &str| {
        let line = format!("- {namespace}/{secret}");
        described.stdout.lines().any(|found| found.trim() == line)
    };
    for (name, _) in fixtures::NAMED {
        let name = format!("{CLUSTER}-{name}");
        stage.holds(&format!("{name} is in the backup"), listed(CLUSTER, &name))?;
    }
    stage.holds("so is the token", listed(IMPORTED, "auto-import-account"))?;
    stage.holds(
        "so is the kubeconfig",
        listed(CLUSTER, &format!("{CLUSTER}-admin-kubeconfig")),
    )?;
    stage.holds("the one nobody needs is not", !listed(CLUSTER, "unrelated"))?;
    described
        .stdout
        .lines()
        .next()
        .context("an empty description")
        .map(drop)
}
