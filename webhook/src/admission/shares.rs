//! Slots for reviews, of which no peer has all: whoever sends many keeps others waiting for a part of them only.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Peers that are remembered before those that ask nothing any more are forgotten.
const MANY: usize = 64;

/// The slots of one kind of review.
pub struct Slots {
    all: Semaphore,
    share: usize,
    peers: Mutex<BTreeMap<Option<IpAddr>, Weak<Semaphore>>>,
}

/// A slot; given back when it is dropped.
pub struct Slot<'a> {
    _of_all: Option<SemaphorePermit<'a>>,
    _of_peer: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// So many, of which a peer has three quarters at most where there is more than one.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self {
            all: Semaphore::new(count),
            share: count.saturating_sub((count / 4).max(1)).max(1),
            peers: Mutex::default(),
        }
    }

    /// Waits for a slot: with those of the same peer for one of its share, and then for one of all.
    pub async fn take(&self, peer: Option<IpAddr>) -> Slot<'_> {
        // Neither is ever closed.
        let of_peer = self.of(peer).acquire_owned().await.ok();
        Slot {
            _of_all: self.all.acquire().await.ok(),
            _of_peer: of_peer,
        }
    }

    fn of(&self, peer: Option<IpAddr>) -> Arc<Semaphore> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.len() >= MANY {
            peers.retain(|_, share| share.strong_count() > 0);
        }
        let known = peers.get(&peer).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let share = Arc::new(Semaphore::new(self.share));
            peers.insert(peer, Arc::downgrade(&share));
            share
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn peer(number: u16) -> Option<IpAddr> {
        let [high, low] = number.to_be_bytes();
        Some([10, 128, high, low].into())
    }

    fn taken(slots: &Slots, number: u16) -> Option<Slot<'_>> {
        slots.take(peer(number)).now_or_never()
    }

    #[tokio::test]
    async fn no_peer_has_all_and_what_it_gives_back_it_has_again() {
        for (count, share) in [(1, 1), (2, 1), (4, 3), (16, 12)] {
            let slots = Slots::new(count);
            let mut held: Vec<_> = (0..share).map(|_| taken(&slots, 1).unwrap()).collect();
            assert!(taken(&slots, 1).is_none(), "{count}");
            let others: Vec<_> = (share..count).map(|_| taken(&slots, 2).unwrap()).collect();
            assert!(taken(&slots, 3).is_none(), "{count}");
            held.pop();
            held.extend(taken(&slots, 1));
            assert_eq!(held.len() + others.len(), count);
        }
    }

    #[tokio::test]
    async fn those_that_are_gone_are_forgotten() {
        let slots = Slots::new(4);
        let _held = taken(&slots, 0).unwrap();
        for number in 1..5000 {
            drop(slots.take(peer(number)).await);
        }
        let peers = slots.peers.lock().unwrap();
        assert!(peers.len() <= MANY && peers.contains_key(&peer(0)));
    }
}
