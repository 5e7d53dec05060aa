//! The slot, sentence by sentence, and against a model of the API server.

mod model;
mod record;
mod texts;

use super::*;
use crate::kinds::Kind;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::restore::Restore;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const BOUND: SignedDuration = SignedDuration::from_secs(70);
const NOW: &str = "2026-11-25T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Seconds after [`NOW`].
fn after(seconds: i64) -> Timestamp {
    at(NOW) + SignedDuration::from_secs(seconds)
}

fn creation(holder: &str, uid: &str) -> Entry {
    Entry {
        holder: holder.to_owned(),
        uid: Some(uid.to_owned()),
        request: format!("review-of-{uid}"),
        ..Entry::default()
    }
}

fn update(holder: &str, uid: &str, version: &str) -> Entry {
    Entry {
        version: Some(version.to_owned()),
        ..creation(holder, uid)
    }
}

fn stored(holder: &str, uid: &str, version: &str) -> Stored {
    Stored {
        holder: holder.to_owned(),
        uid: uid.to_owned(),
        version: version.to_owned(),
    }
}

/// A look at a Lease written at [`NOW`], `seconds` later, with nothing seen.
fn look(seconds: i64) -> Look<'static> {
    Look {
        now: Some(after(seconds)),
        written: Some(at(NOW)),
        bound: BOUND,
        stored: None,
        seen: &|_| false,
    }
}

#[test]
fn another_waits_until_the_object_is_seen_or_the_bound_has_passed() {
    let held = [creation("Restore/a", "1")];
    let other = creation("Restore/b", "2");
    assert_eq!(enter(&held, &other, &look(0)), Err(held.to_vec()));
    assert_eq!(enter(&held, &other, &look(69)), Err(held.to_vec()));
    assert_eq!(enter(&held, &other, &look(70)), Ok(vec![other.clone()]));
    let list = [stored("Restore/a", "1", "9")];
    let listed = Look {
        stored: Some(&list),
        ..look(0)
    };
    assert_eq!(enter(&held, &other, &listed), Ok(vec![other.clone()]));
    // Stored, and deleted before anyone asked again: whoever watches knows.
    let watched = Look {
        stored: Some(&[]),
        seen: &|uid| uid == "1",
        ..look(0)
    };
    assert_eq!(enter(&held, &other, &watched), Ok(vec![other]));
}

#[test]
fn an_object_of_the_same_name_but_another_uid_is_not_the_one_that_is_waited_for() {
    let held = [creation("Restore/a", "1")];
    let list = [stored("Restore/a", "0", "9")];
    let listed = Look {
        stored: Some(&list),
        ..look(0)
    };
    assert!(enter(&held, &creation("Restore/b", "2"), &listed).is_err());
}

#[test]
fn the_same_name_enters_again_and_what_it_had_open_stays_with_its_time() {
    let held = [creation("Restore/a", "1")];
    let again = creation("Restore/a", "2");
    let both = enter(&held, &again, &look(10)).unwrap();
    assert_eq!(both.len(), 2);
    assert_eq!(both[0].since, Some(at(NOW)));
    assert_eq!(both[1], again);
    // The second is seen, the first may still come once the second is deleted.
    let written = Look {
        written: Some(after(10)),
        seen: &|uid| uid == "2",
        ..look(69)
    };
    let other = creation("Restore/b", "3");
    assert_eq!(enter(&both, &other, &written), Err(vec![both[0].clone()]));
    let later = Look {
        now: Some(after(70)),
        ..written
    };
    assert!(enter(&both, &other, &later).is_ok());
}

#[test]
fn kind_and_name_are_the_holder_not_the_name_alone() {
    let held = [creation("Restore/a", "1")];
    assert!(enter(&held, &creation("BackupSchedule/a", "2"), &look(0)).is_err());
}

#[test]
fn an_update_is_over_when_the_version_it_replaces_is_gone() {
    let held = [update("Restore/a", "1", "5")];
    let other = creation("BackupSchedule/s", "2");
    for (list, over) in [
        (vec![stored("Restore/a", "1", "5")], false),
        (vec![stored("Restore/a", "1", "6")], true),
        (vec![stored("Restore/a", "7", "5")], true),
        (vec![], true),
    ] {
        let look = Look {
            stored: Some(&list),
            ..look(0)
        };
        assert_eq!(enter(&held, &other, &look).is_ok(), over, "{list:?}");
    }
    // That its uid was seen says nothing: it was there before.
    let seen = Look {
        seen: &|_| true,
        ..look(0)
    };
    assert!(enter(&held, &other, &seen).is_err());
}

#[test]
fn a_later_request_for_the_object_proves_the_earlier_over() {
    for earlier in [creation("Restore/a", "1"), update("Restore/a", "1", "5")] {
        let next = update("Restore/a", "1", "6");
        assert_eq!(enter(&[earlier], &next, &look(1)), Ok(vec![next.clone()]));
    }
    let same = [update("Restore/a", "1", "5")];
    let next = update("Restore/a", "1", "5");
    assert_eq!(enter(&same, &next, &look(1)).unwrap().len(), 2);
}

