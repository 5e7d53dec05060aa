//! What to look at, each once however often it is asked for.
//!
//! Only the elected replica looks, so only its queue takes anything: what is due when another is elected, that one
//! finds by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acm_backup_domain::labels::referrers::Labelled;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Secrets or ConfigMaps.
    pub what: Labelled,
    /// Namespace.
    pub namespace: Box<str>,
    /// One by name; none for all of the namespace.
    pub name: Option<Box<str>>,
}

impl Target {
    /// One of them.
    #[must_use]
    pub fn one(what: Labelled, namespace: &str, name: &str) -> Self {
        Self {
            what,
            namespace: namespace.into(),
            name: Some(name.into()),
        }
    }

    /// All Secrets of a namespace.
    #[must_use]
    pub fn namespace(namespace: &str) -> Self {
        Self {
            what: Labelled::Secret,
            namespace: namespace.into(),
            name: None,
        }
    }
}

/// When a target is looked at again, after the first, second, ... time it could not be settled. Then it
/// is left to admission, which labels what is created later, and to the next sweep.
const AGAIN: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
    Duration::from_secs(60),
];

#[derive(Clone, Copy)]
struct Due {
    at: Instant,
    /// How often it could not be settled.
    attempt: usize,
}

/// Which attempt one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    number: usize,
    /// How often the queue had been cleared when it began.
    round: u64,
}

/// The queue. Closed until it is opened.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    is_open: bool,
    due: BTreeMap<Target, Due>,
    round: u64,
}

