//! `cargo xtask attach` as a contributor uses it, on a real API server.

use acm_backup_bed::{BACKUP_NAMESPACE, Hub, workspace};
use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(180);

/// Names of all that is installed, one a line.
const INSTALLED: &str = "get -o name --ignore-not-found -l app.kubernetes.io/part-of=acm-backup \
    mutatingwebhookconfigurations,validatingwebhookconfigurations,clusterroles,clusterrolebindings,\
    customresourcedefinitions,namespaces";

fn attach(kubeconfig: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(["attach", "--kubeconfig"])
        .arg(kubeconfig)
        .args(more)
        .stdin(Stdio::null());
    command
}

/// What a command that must fail says, in one line.
fn refusal(mut command: Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    let errors: Vec<&str> = said.lines().filter(|l| l.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    errors[0].to_owned()
}

/// A running attach; killed when it goes.
struct Attached {
    child: Child,
}

impl Attached {
    /// Starts it and waits until it says what to try.
    fn start(hub: &Hub) -> Result<(Self, String)> {
        let mut child = attach(&hub.admin_kubeconfig(), &["--context", hub.name()])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        let attached = Self { child };
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut said = String::new();
        loop {
            let line = lines
                .recv_timeout(LIMIT)
                .with_context(|| format!("attach said only: {said}"))?;
            said += &line;
            said.push('\n');
            if line.contains("Press Ctrl-C") {
                return Ok((attached, said));
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn hub(name: &str) -> Hub {
    let hub = Hub::start(name).await.unwrap();
    hub.create_namespace(BACKUP_NAMESPACE).await.unwrap();
    hub
}

async fn install_crds(hub: &Hub) {
    hub.install_crds(&workspace().join("crds")).await.unwrap();
}

fn kubectl(hub: &Hub, line: &str) -> acm_backup_bed::Finished {
    let words: Vec<&str> = line.split_whitespace().collect();
    hub.kubectl(&words).unwrap()
}

/// A Restore that activates by a backup which is not there: an API server takes it, the guard does not.
fn create_restore(hub: &Hub, name: &str) -> acm_backup_bed::Finished {
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

fn nothing_is_installed(hub: &Hub) -> Result<()> {
    let left = kubectl(hub, INSTALLED).ok()?;
    ensure!(left.is_empty(), "left behind:\n{left}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_refuses_while_attached_and_nothing_is_left_after_ctrl_c() {
    let hub = hub("hub").await;
    install_crds(&hub).await;
    let (mut attached, said) = Attached::start(&hub).unwrap();

    let refused = create_restore(&hub, "while-attached");
    assert!(
        refused.stderr.contains("guards.acm-backup.dev") && refused.stderr.contains("denied"),
        "{refused}"
    );
    // What it says to try does what it says.
    let file = |name: &str| {
        let word = said.split_whitespace().find(|word| word.ends_with(name));
        word.unwrap().to_owned()
    };
    let labelled = kubectl(
        &hub,
        &format!(
            "create --dry-run=server -o yaml -f {}",
            file("/secret.json")
        ),
    );
    let labelled = labelled.ok().unwrap();
    assert!(
        labelled.contains("cluster.open-cluster-management.io/backup: "),
        "{labelled}"
    );
    let refused = kubectl(
        &hub,
        &format!("create --dry-run=server -f {}", file("/restore.json")),
    );
    assert!(refused.stderr.contains("denied"), "{refused}");
    // One at a time.
    let error = refusal(attach(&hub.admin_kubeconfig(), &[]));
    assert!(error.contains("is attached to"), "{error}");

    attached.signal(Signal::INT);
    assert_eq!(attached.child.wait().unwrap().code(), Some(0));
    nothing_is_installed(&hub).unwrap();
    create_restore(&hub, "afterwards").ok().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_attach_installed_is_removed() {
    let hub = hub("hub").await;
    install_crds(&hub).await;
    let (attached, _) = Attached::start(&hub).unwrap();
    attached.signal(Signal::KILL);
    acm_backup_bed::wait::until("everything to be removed", LIMIT, || async {
        nothing_is_installed(&hub)?;
        Ok(acm_backup_bed::wait::Seen::Yes(()))
    })
    .await
    .unwrap();
    create_restore(&hub, "afterwards").ok().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_it_cannot_use_is_left_alone_with_the_reason() {
    let hub = hub("hub").await;
    let admin = hub.admin_kubeconfig();
    let error = refusal(attach(&admin, &[]));
    assert!(
        error.contains("serves no restores and no backupschedules"),
        "{error}"
    );
    assert!(error.contains("apply -f"), "{error}");

    install_crds(&hub).await;
    let nobody = hub.kubeconfig_for("nobody", &[]).unwrap();
    let error = refusal(attach(&nobody, &[]));
    assert!(error.contains("may not create namespaces"), "{error}");

    let error = refusal(attach(&admin, &["--context", "elsewhere"]));
    assert!(
        error.contains("has no context elsewhere (it has hub)"),
        "{error}"
    );
    nothing_is_installed(&hub).unwrap();
}

#[test]
fn a_server_it_cannot_use_is_named_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let kubeconfig = |server: &str| {
        let path = dir.path().join("config");
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{ "name": "c", "cluster": { "server": server, "insecure-skip-tls-verify": true } }],
            "users": [{ "name": "c", "user": { "token": "t" } }],
            "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "c" } }],
        });
        std::fs::write(&path, config.to_string()).unwrap();
        path
    };
    // A port that was free a moment ago, and an address for documentation (RFC 5737).
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("https://{}", free.local_addr().unwrap());
    drop(free);
    for (server, reason) in [
        (
            closed.as_str(),
            "no API server answers at https://127.0.0.1:",
        ),
        ("https://192.0.2.1:6443", "is not on this machine"),
    ] {
        let error = refusal(attach(&kubeconfig(server), &[]));
        assert!(error.contains(reason), "{error}");
    }

    let error = refusal(attach(&dir.path().join("missing"), &[]));
    assert!(error.contains("there is no kubeconfig"), "{error}");
    let broken = dir.path().join("broken");
    std::fs::write(&broken, "contexts: 7").unwrap();
    let error = refusal(attach(&broken, &[]));
    assert!(error.contains("is no kubeconfig"), "{error}");
}
