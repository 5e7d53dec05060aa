//! Room for bodies: what all of them together may take of memory, by the length they announce.
//!
//! A part is kept for small ones, which nearly all reviews are, so that a few large ones do not keep them out. No peer
//! has more than three quarters of either part.
//! A body that is slow to come may stay as long as nobody needs its place: then it is thrown out, those of the peer
//! that holds most in this way first, of them those on connections that never finished a review, of them the oldest.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::service::connections::Standing;

/// What all bodies together may take.
pub const ROOM: usize = 64 * 1024 * 1024;

/// What is kept of it for small ones.
pub const KEPT: usize = 8 * 1024 * 1024;

/// The largest small one.
pub const SMALL: usize = 64 * 1024;

/// How long a body may take before its place is given to another who needs it. An API server in the same
/// cluster sends the largest in less.
const PATIENCE: Duration = Duration::from_millis(150);

/// The room.
pub struct Room {
    state: Mutex<State>,
    freed: Notify,
}

struct State {
    free: Free,
    /// The most of each part that one peer has.
    share: Bytes,
    /// What each has.
    peers: BTreeMap<IpAddr, Bytes>,
    /// Bodies that have not arrived yet, by their turn.
    arriving: BTreeMap<u64, Arriving>,
    next: u64,
}

type Free = Bytes;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Bytes {
    kept: usize,
    any: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Kept,
    Any,
}

struct Arriving {
    since: Instant,
    sender: Standing,
    part: Part,
    bytes: usize,
    evicted: Arc<Notify>,
    told: bool,
}

/// There was no room in time.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

/// A body's place; given back when it is dropped.
pub struct Place {
    room: Arc<Room>,
    turn: u64,
    part: Part,
    bytes: usize,
    peer: Option<IpAddr>,
    evicted: Arc<Notify>,
}

impl Default for Room {
    fn default() -> Self {
        Self::of(ROOM, KEPT)
    }
}

impl Room {
    /// Of `all` bytes, `kept` of them for small bodies.
    #[must_use]
    pub fn of(all: usize, kept: usize) -> Self {
        let free = Free {
            kept,
            any: all.saturating_sub(kept),
        };
        Self {
            state: Mutex::new(State {
                share: free.three_quarters(),
                free,
                peers: BTreeMap::new(),
                arriving: BTreeMap::new(),
                next: 0,
            }),
            freed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a body of so many bytes; `sender` is what its connection has shown.
    ///
    /// # Errors
    /// When there is none before `deadline`.
    pub async fn take(
        self: &Arc<Self>,
        bytes: usize,
        sender: &Standing,
        deadline: Instant,
    ) -> Result<Place, Full> {
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            // Before looking: what is freed from now on is not missed.
            freed.as_mut().enable();
            let again = {
                let mut state = self.state();
                if let Some(place) = self.place(&mut state, bytes, sender) {
                    return Ok(place);
                }
                state.throw_out(bytes, sender, Instant::now())
            };
            let again = again.map_or(deadline, |again| again.min(deadline));
            tokio::select! {
                () = freed => {}
                () = sleep_until(again) => {
                    if again >= deadline {
                        return Err(Full);
                    }
                }
            }
        }
    }

    fn place(
        self: &Arc<Self>,
        state: &mut State,
        bytes: usize,
        sender: &Standing,
    ) -> Option<Place> {
        let part = if bytes <= SMALL && state.has(Part::Kept, bytes, sender) {
            Part::Kept
        } else if state.has(Part::Any, bytes, sender) {
            Part::Any
        } else {
            return None;
        };
        let of = state.free.of(part);
        *of = of.saturating_sub(bytes);
        if let Some(peer) = sender.peer() {
            let held = state.peers.entry(peer).or_default().of(part);
            *held = held.saturating_add(bytes);
        }
        let turn = state.next;
        state.next = turn.wrapping_add(1);
        let evicted = Arc::new(Notify::new());
        let arriving = Arriving {
            since: Instant::now(),
            sender: sender.clone(),
            part,
            bytes,
            evicted: Arc::clone(&evicted),
            told: false,
        };
        state.arriving.insert(turn, arriving);
        Some(Place {
            room: Arc::clone(self),
            turn,
            part,
            bytes,
            peer: sender.peer(),
            evicted,
        })
    }
}

impl Bytes {
    fn three_quarters(self) -> Self {
        Self {
            kept: self.kept.saturating_sub(self.kept / 4),
            any: self.any.saturating_sub(self.any / 4),
        }
    }

