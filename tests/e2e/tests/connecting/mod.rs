//! The kubeconfigs, certificates and environments that kubectl takes, each tried with the real kubectl and with
//! ours against the same server: both get through or neither does, and the server meets the same person.

mod pki;
mod server;
mod webhook;

use acm_backup_bed::Program;
use acm_backup_bed::parts::{self, Part};
use pki::{Pki, base64, pkcs1, sec1};
use serde_json::{Value, json};
use server::{Seen, http_proxy, serve, serve_plain, socks_proxy};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// What both are expected to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    /// Get through.
    Connect,
    /// Refuse; ours says this.
    Refuse(&'static str),
}
use Does::{Connect, Refuse};

struct Row {
    name: &'static str,
    files: Vec<(String, String)>,
    environment: Vec<(&'static str, String)>,
    flags: Vec<String>,
    does: Does,
}

/// A row whose kubeconfig is in the file `config`.
fn row(name: &'static str, cluster: Value, user: Value, does: Does) -> Row {
    Row {
        name,
        files: vec![("config".into(), kubeconfig(cluster, user).to_string())],
        environment: vec![("KUBECONFIG", "config".into())],
        flags: Vec::new(),
        does,
    }
}

impl Row {
    fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.into(), text.into()));
        self
    }

    fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.retain(|(other, _)| *other != name);
        self.environment.push((name, value.into()));
        self
    }

    fn flags(mut self, flags: &[&str]) -> Self {
        self.flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        self
    }
}

fn kubeconfig(cluster: Value, user: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "hub",
        "clusters": [{"name": "hub", "cluster": cluster}],
        "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": "admin"}}],
        "users": [{"name": "admin", "user": user}],
    })
}

