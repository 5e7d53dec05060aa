//! Table tests of the model: a small storage a sentence, told from hub B.

mod storage;

use super::record::Accepted;
use super::statement::recorded;
use super::{Findings, HubView, Objection, Party, Question, RivalWhy};
use crate::kinds::Kind;
use crate::kinds::restore::Restore;
use crate::snapshot::{Fact, Snapshot};
use crate::upstream::{MARKER_PREFIX, backup_label};
use serde_json::json;
use storage::{A, B, C, Storage, at};

fn view<T>(storage: &Storage, look: impl FnOnce(&HubView<'_>) -> T) -> T {
    let snapshot: Snapshot = storage.snapshot();
    let findings = Findings::gather(&snapshot);
    look(&HubView::new(&findings))
}

fn in_question(storage: &Storage) -> Vec<String> {
    view(storage, |view| {
        view.in_question()
            .map(|standing| standing.hub.id.to_string())
            .collect()
    })
}

fn owners(storage: &Storage) -> Vec<Party> {
    view(storage, |view| view.owners.clone())
}

fn objection(storage: &Storage) -> Option<String> {
    view(storage, |view| {
        let set = view.latest_clusters()?;
        Some(match view.objection(set)? {
            Objection::Unlabelled { .. } => "unlabelled".to_owned(),
            Objection::NotTheOwners { .. } => "not the owner's".to_owned(),
            Objection::OwnWithoutClusters { .. } => "own without clusters".to_owned(),
            Objection::Shrunk { .. } => "shrunk".to_owned(),
        })
    })
}

fn other(id: &str) -> Party {
    Party::Other(id.into())
}

#[test]
fn e2_a_backup_without_labels_tells_no_hub_and_is_not_taken_by_latest() {
    let mut storage = Storage::default().set(A, "16:00:00");
    storage.strip_labels("acm-managed-clusters-schedule-20261122160000");
    assert_eq!(in_question(&storage), [A], "the others of the set tell");
    assert_eq!(objection(&storage).as_deref(), Some("unlabelled"));
}

#[test]
fn e3_e5_what_was_made_here_is_ours_whatever_id_it_carries() {
    let frozen = Storage::default().own_set_as(A, "16:00:00");
    assert!(in_question(&frozen).is_empty());
    let copied_in_its_second = Storage::default().set_arriving(A, "16:00:00", 1);
    assert_eq!(in_question(&copied_in_its_second), [A]);
}

#[test]
fn e4_a_run_was_made_here_when_any_of_its_backups_was() {
    let mut storage = Storage::default().own_set_as(B, "16:00:00");
    storage.forget_generation_of("acm-resources-schedule-20261122160000");
    assert!(in_question(&storage).is_empty());
}

#[test]
fn e6_without_an_own_id_only_what_was_made_here_is_ours() {
    let mut storage = Storage::default()
        .own_set_as("unknown", "16:00:00")
        .set("unknown", "16:02:00");
    storage.own = "unknown";
    assert_eq!(in_question(&storage), ["unknown"]);
    // It is superseded by no marker that says unknown, ours included.
    let storage = storage
        .own_marker("unknown", "16:04:00")
        .holding("16:00:00");
    assert_eq!(in_question(&storage), ["unknown"]);
}

#[test]
fn t1_t2_a_time_ahead_supersedes_nobody_and_blocks_nothing() {
    // A's marker is named 2099: A is an owner at its arrival, and C is not superseded by it.
    let mut storage = Storage::default()
        .set(C, "15:00:00")
        .marker(A, C, "16:00:00")
        .set(A, "16:10:00");
    storage.rename(
        "acm-restore-clusters-20261122160000",
        "acm-restore-clusters-20990101000000",
    );
    assert_eq!(owners(&storage), [other(A)]);
    assert_eq!(in_question(&storage), [A, C]);
}

#[test]
fn t3_a_late_copy_counts_as_ended_after_the_marker() {
    let taken = Storage::default()
        .set(A, "16:00:00")
        .own_marker(A, "16:02:00")
        .holding("16:00:00");
    assert!(in_question(&taken).is_empty());
    let late = taken.set_arriving(A, "15:58:00", 600);
    assert_eq!(in_question(&late), [A]);
}

/// Found by a soak: the older of two markers of one hub, whose clock is decades ahead, stood beside ours for ever.
#[test]
fn t2_of_two_markers_of_one_hub_that_are_ahead_the_last_to_come_counts() {
    const RESTORE: &str = "r-acm-managed-clusters-schedule-20261122160000";
    let ahead = |storage: Storage, arrived: &str| {
        let mut storage = storage.marker(A, A, arrived);
        let marker = storage.backups.last_mut().unwrap();
        let digits = arrived.replace(':', "");
        marker.meta.name = format!("{MARKER_PREFIX}20790927{digits}");
        storage
    };
    let one = ahead(Storage::default(), "16:01:50");
    let taken = |storage: &Storage| {
        let storage = storage.clone().restored(RESTORE, "16:02:00");
        storage.holding_by(RESTORE, "16:00:00")
    };
    assert_eq!(owners(&taken(&one)), [Party::Here]);
    let two = ahead(ahead(Storage::default(), "15:50:00"), "16:01:50");
    assert_eq!(owners(&taken(&two)), [Party::Here]);
    // More than five minutes apart, names and arrivals say different things.
    let long_ago = ahead(Storage::default(), "15:50:00");
    assert_eq!(owners(&taken(&long_ago)), [Party::Here, other(A)]);
}

#[test]
fn k2_k3_a_hollow_marker_and_one_given_back_make_no_owner() {
    let taken = Storage::default()
        .set(A, "16:00:00")
        .own_marker(A, "16:02:00");
    assert_eq!(owners(&taken), [other(A)], "no cluster of it is here");
    let held = taken.clone().holding("16:00:00");
    assert_eq!(owners(&held), [Party::Here]);
    let imported = taken.holding_imported();
    assert_eq!(
        owners(&imported),
        [other(A)],
        "an imported cluster revives nothing"
    );
    let hollow = Storage::default()
        .set(A, "16:00:00")
        .hollow_marker(C, "16:02:00");
    assert_eq!(owners(&hollow), [other(A)]);
    assert_eq!(in_question(&hollow), [A, C]);
}

#[test]
fn k4_before_2_11_a_finished_restore_of_clusters_is_a_takeover() {
    let storage = Storage::default()
        .set(A, "16:00:00")
        .restored("r-acm-managed-clusters-schedule-20261122160000", "16:02:00");
    assert_eq!(owners(&storage), [other(A)], "it brought no cluster");
    let held = storage.holding_by("r-acm-managed-clusters-schedule-20261122160000", "16:00:00");
    assert_eq!(owners(&held), [Party::Here]);
    assert!(in_question(&held).is_empty());
    let mut gone = held;
    gone.velero_restores.clear();
    assert_eq!(owners(&gone), [Party::Here], "the cluster tells as well");
}

#[test]
fn q1_an_own_newest_set_proves_nothing_about_the_others() {
    let storage = Storage::default()
        .set(A, "16:00:00")
        .own_set_as(B, "16:05:00");
    assert_eq!(in_question(&storage), [A]);
    assert_eq!(objection(&storage).as_deref(), Some("not the owner's"));
}

#[test]
fn q2_another_takeover_supersedes_once_the_taker_has_written_managed_clusters() {
    let storage = Storage::default()
        .set(A, "16:00:00")
        .marker(C, A, "16:02:00");
    assert_eq!(in_question(&storage), [A, C]);
    let storage = storage.set(C, "16:04:00");
    assert_eq!(in_question(&storage), [C]);
    let back = storage.set(A, "16:06:00");
    assert_eq!(in_question(&back), [A, C]);
}

#[test]
fn q4_a_weekday_schedule_is_not_overdue_on_a_sunday() {
    // 2026-11-20 is a Friday, the 22nd a Sunday: gaps of one day and of three.
    let mut storage = Storage::default();
    for day in [
        "2026-11-13",
        "2026-11-16",
        "2026-11-17",
        "2026-11-18",
        "2026-11-19",
        "2026-11-20",
    ] {
        storage = storage.daily_set(A, day);
    }
    storage.now = at("16:10:00");
    assert!(view(&storage, |view| view
        .in_question()
        .all(|standing| standing.is_live())));
}

#[test]
fn q4_a_first_set_made_at_once_does_not_tell_the_period() {
    let period = |storage: &Storage| {
        view(storage, |view| {
            view.in_question()
                .find_map(|standing| standing.activity.period)
                .map(|period| period.as_secs())
        })
    };
    let mut storage = Storage::default();
    for time in ["16:00:31", "16:01:00", "16:03:00", "16:05:00"] {
        storage = storage.set(A, time);
    }
    // The validation backups, which tell it too, have expired.
    for backup in &mut storage.backups {
        backup.ttl = None;
    }
    assert_eq!(period(&storage), Some(120));
}

#[test]
fn q5_a_location_that_is_not_read_is_a_question_of_its_own() {
    let questions = |storage: &Storage| {
        view(storage, |view| {
            let restore = Restore {
                managed_clusters: Some("latest".into()),
                ..Restore::default()
            };
            view.passage(&restore, |_| None)
                .open
                .iter()
                .map(Question::about)
                .collect::<Vec<_>>()
        })
    };
    let mut storage = Storage::default().set(A, "16:00:00");
    assert_eq!(questions(&storage), [A]);
    storage.locations[0].synced = None;
    assert_eq!(questions(&storage), [A, "location/default"]);
    storage.locations[0].phase = "Unavailable".into();
    assert_eq!(questions(&storage), [A, "location/default"]);
}

#[test]
fn p2_latest_is_refused_where_it_takes_a_shrunken_set() {
    let mut storage = Storage::default().set(A, "16:00:00").set(A, "16:02:00");
    storage.shrink(
        "acm-managed-clusters-schedule-20261122160200",
        "PartiallyFailed",
        2,
    );
    assert_eq!(objection(&storage).as_deref(), Some("shrunk"));
}

#[test]
fn p2_until_the_taker_has_completed_a_set_the_one_it_restored_is_right() {
    let storage = Storage::default()
        .set(A, "16:00:00")
        .marker(C, A, "16:02:00");
    assert_eq!(objection(&storage), None);
    let storage = storage.set(C, "16:04:00").set(A, "16:06:00");
    assert_eq!(objection(&storage).as_deref(), Some("not the owner's"));
}

/// Found by a soak: the marker came last and had lost its source's label, the Velero restore beside it had it.
#[test]
fn p2_of_one_activation_told_twice_either_tells_whose_set_was_restored() {
    const RESTORE: &str = "r-acm-managed-clusters-schedule-20261122160000";
    let mut storage = Storage::default()
        .set(A, "15:00:00")
        .own_marker(A, "16:02:00")
        .restored(RESTORE, "16:02:00")
        .holding_by(RESTORE, "16:00:00");
    assert_eq!(objection(&storage), None);
    for backup in &mut storage.backups {
        if backup.meta.name.starts_with(MARKER_PREFIX) {
            backup.meta.labels.remove(backup_label::BACKUP_CLUSTER);
        }
    }
    assert_eq!(objection(&storage).as_deref(), Some("not the owner's"));
    let source = (backup_label::BACKUP_CLUSTER.to_owned(), A.to_owned());
    storage.velero_restores[0].meta.labels.extend([source]);
    assert_eq!(objection(&storage), None);
}

/// Found by a soak: of two that Velero completed in one second, `latest` took the empty one.
#[test]
fn p2_less_than_half_of_one_of_the_same_second_is_asked_about() {
    let storage = Storage::default().set(A, "16:00:00");
    assert_eq!(objection(&storage), None);
    let clusters = "acm-managed-clusters-schedule-20261122160000";
    let mut twice = storage;
    let mut second = twice
        .backups
        .iter()
        .find(|one| one.meta.name == clusters)
        .unwrap()
        .clone();
    second.meta.name = "acm-managed-clusters-schedule-by-hand".to_owned();
    second.items = Some(31);
    second.started = Some(at("16:00:00"));
    twice.backups.push(second);
    twice.shrink(clusters, "Completed", 0);
    twice
        .backups
        .iter_mut()
        .find(|one| one.meta.name == clusters)
        .unwrap()
        .started = Some(at("16:00:05"));
    assert_eq!(objection(&twice).as_deref(), Some("shrunk"));
}

#[test]
fn p3_who_speaks_against_a_backup_schedule_here() {
    let why = |storage: &Storage| {
        view(storage, |view| {
            view.rivals()
                .iter()
                .map(|rival| rival.why)
                .collect::<Vec<_>>()
        })
    };
    let mut live = Storage::default().set(A, "16:00:00");
    live.now = at("16:03:00");
    assert_eq!(why(&live), [RivalWhy::Live]);
    let mut silent = live.clone();
    silent.now = at("23:00:00");
    assert_eq!(why(&silent), [RivalWhy::NoClusterHere]);
    assert_eq!(why(&silent.clone().holding_imported()), []);
    let taken = live.clone().marker(C, A, "16:02:00").holding_imported();
    assert!(why(&taken).contains(&RivalWhy::TookOver));
    let ours = live.own_marker(A, "16:02:00").holding("16:00:00");
    assert_eq!(why(&ours), [], "the hub that alone is owner by takeover");
    let hollow = Storage::default()
        .hollow_marker(C, "16:09:00")
        .holding_imported();
    assert_eq!(why(&hollow), [], "a hub known by a hollow marker only");
}

/// Failed before: whoever had a statement accepted for a Restore that nobody ever stored had answered for anybody's
/// BackupSchedule.
#[test]
fn p3_what_was_accepted_for_a_restore_that_was_never_stored_answers_for_nothing() {
    let storage = Storage::default().set(A, "16:00:00");
    let accepted = |open_until| Accepted {
        meaning: "m".into(),
        kind: "down".into(),
        about: A.into(),
        at: at("16:05:00"),
        holder: "Restore/activate".into(),
        uid: "uid-then".into(),
        accepted: at("16:05:05"),
        open_until,
    };
    let answers = |open_until, stored: &str| {
        let mut snapshot = storage.snapshot();
        snapshot.accepted = Fact::known(vec![accepted(open_until)], snapshot.now.earliest());
        let restore = json!({"metadata": {"name": "activate", "uid": stored}});
        snapshot.restores = Fact::known(vec![Restore::read(&restore)], snapshot.now.earliest());
        let findings = Findings::gather(&snapshot);
        let view = HubView::new(&findings);
        let standing = view.in_question().next().unwrap();
        recorded(standing, &view)
    };
    let open = Some(at("16:11:00"));
    assert!(answers(None, "another"), "it was stored once");
    assert!(answers(open, "uid-then"), "it is there");
    assert!(!answers(open, "another"));
}
