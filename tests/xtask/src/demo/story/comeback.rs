//! 8. and 9. hub-a comes back and backs up as if nothing had happened, and somebody wants its fleet back.

use std::time::Duration;

use acm_backup_bed::Hub;
use acm_backup_bed::wait::{Seen, until};
use acm_backup_e2e::{fixtures, look};
use anyhow::{Context, Result};
use jiff::Timestamp;
use kube::api::ListParams;

use super::heredoc;
use crate::demo::stage::{Stage, wait};

pub async fn tell(stage: &Stage<'_>) -> Result<()> {
    let (a, b) = (&stage.world.a, &stage.world.b);
    stage.step(8, "hub-a comes back");
    let before = Timestamp::now();
    overdue(&b.hub, a.id).await?;
    a.hub.start_again().await?;
    stage.say("hub-a's processes run again, on the data they left");
    let name = wait(
        "hub-a's Velero to start what is overdue, before its operator stops it",
        backup_after(&a.hub, a.id, before),
    )
    .await?;
    wait("that backup to be over", finished(&a.hub, &name)).await?;
    stage.read_the_bucket(b).await?;
    wait("hub-b to see it", backup_after(&b.hub, a.id, before)).await?;

    let verdict = "the verdict is critical, and so is the exit code";
    let said = is_critical(stage, "hub-b", verdict).await?;
    stage.says(&said, &[" ago)", "end its backups"])?;
    stage.read_the_bucket(a).await?;
    wait(
        "hub-a to see hub-b's backups",
        look::until_set(&a.hub, b.id),
    )
    .await?;
    is_critical(stage, "hub-a", "hub-a is critical as well")
        .await
        .map(drop)
}

/// The returned primary activates what it takes for its own set. Its own words in the storage are the
/// newest; the fleet is hub-b's all the same.
pub async fn wants_its_fleet_back(stage: &Stage<'_>) -> Result<()> {
    let b = &stage.world.b;
    stage.step(9, "somebody on hub-a wants its fleet back");
    wait(
        "hub-a's operator to stop its backups",
        look::until_phase(
            &stage.world.a.hub,
            look::ACM,
            "BackupSchedule",
            fixtures::SCHEDULE,
            &["BackupCollision"],
        ),
    )
    .await?;
    let restore = fixtures::restore("back-again", "latest", false);
    let line = heredoc("kubectl --context hub-a apply", &restore)?;
    stage
        .refused(&line, &["restore/old-hub-live", b.id, "counts as alive"])
        .await?;
    let restores = look::api(&stage.world.a.hub, look::ACM, "Restore").await?;
    let restores = restores.list(&ListParams::default()).await?.items;
    stage.holds("the fleet stays where it is", restores.is_empty())
}

/// What `status` says of hub-a's return, on either side; all of it.
async fn is_critical(stage: &Stage<'_>, context: &str, claim: &str) -> Result<String> {
    let status = stage
        .run(&format!("kubectl acm-backup status --context {context}"))
        .await?;
    stage.holds(
        claim,
        status.code == Some(3) && status.stdout.contains("CRITICAL"),
    )?;
    let (a, b) = (&stage.world.a, &stage.world.b);
    if context == a.hub.name() && !look::takeover_is_told(&a.hub).await? {
        stage.say(
            "no marker of hub-b names what it restored, so hub-a cannot know that it took over:",
        );
        let shared = format!("hub {} backs up to this storage as well", &b.id[..8]);
        stage.says(
            &status.stdout,
            &[&shared, "decide which hub owns the fleet"],
        )?;
        return Ok(status.stdout);
    }
    let name = |side: &acm_backup_e2e::Side| match side.hub.name() == context {
        true => format!("this hub ({})", &side.id[..8]),
        false => format!("hub {}", &side.id[..8]),
    };
    let happened = format!("{} began a backup after {} took over", name(a), name(b));
    stage.says(&status.stdout, &[&happened, "it owns the fleet"])?;
    Ok(status.stdout)
}

/// At the full minute after its last backup began a hub has the next one to make.
async fn overdue(hub: &Hub, id: &str) -> Result<()> {
    let backups = look::backups_of(hub, id).await?;
    let last = backups.last().context("no backup of hub-a")?;
    let last: Timestamp = look::started(last).parse()?;
    let due = Timestamp::from_second((last.as_second() / 60 + 1) * 60)?;
    let left = due.duration_since(Timestamp::now());
    let left = Duration::try_from(left).unwrap_or_default();
    wait("hub-a's next backup to be overdue", async {
        tokio::time::sleep(left).await;
        Ok(())
    })
    .await
}

/// The first backup of a hub that began after a time.
async fn backup_after(hub: &Hub, id: &str, since: Timestamp) -> Result<String> {
    let what = format!(
        "{} to see a backup of hub {id} that began after {since}",
        hub.name()
    );
    until(&what, look::LIMIT, || async {
        let backups = look::backups_of(hub, id).await?;
        let newer = backups.iter().find(|backup| {
            let started: Option<Timestamp> = look::started(backup).parse().ok();
            started.is_some_and(|started| started > since)
        });
        Ok(
            match newer.and_then(|backup| backup.metadata.name.clone()) {
                Some(name) => Seen::Yes(name),
                None => Seen::NotYet(format!("{} backups, none newer", backups.len())),
            },
        )
    })
    .await
}

async fn finished(hub: &Hub, name: &str) -> Result<()> {
    look::until_phase(
        hub,
        look::VELERO,
        "Backup",
        name,
        &["Completed", "PartiallyFailed", "Failed"],
    )
    .await
    .map(drop)
}
