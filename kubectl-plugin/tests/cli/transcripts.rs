//! What the plugin prints and how it ends when something is in its way.

use crate::api_server::{Answer, ApiServer};
use crate::invocation::{Outcome, copy_tree, run, run_as};
use std::fs;
use std::path::Path;

const BIN: &str = env!("CARGO_BIN_EXE_kubectl-acm_backup");

/// Pins a run; what differs from run to run (ports, ages, the time) is replaced.
macro_rules! assert_transcript {
    ($name:literal, $outcome:expr) => {
        insta::with_settings!({filters => vec![
            (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
            (r"AS OF     \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "AS OF     [now]"),
        ]}, { insta::assert_snapshot!($name, $outcome) });
    };
}

fn status(server: &ApiServer, more: &[&str]) -> Outcome {
    let mut arguments = vec!["status", "--server", &server.url];
    arguments.extend(more);
    run(&arguments)
}

/// The lines of a live run that do not depend on the clock.
fn lines_with(outcome: &Outcome, label: &str) -> String {
    let lines: Vec<_> = outcome
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with(label))
        .take_while(|line| line.starts_with(label) || line.starts_with("  "))
        .collect();
    format!("{}\n--- exit code {}", lines.join("\n"), outcome.code)
}

#[test]
fn without_a_kubeconfig() {
    assert_transcript!("no-kubeconfig", run(&["status"]));
}

#[test]
fn with_a_kubeconfig_that_is_not_there_or_broken() {
    assert_transcript!(
        "kubeconfig-not-there",
        run(&["status", "--kubeconfig", "/nonexistent/config"])
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "contexts: [").unwrap();
    let outcome = run(&["status", "--kubeconfig", file.path().to_str().unwrap()]);
    assert!(
        outcome
            .stderr
            .starts_with("error: the kubeconfig cannot be used: "),
        "{outcome}"
    );
    assert_eq!(outcome.code, 1);
}

#[test]
fn with_a_context_that_does_not_exist() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(
        file.path(),
        "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n",
    )
    .unwrap();
    let outcome = run(&[
        "status",
        "--kubeconfig",
        file.path().to_str().unwrap(),
        "--context",
        "hub-z",
    ]);
    assert_transcript!("no-such-context", outcome);
}

#[test]
fn with_a_server_that_does_not_listen() {
    // Nothing listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    assert_transcript!(
        "nothing-listens",
        run(&["status", "--server", &format!("http://127.0.0.1:{port}")])
    );
}

#[test]
fn with_a_server_that_never_answers() {
    let server = ApiServer::start("active", &[("/apis/", Answer::Silence)]);
    assert_transcript!("no-answer", status(&server, &["--request-timeout", "1s"]));
}

#[test]
fn with_credentials_the_server_refuses() {
    let server = ApiServer::start("active", &[("/apis/", Answer::Unauthorized)]);
    assert_transcript!("unauthorized", status(&server, &[]));
}

#[test]
fn on_a_cluster_without_the_operator() {
    let server = ApiServer::start("active", &[("/apis/", Answer::NotFound)]);
    assert_transcript!("no-operator", status(&server, &[]));
}

#[test]
fn with_a_forbidden_list_the_rest_is_still_shown() {
    let server = ApiServer::start("active", &[("managedclusters", Answer::Forbidden)]);
    let outcome = status(&server, &[]);
    assert_transcript!("clusters-forbidden", lines_with(&outcome, "NOT CHECKED"));
    assert!(
        outcome.stdout.contains("SCHEDULE  schedule-acm Enabled"),
        "{outcome}"
    );
    assert!(!outcome.stdout.contains("CLUSTERS"), "{outcome}");
}

#[test]
fn with_backups_forbidden_nothing_is_claimed_about_them() {
    let server = ApiServer::start("passive-in-sync", &[("/backups?", Answer::Forbidden)]);
    let outcome = status(&server, &["--context", "hub-b"]);
    assert_transcript!("backups-forbidden", lines_with(&outcome, "NOT CHECKED"));
    assert!(
        outcome
            .stdout
            .contains("ACTIVATE  not known: the backups could not be looked up"),
        "{outcome}"
    );
    assert!(!outcome.stdout.contains("SET "), "{outcome}");
}

#[test]
fn with_everything_forbidden_it_fits_and_says_why() {
    let server = ApiServer::start("active", &[("/apis/", Answer::Forbidden)]);
    let outcome = status(&server, &[]);
    assert_transcript!("all-forbidden", outcome);
    assert!(outcome.stdout.lines().count() < 24, "{outcome}");
}

/// The armed guards, as an API server has them.
const ARMED: &str =
    r#"{"webhooks": [{"failurePolicy": "Fail", "matchConditions": [{"name": "is-installed"}]}]}"#;

