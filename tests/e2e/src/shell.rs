//! Commands as an administrator types them.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use acm_backup_bed::parts::{self, Part};
use acm_backup_bed::{BACKUP_NAMESPACE, Finished, Program, StopOrder, run};
use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

/// A shell with the real kubectl and velero and our plugin on its PATH, and one kubeconfig.
pub struct Shell {
    dir: TempDir,
}

impl Shell {
    /// `kubeconfigs` are merged into one: the first gives the current context, and where two
    /// have a cluster or a context of the same name, the first one's counts. The contexts' namespace
    /// is the operator's.
    pub fn new(kubeconfigs: &[PathBuf]) -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("shell.")
            .tempdir_in(run::dir()?)?;
        let shell = Self { dir };
        std::fs::create_dir_all(shell.bin())?;
        for (name, program) in [
            ("kubectl", &parts::path(Part::Kubectl)?),
            ("velero", &parts::path(Part::Velero)?),
            ("kubectl-acm_backup", &Program::Plugin.path()?),
        ] {
            symlink(program, shell.bin().join(name))?;
        }
        let merged = merge(kubeconfigs)?;
        std::fs::write(shell.kubeconfig(), serde_json::to_string_pretty(&merged)?)?;
        Ok(shell)
    }

    // Under `data`, so that it goes even where the logs of a failed run stay.
    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The directory to put first in PATH.
    pub fn bin(&self) -> PathBuf {
        self.data().join("bin")
    }

    /// The kubeconfig with all contexts.
    pub fn kubeconfig(&self) -> PathBuf {
        self.data().join("kubeconfig")
    }

    /// Run a command line and wait for its end.
    pub async fn run(&self, line: &str) -> Result<Finished> {
        let mut command = run::command("sh", StopOrder::Client)?;
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.bin().display());
        command
            .args(["-c", line])
            .env("PATH", path)
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", self.data())
            .current_dir(self.data());
        let what = line.to_owned();
        let output = tokio::task::spawn_blocking(move || command.output())
            .await?
            .with_context(|| format!("cannot run {what}"))?;
        Ok(output.into())
    }

    /// What a command printed; an error where it failed.
    pub async fn ok(&self, line: &str) -> Result<String> {
        let finished = self.run(line).await?;
        finished.ok().with_context(|| line.to_owned())
    }
}

fn merge(files: &[PathBuf]) -> Result<Value> {
    let mut merged = Value::Null;
    for file in files {
        let one = read(file)?;
        if merged.is_null() {
            merged = one;
            continue;
        }
        for list in ["clusters", "users", "contexts"] {
            let more = one[list].as_array().cloned().unwrap_or_default();
            let all = merged[list]
                .as_array_mut()
                .context("a kubeconfig without lists")?;
            for entry in more {
                if !all.iter().any(|known| known["name"] == entry["name"]) {
                    all.push(entry);
                }
            }
        }
    }
    // As an administrator of backups sets it, once; commands stay short.
    for context in merged["contexts"].as_array_mut().into_iter().flatten() {
        context["context"]["namespace"] = BACKUP_NAMESPACE.into();
    }
    Ok(merged)
}

fn read(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}", file.display()))
}
