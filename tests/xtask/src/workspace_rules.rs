//! What holds the workspace together, as tests.

use crate::root;
use std::process::Command;

/// Everything a crate is built from, one name a line.
fn dependencies(package: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "tree",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .output()
        .expect("cargo tree runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("names are text");
    text.lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_domain_does_no_io() {
    let dependencies = dependencies("acm-backup-domain");
    assert!(
        dependencies.iter().any(|name| name == "jiff"),
        "the tree was not read: {dependencies:?}"
    );
    for banned in ["tokio", "hyper", "rustls"] {
        assert!(
            !dependencies.iter().any(|name| name == banned),
            "the domain crate pulls {banned}"
        );
    }
}

#[test]
fn nothing_that_ships_sees_the_tests() {
    for package in ["kubectl-acm_backup", "acm-backup-webhook"] {
        let dependencies = dependencies(package);
        for test_crate in [
            "acm-backup-bed",
            "acm-backup-operator",
            "acm-backup-recorded",
            "acm-backup-e2e",
            "acm-backup-offline",
            "acm-backup-ownership",
            "xtask",
            "rcgen",
        ] {
            assert!(
                !dependencies.iter().any(|name| name == test_crate),
                "{package} pulls {test_crate}"
            );
        }
    }
}

#[test]
fn there_is_one_tls_provider() {
    for package in ["kubectl-acm_backup", "acm-backup-webhook"] {
        assert!(
            !dependencies(package).iter().any(|name| name == "aws-lc-rs"),
            "{package} pulls a second TLS provider"
        );
    }
}

/// Every path the map names, and every rule there is.
#[test]
fn the_map_leads_to_the_files() {
    let map =
        std::fs::read_to_string(root().join("docs/architecture.md")).expect("the map is there");
    let named: Vec<_> = map
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| {
            [
                "shared/",
                "tests/",
                "webhook/",
                "kubectl-plugin/",
                "manifests/",
                "crds/",
            ]
            .iter()
            .any(|start| text.starts_with(start))
        })
        .filter(|text| !text.contains('<'))
        .collect();
    assert!(named.len() > 20, "the map was not read: {named:?}");
    for path in named {
        assert!(
            root().join(path).exists(),
            "docs/architecture.md names {path}, which is not there"
        );
    }
    for rule in acm_backup_domain::rules::RULES {
        let file = format!("shared/domain/src/rules/{}.rs", rule.id.replace('-', "_"));
        assert!(root().join(&file).exists(), "{} is not in {file}", rule.id);
        assert!(
            map.contains(&format!("`{}`", rule.id)),
            "docs/architecture.md does not name {}",
            rule.id
        );
    }
    for command in ["status", "version"] {
        let file = format!("kubectl-plugin/src/cli/{command}.rs");
        assert!(
            map.contains(&format!("| `kubectl acm-backup {command}` | `{file}` |")),
            "docs/architecture.md does not say that {command} is in {file}"
        );
    }
}
