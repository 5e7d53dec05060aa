//! A status cannot be used to activate: `restores/status` is another right than `attest`.

use super::*;
use crate::rules::needs;
use proptest::prelude::*;

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

/// One thing that somebody does to a stored Restore.
#[derive(Clone, Debug)]
enum Step {
    /// A person edits the spec.
    Clusters(&'static str),
    /// A person writes the status.
    Phase(&'static str),
    /// The operator goes on, as it does: it never leaves the last two phases.
    Operator(&'static str),
}

const PHASES: [&str; 9] = [
    "",
    "Started",
    "Running",
    "Enabled",
    "EnabledWithErrors",
    "Error",
    "SomethingNew",
    "Finished",
    "FinishedWithErrors",
];

fn step() -> impl Strategy<Value = Step> {
    let phase = || prop::sample::select(&PHASES[..]);
    let clusters = prop::sample::select(vec![
        "skip",
        "Skip",
        "latest",
        "Latest",
        "acm-managed-clusters-schedule-20261122160000",
        "",
    ]);
    prop_oneof![
        clusters.prop_map(Step::Clusters),
        phase().prop_map(Step::Phase),
        phase().prop_map(Step::Operator),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Whatever is edited and whatever is written to the status in whatever order: beside a live hub, by
    /// people who have not attested, no Restore ever comes to activate.
    #[test]
    fn no_order_of_edits_and_statuses_activates(
        first in prop::sample::select(&PHASES[..]),
        velero in prop::sample::select(vec!["", "InProgress", "Completed", "Failed"]),
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let mut snapshot = passive_hub();
        let named = "acm-managed-clusters-schedule-20261122160000";
        let backup = snapshot.backups.items().iter().find(|backup| backup.meta.name == named).cloned();
        snapshot.named_backups.insert(named.into(), Fact::known(backup, snapshot.now));
        snapshot.velero_restores = Fact::known(vec![velero_restore("sync", velero)], snapshot.now);
        let mut stored = in_phase(restore("sync", "skip"), first);
        for step in &steps {
            snapshot.restores = Fact::known(vec![Restore::read(&stored)], snapshot.now);
            let (next, by_operator) = match step {
                Step::Clusters(clusters) => (
                    with(stored.clone(), "/spec/veleroManagedClustersBackupName", json!(clusters)),
                    false,
                ),
                Step::Phase(phase) => (in_phase(stored.clone(), phase), false),
                Step::Operator(_) if Restore::read(&stored).is_terminal() => continue,
                Step::Operator(phase) => (in_phase(stored.clone(), phase), true),
            };
            let review = Review { by_operator, ..update(&stored, &next) };
            if !judge(&review, &snapshot).is_denied() {
                stored = next;
            }
            prop_assert!(!Restore::read(&stored).activates(), "{stored}");
        }
    }
}
