//! `cargo xtask soak offline`: every cut of every file of every collector's directories, see [`acm_backup_offline`].

use acm_backup_offline::damage::Cuts;
use acm_backup_offline::soak::soak;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// How many, and where to write what was found.
#[derive(clap::Args)]
pub struct Args {
    /// Of every so many cut points try one
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    every: u16,

    /// Write the report here as well, as markdown
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Tries them, and fails where a cut or a missing file adds a finding or makes a verdict better.
pub fn run(args: &Args) -> Result<ExitCode> {
    let cuts = match args.every {
        1 => Cuts::Every,
        step => Cuts::Sampled(step.into()),
    };
    let report = soak(|_, _| cuts, |line| eprintln!("{line}"))?;
    println!("{report}");
    if let Some(file) = &args.report {
        let text = format!(
            "# Directories cut and robbed\n\n`cargo xtask soak offline --every {}`\n\n{report}",
            args.every
        );
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