    fn of(&mut self, part: Part) -> &mut usize {
        match part {
            Part::Kept => &mut self.kept,
            Part::Any => &mut self.any,
        }
    }
}

impl State {
    /// Whether there is so much of a part, and for this sender.
    fn has(&mut self, part: Part, bytes: usize, sender: &Standing) -> bool {
        bytes <= *self.free.of(part) && self.has_left(part, bytes, sender)
    }

    /// Whether a sender's peer may have so much more of a part.
    fn has_left(&mut self, part: Part, bytes: usize, sender: &Standing) -> bool {
        let Some(peer) = sender.peer() else {
            return true;
        };
        let held = self
            .peers
            .get(&peer)
            .copied()
            .unwrap_or_default()
            .of(part)
            .saturating_add(bytes);
        held <= *self.share.of(part)
    }

    /// Tells the first who must go that it must, one at a time: its place may be enough. When to look again.
    fn throw_out(&mut self, bytes: usize, sender: &Standing, now: Instant) -> Option<Instant> {
        let within = self.has_left(Part::Any, bytes, sender);
        let helps = |one: &Arriving| {
            // Whoever has its share already is helped by its own alone.
            let counts = within || one.sender.peer() == sender.peer();
            counts && (bytes <= SMALL || one.part == Part::Any) && !one.told
        };
        let until = |one: &Arriving| one.since.checked_add(PATIENCE);
        let mut held = BTreeMap::<_, usize>::new();
        for one in self.arriving.values() {
            let of_peer = held.entry(one.sender.peer()).or_default();
            *of_peer = of_peer.saturating_add(one.bytes);
        }
        let slow = self.arriving.values_mut().filter(|one| helps(one));
        let slow = slow.filter(|one| until(one).is_some_and(|until| until <= now));
        let first = slow.min_by_key(|one| {
            let of_peer = held.get(&one.sender.peer()).copied();
            (Reverse(of_peer), one.sender.is_proven(), one.since)
        });
        let Some(first) = first else {
            let waiting = self.arriving.values().filter(|one| helps(one));
            return waiting.filter_map(until).min();
        };
        first.told = true;
        first.evicted.notify_one();
        // Its task gives the place back at once; should that not be enough, the next goes.
        now.checked_add(Duration::from_millis(1))
    }
}

impl Place {
    /// The body is here: from now on nobody is kept waiting by a slow sender.
    pub fn arrived(&self) {
        self.room.state().arriving.remove(&self.turn);
    }

    /// Returns when its place is needed and it has been slow.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.room.state();
        state.arriving.remove(&self.turn);
        let free = state.free.of(self.part);
        *free = free.saturating_add(self.bytes);
        if let Some(peer) = self.peer
            && let Some(held) = state.peers.get_mut(&peer)
        {
            let of = held.of(self.part);
            *of = of.saturating_sub(self.bytes);
            if *held == Bytes::default() {
                state.peers.remove(&peer);
            }
        }
        drop(state);
        self.room.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(2)
    }

    fn stranger() -> Standing {
        Standing::default()
    }

    fn known() -> Standing {
        let standing = Standing::default();
        standing.answered(true);
        standing
    }

    fn room() -> Arc<Room> {
        Arc::default()
    }

    #[tokio::test(start_paused = true)]
    async fn large_bodies_leave_room_for_small_ones() {
        let room = room();
        let mut large = Vec::new();
        for _ in 0..8 {
            let place = room
                .take(7 * MIB, &known(), soon())
                .await
                .unwrap_or_else(|_| panic!());
            place.arrived();
            large.push(place);
        }
        assert!(room.take(7 * MIB, &known(), soon()).await.is_err());
        let mut small = Vec::new();
        for _ in 0..KEPT / SMALL {
            let place = room.take(SMALL, &stranger(), soon()).await;
            small.push(place.unwrap_or_else(|_| panic!()));
        }
        small.iter().for_each(Place::arrived);
        assert!(room.take(SMALL, &known(), soon()).await.is_err());
        large.pop();
        // What is not kept for them they may have as well.
        assert!(room.take(SMALL, &known(), soon()).await.is_ok());
        assert!(room.take(7 * MIB, &known(), soon()).await.is_ok());
    }