/// While this is held the queue takes in what it is given; then it is emptied.
pub struct Open<'a>(&'a Queue);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        *self.0.lock() = State::default();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to take in.
    #[must_use]
    pub fn open(&self) -> Open<'_> {
        self.lock().is_open = true;
        Open(self)
    }

    /// Forgets everything that waits, and what is being looked at: that does not come again.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.due.clear();
        state.round = state.round.wrapping_add(1);
    }

    /// Asks for targets to be looked at now.
    pub fn add(&self, targets: impl IntoIterator<Item = Target>) {
        let due = Due {
            at: Instant::now(),
            attempt: 0,
        };
        let mut state = self.lock();
        if !state.is_open {
            return;
        }
        state
            .due
            .extend(targets.into_iter().map(|target| (target, due)));
        drop(state);
        self.changed.notify_one();
    }

    /// Asks for a target to be looked at after a pause, and anew; one that is due earlier keeps its time.
    pub fn later(&self, target: Target, pause: Duration) {
        let now = Instant::now();
        let due = Due {
            at: now.checked_add(pause).unwrap_or(now),
            attempt: 0,
        };
        let mut state = self.lock();
        if !state.is_open {
            return;
        }
        state
            .due
            .entry(target)
            .and_modify(|waits| {
                if waits.at > due.at {
                    *waits = due;
                }
            })
            .or_insert(due);
        drop(state);
        self.changed.notify_one();
    }

    /// Asks for a target to be looked at again later, unless it has been often enough. `attempt` is the
    /// one that came with it.
    pub fn again(&self, target: Target, attempt: Attempt) -> bool {
        let Some(pause) = AGAIN.get(attempt.number) else {
            return false;
        };
        let now = Instant::now();
        let due = Due {
            at: now.checked_add(*pause).unwrap_or(now),
            attempt: attempt.number.saturating_add(1),
        };
        let mut state = self.lock();
        if !state.is_open || state.round != attempt.round {
            return false;
        }
        // One that was asked for anew meanwhile is due earlier.
        state.due.entry(target).or_insert(due);
        drop(state);
        self.changed.notify_one();
        true
    }

    /// The next target that is due, and which attempt this is; waits for one.
    pub async fn next(&self) -> (Target, Attempt) {
        loop {
            let changed = self.changed.notified();
            let wait = {
                let mut state = self.lock();
                let round = state.round;
                let due = &mut state.due;
                let first = due
                    .iter()
                    .min_by_key(|(_, due)| due.at)
                    .map(|(target, due)| (target.clone(), *due));
                match first {
                    Some((target, next)) if next.at <= Instant::now() => {
                        due.remove(&target);
                        if !due.is_empty() {
                            // Whoever else waits was not told of the rest.
                            self.changed.notify_one();
                        }
                        let number = next.attempt;
                        return (target, Attempt { number, round });
                    }
                    Some((_, next)) => Some(next.at),
                    None => None,
                }
            };
            match wait {
                Some(at) => tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                None => changed.await,
            }
        }
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().due.is_empty()
    }

    /// Everything that waits.
    #[must_use]
    pub fn waiting(&self) -> BTreeSet<Target> {
        self.lock().due.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(number: usize) -> Attempt {
        Attempt { number, round: 0 }
    }

    #[tokio::test]
    async fn each_target_comes_once_however_often_it_is_asked_for() {
        let queue = Queue::default();
        let _open = queue.open();
        let target = Target::one(Labelled::Secret, "c1", "pull");
        queue.add([target.clone(), target.clone()]);
        queue.add([target.clone()]);
        assert_eq!(queue.next().await, (target, attempt(0)));
        assert!(queue.is_empty());
    }

    #[tokio::test]
    async fn what_is_not_settled_comes_again_a_bounded_number_of_times() {
        let queue = Queue::default();
        let _open = queue.open();
        let target = Target::one(Labelled::Secret, "c1", "pull");
        assert!(queue.again(target.clone(), attempt(0)));
        assert_eq!(queue.next().await, (target.clone(), attempt(1)));
        assert!(!queue.again(target, attempt(AGAIN.len())));
        assert!(queue.is_empty());
    }

    /// Nor does what is looked at just then.
    #[tokio::test]
    async fn what_was_cleared_away_does_not_come_again() {
        let queue = Queue::default();
        let _open = queue.open();
        let [one, two] = ["1", "2"].map(|name| Target::one(Labelled::Secret, "c1", name));
        queue.add([one, two]);
        let (looked_at, before) = queue.next().await;
        queue.clear();
        assert!(queue.is_empty());
        assert!(!queue.again(looked_at.clone(), before));
        assert!(queue.is_empty());
        queue.add([looked_at.clone()]);
        let (_, now) = queue.next().await;
        assert!(queue.again(looked_at, now));
    }

    /// Failed before: one that waited for its next try kept that time, up to a minute, though it was heard of.
    #[tokio::test(start_paused = true)]
    async fn what_is_heard_of_comes_before_its_next_try() {
        let queue = Queue::default();
        let _open = queue.open();
        let target = Target::one(Labelled::Secret, "c1", "pull");
        let begun = Instant::now();
        assert!(queue.again(target.clone(), attempt(AGAIN.len() - 1)));
        queue.later(target.clone(), Duration::from_secs(1));
        assert_eq!(queue.next().await, (target, attempt(0)));
        assert_eq!(begun.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_for_later_comes_then_and_once_however_often_it_is_heard_of() {
        let queue = Queue::default();
        let _open = queue.open();
        let target = Target::one(Labelled::Secret, "c1", "pull");
        let begun = Instant::now();
        let second = Duration::from_secs(1);
        // Another writer takes the label away ten times a second.
        for _ in 0..15 {
            queue.later(target.clone(), second);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert_eq!(queue.next().await, (target.clone(), attempt(0)));
        assert!(queue.is_empty());
        // Asked for at once it does not wait, and what is due is not put off.
        queue.add([target.clone()]);
        queue.later(target.clone(), second);
        let waited = Instant::now();
        assert_eq!(queue.next().await, (target, attempt(0)));
        assert_eq!(waited, Instant::now());
        assert!(begun.elapsed() >= second);
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_what_is_added() {
        let queue = std::sync::Arc::new(Queue::default());
        let _open = queue.open();
        let waiting = tokio::spawn({
            let queue = std::sync::Arc::clone(&queue);
            async move { queue.next().await }
        });
        tokio::task::yield_now().await;
        queue.add([Target::namespace("pool-1")]);
        assert_eq!(
            waiting.await.unwrap(),
            (Target::namespace("pool-1"), attempt(0))
        );
    }

    /// Failed before: the queue of a replica that is not elected grew with every cluster.
    #[tokio::test]
    async fn nothing_is_kept_for_a_replica_that_is_not_elected() {
        let queue = Queue::default();
        let target = Target::one(Labelled::Secret, "c1", "pull");
        let ask = || {
            queue.add([target.clone()]);
            queue.later(target.clone(), Duration::ZERO);
            queue.again(target.clone(), attempt(0))
        };
        assert!(!ask() && queue.is_empty());
        let open = queue.open();
        assert!(ask() && !queue.is_empty());
        drop(open);
        assert!(queue.is_empty() && !ask());
        assert!(queue.is_empty());
    }
}
