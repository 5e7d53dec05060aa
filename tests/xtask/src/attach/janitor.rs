//! A process that outlives us and removes what we installed, however we end: its standard input is a pipe that
//! only we hold.

use super::removal;
use super::target::Target;
use anyhow::{Context, Result, ensure};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Makes this program a janitor.
pub const FLAG: &str = "--remove-when-abandoned";

/// The running janitor. When this goes, it starts to work.
pub struct Janitor {
    child: Child,
}

impl Janitor {
    /// Starts one, before anything is installed.
    pub fn start(target: &Target) -> Result<Self> {
        // Ourselves, even when the file was built anew meanwhile.
        let child = Command::new("/proc/self/exe")
            .args(["attach", FLAG, "--context", &target.context])
            .arg("--kubeconfig")
            .arg(&target.kubeconfig)
            // Not in the terminal's foreground group: Ctrl-C is for us.
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot start the process that cleans up")?;
        Ok(Self { child })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it work, and waits until it is done.
    pub fn finish(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        ensure!(
            status.success(),
            "not everything could be removed: see above, then run cargo xtask attach --remove"
        );
        Ok(())
    }
}

/// The janitor's side: waits for the end of its input, then removes.
pub async fn work(target: &Target) -> Result<()> {
    // An error of the pipe is an end of it too.
    let until_its_end = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    let _ = tokio::task::spawn_blocking(until_its_end).await?;
    removal::remove(&target.site()?).await
}