#[test]
fn one_holder_has_no_more_than_a_few_open() {
    let mut entries = Vec::new();
    for number in 0..32 {
        let me = creation("Restore/a", &number.to_string());
        entries = enter(&entries, &me, &look(0)).unwrap();
    }
    let more = enter(&entries, &creation("Restore/a", "x"), &look(1));
    assert_eq!(more.unwrap_err().len(), 32);
    assert!(enter(&entries, &creation("Restore/a", "x"), &look(70)).is_ok());
}

#[test]
fn nothing_ends_by_time_that_is_not_the_api_servers() {
    let held = [creation("Restore/a", "1")];
    let other = creation("Restore/b", "2");
    for look in [
        // No Date, no managedFields, or a time from the future.
        Look {
            now: None,
            ..look(0)
        },
        Look {
            written: None,
            ..look(100_000)
        },
        Look {
            written: Some(after(100_000)),
            ..look(0)
        },
        Look {
            written: Some(Timestamp::MAX),
            ..look(0)
        },
    ] {
        assert!(enter(&held, &other, &look).is_err());
        let unknown = look.now.is_none() || held[0].until(&look).is_none();
        assert!(
            unknown,
            "and whoever looks can tell that it must be stamped"
        );
    }
    let extreme = Look {
        now: Some(Timestamp::MAX),
        written: Some(Timestamp::MIN),
        ..look(0)
    };
    assert!(enter(&held, &other, &extreme).is_ok());
    // Whatever an entry says of itself, it is not younger than the Lease's last write.
    let boasting = [Entry {
        since: Some(after(200)),
        ..creation("Restore/a", "1")
    }];
    assert!(enter(&boasting, &other, &look(70)).is_ok());
}

#[test]
fn what_is_not_ours_to_read_is_one_reservation_of_nobody() {
    for text in [
        "{",
        "7",
        "[{}]",
        r#"[{"holder":"Restore/a\u001b[2J","request":"1"}]"#,
        r#"[{"holder":"Secret/a","request":"1"}]"#,
        r#"[{"holder":"Restore/","request":"1"}]"#,
        &"[".repeat(100_000),
    ] {
        let entries = read(Some(text));
        assert_eq!(entries, [Entry::default()]);
        let me = creation("Restore/b", "2");
        assert!(enter(&entries, &me, &look(69)).is_err());
        assert_eq!(enter(&entries, &me, &look(70)), Ok(vec![me]));
    }
    assert_eq!(read(None), []);
    assert_eq!(read(Some("")), []);
    let entries = [creation(&format!("Restore/{}", "a".repeat(253)), "1")];
    assert_eq!(read(Some(&write(&entries))), entries);
}

fn review(kind: &str, operation: Operation, object: Value, previous: Option<Value>) -> Review {
    let subject = |object: &Value| match kind {
        "Restore" => Subject::Restore(Restore::read(object)),
        _ => Subject::BackupSchedule(BackupSchedule::read(object)),
    };
    Review {
        operation,
        subject: subject(&object),
        previous: previous.as_ref().map(subject),
        origin: Origin::Admission {
            user: "jane".to_owned(),
            dry_run: false,
        },
        by_operator: false,
    }
}

fn named(spec: Value) -> Value {
    json!({"metadata": {"namespace": "ns", "name": "x", "uid": "1"}, "spec": spec})
}

#[test]
fn what_starts_something_reserves_and_nothing_else() {
    let skip = || named(json!({"veleroManagedClustersBackupName": "skip"}));
    let latest = || named(json!({"veleroManagedClustersBackupName": "latest"}));
    let paused = |paused: bool| named(json!({"paused": paused}));
    let (create, update) = (Operation::Create, Operation::Update);
    for (kind, operation, object, previous, reserves) in [
        ("Restore", create, skip(), None, true),
        ("Restore", create, latest(), None, true),
        ("Restore", update, latest(), Some(skip()), true),
        ("Restore", update, latest(), Some(latest()), false),
        ("Restore", update, skip(), Some(skip()), false),
        ("Restore", Operation::Delete, latest(), None, false),
        ("BackupSchedule", create, paused(false), None, true),
        ("BackupSchedule", create, paused(true), None, true),
        (
            "BackupSchedule",
            update,
            paused(false),
            Some(paused(true)),
            true,
        ),
        (
            "BackupSchedule",
            update,
            paused(true),
            Some(paused(false)),
            false,
        ),
        (
            "BackupSchedule",
            update,
            paused(false),
            Some(paused(false)),
            false,
        ),
    ] {
        let mut review = review(kind, operation, object, previous);
        assert_eq!(wanted(&review), reserves, "{review:?}");
        review.by_operator = true;
        assert!(!wanted(&review), "the operator never waits");
        review.by_operator = false;
        for origin in [
            Origin::File,
            Origin::Stored,
            Origin::Admission {
                user: "jane".to_owned(),
                dry_run: true,
            },
        ] {
            review.origin = origin;
            assert!(!wanted(&review), "{review:?}");
            let is_a_dry_run = matches!(review.origin, Origin::Admission { .. });
            assert_eq!(tried(&review), is_a_dry_run && reserves, "{review:?}");
        }
    }
}
