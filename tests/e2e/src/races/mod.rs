//! Races for the slot on a real API server: several requests in the same instant, through several replicas,
//! each of which alone would be let through.
//!
//! Never may two active Restores be stored, nor a Restore beside a running BackupSchedule; and where nothing
//! disturbs a round, exactly one of them must be.

mod chance;
mod report;
mod round;
mod stage;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

pub use chance::Chance;
pub use report::{Report, Tally};
pub use stage::Stage;

use round::{Disturbance, Round};

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Number of rounds.
    pub rounds: u32,
    /// Decides everything that is drawn; what the machine does with it is its own.
    pub seed: u64,
    /// Of a thousand rounds, how many are disturbed: a replica killed or frozen, a creation that
    /// another validation refuses, two of one name.
    pub disturbed: u32,
}

/// How often Velero reads the storage, as far as anyone can see.
const STORAGE_READ: Duration = Duration::from_secs(20);

/// Runs the races, and ends with the first that broke the invariant. `told` hears of each hundred rounds.
pub async fn run(stage: &Stage, plan: Plan, told: impl Fn(&Report)) -> Result<Report> {
    let mut report = Report::of(plan);
    let mut chance = Chance::of(plan.seed);
    let began = Instant::now();
    let mut read = began;
    for number in 1..=plan.rounds {
        let disturbance = Disturbance::draw(&mut chance, plan.disturbed);
        let round = Round::draw(number, disturbance, &mut chance);
        let tally = round
            .run(stage)
            .await
            .with_context(|| format!("round {number} of seed {}: {round:?}", plan.seed))?;
        report.add(&tally);
        report.took = began.elapsed();
        ensure!(
            tally.active <= 1,
            "round {number} of seed {} left {} at once: {round:?}\n{tally:#?}",
            plan.seed,
            tally.active
        );
        ensure!(
            tally.disturbed || tally.active == 1,
            "round {number} of seed {} was not disturbed and left none: {round:?}\n{tally:#?}",
            plan.seed
        );
        stage.clear().await?;
        if tally.disturbed {
            let waited = stage.until_free(number).await?;
            report.longest_hold = report.longest_hold.max(waited);
        }
        if read.elapsed() > STORAGE_READ {
            stage.read_the_storage().await?;
            read = Instant::now();
        }
        if number % 100 == 0 {
            report.reviewed(&stage.reviews().await?);
            told(&report);
        }
    }
    report.reviewed(&stage.reviews().await?);
    report.took = began.elapsed();
    Ok(report)
}

/// How long a reservation may hold up the next round: what the webhook is told, and what a busy machine
/// takes to notice.
fn longest_hold() -> Duration {
    stage::REQUEST_TIMEOUT + stage::CLOCK_SKEW + Duration::from_secs(6)
}
