//! `cargo xtask demo` does what it says, and leaves nothing behind however it ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use acm_backup_bed::workspace;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::{machine, says};

const LIMIT: Duration = Duration::from_secs(60);

/// `xtask`, up to date: where the programs under test are given, it is among them.
fn xtask() -> &'static Path {
    static XTASK: OnceLock<PathBuf> = OnceLock::new();
    XTASK.get_or_init(|| match std::env::var_os("ACM_BACKUP_PROGRAMS") {
        Some(dir) => PathBuf::from(dir).join("xtask"),
        None => build(),
    })
}

fn build() -> PathBuf {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let built = cargo
        .args(["build", "--package", "xtask", "--bin", "xtask"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(workspace())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success(), "cargo could not build xtask");
    String::from_utf8(built.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .unwrap()
}

/// A demo that runs, with a directory of its own for everything it leaves.
struct Demo {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    dir: TempDir,
}

impl Demo {
    fn start(more: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let mut child = Command::new(xtask())
            .arg("demo")
            .args(more)
            .env("TMPDIR", dir.path())
            .current_dir(workspace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, dir }
    }

    /// Read until a line has this in it; that line.
    fn until(&mut self, word: &str) -> String {
        let mut read = Vec::new();
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            if line.contains(word) {
                return line;
            }
            read.push(line);
        }
        panic!("no {word:?} in:\n{}", read.join("\n"));
    }

    /// What it still prints, and its exit code.
    fn end(&mut self) -> (String, Option<i32>) {
        let rest: Vec<String> = self.lines.by_ref().map(|line| line.unwrap()).collect();
        let status = self.child.wait().unwrap();
        (rest.join("\n"), status.code())
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Names of its runs: the directories of its test bed.
    fn runs(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

/// Processes that belong to runs, by the mark every one of them carries.
fn processes(runs: &[String]) -> Vec<String> {
    let environments = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let path = entry.ok()?.path();
        let environment = fs::read(path.join("environ")).ok()?;
        Some((path, String::from_utf8_lossy(&environment).into_owned()))
    });
    let marked = environments.filter(|(_, environment)| {
        runs.iter()
            .any(|run| environment.contains(&format!("ACM_BACKUP_BED_PART={run}:")))
    });
    marked
        .map(|(path, _)| {
            let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
            format!("{} {}", path.display(), name.trim())
        })
        .collect()
}

#[test]
fn it_tells_the_whole_story_and_every_line_of_it_is_true() {
    let _machine = machine();
    let mut demo = Demo::start(&[]);
    demo.until("=== 1.");
    let runs = demo.runs();
    assert!(processes(&runs).len() > 10, "{:?}", processes(&runs));
    let (told, code) = demo.end();
    assert_eq!(code, Some(0), "{told}");
    says(
        &told,
        &[
            "=== 6. somebody applies the BackupSchedule to the passive hub",
            "=== 8. hub-a comes back",
            "=== 9. somebody on hub-a wants its fleet back",
            "# nudge:",
            "# waiting for",
            "Every step did what it says",
        ],
    );
    // At the moment it exits, not some time later.
    assert_eq!(processes(&runs), Vec::<String>::new());
    assert_eq!(demo.runs(), Vec::<String>::new());
}

#[test]
fn kept_hubs_are_used_as_it_says_until_ctrl_c() {
    let _machine = machine();
    let mut demo = Demo::start(&["--keep"]);
    let exports = [demo.until("export KUBECONFIG="), demo.until("export PATH=")].join("\n");
    let command = demo.until("kubectl acm-backup status --context hub-b");
    let typed = Command::new("sh")
        .args(["-c", &format!("{exports}\n{command}")])
        .output()
        .unwrap();
    // hub-a came back: critical.
    assert_eq!(typed.status.code(), Some(3), "{typed:?}");
    says(
        &String::from_utf8_lossy(&typed.stdout),
        &["VERDICT   CRITICAL"],
    );
    let runs = demo.runs();
    demo.signal(Signal::INT);
    let (told, code) = demo.end();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(processes(&runs), Vec::<String>::new());
    assert_eq!(demo.runs(), Vec::<String>::new());
}

#[test]
fn ctrl_c_leaves_nothing() {
    let _machine = machine();
    let mut demo = Demo::start(&[]);
    demo.until("=== 1.");
    let runs = demo.runs();
    demo.signal(Signal::INT);
    let (told, code) = demo.end();
    assert_eq!(code, Some(130), "{told}");
    assert_eq!(processes(&runs), Vec::<String>::new());
    assert_eq!(demo.runs(), Vec::<String>::new());
}

#[test]
fn kill_9_leaves_nothing() {
    let _machine = machine();
    let mut demo = Demo::start(&[]);
    demo.until("=== 1.");
    let runs = demo.runs();
    demo.signal(Signal::KILL);
    demo.child.wait().unwrap();
    let end = Instant::now() + LIMIT;
    while !processes(&runs).is_empty() || !demo.runs().is_empty() {
        assert!(
            Instant::now() < end,
            "left: {:?}, {:?}",
            processes(&runs),
            demo.runs()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
