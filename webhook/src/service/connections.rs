//! The connections that are held at once, and who goes when there are too many.
//!
//! Whoever reaches the port may open connections, say nothing, or say what an API server says. So a newcomer is
//! never kept waiting, and what one address takes it takes from itself: the connection that goes is of the peer
//! that holds most, the newcomer's counted. A peer that holds less than its share loses none to one that holds more.
//!
//! Within a peer the same once more, by how far connections have come: those over which no review has come, those
//! whose first one waits for its turn, those that have finished one. The kind there are most of goes first, the
//! oldest of it, or whoever was idle for longest. It is what counts where a network translates addresses and
//! strangers come from the API server's: a crowd that says nothing costs only those that say nothing, and a crowd
//! that has each finished a forged review does not keep a new connection from its first one.
//!
//! A connection whose review is being judged goes only when all are such. That no crowd can be: there are only so
//! many turns.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
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
    peer: IpAddr,
    turns: Arc<Semaphore>,
    standing: Standing,
    evicted: Arc<Notify>,
    /// Whether it was told to go, and so does not count any more.
    told: bool,
    /// Since when nothing was asked; none during a request.
    idle: Option<Instant>,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// No whole review has come over it.
    Silent,
    /// The first one is here.
    Waiting,
    /// It has finished one, as those do that an API server keeps.
    Proven,
}

/// What a peer holds.
#[derive(Default)]
struct Holding {
    seats: usize,
    /// By [`Stage`], of those that may go.
    at: [usize; 3],
}

/// What a connection has shown of itself.
#[derive(Clone, Debug, Default)]
pub struct Standing(Arc<Shown>);

#[derive(Debug, Default)]
struct Shown {
    /// Whose it is; none where a test asks without a connection.
    peer: Option<IpAddr>,
    /// It has finished a review.
    proven: AtomicBool,
    /// It has sent a whole one, which is not answered yet.
    arrived: AtomicBool,
    /// It is the turn of that one.
    judged: AtomicBool,
}

impl Standing {
    /// Of a connection from `peer` over which nothing has come yet.
    #[must_use]
    pub fn of(peer: IpAddr) -> Self {
        Self(Arc::new(Shown {
            peer: Some(peer),
            ..Shown::default()
        }))
    }

    /// Whose it is.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.0.peer
    }

    /// Whether it has finished a review.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.0.proven.load(Ordering::Relaxed)
    }

    /// A whole review has come over it.
    pub fn arrived(&self) {
        self.0.arrived.store(true, Ordering::Relaxed);
    }

    /// It is the turn of that review: of these there are never many.
    pub fn judged(&self) {
        self.0.judged.store(true, Ordering::Relaxed);
    }

    /// It was answered; `reviewed` says whether as a review.
    pub fn answered(&self, reviewed: bool) {
        self.0.arrived.store(false, Ordering::Relaxed);
        self.0.judged.store(false, Ordering::Relaxed);
        if reviewed {
            self.0.proven.store(true, Ordering::Relaxed);
        }
    }

    fn is_judged(&self) -> bool {
        self.0.judged.load(Ordering::Relaxed)
    }

    fn stage(&self) -> Stage {
        match (self.is_proven(), self.0.arrived.load(Ordering::Relaxed)) {
            (true, _) => Stage::Proven,
            (false, true) => Stage::Waiting,
            (false, false) => Stage::Silent,
        }
    }
}

/// One connection's place; left when it is dropped.
pub struct Seat {
    connections: Arc<Connections>,
    turn: u64,
    standing: Standing,
    evicted: Arc<Notify>,
    turns: Arc<Semaphore>,
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

    /// A seat for a new connection from `peer`, and whether another must go for it.
    pub fn seat(self: &Arc<Self>, peer: IpAddr) -> (Seat, bool) {
        // A socket of both families writes IPv4 in two ways.
        let peer = peer.to_canonical();
        let mut state = self.state();
        let counted = state.held.values().filter(|one| !one.told).count();
        let evicts = counted >= self.most && state.evict(peer);
        let turn = state.next;
        state.next = turn.wrapping_add(1);
        let mut others = state.held.values().filter(|one| one.peer == peer);
        let turns = others.next().map(|one| Arc::clone(&one.turns));
        let seat = Seat {
            connections: Arc::clone(self),
            turn,
            standing: Standing::of(peer),
            evicted: Arc::default(),
            turns: turns.unwrap_or_else(|| Arc::new(Semaphore::new(1))),
        };
        state.held.insert(
            turn,
            Held {
                peer,
                turns: Arc::clone(&seat.turns),
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
    /// Tells one that it must go for a newcomer from `peer`.
    fn evict(&mut self, newcomer: IpAddr) -> bool {
        let holdings = self.holdings(newcomer);
        let order = |(turn, one): &(&u64, &mut Held)| {
            let stage = one.standing.stage();
            let holding = holdings.get(&one.peer);
            let seats = holding.map_or(0, |holding| holding.seats);
            // Of two that hold the same, the one that has shown less.
            let proven = holding.map_or(0, |holding| holding.count(Stage::Proven));
            let alike = holding.map_or(0, |holding| holding.count(stage));
            let idle = match stage {
                Stage::Proven => (one.idle.is_none(), one.idle),
                _ => (false, None),
            };
            (
                one.standing.is_judged(),
                Reverse(seats),
                proven,
                Reverse(alike),
                stage,
                idle,
                **turn,
            )
        };
        let may_go = self.held.iter_mut().filter(|(_, one)| !one.told);
        let Some((_, first)) = may_go.min_by_key(order) else {
            return false;
        };
        first.told = true;
        first.evicted.notify_one();
        true
    }

    fn holdings(&self, newcomer: IpAddr) -> BTreeMap<IpAddr, Holding> {
        let mut holdings = BTreeMap::<IpAddr, Holding>::new();
        for one in self.held.values().filter(|one| !one.told) {
            let holding = holdings.entry(one.peer).or_default();
            holding.seats = holding.seats.saturating_add(1);
            if !one.standing.is_judged() {
                holding.add(one.standing.stage());
            }
        }
        let newcomers = holdings.entry(newcomer).or_default();
        newcomers.seats = newcomers.seats.saturating_add(1);
        holdings
    }
}

impl Holding {
    fn add(&mut self, stage: Stage) {
        if let Some(count) = self.at.get_mut(stage as usize) {
            *count = count.saturating_add(1);
        }
    }

    fn count(&self, stage: Stage) -> usize {
        self.at.get(stage as usize).copied().unwrap_or_default()
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
        self.standing.answered(reviewed);
        self.note(Some(Instant::now()));
    }

    fn note(&self, idle: Option<Instant>) {
        let mut state = self.connections.state();
        if let Some(held) = state.held.get_mut(&self.turn) {
            held.idle = idle;
        }
    }

    /// The turn for what takes a processor long: one at a time of each peer, so that whoever comes from another waits
    /// for one of a crowd and not for all of it. Nothing may be waited for with it in hand.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed.
        self.turns.acquire().await.ok()
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
mod tests;
