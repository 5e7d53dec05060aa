//! `cargo xtask measure`: the figures of README and DESIGN §9 on this machine, as a table.
//!
//! Everything runs on loopback and stops by itself. Figures are reported, never judged: no test depends on the
//! speed of a machine.

mod apiserver;
mod away;
mod command;
mod cores;
mod ground;
mod load;
mod memory;
mod pool;
mod programs;
mod report;
mod review;
mod webhook;

use acm_backup_bed::parts::{Part, Parts};
use acm_backup_bed::{Hub, K8s, run};
use anyhow::{Context, Result};
use command::Runs;
use cores::Cores;
use programs::Programs;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Commands take a few milliseconds and all else is bounded by itself; a machine that is this slow has no
/// figures worth having.
const LIMIT: Duration = Duration::from_secs(300);

/// What to measure with.
#[derive(clap::Args)]
pub struct Args {
    /// How often each command is run
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// How often a hub is started
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    hubs: u32,
}

/// Builds, measures and prints.
pub fn run(args: &Args) -> Result<ExitCode> {
    let cores = Cores::pick();
    // Before the build, which is load enough.
    let machine = report::machine(cores.is_some());
    eprintln!("building release programs");
    let programs = Programs::build()?;
    Parts::ensure()?.prepare(&Part::all(K8s::from_env()?))?;
    println!("{machine}");
    let runtime = tokio::runtime::Runtime::new()?;
    let measured = runtime.block_on(async {
        tokio::time::timeout(LIMIT, measure(args, &programs, cores))
            .await
            .with_context(|| format!("gave up after {} s", LIMIT.as_secs()))?
    });
    drop(runtime);
    run::end();
    measured?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(args: &Args, programs: &Programs, cores: Option<Cores>) -> Result<()> {
    eprintln!("starting {} hubs, one after the other", args.hubs);
    let mut starts = Vec::new();
    let mut last = None;
    for _ in 0..args.hubs {
        drop(last.take());
        let start = Instant::now();
        last = Some(Hub::start("hub").await?);
        starts.push(start.elapsed());
    }
    starts.sort();
    println!("{}", report::hub(&starts));

    let hub = last.context("no hub was started")?;
    ground::fill(&hub).await?;
    eprintln!("running the plugin, {} times each", args.runs);
    let mut commands = Vec::new();
    for line in ["--help", "version --client", "status"] {
        let command = || {
            let mut command = Command::new(&programs.plugin);
            command
                .args(line.split(' '))
                .env("KUBECONFIG", hub.admin_kubeconfig());
            command
        };
        let runs = Runs::of(args.runs, command)
            .with_context(|| format!("measuring kubectl acm-backup {line}"))?;
        commands.push((line, runs));
    }
    println!("{}", report::commands(&commands));

    eprintln!("loading the webhook, about half a minute");
    let figures = webhook::measure(&hub, programs.webhook.clone(), cores).await?;
    println!("{}", report::webhook(&figures));
    Ok(())
}
