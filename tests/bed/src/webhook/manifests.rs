//! The manifests as shipped, with a certificate put where the overlay `own-certificate` wants one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::pki::{self, Pair};
use crate::workspace;

/// A copy of `manifests/` in `into` with the certificate in it; the directory to apply.
pub(super) fn copy(into: &Path, authority: &str, pair: &Pair) -> Result<PathBuf> {
    copy_dir(&workspace().join("manifests"), into)?;
    write_certificate(into, authority, pair)?;
    Ok(into.join("overlays/test"))
}

/// The files the overlay makes the Secret and the caBundle from.
pub(super) fn write_certificate(manifests: &Path, authority: &str, pair: &Pair) -> Result<()> {
    let dir = manifests.join("overlays/own-certificate");
    pki::write(&dir.join("ca.crt"), authority)?;
    pair.write(&dir, "tls")
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("{}", from.display()))? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_dir(&path, &copy)?;
        } else {
            fs::copy(&path, &copy).with_context(|| format!("{}", path.display()))?;
        }
    }
    Ok(())
}
