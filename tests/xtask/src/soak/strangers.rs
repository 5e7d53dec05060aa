//! `cargo xtask soak strangers`: see [`acm_backup_e2e::strangers`].

use acm_backup_bed::parts::{Part, Parts};
use acm_backup_bed::{K8s, run as bed};
use acm_backup_e2e::strangers::{self, LIMIT, Place, Plan};
use anyhow::Result;
use std::process::ExitCode;
use std::time::Duration;

/// How many, and for how long.
#[derive(clap::Args)]
pub struct Args {
    /// Connections that never say anything
    #[arg(long, default_value_t = 512)]
    silent: usize,

    /// Connections that send a body byte by byte
    #[arg(long, default_value_t = 500)]
    trickling: usize,

    /// Connections that finish one forged review and are kept
    #[arg(long, default_value_t = 600)]
    proven: usize,

    /// Connections to the plain port
    #[arg(long, default_value_t = 100)]
    hammering: usize,

    /// Connections that send one hostile body of 7 MiB after the other
    #[arg(long, default_value_t = 16)]
    hostile: usize,

    /// How long they do from each place, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u64,

    /// Memory limit of the replica, in MiB
    #[arg(long, default_value_t = LIMIT)]
    limit: u64,
}

/// Runs it and prints the report; a call that was not answered is told in it.
pub fn run(args: &Args) -> Result<ExitCode> {
    Parts::ensure()?.prepare(&Part::all(K8s::from_env()?))?;
    let plan = Plan {
        silent: args.silent,
        trickling: args.trickling,
        proven: args.proven,
        hammering: args.hammering,
        hostile: args.hostile,
        length: Duration::from_secs(args.seconds),
        limit: args.limit,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let report = runtime.block_on(async {
        let places = [&Place::HELD[..], &[Place::Indistinguishable]].concat();
        strangers::run(plan, &places).await
    });
    drop(runtime);
    bed::end();
    let report = report?;
    println!("{report}");
    Ok(match report.missed().next() {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    })
}
