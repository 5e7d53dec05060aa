//! Credential plugins, servers that are none, and one deadline for all of it.

use crate::api_server::{Answer, ApiServer};
use crate::invocation::{Outcome, run, run_with};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A directory with a kubeconfig whose user is a credential plugin, and that plugin.
struct WithPlugin {
    directory: tempfile::TempDir,
}

impl WithPlugin {
    /// The plugin is a script.
    fn new(server: &str, script: &str, more: serde_json::Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("login");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": "./login", "interactiveMode": "Never",
        });
        for (field, value) in more.as_object().unwrap() {
            exec[field] = value.clone();
        }
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "hub",
            "clusters": [{"name": "hub", "cluster": {"server": server, "insecure-skip-tls-verify": server.starts_with("https")}}],
            "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": "admin", "namespace": "other"}}],
            "users": [{"name": "admin", "user": {"exec": exec}}],
        });
        fs::write(directory.path().join("config"), kubeconfig.to_string()).unwrap();
        Self { directory }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let config = self.directory.path().join("config");
        let mut line = arguments.to_vec();
        line.extend(["--kubeconfig", config.to_str().unwrap()]);
        let mut outcome = run_with(&line, &[("PATH", "/usr/bin:/bin")]);
        let here = self.directory.path().to_str().unwrap();
        outcome.stderr = outcome.stderr.replace(here, "DIR");
        outcome
    }
}

const CREDENTIAL: &str = r#"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t0ken"}}'"#;

#[test]
fn a_plugin_that_gives_a_token_is_run_once_and_used() {
    let server = ApiServer::start_tls("active", &[]);
    let with = WithPlugin::new(
        &server.url,
        &format!("echo run >> \"$0.log\"\n{CREDENTIAL}"),
        json!({}),
    );
    let outcome = with.run(&["version"]);
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (0, ""),
        "{outcome}"
    );
    let log = fs::read_to_string(with.directory.path().join("login.log")).unwrap();
    assert_eq!(log, "run\n");
}

/// Case 23: the program, how it ended, what it said for people, how to install it; nothing of its stdout.
#[test]
fn a_plugin_that_fails_is_told_by_its_name_and_its_words() {
    let hint = json!({"command": "oc-login-helper-that-is-not-here", "installHint": "install it with: brew install x"});
    let talks = "echo 'session expired: run '\"'cloudctl login'\"' again' >&2";
    for (script, more, expected) in [
        (
            "",
            hint,
            "\"oc-login-helper-that-is-not-here\" (exec of user \"admin\"): there is no such program; install it with: brew install x",
        ),
        (
            &*format!("echo S3CR3T\n{talks}\nexit 1"),
            json!({}),
            "\"DIR/./login\" (exec of user \"admin\"): it ended with exit code 1: session expired: run 'cloudctl login' again",
        ),
        (
            "echo S3CR3T; exit 7",
            json!({}),
            "it ended with exit code 7 and said nothing",
        ),
        (
            "echo S3CR3T; kill -9 $$",
            json!({}),
            "it was ended by a signal",
        ),
        (
            "echo S3CR3T",
            json!({}),
            "what it printed is no ExecCredential (not shown: it may hold a token)",
        ),
        (
            "echo '{\"kind\": \"ExecCredential\", \"status\": {\"token\": \"S3CR3T\"}}'",
            json!({}),
            "it answered in another apiVersion",
        ),
        (
            "echo '{\"kind\": \"Secret\", \"token\": \"S3CR3T\"}'",
            json!({}),
            "what it printed is no ExecCredential",
        ),
        (
            &*CREDENTIAL.replace("\"token\":\"t0ken\"", "\"clientKeyData\":\"S3CR3T\""),
            json!({}),
            "a key without its certificate",
        ),
        (
            &*CREDENTIAL.replace("\"token\":\"t0ken\"", ""),
            json!({}),
            "it gave neither a token nor a certificate",
        ),
        (
            &*CREDENTIAL.replace("t0ken", "t0ken S3CR3T\\\\u0007"),
            json!({}),
            "exec of user \"admin\": it holds characters that no header carries",
        ),
        (
            "printf '\\033[2Jrm it\\n' >&2; exit 1",
            json!({}),
            "exit code 1: \\u{1b}[2Jrm it",
        ),
        (
            "head -c 100000 /dev/zero | tr '\\0' 'x' >&2; exit 1",
            json!({}),
            "exit code 1: xxxx",
        ),
        (
            "head -c 5000000 /dev/zero | tr '\\0' 'x'",
            json!({}),
            "what it printed is no ExecCredential",
        ),
        (
            "exit 0",
            json!({"interactiveMode": "Always"}),
            "its interactiveMode is Always, and there is no terminal",
        ),
    ] {
        let outcome = WithPlugin::new("https://127.0.0.1:9", script, more).run(&["status"]);
        assert!(
            outcome.stderr.contains(expected),
            "{script}\n{outcome}\n{expected}"
        );
        assert!(!outcome.to_string().contains("S3CR3T"), "{outcome}");
        assert_eq!(
            (outcome.code, outcome.stderr.lines().count()),
            (1, 1),
            "{outcome}"
        );
        assert!(outcome.stderr.len() < 1500, "{outcome}");
    }
}

