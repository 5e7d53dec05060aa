use super::*;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::definition::Definition;
use crate::kinds::meta::Meta;
use crate::kinds::velero_schedule::VeleroSchedule;
use crate::snapshot::Missing;
use crate::upstream::backup_label;

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
            // Un-paused, and the operator has not got to it yet.
            let blocked = blocked || (phase == "Paused" && !paused);
            assert_eq!(
                denies(RULE, &create(&restore("new", "skip")), &snapshot),
                // Un-paused, and the operator has not got to it yet.
                blocked || (phase == "Paused" && !paused),
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
        finding.evidence[0].contains("schedule-acm is \"5d\""),
        "{finding}"
    );
}

fn broken(name: &str) -> Value {
    with(
        with(schedule("Enabled", false), "/spec/veleroTtl", json!("5d")),
        "/metadata/name",
        json!(name),
    )
}

/// One Velero Schedule of the BackupSchedule `owner`.
fn velero_schedule(owner: &str, paused: bool) -> VeleroSchedule {
    VeleroSchedule::read(&json!({
        "metadata": {"name": "acm-resources-schedule", "namespace": "ocm-backup",
            "ownerReferences": [{"kind": "BackupSchedule", "name": owner}]},
        "spec": {"paused": paused},
        "status": {"phase": "Enabled"},
    }))
}

fn among(schedules: &[Value], velero: Vec<VeleroSchedule>) -> Snapshot {
    let mut snapshot = passive_hub();
    let schedules = schedules.iter().map(BackupSchedule::read).collect();
    snapshot.backup_schedules = Fact::known(schedules, snapshot.now);
    snapshot.velero_schedules = Fact::known(velero, snapshot.now);
    snapshot
}

/// `veleroTtl: 5d` listed before a running one hid that, and the Restore was burnt.
#[test]
fn a_broken_one_hides_no_other() {
    let review = create(&restore("new", "skip"));
    for schedules in [
        [broken("a-broken"), schedule("Enabled", false)],
        [schedule("Enabled", false), broken("z-broken")],
    ] {
        let snapshot = among(&schedules, Vec::new());
        assert!(denies(RULE, &review, &snapshot));
        let text = refusal(&review, &snapshot);
        for named in ["schedule-acm", "-broken"] {
            assert!(text.contains(named), "{text}");
        }
    }
    // Of two broken ones, the one that still backs up is told.
    let snapshot = among(
        &[broken("a-idle"), broken("b-fires")],
        vec![velero_schedule("b-fires", false)],
    );
    let text = refusal(&review, &snapshot);
    assert!(
        text.starts_with("BackupSchedule b-fires still backs up"),
        "{text}"
    );
    assert!(text.contains("a-idle"), "{text}");
}

/// One that was Enabled and is edited to `5d` goes on backing up: its Velero Schedules fire.
#[test]
fn a_broken_one_denies_while_its_velero_schedules_fire() {
    let review = create(&restore("new", "skip"));
    for (velero, denied) in [
        (vec![velero_schedule("schedule-acm", false)], true),
        (vec![velero_schedule("schedule-acm", true)], false),
        (vec![velero_schedule("somebody-elses", false)], false),
        (Vec::new(), false),
    ] {
        let snapshot = among(&[broken("schedule-acm")], velero.clone());
        assert_eq!(denies(RULE, &review, &snapshot), denied, "{velero:?}");
        assert_eq!(warns(RULE, &review, &snapshot), !denied, "{velero:?}");
    }
    let mut blind = among(&[broken("schedule-acm")], Vec::new());
    blind.velero_schedules = Fact::Missing(Missing::NoKind {
        resource: "schedules.velero.io".into(),
    });
    assert!(warns(RULE, &review, &blind) && !denies(RULE, &review, &blind));
    insta::assert_snapshot!(refusal(
        &review,
        &among(
            &[broken("schedule-acm")],
            vec![velero_schedule("schedule-acm", false)]
        )
    ));
}

#[test]
fn one_that_says_it_has_ended_and_still_fires_denies() {
    let review = create(&restore("new", "skip"));
    let velero = |paused| vec![velero_schedule("schedule-acm", paused)];
    let paused = [schedule("Paused", true)];
    assert!(denies(RULE, &review, &among(&paused, velero(false))));
    assert!(!denies(RULE, &review, &among(&paused, velero(true))));
    // Whoever may write the status can say that it is in collision.
    let said = [schedule("BackupCollision", false)];
    assert!(denies(RULE, &review, &among(&said, velero(false))));
    assert!(!denies(RULE, &review, &among(&said, velero(true))));
    insta::assert_snapshot!(refusal(&review, &among(&said, velero(false))));
    let mut blind = among(&said, Vec::new());
    blind.velero_schedules = Fact::Missing(Missing::NoKind {
        resource: "schedules.velero.io".into(),
    });
    let judgement = judge(&review, &blind);
    let warning = judgement.findings[0].to_string();
    assert!(
        warning.contains(
            "whether BackupSchedule schedule-acm, which says BackupCollision, still backs up"
        ),
        "{warning}"
    );
}

