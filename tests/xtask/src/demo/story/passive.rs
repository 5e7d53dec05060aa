//! 3. hub-b follows.

use acm_backup_e2e::{fixtures, look};
use anyhow::Result;

use super::{SYNC, heredoc};
use crate::demo::stage::{Stage, wait};

pub async fn tell(stage: &Stage<'_>) -> Result<()> {
    let (a, b) = (&stage.world.a, &stage.world.b);
    stage.step(3, "hub-b becomes passive");
    fixtures::local_cluster(&b.hub).await?;
    stage.read_the_bucket(b).await?;
    wait(
        "hub-b to see hub-a's backups",
        look::until_set(&b.hub, a.id),
    )
    .await?;
    let restore = fixtures::restore(SYNC, "skip", true);
    stage
        .done(&heredoc("kubectl --context hub-b apply", &restore)?)
        .await?;
    let what = "Velero to restore what is passive";
    wait(what, async {
        look::until_phase(&b.hub, look::ACM, "Restore", SYNC, &["Enabled"]).await?;
        look::until_restored(&b.hub).await
    })
    .await?;

    let status = stage
        .done("kubectl acm-backup status --context hub-b")
        .await?;
    stage.says(
        &status.stdout,
        &[
            "passive",
            a.id,
            "in sync with its newest backups",
            "what it holds is",
            "ACTIVATE  no",
        ],
    )
}
