//! One part as a process: started from a recipe, so that it can be started again as it was.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::run;

/// How long a part may take to stop when asked, before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// What is stopped before what: an API server that lost its etcd hangs for minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopOrder {
    /// Whatever talks to an API server: Velero, controllers, the webhook.
    Client,
    /// The API server.
    ApiServer,
    /// etcd and the S3 server.
    Store,
}

impl StopOrder {
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Client => 1,
            Self::ApiServer => 2,
            Self::Store => 3,
        }
    }
}

/// All it takes to start a process.
#[derive(Clone, Debug)]
pub struct Recipe {
    name: String,
    program: PathBuf,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    order: StopOrder,
}

impl Recipe {
    /// `name` is what logs and errors call the process.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            envs: Vec::new(),
            order: StopOrder::Client,
        }
    }

    /// Add one argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Add arguments.
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Set an environment variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.envs.push((name.into(), value.into()));
        self
    }

    /// When it is stopped; a [`StopOrder::Client`] unless said otherwise.
    pub fn order(mut self, order: StopOrder) -> Self {
        self.order = order;
        self
    }
}

/// A process that is stopped when this value goes, and by the watchdog when this program goes.
#[derive(Debug)]
pub struct Process {
    recipe: Recipe,
    log: PathBuf,
    child: Mutex<Option<Child>>,
    killed_with_hub: AtomicBool,
}

impl Process {
    /// Start it; what it prints goes to the end of `log`.
    pub fn start(recipe: Recipe, log: impl Into<PathBuf>) -> Result<Self> {
        let process = Self {
            recipe,
            log: log.into(),
            child: Mutex::new(None),
            killed_with_hub: AtomicBool::new(false),
        };
        process.start_again()?;
        Ok(process)
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What logs and errors call it.
    pub fn name(&self) -> &str {
        &self.recipe.name
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        let mut child = self.child();
        let running = child.as_mut()?;
        matches!(running.try_wait(), Ok(None)).then(|| running.id())
    }

    /// Start it as it was started the first time. Nothing happens where it still runs.
    pub fn start_again(&self) -> Result<()> {
        if self.pid().is_some() {
            return Ok(());
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("log {}", self.log.display()))?;
        let child = run::bare_command(&self.recipe.program, self.recipe.order)?
            .args(&self.recipe.args)
            .envs(self.recipe.envs.iter().map(|(name, value)| (name, value)))
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot run {}", self.recipe.program.display()))?;
        *self.child() = Some(child);
        Ok(())
    }

    /// Fails when it has ended, with the last lines it printed.
    pub fn check(&self) -> Result<()> {
        let ended: Option<ExitStatus> = match self.child().as_mut() {
            Some(child) => child.try_wait()?,
            None => bail!("{} was stopped", self.name()),
        };
        match ended {
            None => Ok(()),
            Some(status) => bail!(
                "{} ended by itself ({status}); the end of {}:\n{}",
                self.name(),
                self.log.display(),
                last_lines(&self.log, 15)
            ),
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(child) = self.child().as_ref() {
            // Its group: Velero's plugins are processes of their own.
            let _ = kill_process_group(Pid::from_child(child), signal);
        }
    }

    /// Freeze it: it keeps its connections and does nothing, until [`resume`](Self::resume).
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Let a frozen process go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Ask it to end without waiting for it.
    pub(crate) fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Stop it: asked first, killed when it takes longer than a few seconds.
    pub fn stop(&self) {
        self.stop_within(STOP_LIMIT);
    }

    /// Stop it: asked first, killed after `grace`. Whether it ended by itself.
    pub fn stop_within(&self, grace: Duration) -> bool {
        self.ask_to_stop();
        let limit = Instant::now() + grace;
        while self.pid().is_some() && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(10));
        }
        let by_itself = self.pid().is_none();
        self.kill();
        by_itself
    }

    /// Kill it, children included, and wait until it is gone.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
        if let Some(mut child) = self.child().take() {
            let _ = child.wait();
        }
    }

    /// Kill it with its hub: if it ran, it comes back with the hub.
    pub(crate) fn kill_and_remember(&self) {
        let ran = self.pid().is_some();
        self.killed_with_hub.store(ran, Ordering::Relaxed);
        self.kill();
    }

    pub(crate) fn start_if_killed(&self) -> Result<()> {
        if self.killed_with_hub.swap(false, Ordering::Relaxed) {
            self.start_again()?;
        }
        Ok(())
    }

    /// Stop it and start it again.
    pub fn restart(&self) -> Result<()> {
        self.stop();
        self.start_again()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The end of a text file, for an error.
pub(crate) fn last_lines(path: &Path, count: usize) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests;
