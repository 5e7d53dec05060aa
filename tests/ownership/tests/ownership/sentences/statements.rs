//! S1 to S8.

use super::*;

/// A hub that is in question alone, silent for hours.
fn beside_a() -> Seen {
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    seen
}

#[test]
fn s1_one_statement_a_line_of_four_parts() {
    let seen = beside_a();
    let at = timestamp(NOW - 60);
    for (line, stands) in [
        (format!("down {A} {at} power is off"), true),
        (format!("  down   {A}\t{at}  off  "), true),
        (format!("\n\nfenced {A} {at} off\n"), true),
        (format!("Down {A} {at} off"), false),
        (format!("down {A} {at}"), false),
        (format!("down {A} {at} REASON"), false),
        (format!("down {A} TIME off"), false),
        (format!("KIND {A} {at} off"), false),
        (format!("unread {A} {at} off"), false),
        (format!("down location/{A} {at} off"), false),
        (format!("down {at} {A} off"), false),
    ] {
        assert_eq!(latest(&seen, &line).passes(), stands, "{line}");
    }
}

#[test]
fn s1_a_prefix_must_fit_no_other() {
    let mut seen = beside_a();
    assert!(latest(&seen, &says("down", "1aa", 60)).passes());
    seen.backups.extend(set("1aa99999-other", 4 * HOUR));
    let both = [says("down", "1aa0", 60), says("down", "1aa9", 60)].join("\n");
    assert!(latest(&seen, &both).passes());
    let ambiguous = [says("down", "1aa", 60), says("down", "1aa9", 60)].join("\n");
    assert!(!latest(&seen, &ambiguous).passes());

    let mut seen = view();
    seen.backups.extend(set("unknown", 3 * HOUR));
    assert!(!latest(&seen, &says("down", "unkn", 60)).passes());
    seen.locations[0].synced = None;
    let short = [
        says("down", "unknown", 60),
        says("unread", "location/def", 60),
    ]
    .join("\n");
    assert!(!latest(&seen, &short).passes());
}

#[test]
fn s2_each_kind_is_refuted_by_what_it_denies() {
    // A backup in the queue: made before the statement, begun after it.
    let mut queued = beside_a();
    let mut backup = set(A, 120).remove(0);
    backup.started = Some(NOW - 40);
    backup.completed = Some(NOW - 35);
    backup.created = Some(NOW - 30);
    queued.backups.push(backup);
    // And one made after it.
    let mut later = beside_a();
    later.backups.push(set(A, 50).remove(0));
    for (kind, passes_queued, passes_later) in [
        ("down", false, false),
        ("fenced", true, false),
        ("isolated-copy", true, false),
    ] {
        assert_eq!(
            latest(&queued, &says(kind, A, 60)).passes(),
            passes_queued,
            "{kind}"
        );
        assert_eq!(
            latest(&later, &says(kind, A, 60)).passes(),
            passes_later,
            "{kind}"
        );
    }
}

#[test]
fn s2_a_read_only_location_cannot_be_written_by_the_other() {
    let mut later = beside_a();
    later.backups.push(set(A, 50).remove(0));
    later.locations[0].read_only = true;
    assert!(latest(&later, &says("isolated-copy", A, 60)).passes());
    assert!(!latest(&later, &says("fenced", A, 60)).passes());
}

#[test]
fn s2_rebuilt_is_believed_of_what_began_before_this_cluster_was_made() {
    let mut seen = beside_a();
    assert!(!latest(&seen, &says("rebuilt", A, 60)).passes());
    seen.kube_system = Some(NOW - HOUR);
    assert!(latest(&seen, &says("rebuilt", A, 60)).passes());
    seen.kube_system = None;
    assert!(!latest(&seen, &says("rebuilt", A, 60)).passes());
    // Of our own id always: copies synced again.
    let mut seen = view();
    seen.backups.extend(set(OWN, 3 * HOUR));
    assert!(latest(&seen, &says("rebuilt", OWN, 60)).passes());
    seen.backups.extend(set(OWN, 50));
    assert!(!latest(&seen, &says("rebuilt", OWN, 60)).passes());
}

#[test]
fn s2_of_our_own_id_every_kind_means_the_twin() {
    let mut seen = view();
    seen.backups.extend(set(OWN, 3 * HOUR));
    for kind in ["down", "fenced", "rebuilt", "isolated-copy"] {
        assert!(latest(&seen, &says(kind, OWN, 60)).passes(), "{kind}");
    }
}

#[test]
fn s3_it_holds_four_hours_and_five_minutes_ahead_are_allowed() {
    let mut seen = view();
    seen.backups.extend(set(A, DAY));
    for (ago, stands) in [
        (4 * HOUR, true),
        (4 * HOUR + 1, false),
        (-5 * MINUTE, true),
        (-5 * MINUTE - 1, false),
    ] {
        assert_eq!(
            latest(&seen, &says("down", A, ago)).passes(),
            stands,
            "{ago}"
        );
    }
}

