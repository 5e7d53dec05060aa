//! K1 to K5.

use super::*;

#[test]
fn k1_a_takeover_is_at_the_time_in_the_markers_name() {
    // A began a backup while our marker waited 65 s in Velero's queue.
    let mut seen = we_took_over_from_a();
    seen.clusters[1].by = None;
    seen.backups[5].started = Some(NOW - 2 * HOUR + 65);
    seen.backups[5].completed = Some(NOW - 2 * HOUR + 66);
    seen.backups.extend(set(A, 2 * HOUR - 30));
    assert_eq!(in_question(&seen), [A]);
}

#[test]
fn k2_a_hollow_marker_only_puts_its_hub_in_question() {
    let mut seen = b_took_over_from_a();
    seen.backups[5].labels[3].1.clear();
    assert_eq!(in_question(&seen), [A, B]);
    assert_eq!(owners(&seen), [A, B]);
    let mut seen = view();
    seen.backups.push(marker(B, "", HOUR, ""));
    assert_eq!(in_question(&seen), [B]);
    assert!(owners(&seen).is_empty());
}

#[test]
fn k3_our_takeover_counts_while_we_hold_what_it_restored() {
    let mut seen = we_took_over_from_a();
    assert_eq!(owners(&seen), ["us"]);
    assert_eq!(superseded(&seen), [A]);
    // Given back; and an imported cluster does not revive it.
    seen.clusters.pop();
    for revived in [None, Some(imported())] {
        seen.clusters.extend(revived);
        assert_eq!(owners(&seen), [A]);
        assert_eq!(in_question(&seen), [A]);
    }
}

#[test]
fn k4_without_a_marker_the_end_of_the_velero_restore_counts() {
    let from = clusters_backup(3 * HOUR);
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    seen.velero.push(velero(&from, 2 * HOUR));
    assert_eq!(in_question(&seen), [A]);
    seen.clusters.push(restored(&from, 2 * HOUR + 2));
    assert_eq!(
        (owners(&seen), superseded(&seen)),
        (vec!["us".to_owned()], vec![A.to_owned()])
    );
    // While it still runs it is none.
    seen.velero[0].completed = None;
    assert_eq!(in_question(&seen), [A]);
    // Gone, the cluster tells.
    seen.velero.clear();
    assert_eq!(superseded(&seen), [A]);
    // Its creation is older than the backup where the restore updated what was there.
    seen.clusters[1].created = NOW - 30 * DAY;
    assert_eq!(in_question(&seen), [A]);
    for backup in &mut seen.backups {
        backup.started = Some(NOW - 3 * HOUR - 1);
        backup.completed = Some(NOW - 3 * HOUR - 1);
    }
    // Made in the very second in the name of what was restored: not older.
    assert_eq!(in_question(&seen), [A]);
}

#[test]
fn k4_a_restores_name_is_found_in_the_label_as_velero_cuts_it() {
    let from = clusters_backup(3 * HOUR);
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    let mut velero = velero(&from, 2 * HOUR);
    velero.name = format!("restore-acm-passive-sync-{from}");
    let mut cluster = restored(&from, 2 * HOUR + 2);
    cluster.by = Some(acm_backup_ownership::oracle::names::as_label(&velero.name));
    seen.velero.push(velero);
    seen.clusters.push(cluster);
    seen.clusters[1].created = NOW - 30 * DAY;
    assert_eq!(owners(&seen), ["us"]);
    assert_eq!(superseded(&seen), [A]);
}

#[test]
fn k5_the_owner_is_the_hub_of_the_newest_takeover() {
    let mut seen = we_took_over_from_a();
    seen.backups
        .push(marker(B, A, 3 * HOUR, &clusters_backup(4 * HOUR)));
    assert_eq!(owners(&seen), ["us"]);
    seen.backups
        .push(marker(B, A, HOUR, &clusters_backup(4 * HOUR)));
    assert_eq!(owners(&seen), [B]);
}

#[test]
fn k5_without_a_takeover_whoever_wrote_clusters_owns() {
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    seen.backups.extend(set(B, HOUR));
    seen.backups.extend(own_set(MINUTE));
    assert_eq!(owners(&seen), [A, B]);
    seen.clusters.push(imported());
    assert_eq!(owners(&seen), [A, B, "us"]);
}
