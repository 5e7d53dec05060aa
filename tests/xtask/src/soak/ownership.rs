//! `cargo xtask soak ownership`: the product's model of who owns the fleet against the oracle.

use acm_backup_ownership::soak::{Report, soak};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Storages tried between two lines of progress.
const STEP: u64 = 100_000;

/// Which storages, and where to write what was found.
#[derive(clap::Args)]
pub struct Args {
    /// The first storage; the next ones follow it
    #[arg(long)]
    seed: u64,

    /// How many
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    cases: u64,

    /// Write the report here as well, as markdown
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Tries them, and fails where product and oracle differ or a pass is unsafe for a reason nobody knows.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut report = Report {
        seed: args.seed,
        ..Report::default()
    };
    let mut next = args.seed;
    while report.cases < args.cases {
        let step = soak(next, STEP.min(args.cases - report.cases));
        next = step.next;
        report.took += step.took;
        report.add(step);
        let failures = report.differences.values().sum::<u64>();
        eprintln!(
            "{} of {} storages, {:.0} a second, {failures} differences",
            report.cases,
            args.cases,
            report.per_second()
        );
    }
    println!("{report}");
    if let Some(file) = &args.report {
        std::fs::write(file, report.to_string())
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
