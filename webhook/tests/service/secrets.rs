//! What the webhook is given to prove who it is stands in no log, at whatever level and whatever goes wrong.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::pki::{Authority, SecretVolume};

/// Every secret begins so, in the clear and in base64.
const MARK: &str = "S3CR3Tc4n4ry";
const MARK_IN_BASE64: &str = "UzNDUjNUYzRuNHJ5";
const TOKEN: &str = "S3CR3Tc4n4ry0123456789abcdefTOKEN";
const PASSWORD: &str = "S3CR3Tc4n4ry-password-1";

/// A server that answers each request with `answer`, in which `TOKEN` stands for what it was sent.
fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![own.cert.der().clone()], key.into())
    .unwrap();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(tls, stream);
            let mut sent = [0; 8192];
            let read = stream.read(&mut sent).unwrap_or(0);
            let sent = String::from_utf8_lossy(&sent[..read]).replace("\r\n", " ");
            let body = answer.replace("TOKEN", &sent.replace('"', ""));
            let _ = stream.write_all(body.as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    url
}

async fn log_of(kubeconfig: &Value, directory: &Path, environment: &[(&str, &str)]) -> String {
    let authority = Authority::new();
    let volume = SecretVolume::new(&authority.leaf());
    let file = directory.join("kubeconfig");
    std::fs::write(&file, kubeconfig.to_string()).unwrap();
    let files = volume.files();
    let mut child = Command::new(env!("CARGO_BIN_EXE_acm-backup-webhook"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(environment.iter().copied())
        .args([
            "--listen=127.0.0.1:0",
            "--probe-listen=127.0.0.1:0",
            "--drain-delay=0s",
            "--log=trace",
        ])
        .arg("--tls-certificate")
        .arg(files.certificate)
        .arg("--tls-key")
        .arg(files.key)
        .arg("--kubeconfig")
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut all = String::new();
    let mut told = false;
    // Each watch has failed at least once by then, or it did not even start.
    while let Some(line) = log.next_line().await.unwrap() {
        if !told && (line.contains("watch failed") || line.contains("nothing to watch")) {
            told = true;
            let pid = i32::try_from(child.id().unwrap()).unwrap();
            kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
        }
        all.push_str(&line);
        all.push('\n');
    }
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut all)
        .await
        .unwrap();
    child.wait().await.unwrap();
    all
}

fn kubeconfig(cluster: Value, user: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "hub",
        "clusters": [{"name": "hub", "cluster": cluster}],
        "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": "me"}}],
        "users": [{"name": "me", "user": user}],
    })
}

#[tokio::test]
async fn no_log_line_holds_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    let plugin = |name: &str, script: String| {
        let program = directory.path().join(name);
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
            "command": program, "env": [{"name": "PASSWORD", "value": PASSWORD}]}})
    };
    let credential = format!(
        "echo '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{{\"token\":\"{TOKEN}\"}}}}'"
    );
    let status = "HTTP/1.1 500 X\r\nconnection: close\r\n\r\n{\"kind\":\"Status\",\"message\":\"TOKEN\",\"code\":500}";
    let token = json!({"token": TOKEN});
    let password = format!("http://admin:{PASSWORD}@127.0.0.1:9");
    let mut rows = vec![
        (
            kubeconfig(
                json!({"server": server(status), "insecure-skip-tls-verify": true}),
                plugin("good", credential),
            ),
            vec![],
        ),
        (
            kubeconfig(
                json!({"server": server(status), "insecure-skip-tls-verify": true}),
                json!({"username": "a", "password": PASSWORD}),
            ),
            vec![],
        ),
        (
            kubeconfig(
                json!({"server": "https://127.0.0.1:9"}),
                plugin(
                    "loud",
                    format!("echo {TOKEN}; echo {TOKEN} $PASSWORD >&2; exit 1"),
                ),
            ),
            vec![],
        ),
        (
            kubeconfig(
                json!({"server": "https://127.0.0.1:9", "proxy-url": password}),
                token.clone(),
            ),
            vec![],
        ),
        (
            kubeconfig(json!({"server": "https://hub.example.com"}), token.clone()),
            vec![("HTTPS_PROXY", password.as_str())],
        ),
        (
            kubeconfig(
                json!({"server": "https://127.0.0.1:9"}),
                json!({"token": [TOKEN]}),
            ),
            vec![],
        ),
        (
            kubeconfig(
                json!({"server": "https://127.0.0.1:9", "certificate-authority-data": TOKEN}),
                token.clone(),
            ),
            vec![],
        ),
    ];
    for answer in [
        status,
        "HTTP/1.1 500 X\r\nconnection: close\r\n\r\nTOKEN",
        "HTTP/1.1 200 X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"items\": \"TOKEN\"}",
        "HTTP/1.1 200 X\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<title>TOKEN</title>",
        "TOKEN",
    ] {
        rows.push((
            kubeconfig(
                json!({"server": server(answer), "insecure-skip-tls-verify": true}),
                token.clone(),
            ),
            vec![],
        ));
    }
    for (kubeconfig, environment) in rows {
        let log = log_of(&kubeconfig, directory.path(), &environment).await;
        assert!(!log.is_empty());
        for mark in [MARK, MARK_IN_BASE64] {
            let line = log.lines().find(|line| line.contains(mark));
            assert_eq!(line, None, "{kubeconfig}");
        }
    }
}
