//! The programs as they are shipped: the webhook as in its image, the plugin as a release.

use crate::{cargo, image, root};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// Where they are.
pub struct Programs {
    /// The webhook.
    pub webhook: PathBuf,
    /// The kubectl plugin.
    pub plugin: PathBuf,
}

impl Programs {
    /// Builds both.
    pub fn build() -> Result<Self> {
        let status = cargo::command()
            .args(["build", "--release", "--locked"])
            .args(["--package", "kubectl-acm_backup"])
            .env_remove("CARGO_TARGET_DIR")
            .status()
            .context("cannot start cargo build")?;
        if !status.success() {
            bail!("the plugin could not be built: see above");
        }
        Ok(Self {
            webhook: image::static_webhook()?,
            plugin: root().join("target/release/kubectl-acm_backup"),
        })
    }
}
