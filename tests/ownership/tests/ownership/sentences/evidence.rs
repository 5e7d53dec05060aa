//! E1 to E6.

use super::*;

#[test]
fn e1_a_marker_in_any_phase_is_evidence() {
    for phase in [
        "Completed",
        "PartiallyFailed",
        "Failed",
        "InProgress",
        "Deleting",
        "",
    ] {
        let mut seen = view();
        let mut marker = marker(B, A, HOUR, &clusters_backup(3 * HOUR));
        marker.phase = phase;
        seen.backups.push(marker);
        assert_eq!(owners(&seen), [B], "{phase}");
        assert!(in_question(&seen).contains(&B.to_owned()), "{phase}");
    }
}

#[test]
fn e1_what_a_sync_follows_is_named_by_the_label_else_by_the_backup() {
    let gone = clusters_backup(9 * DAY);
    let mut seen = view();
    let (restore, velero) = sync(Some(A), &gone);
    seen.restores.push(restore);
    seen.velero.push(velero);
    assert_eq!(in_question(&seen), [A]);

    // 2.9 writes no label: the Backup tells, while it is here.
    let mut seen = view();
    seen.backups.extend(set(B, HOUR));
    let (restore, velero) = sync(None, &clusters_backup(HOUR));
    seen.restores.push(restore);
    seen.velero.push(velero);
    assert_eq!(in_question(&seen), [B]);
    seen.backups.clear();
    assert!(in_question(&seen).is_empty());
}

#[test]
fn e1_a_sync_that_ended_or_activates_no_longer_follows() {
    for (phase, clusters) in [
        ("Finished", "skip"),
        ("FinishedWithErrors", "skip"),
        ("Enabled", "latest"),
    ] {
        let mut seen = view();
        let (mut restore, velero) = sync(Some(A), &clusters_backup(9 * DAY));
        (restore.phase, restore.clusters) = (phase, clusters.to_owned());
        seen.restores.push(restore);
        seen.velero.push(velero);
        assert!(in_question(&seen).is_empty(), "{phase} {clusters}");
    }
}

#[test]
fn e2_a_backup_with_only_the_name_tells_no_hub_and_needs_no_statement() {
    let mut seen = view();
    for mut backup in set(A, HOUR) {
        backup.labels.retain(|(key, _)| *key == LOCATION);
        seen.backups.push(backup);
    }
    assert!(in_question(&seen).is_empty());
    assert!(pinned(&seen, HOUR, "").passes());
    assert!(!latest(&seen, "").passes());
    assert!(!latest(&seen, &says("down", "unknown", 60)).passes());
}

#[test]
fn e3_what_is_unfinished_was_made_here() {
    let mut seen = view();
    let mut backup = set(A, 60).remove(1);
    (backup.completed, backup.generation) = (None, Some(1));
    seen.backups.push(backup);
    assert!(in_question(&seen).is_empty());
}

#[test]
fn e3_a_marker_copied_in_the_second_it_completed_is_foreign() {
    let mut seen = view();
    let mut marker = marker(B, A, HOUR, &clusters_backup(3 * HOUR));
    marker.created = marker.completed;
    seen.backups.push(marker);
    assert!(in_question(&seen).contains(&B.to_owned()));
}

#[test]
fn e3_generation_and_times_must_both_say_so() {
    for (generation, created, here) in [
        (Some(8), 0, true),
        (Some(3), 10, true),
        (Some(8), 11, false),
        (Some(2), 0, false),
        // A dump may lack it: then only the times tell.
        (None, 0, true),
        (None, 11, false),
    ] {
        let mut seen = view();
        let mut backup = set(A, HOUR).remove(1);
        backup.generation = generation;
        backup.created = Some(NOW - HOUR + created);
        seen.backups.push(backup);
        assert_eq!(
            in_question(&seen).is_empty(),
            here,
            "{generation:?} {created}"
        );
    }
}

#[test]
fn e4_a_run_was_made_here_when_any_of_its_backups_was() {
    let mut seen = view();
    let mut run = set(A, HOUR);
    run[2].generation = Some(8);
    run[2].created = Some(NOW - HOUR);
    run[4].name = stamped(VALIDATION, NOW - HOUR + 10);
    seen.backups.extend(run);
    assert!(in_question(&seen).is_empty());
    // Eleven seconds later it is another run.
    seen.backups[4].name = stamped(VALIDATION, NOW - HOUR + 11);
    assert_eq!(in_question(&seen), [A]);
}

#[test]
fn e5_what_was_made_here_is_ours_whatever_it_carries_and_a_twin_is_another_hub() {
    let mut seen = view();
    seen.backups.extend(own_set(HOUR));
    for backup in &mut seen.backups {
        backup.labels[0].1 = A.to_owned();
    }
    assert!(in_question(&seen).is_empty());

    let mut seen = view();
    seen.backups.extend(own_set(HOUR));
    seen.backups.extend(set(OWN, 2 * HOUR));
    assert_eq!(in_question(&seen), ["twin"]);
}

#[test]
fn e6_without_an_id_only_what_was_made_here_is_ours() {
    for own_id in [None, Some(""), Some("unknown")] {
        let mut seen = view();
        seen.own_id = own_id.map(str::to_owned);
        seen.backups.extend(own_set(HOUR));
        seen.backups.extend(set("unknown", 2 * HOUR));
        seen.backups.extend(set(OWN, 3 * HOUR));
        assert_eq!(in_question(&seen), ["unknown", OWN], "{own_id:?}");
    }
}

#[test]
fn e6_no_marker_that_says_unknown_supersedes_an_unknown_writer() {
    let mut seen = we_took_over_from_a();
    seen.clusters[1].by = None;
    for backup in &mut seen.backups {
        for (_, value) in &mut backup.labels {
            if value == A {
                "unknown".clone_into(value);
            }
        }
    }
    assert_eq!(superseded(&seen), ["unknown"]);
    seen.own_id = Some("unknown".to_owned());
    seen.backups[5].labels[2].1 = "unknown".to_owned();
    assert_eq!(in_question(&seen), ["unknown"]);
}
