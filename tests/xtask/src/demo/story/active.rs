//! 1. hub-a is active, and `status` says so.

use acm_backup_e2e::{fixtures, look};
use anyhow::Result;

use super::{CRON, heredoc};
use crate::demo::stage::{Stage, wait};

pub async fn tell(stage: &Stage<'_>) -> Result<()> {
    let a = &stage.world.a;
    stage.step(1, "hub-a is active");
    stage.say(
        "a fleet is put on hub-a: two imported clusters and one that Hive made; all report to it",
    );
    fixtures::fleet(&a.hub).await?;
    stage.read_the_bucket(a).await?;
    stage
        .done("kubectl --context hub-a get managedclusters,clusterdeployments -A")
        .await?;
    let schedule = fixtures::backup_schedule(CRON);
    stage
        .done(&heredoc("kubectl --context hub-a apply", &schedule)?)
        .await?;
    let what = "the operator's schedules and Velero's first set of five backups";
    wait(what, look::until_set(&a.hub, a.id)).await?;

    let status = stage
        .done("kubectl acm-backup status --context hub-a")
        .await?;
    stage.says(
        &status.stdout,
        &[
            "active",
            a.id,
            "VERDICT",
            fixtures::SCHEDULE,
            ", next ",
            "by this hub, complete",
            "Available",
            "ACTIVATE",
        ],
    )
}
