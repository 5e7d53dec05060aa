//! Which Restores and BackupSchedules were ever stored: by uid, whether they are still there or not.
//!
//! A reservation ends when its object is seen, also when that is gone again before anyone asks; and a
//! statement whose object was never stored is not used up. For the second, absence counts, and so it must
//! be known since when nothing can have been missed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use acm_backup_domain::slot::record::Fate;
use acm_backup_hub::kinds::{BACKUP_SCHEDULES, RESTORES, Resource};
use serde_json::Value;

use super::contact::Contact;
use super::follow::Store;

/// A watch that heard nothing for so long has perhaps not been told yet. It is renewed every
/// [`super::follow::WATCH_SECONDS`].
pub const SILENCE: Duration = Duration::from_secs(30);

/// Between the API server's clock, in whole seconds and perhaps of two servers, and ours.
const SKEW: Duration = Duration::from_secs(10);

/// Uids that are kept; at 36 bytes each they are nothing, and no hub sees so many.
const MOST: usize = 10_000;

/// Both kinds.
pub struct Stored {
    /// ACM Restores.
    pub restores: Arc<Uids>,
    /// ACM BackupSchedules.
    pub backup_schedules: Arc<Uids>,
}

/// The uids of one kind.
pub struct Uids {
    state: Mutex<State>,
    /// How the watch fares.
    pub contact: Arc<Contact>,
}

#[derive(Default)]
struct State {
    seen: HashSet<String>,
    /// Since when nothing was missed; none before the first list.
    unbroken: Option<Instant>,
}

impl Default for Stored {
    fn default() -> Self {
        Self {
            restores: Arc::new(Uids::of(&RESTORES)),
            backup_schedules: Arc::new(Uids::of(&BACKUP_SCHEDULES)),
        }
    }
}

impl Stored {
    /// Whether an object of this uid was ever seen.
    pub fn has_seen(&self, uid: &str) -> bool {
        self.restores.has_seen(uid) || self.backup_schedules.has_seen(uid)
    }

    /// What became of a Restore that was let through `age` ago.
    pub fn fate_of_restore(&self, uid: &str, age: Duration) -> Fate {
        self.restores.fate(uid, age)
    }
}

impl Uids {
    fn of(resource: &'static Resource) -> Self {
        Self {
            state: Mutex::default(),
            contact: Arc::new(Contact::new(resource)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_seen(&self, uid: &str) -> bool {
        self.state().seen.contains(uid)
    }

    fn fate(&self, uid: &str, age: Duration) -> Fate {
        let state = self.state();
        if state.seen.contains(uid) {
            return Fate::Stored;
        }
        let since_before = state
            .unbroken
            .is_some_and(|since| since.elapsed() >= age.saturating_add(SKEW));
        let told = self.contact.silent_for().is_some_and(|it| it <= SILENCE);
        match since_before && told {
            true => Fate::NeverStored,
            false => Fate::Unknown,
        }
    }

    fn saw(&self, uid: String) {
        let mut state = self.state();
        if state.seen.len() >= MOST {
            // As if it had begun now: what it knew no longer counts, in neither direction.
            *state = State {
                seen: HashSet::new(),
                unbroken: Some(Instant::now()),
            };
        }
        state.seen.insert(uid);
    }
}

impl Store for Uids {
    type Item = String;

    fn project(&self, object: &Value) -> String {
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str);
        uid.unwrap_or_default().to_owned()
    }

    /// Between two lists anything may have come and gone.
    fn replace(&self, uids: Vec<String>) {
        self.state().unbroken = Some(Instant::now());
        uids.into_iter().for_each(|uid| self.saw(uid));
    }

    fn apply(&self, uid: String) {
        self.saw(uid);
    }

    fn remove(&self, uid: String) {
        self.saw(uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    const NOW: Duration = Duration::ZERO;

    /// Watching for an hour.
    fn watching() -> Uids {
        let uids = Uids::of(&RESTORES);
        uids.replace(Vec::new());
        uids.state().unbroken = Instant::now().checked_sub(Duration::from_secs(3600));
        uids.contact.heard(Timestamp::now());
        uids
    }

    #[test]
    fn what_was_stored_once_was_stored_though_it_is_gone() {
        let uids = watching();
        uids.apply("1".to_owned());
        uids.remove("1".to_owned());
        uids.replace(Vec::new());
        assert_eq!(uids.fate("1", Duration::from_secs(9999)), Fate::Stored);
    }

    #[test]
    fn only_who_looked_all_the_time_can_say_never() {
        let uids = Uids::of(&RESTORES);
        assert_eq!(uids.fate("1", NOW), Fate::Unknown, "no list yet");
        let uids = watching();
        assert_eq!(uids.fate("1", Duration::from_secs(3580)), Fate::NeverStored);
        assert_eq!(uids.fate("1", Duration::from_secs(3600)), Fate::Unknown);
        assert_eq!(uids.fate("1", Duration::MAX), Fate::Unknown);
        // The watch broke and began again.
        uids.replace(Vec::new());
        assert_eq!(uids.fate("1", NOW), Fate::Unknown);
        // It does not hear anything.
        let uids = Uids {
            contact: Arc::new(Contact::new(&RESTORES)),
            ..watching()
        };
        assert_eq!(uids.fate("1", NOW), Fate::Unknown);
    }

    #[test]
    fn it_does_not_grow_without_end_and_forgets_in_the_safe_direction() {
        let uids = watching();
        for number in 0..=MOST {
            uids.apply(number.to_string());
        }
        assert_eq!(uids.state().seen.len(), 1);
        assert_eq!(uids.fate("0", NOW), Fate::Unknown);
    }
}