    fn peer(last: u8) -> Standing {
        Standing::of([10, 128, 0, last].into())
    }

    /// Failed before: what one had sent and was waiting for left no room for anybody.
    #[tokio::test(start_paused = true)]
    async fn no_peer_has_all_the_room() {
        let room = room();
        let mut held = Vec::new();
        for bytes in [7 * MIB, SMALL] {
            while let Ok(place) = room.take(bytes, &peer(1), Instant::now()).await {
                place.arrived();
                held.push(place);
            }
        }
        // Nobody goes for whoever has its share.
        let slow = slow(&room, peer(2));
        tokio::task::yield_now().await;
        assert!(room.take(SMALL, &peer(1), soon()).await.is_err());
        assert!(!slow.is_finished());
        for bytes in [7 * MIB, SMALL] {
            let place = room.take(bytes, &peer(3), Instant::now()).await;
            assert!(place.is_ok(), "{bytes}");
        }
        drop(held);
        slow.abort();
        let _ = slow.await;
        assert!(room.state().peers.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_what_is_given_back() {
        let room = Arc::new(Room::of(10, 0));
        let place = room
            .take(10, &known(), soon())
            .await
            .unwrap_or_else(|_| panic!());
        place.arrived();
        let next = tokio::spawn({
            let room = Arc::clone(&room);
            async move { room.take(10, &known(), soon()).await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(!next.is_finished());
        drop(place);
        assert!(next.await.unwrap());
    }

    /// A slow sender: holds its place until it is thrown out.
    fn slow(room: &Arc<Room>, sender: Standing) -> tokio::task::JoinHandle<()> {
        let room = Arc::clone(room);
        tokio::spawn(async move {
            let place = room
                .take(5, &sender, soon())
                .await
                .unwrap_or_else(|_| panic!());
            place.evicted().await;
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_goes_when_its_place_is_needed_and_strangers_go_first() {
        let room = Arc::new(Room::of(10, 0));
        let proven = slow(&room, known());
        tokio::task::yield_now().await;
        let other = slow(&room, stranger());
        tokio::task::yield_now().await;
        let began = Instant::now();
        let place = room.take(5, &stranger(), soon()).await;
        assert!(place.is_ok());
        assert_eq!(began.elapsed(), PATIENCE, "not before it was slow");
        assert!(other.is_finished());
        assert!(!proven.is_finished());
        let place = place.unwrap_or_else(|_| panic!());
        place.arrived();
        assert!(room.take(5, &stranger(), soon()).await.is_ok());
        assert!(proven.is_finished());
    }

    /// Failed before: whoever had finished one review was never thrown out for one that had not.
    #[tokio::test(start_paused = true)]
    async fn of_slow_bodies_one_of_the_peer_that_holds_most_goes() {
        let room = Arc::new(Room::of(15, 0));
        let api_server = slow(&room, peer(1));
        tokio::task::yield_now().await;
        let proven = [peer(2), peer(2)].map(|sender| {
            sender.answered(true);
            slow(&room, sender)
        });
        tokio::task::yield_now().await;
        assert!(room.take(5, &peer(3), soon()).await.is_ok());
        assert!(!api_server.is_finished());
        assert_eq!(proven.iter().filter(|one| one.is_finished()).count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_thrown_out_who_has_arrived_or_whom_nobody_needs_to_go() {
        let room = Arc::new(Room::of(10, 0));
        let slow = slow(&room, stranger());
        tokio::task::yield_now().await;
        tokio::time::sleep(PATIENCE * 3).await;
        assert!(room.take(5, &stranger(), soon()).await.is_ok());
        assert!(!slow.is_finished());
    }
}
