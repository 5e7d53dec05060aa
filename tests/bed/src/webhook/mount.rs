//! Certificate files as the kubelet mounts a Secret: links through `..data`, swapped at once on a change.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

use crate::pki::{self, Pair};

/// The mounted Secret.
pub(super) struct Mount {
    dir: PathBuf,
    version: AtomicUsize,
}

impl Mount {
    pub(super) fn new(dir: PathBuf, pair: &Pair) -> Result<Self> {
        fs::create_dir_all(&dir)?;
        let mount = Self {
            dir,
            version: AtomicUsize::new(0),
        };
        mount.swap(pair)?;
        for file in ["tls.crt", "tls.key"] {
            symlink(Path::new("..data").join(file), mount.dir.join(file))?;
        }
        Ok(mount)
    }

    /// Put another certificate in its place.
    pub(super) fn swap(&self, pair: &Pair) -> Result<()> {
        let version = self.version.fetch_add(1, Ordering::Relaxed);
        let name = format!("..version-{version}");
        let dir = self.dir.join(&name);
        fs::create_dir(&dir)?;
        pki::write(&dir.join("tls.crt"), &pair.cert)?;
        pki::write(&dir.join("tls.key"), &pair.key)?;
        let next = self.dir.join("..data_tmp");
        symlink(&name, &next)?;
        fs::rename(&next, self.dir.join("..data")).context("swapping a mounted certificate")
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}
