//! Two hubs and one storage: `a` had the fleet, `b` took over at 16:20.

use super::hubs::{Hub, at, marker, set_of};
use crate::kinds::backup::BackupType;
use crate::kinds::definition::Definition;
use crate::snapshot::Fact;
use crate::status::{Answer, Role, StatusReport, Step, Verdict, assess};
use crate::upstream::backup_label;

const INTRUSION: &str = "!hub/backups-after-takeover";

/// `b` after its activation, with a set of its own.
fn winner() -> Hub {
    let mut hub = Hub::active("b")
        .with_restored_clusters(2, 2)
        .seen_at("16:31:00");
    hub.backups = set_of("a", "160000");
    hub.backups.push(marker("b", "a", "16:20:00"));
    hub.backups.extend(set_of("b", "162100"));
    hub
}

/// `a` after it came back.
fn loser() -> Hub {
    let mut hub = Hub::active("a").seen_at("16:31:00");
    hub.backups = winner().backups;
    hub
}

/// `a` begins one more backup after the takeover.
fn intrude(hub: &mut Hub) {
    let mut late = set_of("a", "162500");
    late.retain(|backup| backup.backup_type() == Some(BackupType::Resources));
    hub.backups.extend(late);
}

#[test]
fn what_the_old_hub_wrote_before_the_takeover_is_no_evidence() {
    assert_eq!(winner().found(), Vec::<String>::new());
    assert_eq!(winner().report().verdict, Verdict::Ok);
}