/// Runs a program in a row's directory; whether it got through, and what it said.
fn run(program: &Path, arguments: &[&str], row: &Row, directory: &Path) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .args(&row.flags)
        .env_clear()
        .env("HOME", directory)
        .env("PATH", "/usr/bin:/bin")
        .envs(row.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(directory)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

fn try_all(rows: Vec<Row>, seen: &Seen) {
    let kubectl = parts::path(Part::Kubectl).unwrap();
    let ours = Program::Plugin.path().unwrap();
    let mut wrong = Vec::new();
    for row in rows {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in &row.files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            if text.starts_with("#!") {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        seen.take();
        let theirs = run(
            &kubectl,
            &["get", "--raw", "/version", "--request-timeout=5s"],
            &row,
            directory.path(),
        );
        let they_met = seen.take();
        let our = run(
            &ours,
            &["version", "-o", "json", "--request-timeout=5s"],
            &row,
            directory.path(),
        );
        let we_met = seen.take();
        let right = match row.does {
            Connect => theirs.0 && our.0 && they_met == we_met && !we_met.is_empty(),
            Refuse(words) => !theirs.0 && !our.0 && our.1.contains(words),
        };
        if !right {
            wrong.push(format!(
                "{}: {:?}\n  kubectl: {theirs:?}\n           {they_met:?}\n  ours:    {our:?}\n           {we_met:?}",
                row.name, row.does
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn at(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

fn wrapped(text: &str) -> String {
    let data = base64(text.as_bytes());
    let lines: Vec<_> = data
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!("{}\n", lines.join("\n"))
}

#[test]
fn whom_they_believe() {
    let (pki, seen) = (Pki::new(), Seen::default());
    let leaf = serve(&pki.leaf, &seen);
    let itself = serve(&pki.itself, &seen);
    let itself_leaf = serve(&pki.itself_leaf, &seen);
    let named = serve(&pki.named, &seen);
    let expired = serve(&pki.expired, &seen);
    let data = |pem: &str| base64(pem.as_bytes());
    let user = json!({"token": "t"});
    let of = |port, authority: &str| json!({"server": at(port), "certificate-authority-data": data(authority)});
    let unknown = "signed by an unknown authority";
    let rows = vec![
        row(
            "authority in base64",
            of(leaf, &pki.authority),
            user.clone(),
            Connect,
        ),
        row(
            "with line ends in it",
            json!({"server": at(leaf), "certificate-authority-data": wrapped(&pki.authority)}),
            user.clone(),
            Connect,
        ),
        row(
            "with \\r\\n in the PEM",
            of(leaf, &pki.authority.replace('\n', "\r\n")),
            user.clone(),
            Connect,
        ),
        row(
            "without a last line end",
            of(leaf, pki.authority.trim_end()),
            user.clone(),
            Connect,
        ),
        row(
            "among others, with words between",
            of(
                leaf,
                &format!("# our CAs\n{}\nx\n{}", pki.other_authority, pki.authority),
            ),
            user.clone(),
            Connect,
        ),
        row(
            "beside one that is broken",
            of(
                leaf,
                &format!(
                    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{}",
                    pki.authority
                ),
            ),
            user.clone(),
            Connect,
        ),
        row(
            "authority in a file",
            json!({"server": at(leaf), "certificate-authority": "ca.crt"}),
            user.clone(),
            Connect,
        )
        .file("ca.crt", &pki.authority),
        row(
            "a file beside the kubeconfig",
            json!({"server": at(leaf), "certificate-authority": "pki/ca.crt"}),
            user.clone(),
            Connect,
        )
        .file(
            "dir/config",
            &kubeconfig(
                json!({"server": at(leaf), "certificate-authority": "pki/ca.crt"}),
                user.clone(),
            )
            .to_string(),
        )
        .file("dir/pki/ca.crt", &pki.authority)
        .env("KUBECONFIG", "dir/config"),
        row(
            "a file that is not there",
            json!({"server": at(leaf), "certificate-authority": "nowhere"}),
            user.clone(),
            Refuse("certificate-authority of cluster \"hub\": "),
        ),
        row(
            "the server's own leaf as authority",
            of(leaf, &pki.leaf.cert),
            user.clone(),
            Connect,
        ),
        row(
            "a server by itself, an authority",
            of(itself, &pki.itself.cert),
            user.clone(),
            Connect,
        ),
        row(
            "a server by itself, no authority",
            of(itself_leaf, &pki.itself_leaf.cert),
            user.clone(),
            Connect,
        ),
        row(
            "another leaf as authority",
            of(leaf, &pki.named.cert),
            user.clone(),
            Refuse(unknown),
        ),
        row(
            "another authority",
            of(leaf, &pki.other_authority),
            user.clone(),
            Refuse(unknown),
        ),
        row(
            "the machine's authorities",
            json!({"server": at(leaf)}),
            user.clone(),
            Refuse(unknown),
        ),
        row(
            "the machine's authorities, named by the environment",
            json!({"server": at(leaf)}),
            user.clone(),
            Connect,
        )
        .file("ca.crt", &pki.authority)
        .env("SSL_CERT_FILE", "ca.crt"),
        row(
            "anybody",
            json!({"server": at(itself), "insecure-skip-tls-verify": true}),
            user.clone(),
            Connect,
        ),
        row(
            "anybody and somebody",
            json!({"server": at(leaf), "insecure-skip-tls-verify": true, "certificate-authority-data": data(&pki.authority)}),
            user.clone(),
            Refuse("only one of them can be meant"),
        ),
        row(
            "anybody by flag",
            of(leaf, &pki.other_authority),
            user.clone(),
            Connect,
        )
        .flags(&["--insecure-skip-tls-verify"]),
        row(
            "an authority by flag",
            of(leaf, &pki.other_authority),
            user.clone(),
            Connect,
        )
        .file("ca.crt", &pki.authority)
        .flags(&["--certificate-authority", "ca.crt"]),
        row(
            "for another name",
            of(named, &pki.authority),
            user.clone(),
            Refuse("not for 127.0.0.1 (it is for"),
        ),
        row(
            "by another name",
            json!({"server": at(named), "certificate-authority-data": data(&pki.authority), "tls-server-name": "hub.example.com"}),
            user.clone(),
            Connect,
        ),
        row(
            "by another name, by flag",
            of(named, &pki.authority),
            user.clone(),
            Connect,
        )
        .flags(&["--tls-server-name", "hub.example.com"]),
        row(
            "its own leaf, for another name",
            of(named, &pki.named.cert),
            user.clone(),
            Refuse("not for 127.0.0.1"),
        ),
        row(
            "expired",
            of(expired, &pki.authority),
            user.clone(),
            Refuse("has expired"),
        ),
        row(
            "its own leaf, expired",
            of(expired, &pki.expired.cert),
            user.clone(),
            Refuse("has expired"),
        ),
        row(
            "authority that is none",
            json!({"server": at(leaf), "certificate-authority-data": data("nothing")}),
            user.clone(),
            Refuse("holds no certificate in PEM"),
        ),
        row(
            "no base64",
            json!({"server": at(leaf), "certificate-authority-data": "***"}),
            user.clone(),
            Refuse("certificate-authority-data of cluster \"hub\": it is not base64"),
        ),
        row(
            "a path in the address",
            json!({"server": format!("{}/k8s/clusters/c-1/", at(leaf)), "certificate-authority-data": data(&pki.authority)}),
            user.clone(),
            Connect,
        ),
        row(
            "no scheme in the address",
            json!({"server": format!("127.0.0.1:{leaf}"), "certificate-authority-data": data(&pki.authority)}),
            user,
            Refuse("cannot be asked"),
        ),
    ];
    try_all(rows, &seen);
}

#[test]
fn who_they_are() {
    let (pki, seen) = (Pki::new(), Seen::default());
    let port = serve(&pki.leaf, &seen);
    let cluster =
        json!({"server": at(port), "certificate-authority-data": base64(pki.authority.as_bytes())});
    let data = |pem: &str| base64(pem.as_bytes());
    let pair = |cert: &str, key: &str| json!({"client-certificate-data": data(cert), "client-key-data": data(key)});
    let exec = |script: &str, more: Value| {
        let mut exec = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "./login", "interactiveMode": "Never"});
        for (field, value) in more.as_object().unwrap() {
            exec[field] = value.clone();
        }
        row("", cluster.clone(), json!({"exec": exec}), Connect)
            .file("login", &format!("#!/bin/sh\n{script}\n"))
    };
    let gives = |version: &str, status: &str| {
        format!(
            "printf '%s\\n' '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/{version}\",\"status\":{status}}}'"
        )
    };
    let certificate =
        json!({"clientCertificateData": pki.user.cert, "clientKeyData": pki.user.key}).to_string();
    let user = |name, user, does| row(name, cluster.clone(), user, does);
    let mut rows = vec![
        user(
            "P-256 in PKCS#8",
            pair(&pki.user.cert, &pki.user.key),
            Connect,
        ),
        user(
            "P-256 in SEC1",
            pair(&pki.user.cert, &sec1(&pki.user.key)),
            Connect,
        ),
        user(
            "P-384",
            pair(&pki.user_p384.cert, &pki.user_p384.key),
            Connect,
        ),
        user(
            "RSA in PKCS#8",
            pair(&pki.user_rsa.cert, &pki.user_rsa.key),
            Connect,
        ),
        user(
            "RSA in PKCS#1",
            pair(&pki.user_rsa.cert, &pkcs1(&pki.user_rsa.key)),
            Connect,
        ),
        user(
            "PKCS#1 under another heading",
            pair(
                &pki.user_rsa.cert,
                &pkcs1(&pki.user_rsa.key).replace("RSA PRIVATE", "PRIVATE"),
            ),
            Connect,
        ),
        user(
            "a certificate of version 1",
            pair(&pki.user_v1.cert, &pki.user_v1.key),
            Connect,
        ),
        user(
            "with its authority behind it",
            pair(
                &format!("{}{}", pki.user.cert, pki.authority),
                &pki.user.key,
            ),
            Connect,
        ),
        user(
            "both in one text",
            pair(
                &format!("{}{}", pki.user.key, pki.user.cert),
                &format!("{}{}", pki.user.cert, pki.user.key),
            ),
            Connect,
        ),
        user(
            "with line ends in base64",
            json!({"client-certificate-data": wrapped(&pki.user.cert), "client-key-data": wrapped(&pki.user.key)}),
            Connect,
        ),
        user(
            "in files",
            json!({"client-certificate": "a.crt", "client-key": "a.key"}),
            Connect,
        )
        .file("a.crt", &pki.user.cert)
        .file("a.key", &pki.user.key),
        user("by flags", json!({"token": "t"}), Connect)
            .file("a.crt", &pki.user.cert)
            .file("a.key", &pki.user.key)
            .flags(&["--client-certificate", "a.crt", "--client-key", "a.key"]),
        user(
            "a certificate alone",
            json!({"client-certificate-data": data(&pki.user.cert)}),
            Refuse("client-certificate-data of user \"admin\": it has no client-key beside it"),
        ),
        user(
            "another one's key",
            pair(&pki.user.cert, &pki.user_v1.key),
            Refuse(
                "client-key-data of user \"admin\": it is not the key of the certificate in client-certificate-data",
            ),
        ),
        user(
            "a key that is none",
            pair(&pki.user.cert, "nothing"),
            Refuse("client-key-data of user \"admin\": it holds no private key"),
        ),
        user("token", json!({"token": "abc"}), Connect),
        user("tokenFile", json!({"tokenFile": "token"}), Connect).file("token", "abc\n"),
        user(
            "both",
            json!({"token": "old", "tokenFile": "token"}),
            Connect,
        )
        .file("token", "new"),
        user(
            "a tokenFile that is not there",
            json!({"tokenFile": "nowhere"}),
            Refuse("tokenFile of user \"admin\": "),
        ),
        user(
            "a token beside a tokenFile that is not there",
            json!({"token": "old", "tokenFile": "nowhere"}),
            Connect,
        ),
        user(
            "a token beside an empty tokenFile",
            json!({"token": "old", "tokenFile": "token"}),
            Connect,
        )
        .file("token", "\n"),
        user(
            "an empty tokenFile",
            json!({"tokenFile": "token"}),
            Refuse("tokenFile of user \"admin\": token: it is empty"),
        )
        .file("token", "\n"),
        user("token by flag", json!({"token": "old"}), Connect).flags(&["--token", "new"]),
        user(
            "name and password",
            json!({"username": "jane", "password": "p:w"}),
            Connect,
        ),
        user(
            "as another",
            json!({"token": "t", "as": "jane", "as-uid": "7", "as-groups": ["a", "b"], "as-user-extra": {"reason": ["x", "y"]}}),
            Connect,
        ),
        user("name and password by flags", json!({}), Connect).flags(&[
            "--username",
            "jane",
            "--password",
            "p:w",
        ]),
        user(
            "as another with extras, by flags",
            json!({"token": "t"}),
            Connect,
        )
        .flags(&[
            "--as",
            "jane",
            "--as-user-extra",
            "reason=x",
            "--as-user-extra",
            "scopes=y",
        ]),
        user("as another, by flags", json!({"token": "t"}), Connect).flags(&[
            "--as",
            "jane",
            "--as-uid",
            "7",
            "--as-group",
            "a",
            "--as-group",
            "b",
        ]),
        user(
            "an auth-provider of old",
            json!({"auth-provider": {"name": "gcp"}}),
            Refuse("auth-provider of user \"admin\": \"gcp\" is not spoken any more"),
        ),
    ];
    // Over plain http nothing that proves anything is sent, and no plugin is run.
    let plain = json!({"server": format!("http://127.0.0.1:{}", serve_plain(&seen))});
    rows.push(row(
        "a token over plain http",
        plain.clone(),
        json!({"token": "abc"}),
        Connect,
    ));
    rows.push(row(
        "a password over plain http",
        plain.clone(),
        json!({"username": "a", "password": "b"}),
        Connect,
    ));
    rows.push(row("a plugin over plain http", plain, json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "not-there", "interactiveMode": "Never"}}), Connect));
    for (name, script, more, does) in [
        (
            "plugin, v1",
            gives("v1", "{\"token\":\"abc\"}"),
            json!({}),
            Connect,
        ),
        (
            "plugin, v1beta1",
            gives("v1beta1", "{\"token\":\"abc\"}"),
            json!({"apiVersion": "client.authentication.k8s.io/v1beta1"}),
            Connect,
        ),
        (
            "plugin, v1beta1 without interactiveMode",
            gives("v1beta1", "{\"token\":\"abc\"}"),
            json!({"apiVersion": "client.authentication.k8s.io/v1beta1", "interactiveMode": null}),
            Connect,
        ),
        (
            "plugin with a time",
            gives(
                "v1",
                "{\"token\":\"abc\",\"expirationTimestamp\":\"2999-01-01T00:00:00Z\"}",
            ),
            json!({}),
            Connect,
        ),
        (
            "plugin with arguments and variables",
            gives("v1", "{\"token\":\"'\"$1-$WHO\"'\"}"),
            json!({"args": ["a b"], "env": [{"name": "WHO", "value": "jane"}]}),
            Connect,
        ),
        (
            "plugin that talks",
            format!("echo hello >&2\n{}", gives("v1", "{\"token\":\"abc\"}")),
            json!({}),
            Connect,
        ),
        (
            "plugin that may ask, and cannot",
            gives("v1", "{\"token\":\"abc\"}"),
            json!({"interactiveMode": "IfAvailable"}),
            Connect,
        ),
        (
            "plugin that is told of the cluster",
            format!(
                "case \"$KUBERNETES_EXEC_INFO\" in *'\"server\":\"https://127.0.0.1'*'\"certificate-authority-data\":\"'*|*'\"certificate-authority-data\":\"'*'\"server\":\"https://127.0.0.1'*) T=told;; *) T=untold;; esac\n{}",
                gives("v1", "{\"token\":\"'$T'\"}")
            ),
            json!({"provideClusterInfo": true}),
            Connect,
        ),
        (
            "plugin that is not told",
            format!(
                "case \"$KUBERNETES_EXEC_INFO\" in *127.0.0.1*) T=told;; *) T=untold;; esac\n{}",
                gives("v1", "{\"token\":\"'$T'\"}")
            ),
            json!({}),
            Connect,
        ),
        (
            "plugin with a certificate",
            gives("v1", &certificate),
            json!({}),
            Connect,
        ),
        (
            "plugin that fails",
            "echo no >&2; exit 1".to_owned(),
            json!({}),
            Refuse("(exec of user \"admin\"): it ended with exit code 1: no"),
        ),
        (
            "plugin that is not there",
            String::new(),
            json!({"command": "not-there", "installHint": "get it"}),
            Refuse("there is no such program; get it"),
        ),
        (
            "plugin without interactiveMode",
            gives("v1", "{\"token\":\"abc\"}"),
            json!({"interactiveMode": null}),
            Refuse("it has no interactiveMode"),
        ),
        (
            "plugin of old",
            gives("v1alpha1", "{\"token\":\"abc\"}"),
            json!({"apiVersion": "client.authentication.k8s.io/v1alpha1"}),
            Refuse("its apiVersion is none that is spoken any more"),
        ),
        (
            "plugin that answers otherwise",
            gives("v1beta1", "{\"token\":\"abc\"}"),
            json!({}),
            Refuse("it answered in another apiVersion"),
        ),
        (
            "plugin that must ask, and cannot",
            gives("v1", "{\"token\":\"abc\"}"),
            json!({"interactiveMode": "Always"}),
            Refuse("its interactiveMode is Always"),
        ),
    ] {
        rows.push(Row {
            name,
            does,
            ..exec(&script, more)
        });
    }
    try_all(rows, &seen);
}

#[test]
fn which_kubeconfig() {
    let (pki, seen) = (Pki::new(), Seen::default());
    let port = serve(&pki.leaf, &seen);
    let cluster = json!({"server": at(port), "certificate-authority": "ca.crt"});
    let clusters = json!({"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "hub", "cluster": cluster}]}).to_string();
    let rest = |token: &str| {
        json!({"apiVersion": "v1", "kind": "Config", "current-context": "hub",
            "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": "admin"}}, {"name": "lost", "context": {"cluster": "hub", "user": "nobody"}}],
            "users": [{"name": "admin", "user": {"token": token}}, {"name": "other", "user": {"token": "of-other"}}]})
        .to_string()
    };
    let several = |name, list: &str, does| Row {
        name,
        files: vec![
            ("a/config".into(), clusters.clone()),
            ("a/ca.crt".into(), pki.authority.clone()),
            ("b".into(), rest("first")),
            ("c".into(), rest("second")),
            ("empty".into(), String::new()),
        ],
        environment: vec![("KUBECONFIG", list.into())],
        flags: Vec::new(),
        does,
    };
    let rows = vec![
        several(
            "in two files, each with paths of its own",
            "a/config:b",
            Connect,
        ),
        several("the first one wins", "b:c:a/config", Connect),
        several(
            "files that are not there and empty ones",
            "nowhere::empty:a/config:b",
            Connect,
        ),
        several(
            "only half of it",
            "b",
            Refuse("there is no cluster \"hub\""),
        ),
        several("another user by flag", "a/config:b", Connect).flags(&["--user", "other"]),
        several(
            "a user that is not there",
            "a/config:b",
            Refuse("there is no user \"nobody\""),
        )
        .flags(&["--context", "lost"]),
        several(
            "a context that is not there",
            "a/config:b",
            Refuse("there is no context \"x\""),
        )
        .flags(&["--context", "x"]),
    ];
    try_all(rows, &seen);
}

#[test]
fn by_which_way() {
    let (pki, seen) = (Pki::new(), Seen::default());
    let port = serve(&pki.leaf, &seen);
    let plain = http_proxy(port, None, None, &seen);
    let secure = http_proxy(port, Some(&pki.leaf), None, &seen);
    let asking = http_proxy(port, None, Some("Basic amFuZTpwQHNz"), &seen);
    let socks = socks_proxy(port, &seen);
    let data = base64(pki.authority.as_bytes());
    let hub = |proxy: Option<String>| {
        let mut cluster =
            json!({"server": "https://hub.example.com:6443", "certificate-authority-data": data});
        if let Some(proxy) = proxy {
            cluster["proxy-url"] = json!(proxy);
        }
        cluster
    };
    let near = json!({"server": at(port), "certificate-authority-data": data});
    let user = || json!({"token": "t"});
    let via = |scheme: &str, who: &str, port: u16| format!("{scheme}://{who}127.0.0.1:{port}");
    let unknown = "hub.example.com:6443 cannot be asked";
    let rows = vec![
        row(
            "proxy-url",
            hub(Some(via("http", "", plain))),
            user(),
            Connect,
        ),
        row(
            "proxy-url in TLS",
            hub(Some(via("https", "", secure))),
            user(),
            Connect,
        ),
        row(
            "proxy-url of SOCKS",
            hub(Some(via("socks5", "", socks))),
            user(),
            Connect,
        ),
        row(
            "proxy-url of SOCKS, with a password",
            hub(Some(via("socks5", "jane:p%40ss@", socks))),
            user(),
            Connect,
        ),
        row(
            "proxy-url with a password",
            hub(Some(via("http", "jane:p%40ss@", asking))),
            user(),
            Connect,
        ),
        row(
            "proxy-url without the password it wants",
            hub(Some(via("http", "", asking))),
            user(),
            Refuse("by way of proxy http://127.0.0.1:"),
        ),
        row(
            "proxy-url of another kind",
            hub(Some(via("ftp", "", plain))),
            user(),
            Refuse("proxy-url of cluster \"hub\""),
        ),
        row(
            "proxy-url, whatever NO_PROXY says",
            hub(Some(via("http", "", plain))),
            user(),
            Connect,
        )
        .env("NO_PROXY", "*"),
        row(
            "proxy-url for loopback",
            json!({"server": at(port), "certificate-authority-data": data, "proxy-url": via("http", "", plain)}),
            user(),
            Connect,
        ),
        row("HTTPS_PROXY", hub(None), user(), Connect).env("HTTPS_PROXY", via("http", "", plain)),
        row("https_proxy", hub(None), user(), Connect).env("https_proxy", via("http", "", plain)),
        row("HTTPS_PROXY without a scheme", hub(None), user(), Connect)
            .env("HTTPS_PROXY", format!("127.0.0.1:{plain}")),
        row("HTTPS_PROXY in TLS", hub(None), user(), Connect)
            .env("HTTPS_PROXY", via("https", "", secure)),
        row("HTTPS_PROXY of SOCKS", hub(None), user(), Connect)
            .env("HTTPS_PROXY", via("socks5", "", socks)),
        row("HTTPS_PROXY with a password", hub(None), user(), Connect)
            .env("HTTPS_PROXY", via("http", "jane:p%40ss@", asking)),
        row("HTTPS_PROXY before https_proxy", hub(None), user(), Connect)
            .env("HTTPS_PROXY", via("http", "", plain))
            .env("https_proxy", "http://127.0.0.1:9"),
        row("HTTP_PROXY is for http", hub(None), user(), Refuse(unknown))
            .env("HTTP_PROXY", via("http", "", plain)),
        row("NO_PROXY spares it", hub(None), user(), Refuse(unknown))
            .env("HTTPS_PROXY", via("http", "", plain))
            .env("NO_PROXY", "a, .example.com ,"),
        row("no_proxy spares it", hub(None), user(), Refuse(unknown))
            .env("HTTPS_PROXY", via("http", "", plain))
            .env("no_proxy", "*"),
        row("NO_PROXY spares another port", hub(None), user(), Connect)
            .env("HTTPS_PROXY", via("http", "", plain))
            .env("NO_PROXY", "hub.example.com:443"),
        row(
            "NO_PROXY spares subdomains only",
            hub(None),
            user(),
            Connect,
        )
        .env("HTTPS_PROXY", via("http", "", plain))
        .env("NO_PROXY", ".hub.example.com,,"),
        row("loopback needs none", near.clone(), user(), Connect)
            .env("HTTPS_PROXY", "http://127.0.0.1:9"),
        row(
            "one that is not there",
            hub(None),
            user(),
            Refuse("by way of proxy http://127.0.0.1:9 (HTTPS_PROXY): connection refused"),
        )
        .env("HTTPS_PROXY", "http://127.0.0.1:9"),
        row("one that cannot be read", near, user(), Connect).env("HTTPS_PROXY", "http://a b"),
    ];
    try_all(rows, &seen);
}
