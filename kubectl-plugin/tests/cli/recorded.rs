//! What `status` says about hubs as they were recorded.

use crate::fixtures::all;
use crate::invocation::{Outcome, copy_tree, run};
use std::fs;
use std::path::Path;

fn status(fixture: &str, more: &[&str]) -> Outcome {
    let path = format!("tests/fixtures/{fixture}");
    let mut arguments = vec!["status", "--from", &path];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn text() {
    for fixture in all() {
        insta::assert_snapshot!(format!("text-{}", fixture), status(fixture, &[]));
    }
}

#[test]
fn wide() {
    for fixture in all() {
        insta::assert_snapshot!(
            format!("wide-{}", fixture),
            status(fixture, &["-o", "wide"])
        );
    }
}

#[test]
fn json() {
    for fixture in ["active", "passive-holds-nothing", "returned-new-hub"] {
        insta::assert_snapshot!(format!("json-{fixture}"), status(fixture, &["-o", "json"]));
    }
}

#[test]
fn yaml_says_what_json_says() {
    for fixture in all() {
        let json: serde_json::Value =
            serde_json::from_str(&status(fixture, &["-o", "json"]).stdout).unwrap();
        let yaml: serde_json::Value =
            serde_saphyr::from_str(&status(fixture, &["-o", "yaml"]).stdout).unwrap();
        assert_eq!(json, yaml, "{}", fixture);
    }
}

#[test]
fn text_fits_a_small_terminal() {
    for fixture in all() {
        let text = status(fixture, &[]).stdout;
        assert!(
            text.lines().count() < 24,
            "{} has {} lines:\n{text}",
            fixture,
            text.lines().count()
        );
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{}: {line:?}", fixture);
        }
    }
}

#[test]
fn colour_is_in_the_words_and_not_between_them() {
    for fixture in all() {
        let plain = status(fixture, &["--color", "never"]).stdout;
        let coloured = status(fixture, &["--color", "always"]).stdout;
        assert!(coloured.contains("\u{1b}["), "{}", fixture);
        assert_eq!(
            anstream::adapter::strip_str(&coloured).to_string(),
            plain,
            "{}",
            fixture
        );
    }
}

#[test]
fn both_sides_of_a_return_are_told_the_same() {
    let finding = |fixture| {
        let report: serde_json::Value =
            serde_json::from_str(&status(fixture, &["-o", "json"]).stdout).unwrap();
        let finding = report["findings"][0].clone();
        assert_eq!(finding["severity"], "critical", "{fixture}");
        // Each hub is told of itself as this one; the rest is the same.
        ["81431db3", "75b1a9a2"].iter().fold(
            format!("{} {}", finding["headline"], finding["evidence"]),
            |text, id| text.replace(&format!("this hub ({id})"), &format!("hub {id}")),
        )
    };
    assert_eq!(finding("returned-old-hub"), finding("returned-new-hub"));
}

#[test]
fn no_screen_contradicts_itself() {
    for fixture in all() {
        let wide = status(fixture, &["-o", "wide"]).stdout;
        let report: serde_json::Value =
            serde_json::from_str(&status(fixture, &["-o", "json"]).stdout).unwrap();
        let told = report["findings"].to_string();
        for writer in report["writers"].as_array().unwrap() {
            let hub = writer["hub"].as_str().unwrap();
            let short = &hub[..8];
            if writer["live"] == true {
                for silent in ["silent", "is down", "has stopped backing up"] {
                    let words = [
                        format!("hub {short}, {silent}"),
                        format!("hub {short} {silent}"),
                        format!("hub {hub} {silent}"),
                    ];
                    assert!(
                        words.iter().all(|words| !wide.contains(words.as_str())),
                        "{fixture} calls hub {short} {silent}, and alive:\n{wide}"
                    );
                }
            }
            if writer["thisHub"] == true {
                assert!(
                    !wide.contains(&format!("HUB-{short}")),
                    "{fixture}:\n{wide}"
                );
            }
            let owns = writer["owner"] == true && writer["thisHub"] == false;
            assert!(
                !(owns && report["role"] == "active" && report["clusters"]["total"] == 0),
                "{fixture}: active without a cluster beside an owner:\n{wide}"
            );
        }
        assert!(
            !told.contains("annotate managedclusters --all"),
            "{fixture}"
        );
        assert!(!told.contains("manifests/base"), "{fixture}");
    }
}

/// Every recorded hub, told that it has the other's id: what that one wrote is then a twin's.
#[test]
fn a_twin_is_never_named_as_another_hub() {
    let (one, other) = (
        "81431db3-2b3e-56e4-93ca-3481bd29fa8b",
        "75b1a9a2-89e1-59cb-84bc-9815403f475d",
    );
    let version = "cluster-scoped-resources/config.openshift.io/clusterversions/version.yaml";
    for fixture in all() {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(Path::new(&format!("tests/fixtures/{fixture}")), copy.path());
        let path = copy.path().join(version);
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let (from, to) = if text.contains(one) {
            (one, other)
        } else {
            (other, one)
        };
        fs::write(&path, text.replace(from, to)).unwrap();
        let from = copy.path().to_str().unwrap();
        for format in ["text", "wide"] {
            let told = run(&["status", "--from", from, "-o", format]);
            let words: Vec<_> = told.stdout.split_whitespace().collect();
            let words = words.join(" ");
            for name in [format!("hub {}", &to[..8]), format!("HUB-{}", &to[..8])] {
                assert!(!words.contains(&name), "{fixture} {format}: {told}");
            }
        }
    }
}

/// Whatever a clock has written, it is shown: one Backup begun at the end of the calendar ended the program.
#[test]
fn times_at_the_ends_of_the_calendar_are_shown() {
    for fixture in all() {
        for time in ["9999-12-30T00:00:00Z", "0001-01-01T00:00:00Z"] {
            let copy = tempfile::tempdir().unwrap();
            copy_tree(Path::new(&format!("tests/fixtures/{fixture}")), copy.path());
            for (folder, kind) in [
                ("velero.io", "backups"),
                ("velero.io", "restores"),
                ("velero.io", "schedules"),
                ("velero.io", "backupstoragelocations"),
                ("cluster.open-cluster-management.io", "restores"),
            ] {
                let path = copy.path().join(format!(
                    "namespaces/open-cluster-management-backup/{folder}/{kind}.yaml"
                ));
                let Ok(text) = fs::read_to_string(&path) else {
                    continue;
                };
                let moved = text.lines().map(|line| match line.split_once(": ") {
                    Some((key, value))
                        if value.contains("T") && value.contains("Z") && value.contains(":") =>
                    {
                        format!("{key}: {time:?}")
                    }
                    _ => line.to_owned(),
                });
                fs::write(&path, moved.map(|line| line + "\n").collect::<String>()).unwrap();
            }
            let from = copy.path().to_str().unwrap();
            for format in ["wide", "json"] {
                let told = run(&["status", "--from", from, "-o", format]);
                // What was stored long after it was collected is of another time.
                let other_time = told.stdout.contains("time of the collection");
                assert!(
                    [0, 3].contains(&told.code) || told.code == 1 && other_time,
                    "{fixture} {time} {format}: {told}"
                );
                assert_eq!(told.stderr, "", "{fixture} {time} {format}");
                assert!(
                    !told.stdout.contains("could not be read"),
                    "{fixture} {time} {format}: {told}"
                );
            }
        }
    }
}
