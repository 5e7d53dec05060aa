//! Every moment of a recording: after each change a snapshot may differ for, at each step, and while
//! nothing happens, every ten seconds.

use acm_backup_domain::hub::record::Accepted;
use acm_backup_domain::snapshot::Snapshot;
use acm_backup_domain::status::{self, StatusReport};
use acm_backup_operator::recording::{Change, Event};
use acm_backup_recorded::judged::{Judged, Site, record};
use acm_backup_recorded::view::{View, listed};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How often status is asked while nothing changes.
const TICK: SignedDuration = SignedDuration::from_secs(10);

/// What is asked at one moment.
pub struct Moment<'a> {
    /// When.
    pub now: Timestamp,
    /// What was known.
    pub snapshot: Snapshot,
    /// What status says.
    pub report: StatusReport,
    /// The step, where this moment is one.
    pub step: Option<&'a str>,
}

/// The requests of a recording, judged once for all tests.
pub fn judged(site: &Site) -> Arc<Vec<Judged>> {
    static ONCE: Mutex<BTreeMap<&'static str, Arc<Vec<Judged>>>> = Mutex::new(BTreeMap::new());
    let known = ONCE.lock().unwrap().get(site.name).cloned();
    known.unwrap_or_else(|| {
        let judged = Arc::new(site.judge().unwrap());
        ONCE.lock().unwrap().insert(site.name, Arc::clone(&judged));
        judged
    })
}

/// Goes through one hub's side of a recording; returns how many moments it has.
pub fn each(site: &Site, hub: &str, mut look: impl FnMut(&View, &Moment<'_>)) -> usize {
    let side = site.hub(hub).unwrap();
    let records = record(&judged(site), hub);
    let accepted = |now: Timestamp| -> Vec<Accepted> {
        let known = records.iter().filter(|accepted| accepted.accepted <= now);
        known.cloned().collect()
    };
    let mut view = View::new(site.name, hub, side).unwrap();
    let begins = listed(side).unwrap();
    let mut asked = 0;
    let mut ask = |view: &View, now: Timestamp, step: Option<&str>| {
        if now < begins {
            return;
        }
        let snapshot = view.snapshot(now, accepted(now));
        let report = status::assess(&snapshot);
        let moment = Moment {
            now,
            snapshot,
            report,
            step,
        };
        look(view, &moment);
        asked += 1;
    };
    let mut last = begins;
    for event in &side.events {
        while last + TICK < event.at {
            last += TICK;
            ask(&view, last, None);
        }
        last = last.max(event.at);
        let changed = view.see(event);
        if changed || event.change == Change::Step {
            ask(&view, event.at, step(event));
        }
    }
    asked
}

fn step(event: &Event) -> Option<&str> {
    (event.change == Change::Step).then_some(event.step.as_str())
}
