//! Q1 to Q6.

use super::*;
use acm_backup_ownership::seen::Lost;

#[test]
fn q1_our_newest_set_proves_nothing_about_the_others() {
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    seen.backups.extend(own_set(MINUTE));
    assert_eq!(in_question(&seen), [A]);
    seen.backups
        .push(marker(B, "c", HOUR, &clusters_backup(3 * HOUR)));
    seen.backups.extend(set(OWN, 2 * HOUR));
    assert_eq!(in_question(&seen), ["twin", A, B, "c"]);
}

#[test]
fn q2_a_later_takeover_supersedes_once_its_hub_wrote_clusters() {
    let mut seen = b_took_over_from_a();
    assert_eq!(superseded(&seen), [A]);
    assert_eq!(in_question(&seen), [B]);
    let clusters = seen
        .backups
        .iter()
        .position(|it| it.name == clusters_backup(HOUR))
        .unwrap();
    let lacks = seen.backups.remove(clusters);
    assert_eq!(in_question(&seen), [A, B]);
    seen.backups.push(SeenBackup {
        phase: "Failed",
        ..lacks
    });
    assert_eq!(in_question(&seen), [A, B]);
}

#[test]
fn q2_later_than_all_it_made_began_ended_and_took_over() {
    let at = NOW - 2 * HOUR;
    for (made, begun, ended, gone) in [
        (-3, -2, -1, true),
        (0, -2, -1, false),
        (-3, 0, -1, false),
        (-3, -2, 0, false),
    ] {
        let mut seen = we_took_over_from_a();
        seen.clusters[1].by = None;
        let mut backup = set(A, 2 * HOUR - made).remove(0);
        backup.started = Some(at + begun);
        backup.completed = Some(at + ended);
        backup.created = Some(at + 60);
        seen.backups.push(backup);
        assert_eq!(superseded(&seen) == [A], gone, "{made} {begun} {ended}");
    }
    let mut seen = we_took_over_from_a();
    seen.backups
        .push(marker(A, OWN, HOUR, &clusters_backup(4 * HOUR)));
    assert_eq!(in_question(&seen), [A]);
}

#[test]
fn q2_where_it_was_fenced_what_it_made_decides() {
    let mut seen = we_took_over_from_a();
    let mut queued = set(A, 2 * HOUR + 60).remove(0);
    queued.started = Some(NOW - 2 * HOUR + 120);
    queued.completed = Some(NOW - 2 * HOUR + 130);
    queued.created = Some(NOW - 2 * HOUR + 160);
    seen.backups.push(queued);
    for (kind, about, holder, gone) in [
        ("fenced", A, "Restore/activate", true),
        ("down", A, "Restore/activate", false),
        ("fenced", B, "Restore/activate", false),
        ("fenced", A, "Restore/another", false),
    ] {
        seen.accepted = vec![accepted(kind, about, 2 * HOUR + 300, holder)];
        assert_eq!(superseded(&seen) == [A], gone, "{kind} {about} {holder}");
    }
    // Made after it, it counts.
    seen.accepted = vec![accepted("fenced", A, 2 * HOUR + 300, "Restore/activate")];
    seen.backups.extend(set(A, HOUR));
    assert_eq!(in_question(&seen), [A]);
}

#[test]
fn q2_a_hub_that_is_only_named_has_no_time() {
    let mut seen = we_took_over_from_a();
    seen.backups.drain(..5);
    assert_eq!(superseded(&seen), [A]);
    // By a sync only: never.
    let mut seen = we_took_over_from_a();
    let (restore, velero) = sync(Some(B), &clusters_backup(9 * DAY));
    seen.restores.push(restore);
    seen.velero.push(velero);
    assert_eq!(in_question(&seen), [B]);
}

#[test]
fn q3_whoever_is_superseded_is_named() {
    // In collision, not dead: the marks are the same.
    assert_eq!(superseded(&b_took_over_from_a()), [A]);
    assert_eq!(superseded(&we_took_over_from_a()), [A]);
}

