//! Every `cargo xtask` line of the documents is one this program takes. What the lines with kubectl do is
//! tested where the hubs are, in `tests/e2e/tests/documents.rs`.

use crate::{Cli, root};
use clap::Parser;

const DOCUMENTS: [&str; 9] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/attestation.md",
    "docs/figures.md",
    "docs/soak/offline.md",
    "docs/soak/ownership.md",
    "docs/soak/races.md",
    "manifests/README.md",
];

/// Whatever stands in code and begins with `cargo xtask`.
fn tasks(text: &str) -> Vec<String> {
    let fenced = text.lines().filter(|line| line.starts_with("cargo xtask"));
    let inline = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.starts_with("cargo xtask "));
    fenced
        .chain(inline)
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn every_documented_task_is_understood() {
    let mut read = 0;
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(root().join(document)).expect("the document is there");
        for task in tasks(&text) {
            let words = task.split(' ').skip(1);
            let outcome = Cli::try_parse_from(words);
            assert!(
                outcome.is_ok(),
                "{document} says {task:?}: {}",
                outcome.err().map(|e| e.to_string()).unwrap_or_default()
            );
            read += 1;
        }
    }
    assert!(read >= 6, "the documents were not read: {read}");
}
