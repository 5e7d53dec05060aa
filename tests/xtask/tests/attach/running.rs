//! A hub, and an attach that runs on it.

use acm_backup_bed::{BACKUP_NAMESPACE, Finished, Hub, HubOptions, workspace};
use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Longest wait for anything here; it includes a build.
pub const LIMIT: Duration = Duration::from_secs(300);

/// Names of all that is installed, one a line.
const INSTALLED: &str = "get -o name --ignore-not-found -l app.kubernetes.io/part-of=acm-backup \
    mutatingwebhookconfigurations,validatingwebhookconfigurations,clusterroles,clusterrolebindings,\
    customresourcedefinitions,namespaces";

/// An attach that is not started yet.
pub fn attach(kubeconfig: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(["attach", "--kubeconfig"])
        .arg(kubeconfig)
        .args(more)
        .stdin(Stdio::null());
    command
}

/// What a command that must fail says, without its progress.
pub fn refusal(mut command: Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    let errors = said.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// A running attach; killed when it goes.
pub struct Attached {
    child: Child,
    /// What it said until it was ready.
    pub said: String,
}

impl Attached {
    /// Starts it and waits until it says what to try.
    pub fn start(hub: &Hub) -> Result<Self> {
        let mut child = attach(&hub.admin_kubeconfig(), &["--context", hub.name()])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        let mut attached = Self {
            child,
            said: String::new(),
        };
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        loop {
            let line = lines
                .recv_timeout(LIMIT)
                .with_context(|| format!("attach said only: {}", attached.said))?;
            attached.said += &line;
            attached.said.push('\n');
            if line.contains("Press Ctrl-C") {
                return Ok(attached);
            }
        }
    }

    /// Sends a signal, and returns the exit code; `None` when the signal ended it.
    pub fn end(mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.child.wait().unwrap().code()
    }

    /// The file with this name among those it says to try.
    pub fn file(&self, name: &str) -> String {
        let word = self.said.split_whitespace().find(|w| w.ends_with(name));
        word.unwrap().to_owned()
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A hub with the operator's namespace and CRDs.
pub async fn hub(options: HubOptions) -> Hub {
    let hub = Hub::start_with("hub", options).await.unwrap();
    hub.create_namespace(BACKUP_NAMESPACE).await.unwrap();
    hub.install_crds(&workspace().join("crds")).await.unwrap();
    hub
}

/// The administrator's kubectl.
pub fn kubectl(hub: &Hub, line: &str) -> Finished {
    let words: Vec<&str> = line.split_whitespace().collect();
    hub.kubectl(&words).unwrap()
}

/// A Restore that activates by a backup which is not there: an API server takes it, the guard does not.
pub fn create_restore(hub: &Hub, name: &str) -> Finished {
    let restore = json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": { "namespace": BACKUP_NAMESPACE, "name": name },
        "spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": "latest",
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "no-such-backup",
        },
    });
    let admin = hub.admin_kubeconfig();
    hub.kubectl_with_input(&admin, &["create", "-f", "-"], &restore.to_string())
        .unwrap()
}

/// Fails where a guard lets that Restore pass.
pub fn it_guards(hub: &Hub) {
    let refused = create_restore(hub, "while-attached");
    assert!(
        refused.stderr.contains("guards.acm-backup.dev\" denied"),
        "{refused}"
    );
}

/// Fails while anything is left, configurations or not.
pub fn nothing_is_installed(hub: &Hub) -> Result<()> {
    let left = kubectl(hub, INSTALLED).ok()?;
    ensure!(left.is_empty(), "left behind:\n{left}");
    create_restore(hub, "afterwards").ok()?;
    Ok(())
}
