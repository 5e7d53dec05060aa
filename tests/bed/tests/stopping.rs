//! Nothing is left behind, however the process that started the parts ends.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Far above what it takes: three orders of stopping with three seconds each, at most.
const LIMIT: Duration = Duration::from_secs(60);

/// A process that holds a hub.
struct Holder {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    dir: PathBuf,
    pids: Vec<u32>,
}

impl Holder {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bed-hub"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut holder = Self {
            child,
            lines,
            dir: PathBuf::new(),
            pids: Vec::new(),
        };
        holder.dir = PathBuf::from(holder.line("dir"));
        holder.line("kubeconfig");
        holder.pids = serde_json::from_str(&holder.line("pids")).unwrap();
        assert_eq!(holder.pids.len(), 3, "etcd, API server, controllers");
        assert_eq!(holder.running(), holder.pids);
        holder
    }

    /// The rest of the next line, which begins with `word`.
    fn line(&mut self, word: &str) -> String {
        let line = self.lines.next().expect("bed-hub ended early").unwrap();
        line.strip_prefix(word).unwrap().trim().to_owned()
    }

    fn tell(&mut self, word: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    /// Parts that still run; one that waits to be reaped by whoever adopted it does not.
    fn running(&self) -> Vec<u32> {
        let runs = |pid: &&u32| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
            status.is_ok_and(|text| !text.contains("State:\tZ"))
        };
        self.pids.iter().filter(runs).copied().collect()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Wait for its end; its exit status and what it complained.
    fn end(&mut self) -> (ExitStatus, String) {
        drop(self.child.stdin.take());
        let mut stderr = self.child.stderr.take().unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut text).unwrap();
        (self.child.wait().unwrap(), text)
    }

    fn assert_gone(&self, gone: impl Fn(&Path) -> bool) {
        let end = Instant::now() + LIMIT;
        while !self.running().is_empty() || !gone(&self.dir) {
            assert!(
                Instant::now() < end,
                "left: processes {:?}, files {:?}",
                self.running(),
                self.dir
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn no_files(dir: &Path) -> bool {
    !dir.exists()
}

#[test]
fn after_a_normal_end() {
    let mut holder = Holder::start();
    let (status, stderr) = holder.end();
    assert!(status.success(), "{stderr}");
    // Drop alone has stopped them: no waiting for the watchdog.
    assert_eq!(holder.running(), Vec::<u32>::new());
    holder.assert_gone(no_files);
}

#[test]
fn a_program_that_ends_its_run_knows_that_nothing_is_left() {
    let mut holder = Holder::start();
    holder.tell("end");
    holder.line("ended");
    assert_eq!(holder.running(), Vec::<u32>::new());
    assert!(no_files(&holder.dir));
    let (status, stderr) = holder.end();
    assert!(status.success(), "{stderr}");
}

#[test]
fn after_kill_9() {
    let mut holder = Holder::start();
    holder.signal(Signal::KILL);
    holder.end();
    holder.assert_gone(no_files);
}

#[test]
fn after_ctrl_c() {
    let mut holder = Holder::start();
    holder.signal(Signal::INT);
    holder.end();
    holder.assert_gone(no_files);
}

#[test]
fn after_a_panic_and_the_logs_are_kept_and_named() {
    let mut holder = Holder::start();
    holder.tell("panic");
    let (status, stderr) = holder.end();
    assert_eq!(status.code(), Some(101));
    let named = format!("logs are kept in {}", holder.dir.display());
    assert!(stderr.contains(&named), "{stderr}");
    let only_logs =
        |dir: &Path| !dir.join("0-hub/data").exists() && !dir.join("watchdog.sh").exists();
    holder.assert_gone(only_logs);
    for part in ["etcd", "kube-apiserver", "kube-controller-manager"] {
        let log = holder.dir.join(format!("0-hub/logs/{part}.log"));
        assert!(log.is_file(), "no {}", log.display());
    }
    std::fs::remove_dir_all(&holder.dir).unwrap();
}

#[test]
fn after_a_panic_of_a_program_that_promised_to_leave_no_file() {
    let mut holder = Holder::start();
    holder.tell("leave no logs");
    holder.tell("panic");
    let (status, stderr) = holder.end();
    assert_eq!(status.code(), Some(101));
    assert!(!stderr.contains("logs are kept"), "{stderr}");
    holder.assert_gone(no_files);
}
