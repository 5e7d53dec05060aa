//! The programs of this workspace, built when a test first wants one: `cargo test` builds the binaries
//! of the package it tests, not those of others.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

use crate::cargo::forget_package;
use crate::process::StopOrder;
use crate::{run, workspace};

/// A program of this workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    /// The admission webhook.
    Webhook,
    /// The kubectl plugin.
    Plugin,
    /// The stand-in for the cluster-backup-operator.
    Operator,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Webhook, Self::Plugin, Self::Operator];

    /// Package and binary.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Webhook => ("acm-backup-webhook", "acm-backup-webhook"),
            Self::Plugin => ("kubectl-acm_backup", "kubectl-acm_backup"),
            Self::Operator => ("acm-backup-operator", "acm-backup-operator-standin"),
        }
    }

    /// The binary, up to date. Blocks while it is built.
    ///
    /// `ACM_BACKUP_PROGRAMS` names a directory that has them already: whoever built the whole workspace just
    /// now need not have cargo look again from every test.
    pub fn path(self) -> Result<PathBuf> {
        static BUILT: Mutex<Option<HashMap<Program, PathBuf>>> = Mutex::new(None);
        let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        let built = built.get_or_insert_default();
        if let Some(path) = built.get(&self) {
            return Ok(path.clone());
        }
        let path = match std::env::var_os("ACM_BACKUP_PROGRAMS").map(PathBuf::from) {
            Some(dir) => given(&dir, self.names().1)?,
            None => self.build()?,
        };
        built.insert(self, path.clone());
        Ok(path)
    }

    fn build(self) -> Result<PathBuf> {
        let (package, binary) = self.names();
        let (target, profile) = target()?;
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = run::command(cargo, StopOrder::Client)?;
        let output = forget_package(&mut command)
            .args(["build", "--quiet", "--package", package, "--bin", binary])
            .args([
                "--profile",
                if profile == "debug" { "dev" } else { &profile },
            ])
            .arg("--target-dir")
            .arg(&target)
            .current_dir(workspace())
            .output()
            .context("cannot run cargo")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("cargo build --package {package} failed:\n{said}");
        }
        given(&target.join(profile), binary)
    }
}

fn given(dir: &Path, binary: &str) -> Result<PathBuf> {
    let path = dir.join(binary);
    if !path.is_file() {
        bail!("no {}", path.display());
    }
    Ok(path)
}

/// Target directory and profile directory of the running program: `target/debug/deps/e2e-0123`.
fn target() -> Result<(PathBuf, String)> {
    let program = std::env::current_exe()?;
    let profile = program
        .ancestors()
        .skip(1)
        .find(|dir| !dir.ends_with("deps") && !dir.ends_with("examples"))
        .context("a program without a directory")?;
    let name = profile.file_name().context("a program in /")?;
    let target = profile.parent().context("a program in /")?;
    Ok((target.to_owned(), name.to_string_lossy().into_owned()))
}
