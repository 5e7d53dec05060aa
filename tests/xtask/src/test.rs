//! `cargo xtask test`: every test, and one line that counts them.

use crate::cargo;
use acm_backup_bed::K8s;
use acm_backup_bed::parts::{Part, Parts};
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

/// What to run.
#[derive(clap::Args)]
pub struct Args {
    /// Handed to `cargo test`, e.g. `-p acm-backup-domain` or a part of a test's name
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo_test: Vec<String>,
}

/// Runs the tests and ends with `N passed, N failed` over all test binaries.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut command = cargo::command();
    command
        .args(["test", "--no-fail-fast"])
        .stdout(Stdio::piped());
    if args.cargo_test.is_empty() {
        build_everything()?;
        command
            .arg("--workspace")
            .env("ACM_BACKUP_PROGRAMS", programs()?);
    }
    command.args(&args.cargo_test);
    let total = count(command)?;
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(if total.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds programs, tests and real parts before the first test runs: a test that has to build them
/// itself would do so beside others that wait for an answer.
fn build_everything() -> Result<()> {
    let status = cargo::command()
        .args(["test", "--workspace", "--no-run"])
        .status()
        .context("cannot start cargo test --no-run")?;
    ensure!(status.success(), "the tests do not build");
    let parts = Parts::ensure()?;
    for kubernetes in [K8s::V1_36, K8s::V1_30] {
        parts.prepare(&Part::all(kubernetes))?;
    }
    Ok(())
}

/// Where cargo puts the programs: beside this one.
fn programs() -> Result<PathBuf> {
    let this = std::env::current_exe().context("cannot tell where this program is")?;
    Ok(this
        .parent()
        .context("this program is in no directory")?
        .to_owned())
}

/// Runs `cargo test`, shows what it prints and adds it up.
fn count(mut command: Command) -> Result<Counts> {
    let mut child = command.spawn().context("cannot start cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let mut total = Counts::default();
    for line in BufReader::new(output).lines() {
        let line = line.context("cannot read the output of cargo test")?;
        writeln!(std::io::stdout(), "{line}")?;
        total.add(&line);
    }
    let status = child.wait().context("cannot wait for cargo test")?;
    // A test binary that did not build, crashed or was killed printed no result of its own.
    if !status.success() && total.failed == 0 {
        total.failed = 1;
    }
    Ok(total)
}

#[derive(Debug, Default, PartialEq)]
struct Counts {
    passed: u64,
    failed: u64,
}

impl Counts {
    /// Adds a line such as `test result: ok. 12 passed; 0 failed; 0 ignored; …`. What is ignored
    /// counts as failed: nothing here may be skipped.
    fn add(&mut self, line: &str) {
        let Some(result) = line.trim().strip_prefix("test result: ") else {
            return;
        };
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        for count in counts.split("; ") {
            match count
                .split_once(' ')
                .map(|(number, what)| (number.parse::<u64>(), what))
            {
                Some((Ok(number), "passed")) => self.passed += number,
                Some((Ok(number), "failed" | "ignored")) => self.failed += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up_and_nothing_is_skipped() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.60s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s",
            "test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out; finished in 1s",
        ] {
            counts.add(line);
        }
        assert_eq!(
            counts,
            Counts {
                passed: 14,
                failed: 3
            }
        );
    }
}
