use super::*;

const RULE: &str = "restore/edit-after-end";

fn edit(phase: &str, from: &str, to: &str) -> Review {
    let stored = in_phase(restore("done", from), phase);
    let edited = with(
        stored.clone(),
        "/spec/veleroManagedClustersBackupName",
        json!(to),
    );
    update(&stored, &edited)
}

/// A user with `restores/status` set the status to Finished, the spec to `latest`, which passed, and the
/// status back: an activation beside a live hub.
#[test]
fn an_activation_is_not_edited_into_what_has_ended() {
    for (phase, from, to, denied) in [
        ("Finished", "skip", "latest", true),
        ("FinishedWithErrors", "skip", "latest", true),
        (
            "Finished",
            "latest",
            "acm-managed-clusters-schedule-20261122160000",
            true,
        ),
        ("Finished", "skip", "Skip", true),
        ("Finished", "latest", "skip", false),
        ("Finished", "latest", "latest", false),
        ("Enabled", "skip", "latest", false),
        ("", "skip", "latest", false),
    ] {
        let review = edit(phase, from, to);
        assert_eq!(
            denies(RULE, &review, &passive_hub()),
            denied,
            "{phase}: {from} -> {to}"
        );
    }
}

/// Failed before: kept by a finalizer, an object that is being deleted was not judged, and an operator before
/// 2.14, which looks at no deletion, activates by it.
#[test]
fn an_activation_is_not_edited_into_what_is_on_its_way_out() {
    let departing = |clusters: &str| {
        with(
            in_phase(restore("sync", clusters), "Enabled"),
            "/metadata/deletionTimestamp",
            json!("2026-11-22T15:58:00Z"),
        )
    };
    let edit = |from, to| update(&departing(from), &departing(to));
    for (from, to, denied) in [
        ("skip", "latest", true),
        ("skip", "acm-managed-clusters-schedule-20261122160000", true),
        // The way out of a deletion that hangs (operator 2.16 and later), and all that starts nothing.
        ("latest", "skip", false),
        ("latest", "latest", false),
        ("skip", "skip", false),
    ] {
        let judgement = judge(&edit(from, to), &passive_hub());
        assert_eq!(judgement.is_denied(), denied, "{from} -> {to}");
    }
    let judgement = judge(&edit("skip", "latest"), &passive_hub());
    assert_eq!(ids(&judgement).0, [RULE]);
    insta::assert_snapshot!(judgement.refusal().unwrap());
}

#[test]
fn only_this_is_said_and_the_way_on_is_a_new_restore() {
    let review = edit("Finished", "skip", "latest");
    let judgement = judge(&review, &passive_hub());
    assert_eq!(ids(&judgement).0, [RULE]);
    insta::assert_snapshot!(judgement.refusal().unwrap());
}

#[test]
fn one_that_is_over_by_word_only_is_not_activated_by_an_edit_either() {
    let mut snapshot = passive_hub();
    snapshot.velero_restores =
        Fact::known(vec![velero_restore("done", "InProgress")], snapshot.now);
    assert!(denies(RULE, &edit("Finished", "skip", "latest"), &snapshot));
}
