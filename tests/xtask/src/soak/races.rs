//! `cargo xtask soak races`: see [`acm_backup_e2e::races`].

use acm_backup_bed::parts::{Part, Parts};
use acm_backup_bed::{K8s, run as bed};
use acm_backup_e2e::races::{self, Plan, Stage};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// How many, and which.
#[derive(clap::Args)]
pub struct Args {
    /// Number of rounds
    #[arg(long, default_value_t = 10_000)]
    rounds: u32,

    /// What everything is drawn by [default: the time]
    #[arg(long)]
    seed: Option<u64>,

    /// Of a thousand rounds, how many are disturbed
    #[arg(long, default_value_t = 12)]
    disturbed: u32,

    /// Where to write the report as well
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Runs them and prints the report; a broken invariant is an error that names round and seed.
pub fn run(args: &Args) -> Result<ExitCode> {
    Parts::ensure()?.prepare(&Part::all(K8s::from_env()?))?;
    let seed = args.seed.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    });
    let plan = Plan {
        rounds: args.rounds,
        seed,
        disturbed: args.disturbed,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let report = runtime.block_on(async {
        let stage = Stage::start(3).await?;
        races::run(&stage, plan, |report| {
            eprintln!("{} rounds in {} s", report.rounds, report.took.as_secs());
        })
        .await
    });
    drop(runtime);
    bed::end();
    let report = report?;
    println!("{report}");
    for odd in &report.odd {
        eprintln!("odd: {odd}");
    }
    if let Some(file) = &args.report {
        let text = format!(
            "# Races\n\n`cargo xtask soak races --seed {seed} --rounds {}`\n\n{report}",
            args.rounds
        );
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
