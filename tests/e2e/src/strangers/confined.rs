//! A program under a memory limit from its first instruction on: by a cgroup where this machine lets us make
//! one, else by `ulimit -d`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The limited program.
pub struct Confined {
    script: PathBuf,
    cgroup: Option<Cgroup>,
    _directory: tempfile::TempDir,
}

struct Cgroup {
    path: PathBuf,
    peak: &'static str,
}

impl Confined {
    /// `program`, with at most so many MiB.
    pub fn new(program: &Path, limit: u64) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let cgroup = Cgroup::make(limit * 1024 * 1024);
        let enter = match &cgroup {
            Some(cgroup) => format!("echo $$ > {}/cgroup.procs", cgroup.path.display()),
            None => format!("ulimit -d {}", limit * 1024),
        };
        let script = directory.path().join("webhook");
        let text = format!("#!/bin/sh\n{enter} && exec {} \"$@\"\n", program.display());
        std::fs::write(&script, text)?;
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))
            .context("cannot make a script that can be run")?;
        Ok(Self {
            script,
            cgroup,
            _directory: directory,
        })
    }

    /// What to run in its place.
    pub fn program(&self) -> &Path {
        &self.script
    }

    /// By what it is held.
    pub fn by(&self) -> &'static str {
        match self.cgroup {
            Some(_) => "a cgroup",
            None => "ulimit -d",
        }
    }

    /// The most it has taken by the kernel's count, kernel memory and caches included, in KiB.
    pub fn peak(&self) -> Option<u64> {
        let cgroup = self.cgroup.as_ref()?;
        let text = std::fs::read_to_string(cgroup.path.join(cgroup.peak)).ok()?;
        Some(text.trim().parse::<u64>().ok()? / 1024)
    }
}

impl Cgroup {
    /// Version 1 or 2; none where we may not.
    fn make(bytes: u64) -> Option<Self> {
        let name = format!("acm-backup-strangers-{}", std::process::id());
        let root = Path::new("/sys/fs/cgroup");
        [
            (
                root.join("memory"),
                "memory.limit_in_bytes",
                "memory.max_usage_in_bytes",
            ),
            (root.to_owned(), "memory.max", "memory.peak"),
        ]
        .into_iter()
        .find_map(|(root, limit, peak)| {
            let path = root.join(&name);
            std::fs::create_dir(&path).ok()?;
            let cgroup = Self { path, peak };
            // What is not limited is given back at once.
            std::fs::write(cgroup.path.join(limit), bytes.to_string()).ok()?;
            Some(cgroup)
        })
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.path);
    }
}
