//! T1 to T4.

use super::*;

#[test]
fn t1_made_begun_and_ended_are_three_times() {
    // In the queue for four minutes: made before the takeover, begun after it.
    let mut seen = we_took_over_from_a();
    let mut late = set(A, 2 * HOUR + 60).remove(0);
    late.started = Some(NOW - 2 * HOUR + 120);
    late.completed = Some(NOW - 2 * HOUR + 130);
    late.created = Some(NOW - 2 * HOUR + 160);
    seen.backups.push(late);
    assert_eq!(in_question(&seen), [A]);
}

#[test]
fn t1_no_time_is_later_than_the_arrival_of_the_copy() {
    // A clock four minutes ahead: the set was here before we took over.
    let mut seen = we_took_over_from_a();
    for backup in &mut seen.backups[..5] {
        backup.created = Some(NOW - 2 * HOUR - 60);
        backup.started = Some(NOW - 2 * HOUR + 60);
        backup.completed = Some(NOW - 2 * HOUR + 120);
    }
    assert_eq!(superseded(&seen), [A]);
}

#[test]
fn t2_what_is_ahead_supersedes_nobody_and_still_owns_at_its_arrival() {
    let mut seen = b_took_over_from_a();
    seen.backups[5].name = stamped(MARKER, NOW + DAY);
    assert_eq!(in_question(&seen), [A, B]);
    assert_eq!(owners(&seen), [B]);
    // A takeover after its arrival is newer, as far as T3 lets it be.
    seen.backups[5].created = Some(NOW - 90);
    seen.backups
        .push(marker("c", B, MINUTE, &clusters_backup(HOUR)));
    assert_eq!(owners(&seen), ["c"]);
}

#[test]
fn t2_an_arrival_that_is_ahead_counts_for_liveness_only() {
    let mut seen = b_took_over_from_a();
    seen.backups[5].name = stamped(MARKER, NOW + DAY);
    seen.backups[5].created = Some(NOW + 2 * DAY);
    seen.backups.truncate(6);
    assert_eq!(owners(&seen), [A]);
    assert_eq!(live(&seen), [B]);
    // No statement is older than it.
    let statements = [says("down", A, 60), says("down", B, 60)].join("\n");
    assert!(latest(&seen, &statements).passes());
}

#[test]
fn t3_a_copy_that_came_after_the_marker_ended_after_it() {
    // A's clock is a day behind.
    let mut seen = we_took_over_from_a();
    seen.backups
        .extend(set(A, DAY).into_iter().map(|mut backup| {
            backup.created = Some(NOW - 2 * HOUR + 301);
            backup
        }));
    assert_eq!(in_question(&seen), [A]);
    for backup in &mut seen.backups[6..] {
        backup.created = Some(NOW - 2 * HOUR + 300);
    }
    assert_eq!(superseded(&seen), [A]);
}

#[test]
fn t3_markers_whose_names_and_arrivals_differ_make_two_owners() {
    let mut seen = view();
    let mut early = marker(A, B, 3 * HOUR, &clusters_backup(5 * HOUR));
    early.created = Some(NOW - HOUR);
    let late = marker(B, A, 2 * HOUR, &clusters_backup(5 * HOUR));
    seen.backups.extend([early, late]);
    seen.backups.extend(set(B, HOUR / 2));
    assert_eq!(owners(&seen), [A, B]);
    assert_eq!(in_question(&seen), [A, B]);
}

#[test]
fn t3_names_of_one_second_make_two_owners() {
    let mut seen = we_took_over_from_a();
    let mut other = marker(B, A, 2 * HOUR, &clusters_backup(3 * HOUR));
    other.name.push_str("");
    seen.backups.push(other);
    assert_eq!(owners(&seen), [B, "us"]);
    assert!(in_question(&seen).contains(&B.to_owned()));
}

#[test]
fn t4_no_time_of_any_calendar_makes_arithmetic_fail() {
    const FIRST: Time = -60_000_000_000;
    const LAST: Time = 253_402_207_200;
    for named in [FIRST, LAST, NOW] {
        for started in [FIRST, LAST, NOW] {
            for created in [FIRST, LAST, NOW] {
                let mut seen = b_took_over_from_a();
                for backup in &mut seen.backups {
                    let prefix = backup.name.rsplit_once('-').unwrap().0.to_owned();
                    backup.name = stamped(&prefix, named);
                    backup.started = Some(started);
                    backup.completed = Some(created);
                    backup.created = Some(created);
                    backup.ttl = Some(LAST);
                }
                latest(&seen, &says("down", A, 60));
                schedule(&seen, "");
                live(&seen);
            }
        }
    }
}
