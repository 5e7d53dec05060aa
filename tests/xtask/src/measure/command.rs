//! How long a command takes, and how much memory it needs.

use super::memory;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A command whose memory has not grown for so long waits for its output to be read.
const STANDS_STILL: Duration = Duration::from_millis(300);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Several runs of one command.
#[derive(Debug)]
pub struct Runs {
    /// Wall time of each, from before the start to after the end, sorted.
    pub wall: Vec<Duration>,
    /// Largest resident memory, in bytes, of a run of its own: watching it costs time.
    pub peak: u64,
}

impl Runs {
    /// Runs a command `count` times. Any exit code will do, as long as it is always the same: `status` has
    /// several.
    pub fn of(count: u32, mut command: impl FnMut() -> Command) -> Result<Self> {
        let mut codes = Vec::new();
        let mut wall = Vec::new();
        // The first one only warms the page cache.
        for run in 0..=count {
            let start = Instant::now();
            let status = silent(command())
                .status()
                .context("the command to be measured cannot be run")?;
            if run > 0 {
                wall.push(start.elapsed());
            }
            codes.push(status.code());
        }
        codes.dedup();
        let [Some(code)] = codes[..] else {
            bail!("{:?} ended differently: {codes:?}", command());
        };
        if code == 2 {
            bail!("{:?} could not be read by the program", command());
        }
        wall.sort();
        let peak = peak(silent(command()))?;
        Ok(Self { wall, peak })
    }

    /// Median, least and greatest wall time.
    pub fn median_min_max(&self) -> [Duration; 3] {
        let last = self.wall.len() - 1;
        [self.wall[last / 2], self.wall[0], self.wall[last]]
    }
}

fn silent(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The peak of the kernel's own high-water mark. The command writes to a pipe that is full, so that it stands
/// still with all it has to say in its hands until it was looked at. (`wait4` would count our own
/// memory, which a child shares up to its `exec`.)
fn peak(mut command: Command) -> Result<u64> {
    let (mut reader, mut writer) = std::io::pipe()?;
    writer.write_all(&vec![0; rustix::pipe::fcntl_getpipe_size(&writer)?])?;
    let mut child = command.stdout(writer).spawn()?;
    // The command keeps a copy of the pipe's end in it.
    drop(command);
    let look = |child: &Child| memory::of(child.id()).map(|now| now.peak);
    let mut last = None;
    let mut still = Instant::now();
    while still.elapsed() < STANDS_STILL && child.try_wait()?.is_none() {
        let now = look(&child).or(last);
        if now != last {
            (last, still) = (now, Instant::now());
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let drain = std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    while child.try_wait()?.is_none() {
        last = look(&child).or(last);
    }
    let _ = drain.join();
    last.context("the command ended before its memory could be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &'static str) -> impl FnMut() -> Command {
        move || {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        }
    }

    #[test]
    fn every_run_but_the_first_counts_and_has_memory() {
        let runs = Runs::of(3, shell("echo done; exit 1")).unwrap();
        assert_eq!(runs.wall.len(), 3);
        assert!(runs.peak > 0);
        let [median, min, max] = runs.median_min_max();
        assert!(min <= median && median <= max);
    }

    #[test]
    fn runs_that_end_differently_are_no_measurement() {
        let dir = tempfile::tempdir().unwrap();
        let flag = dir.path().join("flag");
        let error = Runs::of(2, || {
            let mut command = Command::new("sh");
            command
                .args(["-c", "test -e \"$0\" || { touch \"$0\"; exit 3; }"])
                .arg(&flag);
            command
        })
        .unwrap_err();
        assert!(error.to_string().contains("ended differently"), "{error}");
    }
}
