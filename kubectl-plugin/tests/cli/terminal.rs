//! Whatever an object, a server, a file or its name holds, the terminal is shown it and never obeys it.

use crate::api_server::{Answer, ApiServer};
use crate::fixtures::all;
use crate::invocation::{Outcome, copy_tree, run};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Sets the title, clears the screen, paints a verdict, turns the direction of reading, hides and breaks the line.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[35mVERDICT\u{9b}2J\u{202e}\u{2066}\u{200b}\u{2028}\u{85}\r\nFAKE \u{e0041}\u{feff}";

/// What our own colours look like.
const OURS: [&str; 7] = ["0", "1", "2", "31", "32", "33", "36"];

/// What a terminal would obey in a text, but for line breaks and our own colours.
fn obeyed(text: &str) -> Option<String> {
    let mut rest = text.to_owned();
    for code in OURS {
        rest = rest.replace(&format!("\u{1b}[{code}m"), "");
    }
    let marks = |letter: char| {
        letter != '\n'
            && (letter.is_control()
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                    | '\u{feff}' | '\u{e0000}'..='\u{e007f}'))
    };
    let at = rest.find(marks)?;
    Some(rest[at..].chars().take(60).collect())
}

fn assert_harmless(outcome: &Outcome, what: &str) {
    for stream in [&outcome.stdout, &outcome.stderr] {
        if let Some(found) = obeyed(stream) {
            panic!("{what}: {found:?} reaches the terminal:\n{stream:?}");
        }
        let forged = stream.lines().any(|line| line.starts_with("FAKE"));
        assert!(!forged, "{what}: forges a line:\n{stream}");
    }
}

fn yaml_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => yaml_files(&path, found),
            path if path.extension().is_some_and(|end| end == "yaml") => found.push(path),
            _ => {}
        }
    }
}

/// The places of all strings, by field: `items.status.phase`.
fn places(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::String(_) => {
            found.insert(path.to_owned());
        }
        Value::Array(items) => items.iter().for_each(|item| places(item, path, found)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| places(value, &format!("{path}.{key}"), found)),
        _ => {}
    }
}

/// Puts the sequences into every string at a place; into its keys too where all places are meant.
fn plant(value: &mut Value, path: &str, at: Option<&str>) {
    match value {
        Value::String(text) if at.is_none_or(|at| at == path) => text.push_str(HOSTILE),
        Value::Array(items) => items.iter_mut().for_each(|item| plant(item, path, at)),
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                plant(value, &format!("{path}.{key}"), at);
            }
        }
        _ => {}
    }
}

/// A copy of a recorded hub with the sequences at a place, or at all.
fn hostile_hub(fixture: &str, at: Option<&str>) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_tree(Path::new(&format!("tests/fixtures/{fixture}")), copy.path());
    let mut files = Vec::new();
    yaml_files(copy.path(), &mut files);
    for file in files {
        let mut value: Value = serde_saphyr::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        // Where nothing can be told apart any more, nothing is told: what an object is stays readable.
        if at.is_none() {
            for item in value["items"].as_array_mut().into_iter().flatten() {
                let kept = ["apiVersion", "kind"].map(|field| (field, item[field].clone()));
                plant(item, "", None);
                for (field, value) in kept {
                    item[field] = value;
                }
            }
        } else {
            plant(&mut value, "", at);
        }
        fs::write(file, serde_saphyr::to_string(&value).unwrap()).unwrap();
    }
    copy
}

/// Runs it in all formats; says whether anything of what was planted was shown.
fn every_format(arguments: &[&str], what: &str) -> bool {
    let mut seen = false;
    for format in ["text", "wide", "json", "yaml"] {
        for color in ["never", "always"] {
            let mut line = arguments.to_vec();
            line.extend(["-o", format, "--color", color]);
            let outcome = run(&line);
            assert_harmless(&outcome, &format!("{what} -o {format} --color {color}"));
            seen |= outcome.stdout.contains("owned") || outcome.stderr.contains("owned");
        }
    }
    seen
}

#[test]
fn every_field_of_every_recorded_hub_from_a_directory() {
    for fixture in all() {
        let copy = hostile_hub(fixture, None);
        every_format(
            &["status", "--from", copy.path().to_str().unwrap()],
            fixture,
        );
    }
}