#[test]
fn q4_live_within_its_period_and_what_its_sets_take() {
    // The validation backup tells an hour; the set took 10 s, a pass 60 s: two minutes at least.
    for (ago, lives) in [(HOUR + 120, true), (HOUR + 131, false), (MINUTE, true)] {
        let mut seen = view();
        seen.backups.extend(set(A, ago));
        assert_eq!(live(&seen) == [A], lives, "{ago}");
        assert_eq!(in_question(&seen), [A]);
    }
}

#[test]
fn q4_the_period_is_the_longest_of_ttl_and_gaps_else_a_day() {
    let mut seen = view();
    seen.backups.extend(set(A, 5 * HOUR));
    assert!(live(&seen).is_empty());
    seen.backups.extend(set(A, 9 * HOUR));
    seen.backups.extend(set(A, 15 * HOUR));
    assert_eq!(live(&seen), [A]);
    let mut seen = view();
    seen.backups.extend(set(A, 23 * HOUR));
    seen.backups.retain(|it| !it.name.starts_with(VALIDATION));
    assert_eq!(live(&seen), [A]);
}

#[test]
fn q4_a_new_copy_proves_life_unless_all_came_at_once() {
    let mut seen = view();
    seen.backups.extend(set(A, 5 * DAY));
    seen.backups.extend(set(A, 5 * DAY + HOUR));
    for backup in &mut seen.backups {
        backup.created = Some(NOW - 600);
    }
    assert!(live(&seen).is_empty());
    for backup in &mut seen.backups[5..] {
        backup.created = Some(NOW - 600 - 301);
    }
    assert_eq!(live(&seen), [A]);
}

#[test]
fn q5_a_location_that_cannot_be_judged_by_is_not_known() {
    let mut seen = view();
    seen.backups.extend(own_set(HOUR));
    for backup in &mut seen.backups {
        backup.location = Some("archive".to_owned());
    }
    seen.clusters.push(imported());
    let archive = location("archive");
    seen.locations.push(archive.clone());
    assert!(latest(&seen, "").passes());
    type Location = SeenLocation;
    for broken in [
        Location {
            synced: None,
            ..archive.clone()
        },
        Location {
            synced: Some(NOW - 300),
            ..archive.clone()
        },
        Location {
            period: Some(0),
            ..archive.clone()
        },
        Location {
            available: false,
            ..archive.clone()
        },
    ] {
        seen.locations[1] = broken;
        assert!(!latest(&seen, "").passes());
        assert!(latest(&seen, &says("unread", "location/archive", 60)).passes());
        assert!(!latest(&seen, &says("unread", "location/default", 60)).passes());
    }
    // The default one always, any other never.
    seen.locations[1] = archive;
    seen.locations.push(SeenLocation {
        synced: None,
        ..location("other")
    });
    assert!(latest(&seen, "").passes());
    seen.locations[0].synced = None;
    assert!(!latest(&seen, "").passes());
}

#[test]
fn q5_no_id_and_a_twin_are_answered_by_name() {
    for id in ["", "unknown"] {
        let mut seen = view();
        seen.backups.extend(set(id, 3 * HOUR));
        assert!(!latest(&seen, "").passes());
        assert!(latest(&seen, &says("down", "unknown", 60)).passes());
    }
    let mut seen = view();
    seen.backups.extend(set(OWN, 3 * HOUR));
    assert!(!latest(&seen, "").passes());
    assert!(latest(&seen, &says("down", OWN, 60)).passes());
}

#[test]
fn q6_what_could_not_be_looked_up_no_statement_answers() {
    for lost in [Lost::Backups, Lost::Clusters, Lost::Velero, Lost::Locations] {
        let mut seen = view();
        seen.missing.push(lost);
        assert!(!latest(&seen, &says("down", A, 60)).passes(), "{lost:?}");
    }
}
