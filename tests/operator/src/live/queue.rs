//! Which objects to look at, now and later.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Item;

/// The operator's work queue: an object is in it once, with the earliest time it was asked for.
#[derive(Debug, Default)]
pub struct Queue {
    ready: VecDeque<Item>,
    later: BTreeMap<Item, (Instant, bool)>,
}

impl Queue {
    /// Looks at an object as soon as possible. One in the middle of a pass is left to finish it first.
    pub fn add(&mut self, item: Item) {
        let in_a_pass = self.later.get(&item).is_some_and(|(_, resume)| *resume);
        if !in_a_pass && !self.ready.contains(&item) {
            self.ready.push_back(item);
        }
    }

    /// Looks at an object after a while.
    pub fn later(&mut self, item: Item, after: Duration, resume: bool) {
        self.later.insert(item, (Instant::now() + after, resume));
    }

    /// Waits until something is due.
    pub async fn due(&self) {
        match self.later.values().map(|(due, _)| *due).min() {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// The next object, and whether that goes on with a pass.
    pub fn take(&mut self) -> Option<(Item, bool)> {
        if let Some(item) = self.ready.pop_front() {
            self.later.remove(&item);
            return Some((item, false));
        }
        let (item, resume) = self
            .later
            .iter()
            .filter(|(_, (due, _))| *due <= Instant::now())
            .min_by_key(|(_, (due, _))| *due)
            .map(|(item, (_, resume))| (item.clone(), *resume))?;
        self.later.remove(&item);
        Some((item, resume))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;
    use crate::object::ObjectName;

    fn item(name: &str) -> Item {
        (Kind::AcmRestore, ObjectName::new("ns", name))
    }

    #[test]
    fn an_object_asked_for_twice_is_looked_at_once() {
        let mut queue = Queue::default();
        queue.add(item("a"));
        queue.add(item("a"));
        queue.add(item("b"));
        assert_eq!(queue.take(), Some((item("a"), false)));
        assert_eq!(queue.take(), Some((item("b"), false)));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn an_event_makes_a_later_look_unnecessary() {
        let mut queue = Queue::default();
        queue.later(item("a"), Duration::ZERO, false);
        queue.add(item("a"));
        assert_eq!(queue.take(), Some((item("a"), false)));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_pass_in_its_pause_is_finished_before_anything_else() {
        let mut queue = Queue::default();
        queue.later(item("a"), Duration::ZERO, true);
        queue.add(item("a"));
        assert_eq!(queue.take(), Some((item("a"), true)));
        assert_eq!(queue.take(), None);
    }
}
