//! One reservation, and what ends it.

use crate::time::saturating::Saturating;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far ahead of the API server's now a time of its own may lie: the clocks of several API servers
/// differ.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Reservations one holder may have at once. Each is a request that was let through and not seen since;
/// they end by themselves.
const MOST: usize = 32;

/// A request that was let through and whose fate is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Kind and name of the object, e.g. `Restore/activate`; empty where it could not be read.
    pub holder: String,
    /// The object's uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// On an update, the resourceVersion it replaces: the API server stores it over that version alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Uid of the review; each is another.
    pub request: String,
    /// When it was let through; absent on the newest one: when the Lease was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// An object as a live list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Kind and name, as in [`Entry::holder`].
    pub holder: String,
    /// Its uid.
    pub uid: String,
    /// Its resourceVersion.
    pub version: String,
}

/// What is known when a reservation is judged.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The API server's now, of the answer that held the Lease; nothing ends by time without it.
    pub now: Option<Timestamp>,
    /// When the Lease was last written, by the API server's clock.
    pub written: Option<Timestamp>,
    /// How long after its start a request can still be stored.
    pub bound: SignedDuration,
    /// What is stored, by a live list made *after* the Lease was read; none where none was made.
    pub stored: Option<&'a [Stored]>,
    /// Whether an object of this uid was ever seen stored.
    pub seen: &'a (dyn Fn(&str) -> bool + Sync),
}

impl Entry {
    /// When it was let through. Nothing in a Lease is younger than its last write, whatever it says;
    /// a time that lies ahead of the API server's now is none.
    pub fn since(&self, look: &Look<'_>) -> Option<Timestamp> {
        let believable =
            |at: &Timestamp| look.now.is_none_or(|now| at.duration_since(now).le(&AHEAD));
        let written = look.written.filter(believable);
        match (self.since.filter(believable), written) {
            (Some(since), Some(written)) => Some(since.min(written)),
            (since, written) => since.or(written),
        }
    }

    /// When its fate is known at the latest.
    pub fn until(&self, look: &Look<'_>) -> Option<Timestamp> {
        Some(self.since(look)?.plus(look.bound))
    }

    /// Whether it may still be stored.
    fn is_open(&self, look: &Look<'_>) -> bool {
        let expired = match (look.now, self.until(look)) {
            (Some(now), Some(until)) => now >= until,
            _ => false,
        };
        !expired && !self.is_settled(look)
    }

    /// Whether its fate is seen: a creation by its uid, an update by the version that is there now. What
    /// was stored once was stored, so it does not matter how old the sight of a uid is; versions are
    /// judged by the live list alone.
    fn is_settled(&self, look: &Look<'_>) -> bool {
        let Some(uid) = &self.uid else {
            return false;
        };
        match &self.version {
            None => {
                (look.seen)(uid)
                    || look
                        .stored
                        .is_some_and(|stored| stored.iter().any(|one| one.uid == *uid))
            }
            Some(version) => look.stored.is_some_and(|stored| {
                !stored
                    .iter()
                    .any(|one| one.uid == *uid && one.version == *version)
            }),
        }
    }

    /// Whether `next`, a later request for the same object, proves that this one is over: the object it
    /// creates is there to be updated, or the version it updates is no longer the one that is there.
    fn is_overtaken_by(&self, next: &Self) -> bool {
        next.version.is_some() && self.uid == next.uid && self.version != next.version
    }
}

/// The reservations with `me` added, where nobody else's is open; else those that are.
///
/// The same kind and name enters again whatever its uid: no two objects of one name are ever stored at
/// one time. What it had open before stays in, so that nobody else gets in before that is over too.
///
/// # Errors
/// The open reservations of others, or too many of one's own.
pub fn enter(entries: &[Entry], me: &Entry, look: &Look<'_>) -> Result<Vec<Entry>, Vec<Entry>> {
    let open = || entries.iter().filter(|entry| entry.is_open(look));
    let others: Vec<_> = open()
        .filter(|entry| entry.holder != me.holder)
        .cloned()
        .collect();
    if !others.is_empty() {
        return Err(others);
    }
    let mut mine: Vec<_> = open()
        .filter(|entry| !entry.is_overtaken_by(me))
        .map(|entry| Entry {
            since: entry.since(look).or(look.now),
            ..entry.clone()
        })
        .collect();
    if mine.len() >= MOST {
        return Err(mine);
    }
    mine.push(me.clone());
    Ok(mine)
}
