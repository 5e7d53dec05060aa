//! `cargo xtask crds`: the operator's two kinds, as our own types describe them.

use crate::root;
use acm_backup_domain::crd;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes each CRD to `crds/<name>.yaml`.
pub fn write() -> Result<ExitCode> {
    for (path, text) in files()? {
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// What each file must hold.
fn files() -> Result<Vec<(PathBuf, String)>> {
    crd::all()
        .into_iter()
        .map(|crd| {
            let name = crd.metadata.name.clone().unwrap_or_default();
            let yaml = serde_saphyr::to_string(&crd)
                .with_context(|| format!("cannot write {name} as YAML"))?;
            let text = format!(
                "# Written by `cargo xtask crds` from shared/domain/src/crd; edit those.\n{yaml}"
            );
            Ok((root().join("crds").join(format!("{name}.yaml")), text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_what_the_types_say() {
        for (path, text) in files().unwrap() {
            let stored = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                stored == text,
                "{} is out of date: run cargo xtask crds",
                path.display()
            );
        }
    }
}
