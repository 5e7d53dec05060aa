//! The real kubectl against a hub.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

use super::Hub;

/// What a command left behind.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
}

impl Finished {
    /// Whether it exited with 0.
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// What it printed, where it succeeded.
    pub fn ok(self) -> Result<String> {
        if !self.succeeded() {
            bail!("{self}");
        }
        Ok(self.stdout)
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(f, "exit code {code}")?,
            None => writeln!(f, "ended by a signal")?,
        }
        write!(f, "{}{}", self.stdout, self.stderr)
    }
}

impl Hub {
    /// Run kubectl as the administrator. Blocks until it ends.
    pub fn kubectl<A: AsRef<OsStr>>(&self, args: &[A]) -> Result<Finished> {
        self.kubectl_as(&self.admin_kubeconfig(), args)
    }

    /// Run kubectl as whoever a kubeconfig is for.
    pub fn kubectl_as<A: AsRef<OsStr>>(&self, kubeconfig: &Path, args: &[A]) -> Result<Finished> {
        let mut command = self.kubectl_command(kubeconfig)?;
        let output = command.args(args).output().context("cannot run kubectl")?;
        Ok(output.into())
    }

    /// Run kubectl with something on its standard input, say for `apply -f -`.
    pub fn kubectl_with_input<A: AsRef<OsStr>>(
        &self,
        kubeconfig: &Path,
        args: &[A],
        input: &str,
    ) -> Result<Finished> {
        let mut child = self
            .kubectl_command(kubeconfig)?
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run kubectl")?;
        if let Some(mut pipe) = child.stdin.take() {
            // kubectl may end without having read all of it; its exit code tells.
            let _ = pipe.write_all(input.as_bytes());
        }
        Ok(child.wait_with_output()?.into())
    }

    /// kubectl with nothing of this machine's user in it, to which a test may add a PATH with plugins.
    pub fn kubectl_command(&self, kubeconfig: &Path) -> Result<Command> {
        self.site.kubectl_command(kubeconfig)
    }
}