#[test]
fn s4_what_was_accepted_for_another_request_is_used() {
    let mut seen = beside_a();
    seen.accepted
        .push(accepted("down", A, 60, "Restore/activate-now"));
    for (uid, holder, stands) in [
        ("uid-now", "Restore/activate-now", true),
        ("uid-then", "Restore/activate-now", false),
        ("uid-now", "Restore/another", false),
    ] {
        seen.accepted[0].uid = uid.to_owned();
        seen.accepted[0].holder = holder.to_owned();
        // By meaning, not by bytes: a prefix and one more blank are the same.
        for line in [
            says("down", A, 60),
            says("down", "1aa", 60).replace(' ', "  "),
        ] {
            assert_eq!(
                latest(&seen, &line).passes(),
                stands,
                "{uid} {holder} {line}"
            );
        }
        assert!(latest(&seen, &says("down", A, 59)).passes());
        assert!(latest(&seen, &says("fenced", A, 60)).passes());
    }
}

#[test]
fn s4_what_is_older_than_any_takeover_is_used() {
    // One that K3 does not count: its clusters are gone.
    let mut seen = beside_a();
    seen.backups
        .push(own_marker(A, HOUR, &clusters_backup(3 * HOUR)));
    assert!(!latest(&seen, &says("down", A, HOUR + 1)).passes());
    assert!(latest(&seen, &says("down", A, HOUR)).passes());
}

#[test]
fn s4_what_another_restore_carries_is_copied() {
    let mut seen = beside_a();
    seen.restores.push(SeenRestore {
        name: "another".to_owned(),
        uid: "uid-another".to_owned(),
        clusters: "latest".to_owned(),
        credentials: "latest".to_owned(),
        resources: "latest".to_owned(),
        phase: "Finished",
        statement: Some(says("down", "1aa0", 60)),
        ..SeenRestore::default()
    });
    assert!(!latest(&seen, &says("down", A, 60)).passes());
    assert!(latest(&seen, &says("down", A, 61)).passes());
    // The same Restore may present its own again.
    seen.restores[0].uid = "uid-now".to_owned();
    assert!(latest(&seen, &says("down", A, 60)).passes());
}

#[test]
fn s5_whoever_sends_it_must_hold_attest() {
    let robot = "system:serviceaccount:gitops:argocd";
    for (user, may, named, stands) in [
        ("alice", Some(true), false, true),
        ("alice", Some(false), false, false),
        ("alice", None, false, false),
        (robot, Some(true), false, false),
        (robot, Some(true), true, true),
        (robot, Some(false), true, false),
    ] {
        let requester = Requester {
            user: user.to_owned(),
            may_attest: may,
            accounts: if named { vec![robot] } else { Vec::new() },
            ..alice()
        };
        let line = says("down", A, 60);
        let outcome = opinion(&beside_a(), |it| {
            it.activation(&Ask::Latest, &line, &requester)
        });
        assert_eq!(outcome.passes(), stands, "{user} {may:?} {named}");
    }
}

#[test]
fn s6_a_fenced_outlives_its_four_hours() {
    let mut seen = view();
    seen.backups.extend(set(A, 3 * DAY));
    seen.backups
        .push(own_marker(A, 2 * DAY, &clusters_backup(3 * DAY)));
    seen.clusters
        .push(restored(&clusters_backup(3 * DAY), 2 * DAY));
    let mut queued = set(A, 2 * DAY + 60).remove(0);
    queued.started = Some(NOW - 2 * DAY + 60);
    queued.created = Some(NOW - 2 * DAY + 90);
    seen.backups.push(queued);
    assert_eq!(in_question(&seen), [A]);
    seen.accepted
        .push(accepted("fenced", A, 2 * DAY + 300, "Restore/activate"));
    assert_eq!(superseded(&seen), [A]);
}

#[test]
fn s7_a_refuted_statement_is_critical_until_ours_is_newer_and_the_other_quiet() {
    let a = Who::Hub(A.to_owned());
    let told = |seen: &Seen| opinion(seen, |it| it.contradicted(&a));
    let mut seen = we_took_over_from_a();
    seen.accepted
        .push(accepted("down", A, 2 * HOUR + 60, "Restore/activate"));
    assert_eq!(told(&seen), None);
    seen.backups.extend(set(A, 100 * MINUTE));
    assert_eq!(told(&seen), Some(true));
    seen.backups.extend(own_set(MINUTE));
    assert_eq!(told(&seen), Some(false));
    seen.backups.extend(set(A, 30 * MINUTE));
    assert_eq!(told(&seen), Some(true));
}

#[test]
fn s8_no_other_word_lifts_it() {
    for line in [
        says("override", A, 60),
        format!("restore/old-hub-live {A} {} because", timestamp(NOW - 60)),
    ] {
        assert!(!latest(&beside_a(), &line).passes(), "{line}");
    }
}