#[test]
fn both_hubs_are_told_the_same_of_a_backup_after_the_takeover() {
    let told = |mut hub: Hub| {
        intrude(&mut hub);
        assert_eq!(hub.found()[0], INTRUSION);
        let StatusReport { findings, .. } = hub.report();
        let told = [
            vec![findings[0].headline.clone()],
            findings[0].evidence.clone(),
        ]
        .concat();
        // Each hub is told of itself as this one; the rest is the same.
        told.into_iter()
            .map(|line| {
                line.replace("this hub (a)", "hub a")
                    .replace("this hub (b)", "hub b")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        {
            let mut hub = loser();
            intrude(&mut hub);
            hub.report().findings[0].headline.clone()
        },
        "this hub (a) began a backup after hub b took over the fleet"
    );
    let text = told(winner());
    assert_eq!(
        text,
        [
            "hub a began a backup after hub b took over the fleet",
            "hub b took over at 2026-11-22 16:20:00Z (11m ago) by acm-restore-clusters-20261122162000; it owns the fleet",
            "hub a began acm-resources-schedule-20261122162500 at 2026-11-22 16:25:00Z (6m ago)",
        ]
    );
    assert_eq!(told(loser()), text);
}

/// The commands printed on a hub whose operator's BackupSchedules have these fields.
fn commands(hub: &Hub, definition: Fact<Definition>) -> Vec<(String, String)> {
    let mut snapshot = hub.snapshot();
    snapshot.backup_schedule_definition = definition;
    let steps = assess(&snapshot).findings.remove(0).steps;
    let run = |step: Step| Some((step.text, step.command?.to_string()));
    steps.into_iter().filter_map(run).collect()
}

/// An operator before 2.12 has no `spec.paused`: the API server drops it, and the schedule goes on.
#[test]
fn backups_are_ended_by_what_the_operator_knows() {
    const PAUSE: &str = "patch bsch";
    let known = |fields: &[&str]| Fact::known(Definition::with_spec_fields(fields), at("16:31:00"));
    let (mut here, mut elsewhere) = (loser(), winner());
    intrude(&mut here);
    intrude(&mut elsewhere);
    here.schedules[0].owns_backups = true;
    for (hub, definition, command, said) in [
        (
            &here,
            known(&["paused"]),
            PAUSE,
            "in Git first if it is there:",
        ),
        (
            &here,
            known(&[]),
            "delete bsch",
            "its Backup objects go with it",
        ),
        (
            &here,
            Fact::unasked(),
            PAUSE,
            "if that warns of an unknown field",
        ),
        (
            &elsewhere,
            known(&["paused"]),
            PAUSE,
            "if that warns of an unknown field",
        ),
        (&elsewhere, known(&[]), "delete bsch", "knows no pause"),
    ] {
        let commands = commands(hub, definition);
        let (text, run) = &commands[0];
        assert!(run.contains(command) && text.contains(said), "{commands:?}");
    }
    // What is asked for already is waited for.
    here.schedules[0].meta.deleted = Some(at("16:30:00"));
    let commands = commands(&here, known(&["paused"]));
    assert!(commands[0].0.contains("is being deleted"), "{commands:?}");
}

#[test]
fn a_takeover_is_told_by_the_time_in_the_markers_name() {
    let mut hub = loser();
    for backup in &mut hub.backups {
        if backup.meta.name.starts_with("acm-restore-clusters") {
            // It has waited in Velero's queue.
            backup.started = Some(at("16:21:05"));
            backup.completed = Some(at("16:21:06"));
        }
    }
    // Begun between the two: after the takeover.
    let mut late = set_of("a", "162030");
    late.truncate(1);
    hub.backups.extend(late);
    assert_eq!(hub.found(), [INTRUSION]);
    assert!(
        hub.report().findings[0].evidence[0].contains("took over at 2026-11-22 16:20:00Z"),
        "{:?}",
        hub.report().findings[0]
    );
}

#[test]
fn a_command_for_the_other_hub_cannot_hit_this_one() {
    let commands = |mut hub: Hub| {
        intrude(&mut hub);
        let steps = hub.report().findings[0].steps.clone();
        steps
            .into_iter()
            .filter_map(|step| step.command)
            .collect::<Vec<_>>()
    };
    assert!(
        commands(winner())
            .iter()
            .all(|command| command.starts_with("oc --context HUB-a "))
    );
    assert!(
        commands(loser())
            .iter()
            .all(|command| !command.contains("--context"))
    );
}

#[test]
fn it_falls_to_a_warning_once_the_owner_has_a_newer_set_and_the_other_is_quiet() {
    let mut hub = winner();
    intrude(&mut hub);
    hub = hub.seen_at("17:29:00");
    hub.backups.extend(set_of("b", "170000"));
    for velero in &mut hub.velero_schedules {
        velero.last_backup = Some(at("17:00:00"));
    }
    assert_eq!(
        hub.found()[0],
        INTRUSION,
        "its period of 1h and 5m are not over"
    );
    let hub = hub.seen_at("17:30:01");
    assert_eq!(hub.found()[0], "hub/backups-after-takeover");
    let mut without = hub.clone();
    without
        .backups
        .retain(|backup| backup.run() != Some(at("17:00:00")));
    assert_eq!(without.found()[0], INTRUSION, "no newer set of the owner");
}

#[test]
fn a_hub_that_was_replaced_knows_it_whatever_its_schedule_says() {
    let running = loser();
    assert_eq!(running.report().role, Role::Replaced);
    assert_eq!(running.found(), ["!hub/replaced"]);
    assert_eq!(running.report().activation.answer, Answer::No);
    let mut stopped = loser();
    stopped.schedules[0].phase = "BackupCollision".into();
    assert_eq!(stopped.found(), ["hub/replaced"]);
}

#[test]
fn a_hub_that_was_set_to_work_again_is_active_unless_the_other_still_writes() {
    let mut hub = loser();
    intrude(&mut hub);
    hub.schedules[0].meta.created = Some(at("16:24:00"));
    assert_eq!(hub.found(), [INTRUSION], "hub b is alive");
    let hub = hub.seen_at("20:00:00");
    assert_eq!(hub.report().role, Role::Active);
    assert!(
        hub.found().contains(&"hub/resumed".to_owned()),
        "{:?}",
        hub.found()
    );
}

#[test]
fn after_a_failback_the_newest_activation_counts() {
    let mut hub = loser().with_restored_clusters(2, 2);
    intrude(&mut hub);
    hub.backups.push(marker("a", "b", "16:24:00"));
    assert_eq!(hub.report().role, Role::Active);
    assert_eq!(hub.found(), Vec::<String>::new());
}

#[test]
fn two_hubs_that_write_without_an_activation_are_told_apart_by_nobody() {
    let mut hub = Hub::active("a");
    hub.backups.extend(set_of("b", "160000"));
    assert_eq!(hub.found(), ["!hub/shared-storage"]);
    hub.schedules[0].phase = "BackupCollision".into();
    assert_eq!(hub.found(), ["!hub/shared-storage", "!schedule/collision"]);
    assert_eq!(hub.report().role, Role::Collision);
}

/// Seen at 2.17: one late backup of the hub that came back stops the schedules of both.
#[test]
fn the_owner_whose_backups_were_stopped_too_is_told_that_it_owns_the_fleet() {
    let mut hub = winner();
    intrude(&mut hub);
    hub.schedules[0].phase = "BackupCollision".into();
    assert_eq!(hub.report().role, Role::Collision);
    assert_eq!(hub.found(), [INTRUSION, "!schedule/collision"]);
    let step = hub.report().findings[1].steps[0].text.clone();
    assert!(step.starts_with("this hub owns the fleet: "), "{step}");
}

/// Seen at 2.17: the marker of an activation that restored the fleet, and the only one.
#[test]
fn a_marker_that_names_no_backup_is_shown_to_whoever_has_to_decide() {
    let mut hub = Hub::active("a");
    hub.backups.extend(set_of("b", "160000"));
    let mut hollow = marker("b", "", "15:59:58");
    hollow.meta.labels.remove(backup_label::RESTORED_CLUSTERS);
    hub.backups.push(hollow);
    assert_eq!(hub.found(), ["!hub/shared-storage"]);
    let finding = hub.report().findings.remove(0);
    assert!(
        finding.headline.contains("its marker does not tell"),
        "{}",
        finding.headline
    );
    let shown = &finding.evidence[0];
    assert!(
        shown.starts_with("acm-restore-clusters-20261122155958 of "),
        "{shown}"
    );
}

#[test]
fn an_activation_without_clusters_is_a_capital_letter() {
    let mut hub = Hub::passive("b", "a");
    hub.restores.clear();
    hub.backups.push(marker("b", "", "16:00:45"));
    assert_eq!(hub.found(), ["!hub/hollow-activation"]);
    assert_eq!(hub.report().role, Role::Idle);
}

#[test]
fn an_active_hub_without_a_schedule_is_not_protected() {
    let mut hub = winner();
    hub.schedules.clear();
    hub.backups.retain(|backup| backup.writer().as_str() != "b");
    assert_eq!(hub.report().role, Role::Active);
    assert_eq!(hub.found(), ["!schedule/none"]);
}

#[test]
fn hubs_without_ids_are_not_told_apart_by_them() {
    let hub = Hub::active("unknown");
    let report = hub.report();
    assert_eq!(report.role, Role::Active);
    assert!(report.set.is_some());
    assert_eq!(hub.found(), ["hub/no-id"]);
}
