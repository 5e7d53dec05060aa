//! The Go on this machine: is there one, and is it new enough for our modules.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A Go that can build the parts.
#[derive(Debug)]
pub(super) struct Go {
    /// What to run.
    pub(super) program: PathBuf,
    /// `go env` of what a build depends on, part of a part's key: `go1.26.0 linux amd64`.
    pub(super) platform: String,
}

impl Go {
    /// The `go` of the PATH, checked against the `go` line of a module.
    pub(super) fn find(module: &Path) -> Result<Self> {
        Self::find_on(module, None)
    }

    fn find_on(module: &Path, path: Option<&OsStr>) -> Result<Self> {
        let wanted = wanted(module)?;
        let how = format!(
            "the real parts (etcd, Kubernetes, Velero, S3) are built with Go {wanted} or newer: install it \
             from https://go.dev/dl/ and put its bin directory on PATH"
        );
        let mut command = Command::new("go");
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let output = command
            .args(["env", "GOVERSION", "GOOS", "GOARCH"])
            .current_dir(module)
            .output();
        let output = match output {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                bail!("no `go` on PATH; {how}")
            }
            other => other.context("cannot run `go`")?,
        };
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`go env` failed ({}); {how}", said.trim());
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let platform = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let have = said.lines().next().unwrap_or_default();
        let have = have.trim_start_matches("go");
        if numbers(have) < numbers(&wanted) {
            bail!("this is Go {have}; {how}");
        }
        Ok(Self {
            program: "go".into(),
            platform,
        })
    }
}

/// The version in a module's `go` line.
fn wanted(module: &Path) -> Result<String> {
    let path = module.join("go.mod");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    text.lines()
        .find_map(|line| line.strip_prefix("go "))
        .map(|version| version.trim().to_owned())
        .with_context(|| format!("{} has no go line", path.display()))
}

/// `1.26.8` as `[1, 26, 8]`; a release candidate counts as its release.
fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map_while(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn module() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("go.mod"), "module x\n\ngo 1.26.0\n").unwrap();
        dir
    }

    /// A PATH with a `go` that is this script.
    fn path_with_go(script: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let go = dir.path().join("go");
        std::fs::write(&go, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&go, std::fs::Permissions::from_mode(0o755)).unwrap();
        dir
    }

    fn refusal(script: Option<&str>) -> String {
        let path = match script {
            Some(script) => path_with_go(script),
            None => tempfile::tempdir().unwrap(),
        };
        let found = Go::find_on(module().path(), Some(path.path().as_os_str()));
        format!("{:#}", found.unwrap_err())
    }

    #[test]
    fn no_go_says_which_and_where_from() {
        let error = refusal(None);
        assert!(error.starts_with("no `go` on PATH; "), "{error}");
        assert!(error.contains("Go 1.26.0 or newer"), "{error}");
        assert!(error.contains("https://go.dev/dl/"), "{error}");
    }

    #[test]
    fn an_old_go_says_what_it_is() {
        let error = refusal(Some("echo go1.22.5; echo linux; echo amd64"));
        assert!(error.starts_with("this is Go 1.22.5; "), "{error}");
        assert!(error.contains("Go 1.26.0 or newer"), "{error}");
    }

    #[test]
    fn a_go_that_refuses_the_module_is_quoted() {
        let error = refusal(Some(
            "echo 'go: needs go >= 1.26 (toolchain=local)' >&2; exit 1",
        ));
        assert!(
            error.contains("needs go >= 1.26 (toolchain=local)"),
            "{error}"
        );
        assert!(error.contains("https://go.dev/dl/"), "{error}");
    }

    #[test]
    fn a_newer_go_is_taken_numbers_not_letters() {
        assert!(numbers("1.9.9") < numbers("1.26.0"));
        assert!(numbers("1.26rc1") < numbers("1.26.0"));
        assert!(numbers("1.27.0-X:nodwarf5") > numbers("1.26.8"));
        let path = path_with_go("echo go1.30.0; echo linux; echo amd64");
        let go = Go::find_on(module().path(), Some(path.path().as_os_str())).unwrap();
        assert_eq!(go.platform, "go1.30.0 linux amd64");
    }
}
