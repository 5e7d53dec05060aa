//! Running the built binary.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What a run printed, and how it ended.
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

/// A run as a terminal session would show it.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "--- stderr\n{}", self.stderr)?;
        }
        write!(f, "--- exit code {}", self.code)
    }
}

/// Runs the plugin with nothing of the caller's environment, as `program` if one is named.
pub fn run_as(program: &Path, arguments: &[&str]) -> Outcome {
    run_in(program, arguments, &[])
}

/// Runs the plugin in an environment.
pub fn run_with(arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
    let program = Path::new(env!("CARGO_BIN_EXE_kubectl-acm_backup"));
    run_in(program, arguments, environment)
}

fn run_in(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .envs(environment.iter().copied())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    Outcome {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}

/// Runs the plugin.
pub fn run(arguments: &[&str]) -> Outcome {
    run_as(
        Path::new(env!("CARGO_BIN_EXE_kubectl-acm_backup")),
        arguments,
    )
}

/// Copies a directory, to change something in it.
pub fn copy_tree(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            fs::create_dir(&target).unwrap();
            copy_tree(&source, &target);
        } else {
            fs::copy(source, target).unwrap();
        }
    }
}
