//! `cargo xtask demo`: the main job on two real hubs, told and checked step by step.

mod failure;
mod stage;
mod story;

use std::process::ExitCode;

use acm_backup_bed::{Program, parts, run};
use acm_backup_e2e::operator::Operator;
use acm_backup_e2e::{World, WorldOptions, people};
use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

use stage::Stage;

/// Options of the demo.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave the hubs running after the story, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

/// What a shell reports of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Tell the story. Nothing is left when this returns, however it went.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(until_told_or_stopped(args));
    run::end();
    // Not waited for: a build that Ctrl-C interrupted has lost its processes by now.
    runtime.shutdown_background();
    outcome
}

async fn until_told_or_stopped(args: &Args) -> Result<ExitCode> {
    if !args.keep {
        run::leave_no_logs();
    }
    let mut stops = Stops::listen()?;
    introduce()?;
    let world = tokio::select! {
        world = start() => world.inspect_err(failed)?,
        () = stops.one() => return Ok(stopped()),
    };
    let stage = Stage::new(&world);
    let told = tokio::select! {
        told = story::tell(&stage) => told.inspect_err(failed),
        () = stops.one() => return Ok(stopped()),
    };
    if args.keep {
        tell_how_to_use(&world);
        stops.one().await;
    }
    told.context("the demo did not do what it says")?;
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &anyhow::Error) {
    println!("\nFAILED: {error:#}");
    failure::show_logs();
}

fn stopped() -> ExitCode {
    println!("\nstopped; ending every process of the demo");
    ExitCode::from(INTERRUPTED)
}

/// The ways a terminal and a supervisor end a program.
struct Stops([Signal; 3]);

impl Stops {
    fn listen() -> Result<Self> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn one(&mut self) {
        let Self([interrupt, terminate, hangup]) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// The first line: what is real.
fn introduce() -> Result<()> {
    println!(
        "Real: etcd, kube-apiserver, kube-controller-manager, kubectl, Velero and its S3 plugin, an S3 server, acm-backup. \
         Not real: the operator ({}), the add-on that makes tokens, the clusters (objects only), the kubelet (programs run as processes).",
        Operator::from_env(0)?.describe()
    );
    Ok(())
}

async fn start() -> Result<World> {
    stage::wait("the real parts, built on the first run and cached", async {
        let all = parts::Part::all(parts::K8s::from_env()?);
        tokio::task::spawn_blocking(move || parts::Parts::ensure()?.prepare(&all)).await?
    })
    .await?;
    stage::wait("our own programs, built where they changed", async {
        let build = || {
            Program::ALL
                .iter()
                .try_for_each(|program| program.path().map(drop))
        };
        tokio::task::spawn_blocking(build).await?
    })
    .await?;
    let what = "two hubs with Velero, operator and two webhook replicas each, on one bucket";
    stage::wait(what, World::start(WorldOptions::default())).await
}

fn tell_how_to_use(world: &World) {
    println!("\nThe hubs keep running until Ctrl-C. In another terminal:\n");
    println!("  export KUBECONFIG={}", world.shell.kubeconfig().display());
    println!("  export PATH={}:$PATH", world.shell.bin().display());
    println!("  kubectl acm-backup status --context hub-b     # or hub-a");
    println!(
        "\nYou are {}, an administrator who must not attest; with --user {}@hub-b you are one who may.",
        people::ADMIN,
        people::ATTESTER
    );
    println!("The bucket's files are in {}", world.bucket.dir().display());
}
