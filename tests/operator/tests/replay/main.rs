//! The stand-in decides as the real operator did: the recorded objects that the operator did not write are
//! fed in the order the API server stored them, and what the stand-in would write is compared with what
//! the operator wrote. Everything that is left out is listed in [`deviations`].

mod author;
mod deviations;
mod enact;
mod expectation;
mod live_cycle;
mod live_objects;
mod live_site;
mod recorder;
mod stage;
mod tracks;

use acm_backup_operator::version::Version;
use stage::replay;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// Panics with every track that differs, or if less was compared than the recording holds.
fn assert_same(recording: &str, hub: &str, played: &str, compared: usize) {
    let outcome = replay(recording, hub, version(played));
    let differences = tracks::differences(&outcome);
    assert!(
        differences.is_empty(),
        "{recording} {hub} as {played}:\n{}",
        differences.join("\n")
    );
    assert_eq!(
        outcome.expected.steps(),
        compared,
        "states of {recording} {hub} that were compared"
    );
    assert_a_lost_line_is_seen(outcome);
}

/// The comparison can fail: a line less on either side is a difference.
fn assert_a_lost_line_is_seen(mut outcome: tracks::Outcome) {
    outcome.got.drop_one();
    assert_eq!(tracks::differences(&outcome).len(), 1);
}

#[test]
fn hub1_of_2_13() {
    assert_same("2.13", "hub1", "2.13", 39);
}

#[test]
fn hub2_of_2_13() {
    assert_same("2.13", "hub2", "2.13", 62);
}

#[test]
fn hub1_of_2_17() {
    assert_same("2.17", "hub1", "2.17", 47);
}

#[test]
fn hub2_of_2_17() {
    assert_same("2.17", "hub2", "2.17", 56);
}

#[test]
fn hub1_of_2_17_loss() {
    assert_same("2.17-loss", "hub1", "2.17", 19);
}

#[test]
fn hub2_of_2_17_loss() {
    assert_same("2.17-loss", "hub2", "2.17", 47);
}

#[test]
fn hub1_of_2_17_traps() {
    assert_same("2.17-traps", "hub1", "2.17", 22);
}

#[test]
fn hub2_of_2_17_traps() {
    assert_same("2.17-traps", "hub2", "2.17", 52);
}

/// The comparison can fail: another version's logic does not pass for this one's.
#[test]
fn another_version_is_told_apart() {
    for (recording, hub, played) in [
        ("2.17", "hub1", "2.13"),
        ("2.17", "hub2", "2.13"),
        ("2.13", "hub1", "2.17"),
        ("2.13", "hub2", "2.17"),
        ("2.17-loss", "hub2", "2.13"),
        ("2.17-traps", "hub2", "2.13"),
    ] {
        let outcome = replay(recording, hub, version(played));
        assert!(
            !tracks::differences(&outcome).is_empty(),
            "{recording} {hub} passes as {played}"
        );
    }
}
