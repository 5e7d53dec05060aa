//! The connections that are held at once, and who goes when there are too many.
//!
//! Whoever reaches the port may open connections and say nothing. So a newcomer is never kept waiting: the
//! oldest of those that never finished a review goes, and only when there is none, whoever has been idle for
//! longest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// All of them.
pub struct Connections {
    most: usize,
    state: Mutex<State>,
    left: Notify,
}

#[derive(Default)]
struct State {
    held: BTreeMap<u64, Held>,
    next: u64,
}

struct Held {
    standing: Standing,
    evicted: Arc<Notify>,
    /// Whether it was told to go, and so does not count any more.
    told: bool,
    /// Since when nothing was asked; none during a request.
    idle: Option<Instant>,
}

/// Whether a connection has finished a review, as those do that an API server keeps.
#[derive(Clone, Debug, Default)]
pub struct Standing(Arc<AtomicBool>);

impl Standing {
    /// Whether it has.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn prove(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One connection's place; left when it is dropped.
pub struct Seat {
    connections: Arc<Connections>,
    turn: u64,
    standing: Standing,
    evicted: Arc<Notify>,
}

impl Connections {
    /// At most so many at once.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            state: Mutex::default(),
            left: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat for a new connection, and whether another must go for it.
    pub fn seat(self: &Arc<Self>) -> (Seat, bool) {
        let mut state = self.state();
        let counted = state.held.values().filter(|one| !one.told).count();
        let evicts = counted >= self.most && state.evict();
        let turn = state.next;
        state.next = turn.wrapping_add(1);
        let seat = Seat {
            connections: Arc::clone(self),
            turn,
            standing: Standing::default(),
            evicted: Arc::default(),
        };
        state.held.insert(
            turn,
            Held {
                standing: seat.standing.clone(),
                evicted: Arc::clone(&seat.evicted),
                told: false,
                idle: Some(Instant::now()),
            },
        );
        (seat, evicts)
    }

    /// Returns when nobody is left.
    pub async fn emptied(&self) {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            left.as_mut().enable();
            if self.state().held.is_empty() {
                return;
            }
            left.await;
        }
    }
}

impl State {
    fn evict(&mut self) -> bool {
        let order = |(turn, one): &(&u64, &mut Held)| {
            // A stranger whatever it does; then whoever asks nothing, the longest first; then, were all of
            // them at work, the oldest.
            let proven = one.standing.is_proven();
            let busy = proven && one.idle.is_none();
            (proven, busy, proven.then_some(one.idle).flatten(), **turn)
        };
        let waiting = self.held.iter_mut().filter(|(_, one)| !one.told);
        let Some((_, first)) = waiting.min_by_key(order) else {
            return false;
        };
        first.told = true;
        first.evicted.notify_one();
        true
    }
}

impl Seat {
    /// What a request over it is told of it.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.clone()
    }

    /// A request has come.
    pub fn begin(&self) {
        self.note(None);
    }

    /// It was answered; `reviewed` says whether as a review.
    pub fn end(&self, reviewed: bool) {
        if reviewed {
            self.standing.prove();
        }
        self.note(Some(Instant::now()));
    }

    fn note(&self, idle: Option<Instant>) {
        let mut state = self.connections.state();
        if let Some(held) = state.held.get_mut(&self.turn) {
            held.idle = idle;
        }
    }

    /// Returns when it must go for another.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.state().held.remove(&self.turn);
        self.connections.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::time::Duration;

    fn goes(seat: &Seat) -> bool {
        seat.evicted().now_or_never().is_some()
    }

    /// Seats in the order in which they were taken, of as many as there may be.
    fn full(most: usize) -> (Arc<Connections>, Vec<Seat>) {
        let connections = Connections::new(most);
        let seats = (0..most).map(|_| connections.seat().0).collect();
        (connections, seats)
    }

    #[tokio::test(start_paused = true)]
    async fn strangers_go_first_the_oldest_of_them_and_then_whoever_is_idle_for_longest() {
        let (connections, seats) = full(4);
        let [known, busy, stranger, silent] = &seats[..] else {
            panic!()
        };
        for seat in [busy, known] {
            seat.begin();
            seat.end(true);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        busy.begin();
        // Asked something, but never what an API server asks.
        stranger.begin();
        stranger.end(false);
        let mut newcomers = Vec::new();
        for expected in [stranger, silent, known, busy] {
            let (seat, evicts) = connections.seat();
            seat.begin();
            seat.end(true);
            seat.begin();
            newcomers.push(seat);
            assert!(evicts);
            assert!(goes(expected));
        }
        assert!(newcomers.iter().all(|seat| !goes(seat)));
    }

    #[tokio::test]
    async fn whoever_leaves_makes_room_and_the_last_is_waited_for() {
        let (connections, mut seats) = full(2);
        seats.pop();
        let (seat, evicts) = connections.seat();
        assert!(!evicts);
        drop(seat);
        assert!(connections.emptied().now_or_never().is_none());
        let emptied = connections.emptied();
        seats.clear();
        emptied.await;
    }
}