/// Case 24: one sentence, once, without the page.
#[test]
fn a_web_page_is_told_as_one_and_not_shown() {
    let html = "<html><head><title>Sign in to\n Console</title></head><body>S3CR3T</body></html>";
    let typed = "content-type: text/html; charset=utf-8\r\n";
    for (status, headers, body, expected) in [
        (200, typed, html, "a web page (200, \"Sign in to Console\")"),
        (503, typed, html, "a web page (503, \"Sign in to Console\")"),
        (
            302,
            "content-type: text/html\r\nlocation: /login?S3CR3T\r\n",
            html,
            "a web page (302, \"Sign in to Console\")",
        ),
        (
            302,
            "location: /login?S3CR3T\r\n",
            "",
            "the advice to look elsewhere (302)",
        ),
        (503, "", "<html>S3CR3T</html>", "a web page (503)"),
        (
            502,
            "",
            "upstream S3CR3T",
            "what no API server answers (502)",
        ),
        (403, typed, html, "a web page (403, \"Sign in to Console\")"),
    ] {
        let server = ApiServer::start("active", &[("", Answer::Page(status, headers, body))]);
        for arguments in [["status"], ["version"]] {
            let outcome = run(&[arguments[0], "--server", &server.url]);
            let sentence = format!(
                "the server answered with {expected}; is this the address of an API server?"
            );
            assert_eq!(
                outcome.to_string().matches(&sentence).count(),
                1,
                "{outcome}\n{sentence}"
            );
            assert!(!outcome.to_string().contains("S3CR3T"), "{outcome}");
            assert!(!outcome.to_string().contains("NOT CHECKED"), "{outcome}");
            assert_eq!(outcome.code, 1, "{outcome}");
        }
    }
}

/// An API server says so in plain text where it does not serve a group, or has too much to do.
#[test]
fn an_api_servers_plain_text_is_understood() {
    let text = "content-type: text/plain; charset=utf-8\r\naudit-id: 1\r\n";
    let of_a_gateway = "content-type: text/plain\r\n";
    for (status, headers, body, expected) in [
        (
            404,
            text,
            "404 page not found\n",
            "this API server has no backups.velero.io",
        ),
        (
            429,
            text,
            "Too many requests, please try again later.\n",
            "backups.velero.io: Too many requests, please try again later.",
        ),
        (
            503,
            of_a_gateway,
            "S3CR3T\n",
            "backups.velero.io: refused without a reason (503)",
        ),
    ] {
        let server = ApiServer::start(
            "active",
            &[(
                "velero.io/v1/namespaces/open-cluster-management-backup/backups",
                Answer::Page(status, headers, body),
            )],
        );
        let outcome = run(&["status", "-o", "wide", "--server", &server.url]);
        assert!(outcome.stdout.contains(expected), "{outcome}");
        assert!(!outcome.to_string().contains("S3CR3T"), "{outcome}");
        let asked = server.requests();
        let times = asked
            .iter()
            .filter(|line| line.contains("/backups?"))
            .count();
        assert_eq!(times > 1, status != 404, "{asked:?}");
    }
}

