//! The program itself: how it starts, refuses to start, and ends. Its API server is a port nobody
//! listens on: the worst it can meet.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::caller::{Caller, client_config_for, restore_review, secret_review};
use crate::drain::get;
use crate::pki::{Authority, SecretVolume};

const KUBECONFIG: &str = r#"{
    "apiVersion": "v1", "kind": "Config", "current-context": "hub",
    "clusters": [{"name": "hub", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "me", "user": {"token": "t"}}],
    "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": "me"}}]
}"#;

struct Program {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    authority: Authority,
    address: SocketAddr,
    probes: SocketAddr,
    _files: (SecretVolume, tempfile::TempDir),
}

fn command(volume: &SecretVolume, kubeconfig: &Path) -> Command {
    let files = volume.files();
    let mut command = Command::new(env!("CARGO_BIN_EXE_acm-backup-webhook"));
    command
        .env_clear()
        .args(["--listen=127.0.0.1:0", "--probe-listen=127.0.0.1:0"])
        .arg("--tls-certificate")
        .arg(files.certificate)
        .arg("--tls-key")
        .arg(files.key)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Program {
    async fn start(arguments: &[&str]) -> Self {
        let authority = Authority::new();
        let volume = SecretVolume::new(&authority.leaf());
        let directory = tempfile::tempdir().unwrap();
        let kubeconfig = directory.path().join("kubeconfig");
        std::fs::write(&kubeconfig, KUBECONFIG).unwrap();
        let mut child = command(&volume, &kubeconfig)
            .args(arguments)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let serving = line_with(&mut log, "serving").await;
        let address = |key: &str| serving[key].as_str().unwrap().parse().unwrap();
        Self {
            address: address("listen"),
            probes: address("probe_listen"),
            child,
            log,
            authority,
            _files: (volume, directory),
        }
    }

    fn terminate(&self) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    }

    async fn caller(&self) -> Caller {
        let config = client_config_for(&self.authority, &[b"http/1.1"], rustls::ALL_VERSIONS);
        Caller::connect_with(self.address, config).await.unwrap()
    }
}

/// Reads the log up to the line with this message.
async fn line_with(log: &mut Lines<BufReader<ChildStderr>>, message: &str) -> Value {
    loop {
        let line = log.next_line().await.unwrap().expect("the log goes on");
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        if line["message"]
            .as_str()
            .is_some_and(|m| m.starts_with(message))
        {
            return line;
        }
    }
}

#[tokio::test]
async fn without_an_api_server_it_answers_by_direction_and_is_not_ready() {
    let program = Program::start(&[]).await;
    let mut caller = program.caller().await;
    let secret = secret_review("m", serde_json::json!({})).to_string();
    let reply = caller.post("/mutate?timeout=1s", secret).await.json();
    assert_eq!(reply["response"]["uid"], "m");
    assert_eq!(reply["response"]["allowed"], true);
    assert_eq!(reply["response"].get("patch"), None);

    // An activation that cannot be looked into is refused, and says what could not be seen.
    let mut activation = restore_review("v");
    activation["request"]["object"]["spec"] = serde_json::json!({
        "veleroManagedClustersBackupName": "latest",
        "veleroCredentialsBackupName": "latest",
        "veleroResourcesBackupName": "latest",
        "cleanupBeforeRestore": "None",
    });
    let reply = caller
        .post("/validate/deny?timeout=5s", activation.to_string())
        .await
        .json();
    assert_eq!(reply["response"]["uid"], "v");
    assert_eq!(reply["response"]["allowed"], false, "{reply}");
    assert_eq!(reply["response"]["status"]["code"], 403, "{reply}");

    let (status, text) = get(program.probes, "/readyz").await;
    assert_eq!(status, 503);
    assert!(text.contains("backups.velero.io"), "{text}");
    // Of all it watches, only what the guard cannot judge without. Failed before: ClusterDeployments and
    // ManagedClusters were waited for as well.
    assert!(!text.contains("clusterdeployments"), "{text}");
    assert!(!text.contains("managedclusters"), "{text}");
    let (_, text) = get(program.probes, "/readyz?verbose").await;
    for told in [
        "clusterdeployments",
        "managedclusters",
        "restores",
        "backups",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[tokio::test]
async fn sigterm_ends_it_in_order_after_the_last_call() {
    let mut program = Program::start(&["--drain-delay=3s"]).await;
    let mut caller = program.caller().await;
    program.terminate();
    line_with(&mut program.log, "told to stop").await;
    let secret = secret_review("late", serde_json::json!({})).to_string();
    let reply = caller.post("/mutate", secret).await;
    assert_eq!(reply.json()["response"]["uid"], "late");
    assert!(reply.closes);
    let stopped = line_with(&mut program.log, "stopped").await;
    assert_eq!(stopped["drained"], true);
    assert_eq!(program.child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut program = Program::start(&["--drain-delay=1h"]).await;
    program.terminate();
    line_with(&mut program.log, "told to stop").await;
    program.terminate();
    assert_eq!(program.child.wait().await.unwrap().code(), Some(1));
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_named_with_the_way_out() {
    let authority = Authority::new();
    let volume = SecretVolume::new(&authority.leaf());
    let directory = tempfile::tempdir().unwrap();
    let kubeconfig = directory.path().join("kubeconfig");
    std::fs::write(&kubeconfig, KUBECONFIG).unwrap();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let held_flag = format!("--listen={}", held.local_addr().unwrap());
    for (flag, expected) in [
        (held_flag.as_str(), "choose another with --listen"),
        (
            "--tls-certificate=/nowhere/tls.crt",
            "cannot read /nowhere/tls.crt",
        ),
        (
            "--kubeconfig=/nowhere/config",
            "/nowhere/config does not exist",
        ),
        ("--client-ca=/nowhere/ca.crt", "cannot read /nowhere/ca.crt"),
        ("--client-name=kube-apiserver", "--client-ca"),
        ("--log=loud=loud=loud", "--log"),
        ("--drain-delay=soon", "--drain-delay"),
        (
            "--namespace=elsewhere",
            "in namespace acm-backup-system, and nowhere else",
        ),
    ] {
        let mut child = command(&volume, &kubeconfig).arg(flag).spawn().unwrap();
        let mut text = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut text).await.unwrap();
        let code = child.wait().await.unwrap().code();
        assert!(matches!(code, Some(1 | 2)), "{flag}: {code:?}");
        assert!(text.contains(expected), "{flag}: {text}");
        assert!(!text.contains("panicked"), "{text}");
    }
}
