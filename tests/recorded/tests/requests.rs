//! Every request gets the answer its row says is right; and the rows are true to the recording.

use crate::moments::judged;
use acm_backup_domain::rules;
use acm_backup_operator::recording::{Change, HUBS};
use acm_backup_recorded::command::{Command, Write};
use acm_backup_recorded::judged::{Judged, Site, look_up, record};
use acm_backup_recorded::object;
use acm_backup_recorded::requests::{self, Now, Then};
use acm_backup_recorded::view::View;
use std::collections::BTreeMap;
use std::sync::Arc;

fn judge(recording: &'static str) -> Arc<Vec<Judged>> {
    judged(&Site::open(recording).unwrap())
}

fn assert_right(recording: &'static str) {
    let judged = judge(recording);
    let faults: Vec<_> = judged.iter().filter_map(Judged::fault).collect();
    assert!(
        faults.is_empty(),
        "{recording}: {} of {} are not right\n{}",
        faults.len(),
        judged.len(),
        faults.join("\n")
    );
}

#[test]
fn of_2_9_guarded() {
    assert_right("2.9-guarded");
}

#[test]
fn of_2_13() {
    assert_right("2.13");
}

#[test]
fn of_2_17() {
    assert_right("2.17");
}

#[test]
fn of_2_17_guarded() {
    assert_right("2.17-guarded");
}

#[test]
fn of_2_17_loss() {
    assert_right("2.17-loss");
}

#[test]
fn of_2_17_traps() {
    assert_right("2.17-traps");
}

/// The record outlives the Restore whose statement it tells of (S4, S6): once nothing else tells of the
/// first activation of 2.9, its statement on a second one is used.
#[test]
fn a_statement_is_used_though_its_restore_was_deleted() {
    let site = Site::open("2.9-guarded").unwrap();
    let judged = judged(&site);
    let second = judged.iter().find(|judged| judged.row.at == "19:55:04.078");
    let review = second.unwrap().review.clone().unwrap();
    let side = site.hub("hub2").unwrap();
    let now = acm_backup_recorded::at("2.9-guarded", "19:55:04.168").unwrap();
    let mut view = View::new("2.9-guarded", "hub2", side).unwrap();
    for event in side.events.iter().filter(|event| event.at <= now) {
        view.see(event);
    }
    let judge = |accepted| {
        let mut snapshot = view.snapshot(now, accepted);
        look_up(&mut snapshot, &review);
        rules::judge(&review, &snapshot)
    };
    let accepted = record(&judged, "hub2");
    assert_eq!(accepted.len(), 2);
    assert!(judge(accepted).is_denied());
    assert!(!judge(Vec::new()).is_denied(), "only the record tells");
}

/// What a row says happened did, and a request whose step is prose is the change that followed.
#[test]
fn what_happened_then_is_what_was_recorded() {
    for recording in acm_backup_recorded::recordings() {
        for judged in judge(recording).iter() {
            let row = &judged.row;
            let place = format!("{recording} {} {} {}", row.at, row.hub, row.what);
            let written = |object: &Option<serde_json::Value>| object.as_ref().map(object::written);
            let (before, asked, recorded) = (
                written(&judged.before),
                written(&judged.asked),
                written(&judged.recorded),
            );
            match row.then {
                Then::Stored => {
                    assert_eq!(asked, recorded, "{place}: another change was stored");
                    assert_ne!(before, recorded, "{place}: nothing changed");
                }
                Then::Unchanged => assert_eq!(before, asked, "{place}: something changed"),
                _ => {
                    assert!(recorded.is_none(), "{place}: something was stored");
                    assert_ne!(before, asked, "{place}: it is stored");
                }
            }
            let refused = !row.by.is_empty();
            assert_eq!(refused, row.now == Now::Refused, "{place}: by whom?");
        }
    }
}

/// No request is left out: each command, and each change that was not the operator's.
#[test]
fn every_request_has_a_row() {
    let mut missing = Vec::new();
    for recording in acm_backup_recorded::recordings() {
        let site = Site::open(recording).unwrap();
        let rows = requests::of(recording).unwrap();
        let asked: Vec<_> = rows
            .iter()
            .map(|row| (row.hub.as_str(), row.time(recording).unwrap()))
            .collect();
        let stored: Vec<_> = rows
            .iter()
            .filter_map(|row| Some((row.hub.as_str(), row.stored_at(recording).unwrap()?)))
            .collect();
        assert!(asked.is_sorted_by_key(|(_, at)| at), "{recording}");
        for (hub, recording_of_hub) in &site.hubs {
            let mut written = BTreeMap::new();
            for event in &recording_of_hub.events {
                let writes = match Command::read(&event.step) {
                    Ok(Some(command)) => command.hub == *hub && command.write != Write::Delete,
                    Ok(None) => false,
                    Err(_) => event.step.starts_with(&format!("[{hub}]")),
                };
                if writes && !asked.contains(&(*hub, event.at)) {
                    missing.push(format!("{recording} {} {}", event.at, event.step));
                }
                if !object::is_guarded(&event.object) {
                    continue;
                }
                let key = (
                    object::text(&event.object, "/kind").to_owned(),
                    object::name(&event.object).to_owned(),
                );
                if event.change == Change::Deleted {
                    written.remove(&key);
                    continue;
                }
                let now = object::written(&event.object);
                let is_new = written.insert(key, now.clone()) != Some(now);
                if is_new && !stored.contains(&(*hub, event.at)) {
                    missing.push(format!("{recording} {hub} {}: {}", event.at, event.object));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Whatever is deleted, no rule is asked.
#[test]
fn deletions_pass() {
    let mut seen = 0;
    for recording in acm_backup_recorded::recordings() {
        for (hub, _) in HUBS {
            let site = Site::open(recording).unwrap();
            let side = site.hub(hub).unwrap();
            let mut view = View::new(recording, hub, side).unwrap();
            for event in &side.events {
                let command = Command::read(&event.step).unwrap_or_default();
                if let Some(command) = command.filter(|command| command.write == Write::Delete) {
                    for review in command.reviews(&view, "").unwrap_or_default() {
                        let snapshot = view.snapshot(event.at, Vec::new());
                        let judgement = acm_backup_domain::rules::judge(&review, &snapshot);
                        assert!(judgement.findings.is_empty(), "{}", event.step);
                        assert!(acm_backup_domain::rules::needs(&review).is_empty());
                        seen += 1;
                    }
                }
                view.see(event);
            }
        }
    }
    // A step is logged when kubectl has returned: most are gone from the view by then.
    assert!(seen > 0, "no deletion was seen");
}
