//! The webhook as a static program.

use crate::{cargo, root};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// Builds the release program with the C library in it, and says where it is.
///
/// glibc suffices, no musl target has to be installed: names are resolved by what a static glibc holds
/// itself (files and DNS), and in a cluster the API server is reached by address anyway.
pub fn webhook() -> Result<PathBuf> {
    let target = host_target()?;
    // The target must be named even though it is the host's: else the flag would also meet procedural
    // macros, which have to stay dynamic.
    let status = cargo::command()
        .args(["build", "--release", "--locked"])
        .args(["--package", "acm-backup-webhook"])
        .args(["--bin", "acm-backup-webhook"])
        .args(["--target", &target])
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR")
        .status()
        .context("cannot start cargo build")?;
    if !status.success() {
        bail!("the webhook could not be built: see above");
    }
    Ok(root()
        .join("target")
        .join(target)
        .join("release/acm-backup-webhook"))
}

fn host_target() -> Result<String> {
    let output = Command::new("rustc")
        .current_dir(root())
        .arg("-vV")
        .output()
        .context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}
