//! Lines of the log that whoever reaches the port can have written as often as they like: so many of a kind in an
//! interval are, and of the others the number.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a number is kept until the next line tells it.
pub const EVERY: Duration = Duration::from_secs(60);

/// Which lines were written. There must be few kinds: each is remembered.
pub struct Repeated<K> {
    most: u32,
    every: Duration,
    seen: Mutex<BTreeMap<K, Seen>>,
}

struct Seen {
    since: Instant,
    written: u32,
    left_out: u64,
}

impl<K: Ord> Repeated<K> {
    /// At most so many of each kind in `every`.
    #[must_use]
    pub fn new(most: u32, every: Duration) -> Self {
        Self {
            most,
            every,
            seen: Mutex::default(),
        }
    }

    /// Whether one more of this kind is written, and then how many were left out since the last one.
    pub fn write(&self, kind: K) -> Option<u64> {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.entry(kind).or_insert_with(|| Seen {
            since: now,
            written: 0,
            left_out: 0,
        });
        if now.saturating_duration_since(seen.since) >= self.every {
            seen.since = now;
            seen.written = 0;
        }
        if seen.written >= self.most {
            seen.left_out = seen.left_out.saturating_add(1);
            return None;
        }
        seen.written = seen.written.saturating_add(1);
        Some(std::mem::take(&mut seen.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_of_a_kind_is_written_and_then_how_many_there_were() {
        let lines = Repeated::new(1, EVERY);
        assert_eq!(lines.write("a"), Some(0));
        for _ in 0..1000 {
            assert_eq!(lines.write("a"), None);
        }
        assert_eq!(lines.write("b"), Some(0), "another kind is news");
        tokio::time::advance(EVERY - Duration::from_nanos(1)).await;
        assert_eq!(lines.write("a"), None);
        tokio::time::advance(Duration::from_nanos(1)).await;
        assert_eq!(lines.write("a"), Some(1001));
        assert_eq!(lines.write("a"), None);
        tokio::time::advance(EVERY * 10).await;
        assert_eq!(lines.write("a"), Some(1));
        assert_eq!(lines.write("b"), Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn as_many_as_are_allowed_and_then_a_number() {
        let lines = Repeated::new(3, EVERY);
        let written = (0..10).filter_map(|_| lines.write(())).collect::<Vec<_>>();
        assert_eq!(written, [0, 0, 0]);
        tokio::time::advance(EVERY).await;
        assert_eq!(lines.write(()), Some(7));
        assert_eq!(lines.write(()), Some(0));
    }
}
