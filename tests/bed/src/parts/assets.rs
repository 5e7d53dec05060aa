//! `KUBEBUILDER_ASSETS`: control-plane binaries somebody else provides.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};

/// The directory, where one is set. It has to hold all three.
pub(super) fn dir() -> Result<Option<PathBuf>> {
    check(std::env::var_os("KUBEBUILDER_ASSETS"))
}

fn check(set: Option<OsString>) -> Result<Option<PathBuf>> {
    let Some(dir) = set.filter(|dir| !dir.is_empty()).map(PathBuf::from) else {
        return Ok(None);
    };
    for name in ["etcd", "kube-apiserver", "kubectl"] {
        if !dir.join(name).is_file() {
            bail!(
                "KUBEBUILDER_ASSETS={} has no {name}: put it there, or unset the variable and \
                 the test bed builds its own",
                dir.display()
            );
        }
    }
    Ok(Some(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_directory_is_named_with_what_it_lacks() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("etcd"), "").unwrap();
        let error = check(Some(dir.path().into())).unwrap_err().to_string();
        assert!(error.contains("has no kube-apiserver"), "{error}");
        assert!(error.contains("unset the variable"), "{error}");
    }

    #[test]
    fn a_complete_one_is_taken_and_an_empty_variable_is_none() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["etcd", "kube-apiserver", "kubectl"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let taken = check(Some(dir.path().into())).unwrap();
        assert_eq!(taken.as_deref(), Some(dir.path()));
        assert_eq!(check(Some("".into())).unwrap(), None);
    }
}
