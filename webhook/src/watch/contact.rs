//! When a watch last heard from the API server. The age of what it knows is the age of that.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use acm_backup_domain::snapshot::{Fact, Missing};
use acm_backup_hub::kinds::Resource;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::service::probes::Dependency;

/// After so long without a word, what was known is not judged by any more. A watch is renewed every
/// [`super::follow::WATCH_SECONDS`], so a healthy one is never near it.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// The state of one watch.
#[derive(Debug)]
pub struct Contact {
    resource: &'static Resource,
    state: Mutex<State>,
    word: Notify,
}

#[derive(Clone, Debug)]
struct State {
    /// When the list in hand was last confirmed; none before the first.
    heard: Option<Timestamp>,
    /// The same moment, on a clock nobody sets.
    at: Option<Instant>,
    /// Why the last attempt failed; none while it works.
    trouble: Option<Missing>,
}

impl Contact {
    /// A watch that has not heard anything yet.
    #[must_use]
    pub fn new(resource: &'static Resource) -> Self {
        Self {
            resource,
            state: Mutex::new(State {
                heard: None,
                at: None,
                trouble: None,
            }),
            word: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The API server answered: everything known is as it says at `now`.
    pub fn heard(&self, now: Timestamp) {
        *self.state() = State {
            heard: Some(now),
            at: Some(Instant::now()),
            trouble: None,
        };
        self.word.notify_waiters();
    }

    /// The next word from the API server, also one that comes before this is waited for.
    pub fn next_word(&self) -> Notified<'_> {
        self.word.notified()
    }

    /// How long it is since the last word; none before the first.
    #[must_use]
    pub fn silent_for(&self) -> Option<Duration> {
        self.state().at.map(|at| at.elapsed())
    }

    /// The API server could not be asked, or refused. Returns whether that is news.
    pub fn failed(&self, why: Missing) -> bool {
        let mut state = self.state();
        let news = state.trouble.as_ref() != Some(&why);
        state.trouble = Some(why);
        news
    }

    /// `value` as a fact, if the watch has it and it is fresh enough.
    pub fn fact<T>(&self, value: impl FnOnce() -> T, now: Timestamp) -> Fact<T> {
        let State { heard, at, trouble } = self.state().clone();
        // Whoever sets our clock back makes nothing fresh.
        let silent = at.map_or(Duration::ZERO, |at| at.elapsed());
        let is_fresh = |heard| {
            now.duration_since(heard) <= STALE_AFTER && silent <= STALE_AFTER.unsigned_abs()
        };
        match (heard, trouble) {
            // Not served or not allowed is an answer; it does not wait to become stale.
            (_, Some(why @ (Missing::NoKind { .. } | Missing::Forbidden { .. }))) => {
                Fact::Missing(why)
            }
            (Some(heard), _) if is_fresh(heard) => Fact::known(value(), heard),
            (Some(heard), _) => Fact::Missing(Missing::Stale {
                resource: self.resource.name.to_owned(),
                last_contact: heard,
            }),
            (None, Some(why)) => Fact::Missing(why),
            (None, None) => Fact::Missing(Missing::Failed {
                resource: self.resource.name.to_owned(),
                why: "the first list has not arrived yet".to_owned(),
            }),
        }
    }
}

impl Dependency for Contact {
    fn missing(&self) -> Option<String> {
        let state = self.state();
        let resource = self.resource.name;
        match (&state.heard, &state.trouble) {
            // A kind that is not installed, or not ours to read where only the labels are, is nothing to wait
            // for: what needs it is told so at each review.
            (Some(_), _) => None,
            (None, Some(why)) if why.is_lasting() => None,
            (None, None) => Some(format!("waiting for the first list of {resource}")),
            (None, Some(why)) => Some(format!("no list of {resource}: {why}")),
        }
    }

    fn told(&self) -> String {
        let state = self.state();
        let resource = self.resource.name;
        let heard = match state.at {
            Some(at) => format!("last word {} s ago", at.elapsed().as_secs()),
            None => "never listed".to_owned(),
        };
        match &state.trouble {
            None => format!("watch of {resource}: {heard}"),
            Some(why) => format!("watch of {resource}: {heard}; {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acm_backup_hub::kinds::BACKUPS;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn fresh_is_known_as_of_the_last_word_and_old_is_stale() {
        let contact = Contact::new(&BACKUPS);
        contact.heard(at(1000));
        assert_eq!(contact.fact(|| 7, at(1060)), Fact::known(7, at(1000)));
        assert_eq!(
            contact.fact(|| 7, at(1061)),
            Fact::Missing(Missing::Stale {
                resource: "backups.velero.io".to_owned(),
                last_contact: at(1000)
            })
        );
    }

    /// Failed before: what was known stayed fresh for an hour when our clock was set back by one.
    #[test]
    fn a_clock_that_is_set_back_makes_nothing_fresh() {
        let contact = Contact::new(&BACKUPS);
        contact.heard(at(10_000));
        let (hour, old) = (at(6_400), Duration::from_secs(61));
        assert!(contact.fact(|| 7, hour).value().is_some());
        contact.state().at = Instant::now().checked_sub(old);
        assert!(contact.fact(|| 7, hour).value().is_none());
    }

    #[test]
    fn a_broken_connection_makes_stale_only_with_time() {
        let contact = Contact::new(&BACKUPS);
        contact.heard(at(1000));
        let gone = Missing::NoCluster {
            why: "connection refused".to_owned(),
        };
        assert!(contact.failed(gone.clone()));
        assert!(!contact.failed(gone), "the same again is no news");
        assert_eq!(contact.fact(|| 7, at(1030)), Fact::known(7, at(1000)));
    }

    #[test]
    fn never_listed_is_not_known_and_not_ready() {
        let contact = Contact::new(&BACKUPS);
        assert!(contact.fact(|| 7, at(1)).value().is_none());
        assert!(contact.missing().unwrap().contains("backups.velero.io"));
    }

    /// Failed before: where the labels were installed alone, without the guards' rights, no replica ever
    /// became ready.
    #[test]
    fn what_will_not_come_by_waiting_is_not_waited_for_and_says_so_as_a_fact() {
        let absent = Missing::NoKind {
            resource: BACKUPS.name.to_owned(),
        };
        let forbidden = Missing::Forbidden {
            verb: "watch".to_owned(),
            resource: BACKUPS.name.to_owned(),
            namespace: None,
        };
        for why in [absent, forbidden] {
            let contact = Contact::new(&BACKUPS);
            contact.failed(why.clone());
            assert_eq!(contact.missing(), None, "{why}");
            assert!(contact.told().contains(&why.to_string()), "{why}");
            assert_eq!(contact.fact(|| 7, at(1)), Fact::Missing(why));
        }
        let contact = Contact::new(&BACKUPS);
        contact.failed(Missing::NoCluster {
            why: "connection refused".to_owned(),
        });
        assert!(contact.missing().is_some(), "that may pass");
    }
}
