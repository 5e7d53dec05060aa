//! `cargo xtask soak`: the full sizes of what CI runs in part, by a seed, with a report to keep.

mod offline;
mod ownership;
mod races;
mod strangers;

use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;

/// What to run in full.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    soak: Soak,
}

#[derive(Subcommand)]
enum Soak {
    /// Directories of every collector, cut at every byte and robbed of every file
    Offline(offline::Args),
    /// Who owns the fleet: the guard and `status` against an oracle, on storages nobody recorded
    Ownership(ownership::Args),
    /// Requests in the same instant through three replicas, on a real API server
    Races(races::Args),
    /// One replica under its memory limit, and strangers at its port
    Strangers(strangers::Args),
}

/// Runs it.
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.soak {
        Soak::Offline(args) => offline::run(args),
        Soak::Ownership(args) => ownership::run(args),
        Soak::Races(args) => races::run(args),
        Soak::Strangers(args) => strangers::run(args),
    }
}
