//! What `status --from` says of directories that are not as they should be.

use crate::invocation::{Outcome, copy_tree, run};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const VELERO: &str = "namespaces/open-cluster-management-backup/velero.io";

/// A recorded hub, to change something in it.
struct Copy(TempDir);

impl Copy {
    fn of(fixture: &str) -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        copy.add(fixture, "");
        copy
    }

    fn add(&self, fixture: &str, below: &str) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let to = self.0.path().join(below);
        fs::create_dir_all(&to).unwrap();
        copy_tree(&from.join(fixture), &to);
    }

    fn file(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn status(&self, more: &[&str]) -> Outcome {
        let path = self.0.path().to_str().unwrap();
        let mut outcome = run(&[&["status", "--from", path][..], more].concat());
        for text in [&mut outcome.stdout, &mut outcome.stderr] {
            *text = text.replace(path, "DIR");
        }
        outcome
    }
}

#[test]
fn of_a_list_cut_in_the_middle_nothing_is_concluded() {
    for fixture in ["active", "passive-in-sync"] {
        let copy = Copy::of(fixture);
        let backups = copy.file(&format!("{VELERO}/backups.yaml"));
        let text = fs::read_to_string(&backups).unwrap();
        let half = text[..text.len() / 2].rfind("\n- ").unwrap();
        fs::write(&backups, &text[..=half]).unwrap();
        let outcome = copy.status(&[]);
        assert_eq!(outcome.code, 1, "{outcome}");
        insta::assert_snapshot!(format!("cut-list-{fixture}"), outcome);
    }
}

#[test]
fn what_never_ends_is_not_waited_for() {
    let copy = Copy::of("active");
    let schedules = copy.file(&format!("{VELERO}/schedules.yaml"));
    fs::remove_file(&schedules).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(&schedules)
        .status();
    assert!(made.unwrap().success());
    let outcome = copy.status(&[]);
    assert_eq!(outcome.code, 1, "{outcome}");
    assert!(
        outcome.stdout.contains("it is no regular file"),
        "{outcome}"
    );
}

#[test]
fn several_hubs_and_one_collected_twice_are_refused() {
    let copy = Copy(tempfile::tempdir().unwrap());
    copy.add("active", "inspect.local.1");
    copy.add("passive-in-sync", "inspect.local.2");
    insta::assert_snapshot!("several-hubs", copy.status(&[]));
    let copy = Copy(tempfile::tempdir().unwrap());
    copy.add("active", "inspect.local.1");
    copy.add("returned-old-hub", "inspect.local.2");
    insta::assert_snapshot!("one-hub-twice", copy.status(&[]));
}

#[test]
fn of_a_namespace_alone_the_whole_command_is_named() {
    let copy = Copy(tempfile::tempdir().unwrap());
    let core = copy.file("namespaces/open-cluster-management-backup/core");
    fs::create_dir_all(&core).unwrap();
    fs::write(core.join("pods.yaml"), "").unwrap();
    insta::assert_snapshot!("namespace-alone", copy.status(&[]));
}

#[test]
fn a_long_collection_says_what_was_so_when_it_began() {
    for fixture in ["active", "passive-in-sync"] {
        let copy = Copy::of(fixture);
        let timestamp = copy.file("timestamp");
        let text = fs::read_to_string(&timestamp).unwrap();
        let begin = text.lines().next().unwrap();
        let hour = format!(" {}:", &begin[11..13]);
        let later = format!(" {}:", begin[11..13].parse::<u8>().unwrap() + 1);
        let end = begin.replace(&hour, &later);
        let whole = copy.status(&["-o", "json"]);
        fs::write(&timestamp, format!("{begin}\n{end}\n")).unwrap();
        let long = copy.status(&["-o", "json"]);
        assert_eq!(long.code, whole.code, "{long}");
        let findings = |outcome: &Outcome| {
            let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
            let all = report["findings"].as_array().unwrap().iter();
            all.map(|one| one["id"].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(findings(&long), findings(&whole));
        insta::assert_snapshot!(format!("long-collection-{fixture}"), copy.status(&[]));
        // Begun, and never ended.
        fs::write(&timestamp, format!("{begin}\n")).unwrap();
        let open = copy.status(&[]);
        assert_eq!(open.code, 1, "{open}");
        assert!(open.stdout.contains("time of the collection"), "{open}");
    }
}
