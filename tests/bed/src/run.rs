//! One run: everything this process started, its directory, and the watchdog that outlives it.
//!
//! A test's statics are never dropped, and a killed process drops nothing. So the first
//! part started also starts a watchdog: a shell script (no binary of ours has to exist for it) in a process
//! group of its own, that reads from a pipe. The pipe closes however this process ends;
//! the watchdog then stops the parts in order and removes the run's directory.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow};

use crate::process::StopOrder;

const WATCHDOG: &str = include_str!("watchdog.sh");

/// Environment variable by which the watchdog knows a part: `RUN-ID:ORDER`.
const MARK: &str = "ACM_BACKUP_BED_PART";

struct Run {
    id: String,
    dir: PathBuf,
    watchdog: Mutex<Option<Child>>,
    places: AtomicUsize,
}

static RUN: OnceLock<Result<Run, String>> = OnceLock::new();

fn current() -> Result<&'static Run> {
    RUN.get_or_init(|| Run::begin().map_err(|e| format!("{e:#}")))
        .as_ref()
        .map_err(|e| anyhow!("{e}"))
}

impl Run {
    fn begin() -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("acm-backup-bed.")
            .tempdir()
            .with_context(|| format!("no directory in {}", std::env::temp_dir().display()))?
            .keep();
        let id = dir
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .context("a temporary directory without a name")?;
        let script = dir.join("watchdog.sh");
        fs::write(&script, WATCHDOG)?;
        let watchdog = Command::new("sh")
            .arg(&script)
            .arg(&id)
            .arg(&dir)
            .env_remove(MARK)
            .current_dir("/")
            // Not in the terminal's foreground group: Ctrl-C is for us, not for the watchdog.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("the watchdog needs `sh`")?;
        note_panics();
        Ok(Self {
            id,
            dir,
            watchdog: Mutex::new(Some(watchdog)),
            places: AtomicUsize::new(0),
        })
    }

    fn tell(&self, word: &str) {
        let mut watchdog = self.watchdog.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipe) = watchdog.as_mut().and_then(|child| child.stdin.as_mut()) {
            // A watchdog that is gone can be told nothing; drop still stops the parts.
            let _ = writeln!(pipe, "{word}");
        }
    }
}

/// The watchdog learns of every panic, so that logs of a failed test are kept even
/// where the parts live in a static.
fn note_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        mark_failed();
        if let Some(Ok(run)) = RUN.get()
            && keeps_logs()
            && run.places.load(Ordering::Relaxed) > 0
        {
            eprintln!("test bed: logs are kept in {}", run.dir.display());
        }
    }));
}

static NO_LOGS: AtomicBool = AtomicBool::new(false);

/// Keep no logs, not even of a failure: for a program that promises to leave no file behind.
pub fn leave_no_logs() {
    NO_LOGS.store(true, Ordering::Relaxed);
}

fn keeps_logs() -> bool {
    !NO_LOGS.load(Ordering::Relaxed)
}

/// Keep the logs of this run. A panic does this by itself; a test that returns an error should.
pub fn mark_failed() {
    if keeps_logs()
        && let Some(Ok(run)) = RUN.get()
    {
        run.tell("failed");
    }
}

/// Where this run keeps its files. Gone after the run, except logs of a failed one.
pub fn dir() -> Result<&'static Path> {
    Ok(&current()?.dir)
}

/// Stop everything this process started and still holds, remove its files, and wait until that
/// is done. For programs that must leave nothing behind at the moment they exit; tests need not call it.
pub fn end() {
    let Some(Ok(run)) = RUN.get() else { return };
    let watchdog = run
        .watchdog
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(mut child) = watchdog {
        drop(child.stdin.take());
        let _ = child.wait();
    }
}

/// A command that is stopped with this run, whatever happens to this process. It reads
/// nothing and belongs to a process group of its own, so Ctrl-C cannot stop parts out of order.
pub fn command(program: impl AsRef<OsStr>, order: StopOrder) -> Result<Command> {
    with_mark(Command::new(program), order)
}

/// The same without this user's environment: an `AWS_PROFILE` or `KUBECONFIG` of a contributor
/// must not reach Velero or kubectl.
pub(crate) fn bare_command(program: impl AsRef<OsStr>, order: StopOrder) -> Result<Command> {
    let mut command = Command::new(program);
    command.env_clear();
    let kept = ["PATH", "TMPDIR", "RUST_BACKTRACE"];
    command.envs(
        kept.iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?))),
    );
    with_mark(command, order)
}

fn with_mark(mut command: Command, order: StopOrder) -> Result<Command> {
    command
        .env(MARK, format!("{}:{}", current()?.id, order.rank()))
        .process_group(0)
        .stdin(Stdio::null());
    Ok(command)
}

/// A part's files: `data` goes when the part goes, `logs` stay when the test panicked or
/// the part never came up.
#[derive(Debug)]
pub(crate) struct Place {
    dir: PathBuf,
    up: AtomicBool,
}

impl Place {
    pub(crate) fn claim(name: &str) -> Result<Self> {
        let run = current()?;
        let number = run.places.fetch_add(1, Ordering::Relaxed);
        let dir = run.dir.join(format!("{number}-{name}"));
        fs::create_dir_all(dir.join("data"))?;
        fs::create_dir_all(dir.join("logs"))?;
        let up = AtomicBool::new(false);
        Ok(Self { dir, up })
    }

    /// The part has come up: from now on its logs matter only to a test that panics.
    pub(crate) fn is_up(&self) {
        self.up.store(true, Ordering::Relaxed);
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.dir.join("data").join(name)
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.dir.join("logs").join(format!("{name}.log"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let failed = std::thread::panicking() || !self.up.load(Ordering::Relaxed);
        let gone = if failed && keeps_logs() {
            mark_failed();
            fs::remove_dir_all(self.dir.join("data"))
        } else {
            fs::remove_dir_all(&self.dir)
        };
        // What cannot be removed now, the watchdog removes at the end.
        drop(gone);
    }
}
