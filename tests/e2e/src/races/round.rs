//! One round: who races, and what is left.

use std::time::Duration;

use anyhow::Result;
use futures::future::join_all;
use serde_json::json;

use super::chance::Chance;
use super::report::Tally;
use super::stage::{REFUSED, Stage};

/// Most that a kill or a freeze waits after the start.
const MID_ROUND: u32 = 60;

/// What disturbs a round, so that it need not leave one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// Nothing.
    None,
    /// A replica is killed, and comes back after the round.
    Kill {
        /// Which.
        replica: u32,
        /// After so many milliseconds.
        after: u32,
    },
    /// A replica is frozen for a second: it goes on where it was.
    Freeze {
        /// Which.
        replica: u32,
        /// After so many milliseconds.
        after: u32,
    },
    /// One of the racers is refused by another validation.
    Refused,
    /// Two of the racers have one name.
    SameName,
}

impl Disturbance {
    pub(super) fn draw(chance: &mut Chance, of_thousand: u32) -> Self {
        if !chance.of_thousand(of_thousand) {
            return Self::None;
        }
        let (replica, after) = (chance.below(3), chance.below(MID_ROUND));
        match chance.below(4) {
            0 => Self::Kill { replica, after },
            1 => Self::Freeze { replica, after },
            2 => Self::Refused,
            _ => Self::SameName,
        }
    }
}

/// One request.
#[derive(Clone, Debug)]
enum Racer {
    /// Creates a Restore or a BackupSchedule.
    Create {
        kind: &'static str,
        name: String,
        refused: bool,
    },
    /// The same as a dry run.
    DryRun { kind: &'static str, name: String },
    /// Un-pauses the BackupSchedule that is there.
    Unpause,
    /// Makes the sync that is there an activation.
    Activate,
}

/// What is there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    /// A paused BackupSchedule.
    Paused,
    /// A Restore, beside which nothing may start.
    Restore,
}

/// Name of what is there before.
const THERE: &str = "there";

/// A round as drawn.
#[derive(Clone, Debug)]
pub struct Round {
    before: Before,
    racers: Vec<Racer>,
    disturbance: Disturbance,
}

impl Round {
    pub(super) fn draw(number: u32, disturbance: Disturbance, chance: &mut Chance) -> Self {
        let before = match chance.below(20) {
            0 => Before::Restore,
            1..=3 => Before::Paused,
            _ => Before::Nothing,
        };
        let count = 2 + chance.below(5);
        let mut racers: Vec<_> = (0..count)
            .map(|racer| Racer::draw(number, racer, before, chance))
            .collect();
        // No rule stands between two BackupSchedules: one of them a round, so that one of all is stored.
        let mut schedules = usize::from(before == Before::Paused);
        for racer in &mut racers {
            if let Racer::Create { kind, .. } = racer
                && *kind == "BackupSchedule"
            {
                schedules += 1;
                if schedules > 1 {
                    *kind = "Restore";
                }
            }
        }
        // One at least that can be stored.
        racers.push(Racer::create("Restore", format!("r{number}-last")));
        match disturbance {
            Disturbance::Refused => racers.push(Racer::Create {
                kind: "Restore",
                name: format!("r{number}-refused"),
                refused: true,
            }),
            Disturbance::SameName => {
                racers.push(Racer::create("Restore", format!("r{number}-last")))
            }
            _ => {}
        }
        Self {
            before,
            racers,
            disturbance,
        }
    }

    pub(super) async fn run(&self, stage: &Stage) -> Result<Tally> {
        match self.before {
            Before::Nothing => {}
            Before::Paused => stage.paused_schedule(THERE).await?,
            Before::Restore => {
                stage.create("Restore", THERE, json!({}), false).await?;
            }
        }
        let racers = join_all(self.racers.iter().map(|racer| racer.run(stage)));
        let (answers, disturbed) = tokio::join!(racers, self.disturb(stage));
        disturbed?;
        let mut tally = Tally::of(answers);
        tally.disturbed |= self.disturbance != Disturbance::None;
        tally.active = stage.standing().await?.active.len();
        self.mend(stage).await?;
        Ok(tally)
    }

    async fn disturb(&self, stage: &Stage) -> Result<()> {
        let (Disturbance::Kill { replica, after } | Disturbance::Freeze { replica, after }) =
            self.disturbance
        else {
            return Ok(());
        };
        let replicas = stage.webhook.replicas();
        let Some(one) = replicas.get(usize::try_from(replica)? % replicas.len().max(1)) else {
            return Ok(());
        };
        tokio::time::sleep(Duration::from_millis(u64::from(after))).await;
        if matches!(self.disturbance, Disturbance::Freeze { .. }) {
            one.process.pause();
            tokio::time::sleep(Duration::from_secs(1)).await;
            one.process.resume();
            return Ok(());
        }
        let process = std::sync::Arc::clone(&one.process);
        tokio::task::spawn_blocking(move || process.kill()).await?;
        Ok(())
    }

    async fn mend(&self, stage: &Stage) -> Result<()> {
        if matches!(self.disturbance, Disturbance::Kill { .. }) {
            stage.webhook.start_again().await?;
        }
        Ok(())
    }
}

impl Racer {
    fn create(kind: &'static str, name: String) -> Self {
        Self::Create {
            kind,
            name,
            refused: false,
        }
    }

    fn draw(number: u32, racer: u32, before: Before, chance: &mut Chance) -> Self {
        let kind = match chance.below(3) {
            0 => "BackupSchedule",
            _ => "Restore",
        };
        let name = match chance.below(4) {
            0 => format!("r{number}-{racer}-"),
            _ => format!("r{number}-{racer}"),
        };
        match (chance.below(6), before) {
            (0, _) => Self::DryRun { kind, name },
            (1 | 2, Before::Paused) => Self::Unpause,
            (1 | 2, Before::Restore) => Self::Activate,
            _ => Self::create(kind, name),
        }
    }

    /// The answer: stored, or why not.
    async fn run(&self, stage: &Stage) -> Answer {
        let result = match self {
            Self::Create {
                kind,
                name,
                refused,
            } => {
                let labels = match refused {
                    true => json!({ REFUSED: "true" }),
                    false => json!({}),
                };
                stage.create(kind, name, labels, false).await
            }
            Self::DryRun { kind, name } => {
                let answer = stage.create(kind, name, json!({}), true).await;
                return Answer {
                    dry_run: true,
                    ..Answer::of(answer)
                };
            }
            Self::Unpause => {
                let spec = json!({ "paused": false });
                stage.edit("BackupSchedule", THERE, spec).await
            }
            Self::Activate => {
                let spec = json!({ "veleroManagedClustersBackupName": "latest" });
                stage.edit("Restore", THERE, spec).await
            }
        };
        Answer::of(result)
    }
}

/// What a racer was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Nothing was to be stored.
    pub dry_run: bool,
    /// Why it was refused; none where it was stored.
    pub refusal: Option<String>,
}

impl Answer {
    fn of<T>(result: kube::Result<T>) -> Self {
        Self {
            dry_run: false,
            refusal: result.err().map(|error| match error {
                kube::Error::Api(status) => status.message.clone(),
                other => format!("no answer: {other}"),
            }),
        }
    }
}
