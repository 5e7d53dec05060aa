//! The record of accepted statements.

use super::super::record::{Fate, forget, read, settle, write};
use super::*;
use crate::hub::record::Accepted;

fn accepted(kind: &str, open_until: Option<Timestamp>) -> Accepted {
    Accepted {
        meaning: "5f1c".to_owned(),
        kind: kind.to_owned(),
        about: "hub-a".to_owned(),
        at: at(NOW),
        holder: "Restore/activate".to_owned(),
        uid: "1".to_owned(),
        accepted: after(60),
        open_until,
    }
}

#[test]
fn what_was_stored_is_used_and_what_never_was_is_void_once_that_is_sure() {
    let open = accepted("down", Some(after(160)));
    let used = accepted("down", None);
    for (fate, seconds, expected) in [
        (Fate::Stored, 61, vec![used.clone()]),
        (Fate::Unknown, 159, vec![open.clone()]),
        (Fate::NeverStored, 159, vec![open.clone()]),
        (Fate::NeverStored, 160, vec![]),
        // Nobody looked all the time: better used than used twice.
        (Fate::Unknown, 160, vec![used.clone()]),
    ] {
        let settled = settle(vec![open.clone()], Some(after(seconds)), |_| fate);
        assert_eq!(settled, expected, "{fate:?} at {seconds}");
    }
    let without_date = settle(vec![open.clone()], None, |_| Fate::NeverStored);
    assert_eq!(without_date, [open]);
    let settled = settle(vec![used.clone()], Some(after(999)), |_| Fate::NeverStored);
    assert_eq!(settled, [used]);
}

#[test]
fn a_statement_is_forgotten_after_its_four_hours_but_a_fenced_one_with_its_marker() {
    let all = || vec![accepted("down", None), accepted("fenced", None)];
    let hours = |hours: i64| after(hours * 3600);
    assert_eq!(forget(all(), hours(4), |_| false).len(), 2);
    assert_eq!(forget(all(), hours(5), |_| false).len(), 0);
    let left = forget(all(), hours(5), |_| true);
    assert_eq!(left, [accepted("fenced", None)]);
    assert_eq!(forget(all(), Timestamp::MAX, |_| false).len(), 0);
    assert_eq!(forget(all(), Timestamp::MIN, |_| false).len(), 2);
}

#[test]
fn it_survives_its_text_and_is_never_cut_short() {
    let record = vec![accepted("down", None), accepted("fenced", Some(after(1)))];
    let text = write(&record).unwrap();
    assert_eq!(read(Some(&text)), Ok(record.clone()));
    assert_eq!(read(None), Ok(Vec::new()));
    // Written by a version that did not know whether an object was stored: used.
    let old = text.replace(r#","openUntil":"2026-11-25T12:00:01Z""#, "");
    assert_eq!(read(Some(&old)).unwrap()[1].open_until, None);
    for text in ["{", "7", "[{}]", "nothing"] {
        assert!(read(Some(text)).is_err(), "{text}");
    }
    assert!(
        write(&vec![accepted("down", None); 4000])
            .unwrap_err()
            .contains("bytes")
    );
}
