use super::*;
use crate::kinds::backup_schedule::BackupSchedule;

const RULE: &str = "restore/active-schedule";

fn schedule(phase: &str, paused: bool) -> Value {
    json!({
        "metadata": {"name": "schedule-acm", "namespace": "ocm-backup"},
        "spec": {"veleroSchedule": "0 */2 * * *", "paused": paused},
        "status": {"phase": phase}
    })
}

fn beside(schedule: &Value) -> Snapshot {
    let mut snapshot = passive_hub();
    snapshot.backup_schedules = Fact::known(vec![BackupSchedule::read(schedule)], snapshot.now);
    snapshot
}

#[test]
fn every_phase_but_paused_and_collision_blocks() {
    for (phase, blocked) in [
        ("", true),
        ("New", true),
        ("Enabled", true),
        ("FailedValidation", true),
        ("Failed", true),
        ("Unknown", true),
        ("Paused", false),
        ("BackupCollision", false),
    ] {
        for paused in [false, true] {
            let snapshot = beside(&schedule(phase, paused));
            assert_eq!(
                denies(RULE, &create(&restore("new", "skip")), &snapshot),
                blocked,
                "{phase} {paused}"
            );
        }
    }
}

#[test]
fn one_the_operator_cannot_read_only_warns() {
    let poisoned = with(schedule("", false), "/spec/veleroTtl", json!("5d"));
    let snapshot = beside(&poisoned);
    let review = create(&restore("new", "skip"));
    assert!(warns(RULE, &review, &snapshot) && !denies(RULE, &review, &snapshot));
    let finding = judge(&review, &snapshot)
        .findings
        .into_iter()
        .find(|finding| finding.rule == RULE)
        .unwrap();
    assert!(
        finding.evidence[0].starts_with("spec.veleroTtl is \"5d\""),
        "{finding}"
    );
}

#[test]
fn the_text_tells_how_to_pause() {
    let judgement = judge(
        &create(&restore("new", "skip")),
        &beside(&schedule("Enabled", false)),
    );
    insta::assert_snapshot!(judgement.findings[0].to_string());
}

#[test]
fn one_that_is_to_pause_is_waited_for() {
    let judgement = judge(
        &create(&restore("new", "skip")),
        &beside(&schedule("Enabled", true)),
    );
    insta::assert_snapshot!(judgement.findings[0].to_string());
}