#[test]
fn what_is_no_answer_is_told_in_words() {
    for (body, expected) in [
        (
            "{\"items\": 7, \"S3CR3T\": 1}",
            "the answer is not what was asked for (line 1 column",
        ),
        ("S3CR3T", "(line 1 column 1 of it)"),
    ] {
        let server = ApiServer::start(
            "active",
            &[(
                "/apis/",
                Answer::Page(200, "content-type: application/json\r\n", body),
            )],
        );
        let outcome = run(&["status", "-o", "wide", "--server", &server.url]);
        assert!(outcome.to_string().contains(expected), "{outcome}");
        assert!(!outcome.to_string().contains("S3CR3T"), "{outcome}");
    }
}

/// The plugin's time is part of the deadline, and it is ended with it.
#[test]
fn a_plugin_that_hangs_is_ended_at_the_deadline() {
    let outcome = WithPlugin::new("https://127.0.0.1:9", "exec sleep 600", json!({})).run(&[
        "status",
        "--request-timeout",
        "1s",
    ]);
    assert!(
        outcome
            .stderr
            .contains("(exec of user \"admin\"): no answer within 1s; it was ended"),
        "{outcome}"
    );
    assert_eq!(outcome.code, 1);
}

/// A limit is told as whoever set it would write it: 500ms was "0s".
#[test]
fn how_long_was_waited_is_told_in_the_words_of_the_flag() {
    for (limit, told) in [("500ms", "500ms"), ("1500ms", "1.5s")] {
        let server = ApiServer::start("active", &[("/apis/", Answer::Silence)]);
        let outcome = run(&[
            "status",
            "--server",
            &server.url,
            "--request-timeout",
            limit,
        ]);
        let told = format!("cannot be asked: no answer within {told}\n");
        assert!(outcome.stderr.contains(&told), "{outcome}");
    }
}

/// The look into the context's namespace and all that follows share one deadline: where the first takes all of it,
/// nothing is asked any more.
#[test]
fn a_context_with_a_namespace_does_not_double_the_time() {
    for spelling in ["1", "1s", "1000ms"] {
        let server = ApiServer::start_tls("active", &[("/apis/", Answer::Silence)]);
        let with = WithPlugin::new(&server.url, CREDENTIAL, json!({}));
        let outcome = with.run(&["status", "--request-timeout", spelling]);
        assert!(
            outcome
                .stderr
                .contains("cannot be asked: no answer within 1s"),
            "{outcome}"
        );
        let asked = server.requests();
        assert!(
            asked.iter().any(|line| line.contains("/namespaces/other/")),
            "{asked:?}"
        );
        assert!(
            !asked
                .iter()
                .any(|line| line.contains("/namespaces/open-cluster-management-backup/")),
            "asked on after the deadline: {asked:?}"
        );
    }
}

/// `0` is kubectl's "never".
#[test]
fn no_limit_is_no_limit() {
    let server = ApiServer::start("active", &[]);
    let outcome = run(&["version", "--server", &server.url, "--request-timeout", "0"]);
    assert_eq!(outcome.code, 0, "{outcome}");
}

/// Whoever asks over plain http says nothing of who they are, and runs no plugin, as kubectl.
#[test]
fn over_plain_http_no_secret_is_sent() {
    let server = ApiServer::start("active", &[]);
    let with = WithPlugin::new(&server.url, "touch \"$0.log\"; exit 1", json!({}));
    let outcome = with.run(&["version", "--token", "t0ken"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert!(!with.directory.path().join("login.log").exists());
    assert!(
        server
            .heads()
            .iter()
            .all(|head| !head.to_lowercase().contains("authorization"))
    );
}
