//! 6. hub-a dies, and hub-b takes over on a person's word.

use acm_backup_domain::hub::statement::placeholder;
use acm_backup_domain::names;
use acm_backup_e2e::people::ATTESTER;
use acm_backup_e2e::{fixtures, look};
use anyhow::{Context, Result};

use super::refused::activate;
use super::{CRON, SYNC, heredoc};
use crate::demo::stage::{Stage, wait};

pub async fn tell(stage: &Stage<'_>) -> Result<()> {
    let (a, b) = (&stage.world.a, &stage.world.b);
    stage.step(6, "hub-a dies, hub-b takes over");
    stage.say("every process of hub-a is killed");
    a.hub.kill();
    let dead = stage.run("kubectl --context hub-a get namespaces").await?;
    stage.holds(
        "hub-a does not answer",
        dead.code == Some(1) && dead.stderr.contains("refused"),
    )?;

    stage.say("a bucket cannot tell a dead hub from a quiet one, so what to check is said, and what to write:");
    let denial = stage
        .refused(
            &activate(),
            &[
                "restore/old-hub-live",
                a.id,
                "counts as alive until",
                "find out by another way than the storage",
                names::ATTESTATION,
            ],
        )
        .await?;
    let activation = way_on(&denial)?;

    stage.say("the command the denial ends with, the reason filled in, by an administrator who must not attest:");
    stage
        .refused(
            &activation,
            &["do not hold the right to attest", names::VERB_ATTEST],
        )
        .await?;
    stage.say(&format!("the same by {ATTESTER}, who may:"));
    stage
        .done(&format!("{activation} --user {ATTESTER}@hub-b"))
        .await?;
    let what = "Velero to restore the clusters";
    wait(
        what,
        look::until_phase(
            &b.hub,
            look::ACM,
            "Restore",
            SYNC,
            &["Finished", "FinishedWithErrors"],
        ),
    )
    .await?;
    let restores = stage
        .done(&format!(
            "kubectl --context hub-b get {} {SYNC}",
            super::RESTORE
        ))
        .await?;
    stage.holds(
        "the Restore is Finished",
        restores.stdout.contains("Finished") && !restores.stdout.contains("WithErrors"),
    )?;
    let fleet = stage
        .done("kubectl --context hub-b get managedclusters")
        .await?;
    stage.says(&fleet.stdout, &fixtures::IMPORTED)?;
    stage.says(&fleet.stdout, &[fixtures::HIVE])?;
    stage.say(
        "their objects are here. Reconnection is not simulated: there is no cluster behind them.",
    );

    stage.say("hub-b backs the fleet up from now on:");
    let schedule = fixtures::backup_schedule(CRON);
    stage
        .done(&heredoc("kubectl --context hub-b apply", &schedule)?)
        .await?;
    wait(
        "hub-b's first set of backups",
        look::until_set(&b.hub, b.id),
    )
    .await?;
    let status = stage
        .done("kubectl acm-backup status --context hub-b")
        .await?;
    stage.says(&status.stdout, &["active", b.id])
}

/// The patch a denial prints, with a reason in place of the placeholder, for hub-b.
fn way_on(denial: &str) -> Result<String> {
    let line = denial
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("kubectl") && line.contains(names::ATTESTATION))
        .context("the denial prints no command that attests")?;
    let line = line
        .replace(
            REASON_PLACEHOLDER,
            "its processes were killed before our eyes",
        )
        .replace("fenced ", "down ");
    Ok(format!("{line} --context hub-b"))
}
