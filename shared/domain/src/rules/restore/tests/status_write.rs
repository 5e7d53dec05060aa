//! A status cannot be used to activate: `restores/status` is another right than `attest`.

use super::*;
use crate::rules::needs;

fn woken(from: &str, to: &str, clusters: &str) -> Review {
    let stored = in_phase(restore("done", clusters), from);
    update(&stored, &in_phase(stored.clone(), to))
}

/// Passed, and left an activation beside a live hub.
#[test]
fn a_restore_taken_out_of_its_end_is_judged_as_what_it_starts() {
    for (from, to, clusters, denied) in [
        ("Finished", "Enabled", "latest", true),
        ("Finished", "", "latest", true),
        ("FinishedWithErrors", "Running", "latest", true),
        ("FinishedWithErrors", "Error", "latest", true),
        ("Finished", "Enabled", "skip", false),
        ("Enabled", "Finished", "latest", false),
        ("Running", "Enabled", "latest", false),
        ("Finished", "FinishedWithErrors", "latest", false),
        ("FinishedWithErrors", "Finished", "latest", false),
    ] {
        let review = woken(from, to, clusters);
        assert_eq!(
            denies("restore/old-hub-live", &review, &passive_hub()),
            denied,
            "{from} -> {to}, {clusters}"
        );
        let mut operator = review;
        operator.by_operator = true;
        assert!(judge(&operator, &passive_hub()).findings.is_empty());
    }
}

#[test]
fn every_rule_of_a_start_is_asked() {
    let mut snapshot = passive_hub();
    let running = Restore::read(&in_phase(restore("other", "skip"), "Running"));
    snapshot.restores = Fact::known(vec![running], snapshot.now);
    snapshot.backups = Fact::known(Vec::new(), snapshot.now);
    let denials = ids(&judge(&woken("Finished", "Enabled", "skip"), &snapshot)).0;
    assert_eq!(
        denials,
        ["restore/another-active", "restore/backup-not-found"]
    );
}

#[test]
fn no_other_write_of_a_status_looks_anything_up() {
    for (from, to) in [
        ("", "Started"),
        ("Started", "Running"),
        ("Running", "Finished"),
        ("Finished", "Finished"),
    ] {
        assert!(
            needs(&woken(from, to, "latest")).is_empty(),
            "{from} -> {to}"
        );
    }
}