/// Failed before: deleted with `--cascade=orphan`, a BackupSchedule leaves what makes the backups behind.
#[test]
fn backups_that_go_on_without_a_schedule_deny() {
    let review = create(&restore("new", "skip"));
    let mut left = velero_schedule("schedule-acm", false);
    let kind = backup_label::SCHEDULE_TYPE.to_owned();
    left.meta.labels.insert(kind, "resources".to_owned());
    // The garbage collector is about to take it.
    assert!(!denies(RULE, &review, &among(&[], vec![left.clone()])));
    left.meta.owners.clear();
    insta::assert_snapshot!(refusal(&review, &among(&[], vec![left.clone()])));
    let somebody_elses = VeleroSchedule {
        meta: Meta {
            labels: Default::default(),
            ..left.meta.clone()
        },
        ..left.clone()
    };
    left.paused = true;
    assert!(!denies(
        RULE,
        &review,
        &among(&[], vec![left, somebody_elses])
    ));
}

/// Failed before: a BackupSchedule that does nothing, and the operator cannot read, hid what fires beside it.
#[test]
fn a_broken_one_does_not_hide_backups_that_go_on_without_a_schedule() {
    let review = create(&restore("new", "skip"));
    let mut left = velero_schedule("schedule-acm", false);
    let kind = backup_label::SCHEDULE_TYPE.to_owned();
    left.meta.labels.insert(kind, "resources".to_owned());
    left.meta.owners.clear();
    let snapshot = among(&[broken("a-idle")], vec![left.clone()]);
    let text = refusal(&review, &snapshot);
    for part in [
        "no BackupSchedule owns acm-resources-schedule",
        "BackupSchedule a-idle is \"5d\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    left.paused = true;
    assert!(!denies(
        RULE,
        &review,
        &among(&[broken("a-idle")], vec![left])
    ));
}

/// Failed before: whether anything goes on without a BackupSchedule was taken for known where it was not.
#[test]
fn what_velero_does_without_a_schedule_may_not_be_known() {
    let review = create(&restore("new", "skip"));
    let mut snapshot = among(&[], Vec::new());
    assert!(!warns(RULE, &review, &snapshot));
    let resource = "schedules.velero.io".to_owned();
    snapshot.velero_schedules = Fact::Missing(Missing::Forbidden {
        verb: "list".into(),
        resource: resource.clone(),
        namespace: Some("ocm-backup".into()),
    });
    assert!(warns(RULE, &review, &snapshot) && !denies(RULE, &review, &snapshot));
    // Without Velero nothing backs up.
    snapshot.velero_schedules = Fact::Missing(Missing::NoKind { resource });
    assert!(!warns(RULE, &review, &snapshot));
}

#[test]
fn schedules_of_other_namespaces_do_not_matter() {
    let elsewhere = with(
        schedule("Enabled", false),
        "/metadata/namespace",
        json!("elsewhere"),
    );
    let review = create(&restore("new", "skip"));
    assert!(!denies(RULE, &review, &among(&[elsewhere], Vec::new())));
}

#[test]
fn the_text_tells_how_to_pause() {
    let judgement = judge(
        &create(&restore("new", "skip")),
        &beside(&schedule("Enabled", false)),
    );
    insta::assert_snapshot!(judgement.findings[0].to_string());
}

/// The refusal beside one active BackupSchedule, by what the operator's definition knows.
fn refused_where(definition: Fact<Definition>) -> String {
    let mut snapshot = beside(&schedule("Enabled", false));
    snapshot.backup_schedule_definition = definition;
    refusal(&create(&restore("new", "skip")), &snapshot)
}

/// An operator before 2.12 has no `spec.paused`: the API server drops it, and the schedule goes on.
#[test]
fn a_pause_is_asked_for_only_where_there_is_one() {
    let now = at("16:00:30");
    let without = Fact::known(Definition::with_spec_fields(&["veleroTtl"]), now);
    insta::assert_snapshot!("no_pause", refused_where(without));
    let unknown = Fact::Missing(Missing::Forbidden {
        verb: "get".into(),
        resource: "customresourcedefinitions.apiextensions.k8s.io".into(),
        namespace: None,
    });
    insta::assert_snapshot!("pause_not_known", refused_where(unknown));
}

#[test]
fn one_that_is_to_pause_is_waited_for() {
    let judgement = judge(
        &create(&restore("new", "skip")),
        &beside(&schedule("Enabled", true)),
    );
    insta::assert_snapshot!(judgement.findings[0].to_string());
}
