//! 7. hub-a dies, and hub-b takes over on a person's word.

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
    stage.step(7, "hub-a dies, hub-b takes over");
    stage.say("every process of hub-a is killed");
    a.hub.kill();
    let dead = stage.run("kubectl --context hub-a get namespaces").await?;
    stage.holds(
        "hub-a does not answer",
        dead.code == Some(1) && dead.stderr.contains("refused"),
    )?;

    stage.say("a bucket cannot tell a dead hub from a quiet one; who may not say what became of it is told who may:");
    stage
        .refused(
            &activate(),
            &[
                "restore/old-hub-live",
                a.id,
                "may not say",
                "acm-backup-attester",
            ],
        )
        .await?;
    stage.say(&format!(
        "{ATTESTER} may, and is told what to check and what to write:"
    ));
    let attester = format!(" --user {ATTESTER}@hub-b");
    let denial = stage
        .refused(
            &format!("{}{attester}", activate()),
            &[
                "restore/old-hub-live",
                a.id,
                "counts as alive until",
                "look by another way than the storage",
                names::ATTESTATION,
                placeholder::SEEN,
            ],
        )
        .await?;
    let patch = way_on(&denial, &attester)?;
    stage.say("pasted as it is printed, it is refused: nobody has said anything yet:");
    stage
        .refused(&patch, &["restore/old-hub-live", "still stands there"])
        .await?;
    stage.say("with the words filled in, by a person:");
    stage.done(&filled_in(&patch)).await?;
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

/// The patch a denial prints, for hub-b and the attester. There is no `oc` on this machine.
fn way_on(denial: &str, attester: &str) -> Result<String> {
    let mut lines: Vec<_> = denial
        .lines()
        .skip_while(|line| !line.contains("--patch-file /dev/stdin"))
        .collect();
    let end = lines
        .iter()
        .position(|line| *line == "END")
        .context("the denial prints no patch")?;
    lines.truncate(end + 1);
    let text = lines.join("\n");
    let (command, rest) = text.split_once(" <<").context("the patch has no text")?;
    let command = command.trim_start().replacen("oc ", "kubectl ", 1);
    Ok(format!("{command} --context hub-b{attester} <<{rest}"))
}

/// The patch with each placeholder replaced.
fn filled_in(patch: &str) -> String {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    patch
        .replace(&format!("{} ", placeholder::KIND), "down ")
        .replace(placeholder::WHEN, &now.to_string())
        .replace(
            placeholder::SEEN,
            "its processes were killed before our eyes, it doesn't answer",
        )
}
