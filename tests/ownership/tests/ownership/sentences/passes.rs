//! P1 to P4.

use super::*;

#[test]
fn p1_every_hub_in_question_must_be_answered_for() {
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    seen.backups.extend(set(B, 2 * HOUR));
    let (a, b) = (says("down", A, 60), says("fenced", B, 60));
    for (statements, passes) in [
        (String::new(), false),
        (a.clone(), false),
        (b.clone(), false),
        (format!("{a}\n{b}"), true),
    ] {
        assert_eq!(latest(&seen, &statements).passes(), passes, "{statements}");
        assert_eq!(
            pinned(&seen, 2 * HOUR, &statements).passes(),
            passes,
            "{statements}"
        );
    }
}

#[test]
fn p2_latest_must_be_of_an_owner() {
    // A came back and wrote after B took over and wrote.
    let mut seen = b_took_over_from_a();
    seen.backups.extend(set(A, MINUTE));
    let statements = [says("down", A, 20), says("down", B, 20)].join("\n");
    assert!(!latest(&seen, &statements).passes());
    assert!(pinned(&seen, MINUTE, &statements).passes());
}

#[test]
fn p2_the_set_a_takeover_restored_will_do_until_the_taker_has_its_own() {
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    seen.backups
        .push(marker(B, A, HOUR, &clusters_backup(3 * HOUR)));
    let statements = [says("down", A, 60), says("down", B, 60)].join("\n");
    assert!(latest(&seen, &statements).passes());
    seen.backups[5].labels[1].1 = "c".to_owned();
    seen.backups.drain(..5);
    seen.backups.extend(set(A, 2 * HOUR));
    let statements = format!("{statements}\n{}", says("down", "c", 60));
    assert!(!latest(&seen, &statements).passes());
    // Once it has one, only its own.
    let mut seen = b_took_over_from_a();
    seen.backups.retain(|it| it.name != clusters_backup(HOUR));
    let statements = [says("down", A, 60), says("down", B, 60)].join("\n");
    assert!(latest(&seen, &statements).passes());
    seen.backups.extend(set(B, 90 * MINUTE));
    assert!(latest(&seen, &statements).passes());
}

#[test]
fn p2_an_own_set_without_clusters_is_no_set_while_another_hub_is_in_question() {
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    seen.backups
        .push(own_marker("c", 200 * MINUTE, &clusters_backup(DAY)));
    seen.backups.extend(own_set(MINUTE));
    let statements = [says("down", A, 60), says("down", "c", 60)].join("\n");
    assert!(!latest(&seen, &statements).passes());
    seen.clusters
        .push(restored(&clusters_backup(DAY), 200 * MINUTE));
    assert!(latest(&seen, &statements).passes());
}

#[test]
fn p2_less_than_half_the_items_of_an_owners_newest_completed_set_is_refused() {
    for (items, passes) in [(4, false), (5, true)] {
        let mut seen = view();
        seen.backups.extend(set(A, 3 * HOUR));
        let mut clusters = set(A, HOUR).remove(1);
        (clusters.items, clusters.phase) = (Some(items), "PartiallyFailed");
        seen.backups.push(clusters);
        assert_eq!(
            latest(&seen, &says("down", A, 60)).passes(),
            passes,
            "{items}"
        );
        assert!(
            pinned(&seen, HOUR, &says("down", A, 60)).passes(),
            "{items}"
        );
    }
}

#[test]
fn p3_a_takeover_newer_than_ours_refuses_a_schedule() {
    let mut seen = b_took_over_from_a();
    seen.clusters.push(imported());
    assert!(!schedule(&seen, "").passes());
    assert!(schedule(&seen, &says("down", B, 60)).passes());
    // Beside our own newer one it is none.
    let seen = we_took_over_from_a();
    assert!(schedule(&seen, "").passes());
}

#[test]
fn p3_a_live_hub_refuses_and_a_silent_one_where_we_hold_nothing() {
    for (ago, holds, passes) in [
        (MINUTE, true, false),
        (5 * HOUR, true, true),
        (5 * HOUR, false, false),
    ] {
        let mut seen = view();
        seen.backups.extend(set(A, ago));
        seen.clusters.extend(holds.then(imported));
        assert_eq!(schedule(&seen, "").passes(), passes, "{ago} {holds}");
    }
}

#[test]
fn p3_a_hub_known_by_hollow_markers_only_warns_where_we_hold_clusters() {
    for (holds, passes) in [(true, true), (false, false)] {
        let mut seen = view();
        seen.backups.push(marker(B, "", MINUTE, ""));
        seen.clusters.extend(holds.then(imported));
        assert_eq!(schedule(&seen, "").passes(), passes, "{holds}");
    }
}

#[test]
fn p3_the_sole_owner_by_takeover_always_passes() {
    let mut seen = we_took_over_from_a();
    seen.backups.extend(set(A, MINUTE));
    assert_eq!(live(&seen), [A]);
    assert!(schedule(&seen, "").passes());
}

#[test]
fn p3_what_was_accepted_for_an_activation_answers_for_four_hours() {
    for (ago, passes) in [(4 * HOUR, true), (4 * HOUR + 1, false)] {
        let mut seen = view();
        seen.backups.extend(set(A, DAY));
        seen.accepted
            .push(accepted("down", A, ago, "Restore/activate"));
        assert_eq!(schedule(&seen, "").passes(), passes, "{ago}");
    }
}

#[test]
fn p4_what_is_not_to_be_seen_is_not_seen() {
    // A takeover under way, a marker not synced yet, one before 2.11: nothing is there, and A's set passes for
    // the owner's.
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    assert_eq!(owners(&seen), [A]);
    // An activation undone elsewhere left its marker, and B for the owner.
    assert_eq!(owners(&b_took_over_from_a()), [B]);
}
