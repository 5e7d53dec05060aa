//! 4. and 5. What is refused while hub-a lives.

use acm_backup_e2e::{fixtures, look};
use anyhow::Result;
use kube::api::ListParams;

use super::{CRON, RESTORE, SYNC, heredoc};
use crate::demo::stage::Stage;

/// An activation as the manual has it: the sync Restore is told to take the clusters too.
pub fn activate() -> String {
    format!(
        "kubectl --context hub-b patch {RESTORE} {SYNC} --type merge -p '{{\"spec\":{{\"veleroManagedClustersBackupName\":\"latest\"}}}}'"
    )
}

pub async fn activation(stage: &Stage<'_>) -> Result<()> {
    let (a, b) = (&stage.world.a, &stage.world.b);
    stage.step(4, "somebody activates hub-b while hub-a lives");
    let words = [
        "restore/old-hub-live",
        a.id,
        "counts as alive",
        " ago)",
        "is this the hub you mean?",
        "paused",
    ];
    stage.refused(&activate(), &words).await?;
    let restore = look::api(&b.hub, look::ACM, "Restore")
        .await?
        .get(SYNC)
        .await?;
    stage.holds(
        "hub-b is as passive as before",
        restore.data["spec"]["veleroManagedClustersBackupName"] == "skip",
    )
}

pub async fn second_restore(stage: &Stage<'_>) -> Result<()> {
    stage.step(5, "a second Restore beside the active one");
    let second = fixtures::restore("one-more", "skip", false);
    let line = heredoc("kubectl --context hub-b apply", &second)?;
    stage
        .refused(&line, &["restore/another-active", SYNC])
        .await?;
    let restores = look::api(&stage.world.b.hub, look::ACM, "Restore").await?;
    let restores = restores.list(&ListParams::default()).await?.items;
    stage.holds(
        "it was not stored, so nothing is burnt",
        restores.len() == 1,
    )?;
    stage.holds(
        "the first one still syncs",
        restores
            .iter()
            .all(|one| !look::phase(one).starts_with("Finished")),
    )
}

/// The most common mistake of all: what Git holds for the active hub is applied to the passive one.
pub async fn schedule_on_the_passive_hub(stage: &Stage<'_>) -> Result<()> {
    stage.step(6, "somebody applies the BackupSchedule to the passive hub");
    let schedule = fixtures::backup_schedule(CRON);
    let line = heredoc("kubectl --context hub-b apply", &schedule)?;
    stage
        .refused(
            &line,
            &[
                "backup-schedule/active-restore",
                SYNC,
                "this hub is passive",
            ],
        )
        .await?;
    let schedules = look::api(&stage.world.b.hub, look::ACM, "BackupSchedule").await?;
    let schedules = schedules.list(&ListParams::default()).await?.items;
    stage.holds(
        "it was not stored, and hub-a's backups go on",
        schedules.is_empty(),
    )
}