#[test]
fn with_armed_guards_that_nobody_asks_it_is_critical() {
    let armed = (
        "validatingwebhookconfigurations",
        Answer::Page(200, "", ARMED),
    );
    let wide = |exceptions: &[_]| status(&ApiServer::start("active", exceptions), &["-o", "wide"]);
    let outcome = wide(&[armed, ("rolebindings", Answer::Page(200, "", "{}"))]);
    let told = lines_with(&outcome, "CRITICAL  the guard");
    assert_transcript!("guard-disarmed", told);
    says_of_the_guard(
        &outcome,
        "GUARD     in mode deny, but not asked, or not answering: nothing is refused\n",
    );
    // Who may not see it is told so, and nothing is claimed.
    let outcome = wide(&[armed, ("rolebindings", Answer::Forbidden)]);
    assert_transcript!(
        "guard-footing-forbidden",
        lines_with(&outcome, "NOT CHECKED")
    );
    says_of_the_guard(&outcome, "GUARD     in mode deny\n");
    let outcome = wide(&[("validatingwebhookconfigurations", Answer::Forbidden)]);
    assert_transcript!("guard-forbidden", lines_with(&outcome, "NOT CHECKED"));
    assert!(!outcome.stdout.contains("\nGUARD"), "{outcome}");
}

#[track_caller]
fn says_of_the_guard(outcome: &Outcome, line: &str) {
    assert!(outcome.stdout.contains(line), "{outcome}");
}

#[test]
fn a_busy_server_is_asked_again_and_every_page_is_read() {
    let server = ApiServer::start(
        "active",
        &[(
            "velero.io/v1/namespaces/open-cluster-management-backup/backups",
            Answer::BusyOnce,
        )],
    );
    let outcome = status(&server, &["-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["notChecked"], serde_json::json!([]), "{outcome}");
    assert_eq!(report["clusters"]["total"], 3);
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.contains("acm-backup/")),
        "{requests:?}"
    );
    assert!(
        requests.iter().all(|request| request.starts_with("GET ")),
        "nothing is written: {requests:?}"
    );
}

#[test]
fn with_a_directory_that_is_no_hub() {
    let empty = tempfile::tempdir().unwrap();
    let outcome = run(&["status", "--from", empty.path().to_str().unwrap()]);
    assert!(
        outcome
            .stderr
            .contains("holds neither namespaces/ nor cluster-scoped-resources/"),
        "{outcome}"
    );
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    assert_transcript!("no-directory", run(&["status", "--from", "/nonexistent"]));
}

#[test]
fn with_a_file_that_cannot_be_read_the_rest_is_still_shown() {
    let copy = tempfile::tempdir().unwrap();
    copy_tree(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/active"),
        copy.path(),
    );
    let backups = copy
        .path()
        .join("namespaces/open-cluster-management-backup/velero.io/schedules.yaml");
    fs::write(backups, "items: [unclosed").unwrap();
    let outcome = run(&["status", "--from", copy.path().to_str().unwrap()]);
    assert!(
        outcome.stdout.contains("velero.io/schedules.yaml:"),
        "{outcome}"
    );
    assert!(
        outcome.stdout.contains("by this hub, complete"),
        "{outcome}"
    );
    assert_eq!(outcome.code, 1, "{outcome}");
}

#[test]
fn usage_errors_end_with_2() {
    assert_transcript!("unknown-format", run(&["status", "-o", "name"]));
    assert_transcript!("unknown-command", run(&["stauts"]));
    for line in [
        &["status", "--from"][..],
        &[],
        &["status", "--request-timeout", "5d"],
        &["status", "--nope"],
    ] {
        let outcome = run(line);
        assert_eq!(outcome.code, 2, "{line:?}: {outcome}");
        assert_eq!(outcome.stdout, "", "{line:?}");
    }
}

#[test]
fn help() {
    insta::assert_snapshot!("help", run(&["--help"]));
    insta::assert_snapshot!("help-status", run(&["status", "--help"]));
}

#[test]
fn help_is_spelt_as_it_was_called() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("oc-acm_backup");
    std::os::unix::fs::symlink(BIN, &link).unwrap();
    let help = run_as(&link, &["status", "--help"]).stdout;
    assert!(help.contains("Usage: oc acm-backup status"), "{help}");
}

#[test]
fn version() {
    assert_transcript!("version-client", run(&["version", "--client"]));
    let server = ApiServer::start("active", &[]);
    assert_transcript!("version-server", run(&["version", "--server", &server.url]));
    assert_transcript!(
        "version-json",
        run(&["version", "--server", &server.url, "-o", "json"])
    );
    let silent = ApiServer::start("active", &[("/version", Answer::Forbidden)]);
    assert_transcript!(
        "version-forbidden",
        run(&["version", "--server", &silent.url])
    );
}

#[test]
fn stdout_can_be_cut_short() {
    let command = format!("{BIN} status --from tests/fixtures/active -o wide | head -1");
    let output = std::process::Command::new("sh")
        .args(["-c", &command])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