/// Each field by itself: with all others as they should be, it gets much further.
#[test]
fn each_field_by_itself() {
    for fixture in ["active", "returned-new-hub", "time-zone-refused"] {
        let mut files = Vec::new();
        yaml_files(Path::new(&format!("tests/fixtures/{fixture}")), &mut files);
        let mut fields = BTreeSet::new();
        for file in files {
            let value = serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            places(&value, "", &mut fields);
        }
        assert!(fields.len() > 30, "{fixture}: {fields:?}");
        for field in fields {
            let copy = hostile_hub(fixture, Some(&field));
            let from = copy.path().to_str().unwrap();
            for format in ["text", "wide", "json", "yaml"] {
                let outcome = run(&["status", "--from", from, "-o", format]);
                assert_harmless(&outcome, &format!("{fixture} {field} -o {format}"));
            }
        }
    }
}

#[test]
fn every_field_of_a_recorded_hub_from_its_api_server() {
    for fixture in ["active", "passive-holds-nothing", "two-restores-at-once"] {
        let copy = hostile_hub(fixture, None);
        let kept: &'static str =
            Box::leak(copy.path().to_str().unwrap().to_owned().into_boxed_str());
        let server = ApiServer::start(kept, &[]);
        assert!(
            every_format(&["status", "--server", &server.url], fixture),
            "{fixture}"
        );
    }
}

#[test]
fn what_a_server_says_when_it_fails() {
    for path in ["/apis/", "backups", "clusterversions", "/version"] {
        let server = ApiServer::start("active", &[(path, Answer::Says(HOSTILE))]);
        let status = every_format(&["status", "--server", &server.url], path);
        let version = every_format(&["version", "--server", &server.url], path);
        assert!(status || version, "{path}");
    }
    let server = ApiServer::start("active", &[("/version", Answer::Version(HOSTILE))]);
    every_format(&["version", "--server", &server.url], "version");
}

#[test]
fn names_of_files_contexts_and_flags() {
    let name = HOSTILE.replace(['\0', '/'], "");
    let directory = tempfile::tempdir().unwrap();
    let odd = directory.path().join(&name);
    fs::create_dir(&odd).unwrap();
    let odd = odd.to_str().unwrap();
    every_format(&["status", "--from", odd], "an empty directory");
    copy_tree(Path::new("tests/fixtures/active"), Path::new(odd));
    every_format(&["status", "--from", odd], "a directory");
    let broken = "namespaces/open-cluster-management-backup/velero.io/backups.yaml";
    fs::write(Path::new(odd).join(broken), format!("items: [{HOSTILE}")).unwrap();
    every_format(&["status", "--from", odd], "a broken file in it");
    every_format(
        &["status", "--from", &format!("{odd}/none")],
        "no directory",
    );
    every_format(
        &["status", "--kubeconfig", odd],
        "a directory as kubeconfig",
    );
    every_format(
        &["status", "--kubeconfig", &format!("{odd}/none")],
        "no kubeconfig",
    );
    every_format(
        &["status", "--context", HOSTILE, "--kubeconfig", "/dev/null"],
        "no context",
    );
    every_format(&["status", "--server", HOSTILE], "a server");
    every_format(&["status", "--request-timeout", HOSTILE], "a timeout");
    every_format(&[HOSTILE], "a command");
    every_format(&["status", &format!("--{HOSTILE}")], "a flag");
    let kubeconfig = directory.path().join("config");
    let text = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": HOSTILE,
        "clusters": [{"name": HOSTILE, "cluster": {"server": "http://127.0.0.1:9"}}],
        "contexts": [{"name": HOSTILE, "context": {"cluster": HOSTILE, "user": HOSTILE, "namespace": HOSTILE}}],
        "users": [{"name": HOSTILE, "user": {"client-certificate": HOSTILE, "client-key": HOSTILE}}],
    });
    fs::write(&kubeconfig, text.to_string()).unwrap();
    let kubeconfig = kubeconfig.to_str().unwrap();
    every_format(&["status", "--kubeconfig", kubeconfig], "a kubeconfig");
    every_format(
        &["status", "--kubeconfig", kubeconfig, "--user", "x"],
        "its context",
    );
    let server = ApiServer::start("active", &[]);
    let context = [
        "status",
        "--kubeconfig",
        kubeconfig,
        "--context",
        HOSTILE,
        "--user",
        "x",
        "--server",
        &server.url,
    ];
    every_format(&context, "its context, live");
}
