//! `kubectl acm-backup`: could this hub's fleet be recovered right now?

// Times and counts come from what others wrote: a sum that leaves its range must not panic.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod cli;
mod exit;
mod render;
mod report;

use std::process::ExitCode;

fn main() -> ExitCode {
    let spelling = cli::spelling(std::env::args_os().next().as_deref());
    let matches = match cli::command(spelling).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return exit::usage(&error),
    };
    let cli = match <cli::Cli as clap::FromArgMatches>::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error.format(&mut cli::command(spelling))),
    };
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(error) => exit::failed(&error),
    }
}
