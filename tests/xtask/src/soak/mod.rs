//! `cargo xtask soak`: what CI tries on a fixed seed, on any seed and for as long as you like.

mod ownership;

use anyhow::Result;
use std::process::ExitCode;

/// What to try.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Who owns the fleet: the guard and status against the oracle of tests/ownership
    Ownership(ownership::Args),
}

/// Tries it.
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.what {
        What::Ownership(args) => ownership::run(args),
    }
}
