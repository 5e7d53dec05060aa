//! Open-loop load: calls start when they are due, whether earlier ones were answered or not.

use super::pool::Pool;
use super::review::{Review, uid};
use anyhow::{Context, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// Calls that go out this much after they were due count from when they were due: otherwise a stall of the
/// generator would hide the very calls a stall of the server would have met.
const LATE: Duration = Duration::from_millis(1);

/// What a load found.
pub struct Latencies {
    sorted: Vec<Duration>,
    /// Connections opened meanwhile.
    pub opened: u64,
    /// Calls per second that were asked for.
    pub rate: u32,
}

impl Latencies {
    /// The latency that the given share of calls does not exceed: nearest rank.
    pub fn quantile(&self, share: f64) -> Duration {
        nearest_rank(&self.sorted, share)
    }

    /// Number of calls.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }
}

/// The smallest value that at least `share` of the sorted values do not exceed.
pub fn nearest_rank(sorted: &[Duration], share: f64) -> Duration {
    // A count of calls is far below what an f64 holds exactly.
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Calls at `rate` a second for `length`; any call that fails fails the run.
pub async fn open_loop(
    pool: &Arc<Pool>,
    review: &Review,
    rate: u32,
    length: Duration,
) -> Result<Latencies> {
    let before = pool.opened();
    let calls = (length.as_secs_f64() * f64::from(rate)) as u32;
    let (pool_too, review) = (Arc::clone(pool), review.clone());
    let handle = Handle::current();
    // A thread of its own: the runtime's timer has a grain of a millisecond.
    let pace = move || -> JoinSet<Result<Duration>> {
        let mut calls_under_way = JoinSet::new();
        let start = Instant::now();
        for number in 0..calls {
            let due = start + Duration::from_secs(1) * number / rate;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let now = Instant::now();
            let from = if now - due > LATE { due } else { now };
            let (pool, uid) = (Arc::clone(&pool_too), next_uid());
            let (path, body) = (review.path, review.body(&uid));
            calls_under_way.spawn_on(
                async move {
                    pool.call(path, &uid, body).await?;
                    Ok(from.elapsed())
                },
                &handle,
            );
        }
        calls_under_way
    };
    let mut under_way = tokio::task::spawn_blocking(pace).await?;
    let mut sorted = Vec::new();
    while let Some(ended) = under_way.join_next().await {
        sorted.push(ended?.context("a call of the load failed")?);
    }
    sorted.sort();
    Ok(Latencies {
        sorted,
        opened: pool.opened() - before,
        rate,
    })
}

/// Time to open a connection, TLS handshake included; each is used for one call.
pub async fn handshakes(pool: &Pool, count: u32) -> Result<Latencies> {
    let mut sorted = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        let connection = pool.open().await?;
        sorted.push(start.elapsed());
        drop(connection);
    }
    sorted.sort();
    Ok(Latencies {
        sorted,
        opened: count.into(),
        rate: 0,
    })
}

fn next_uid() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    uid(NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let sorted: Vec<Duration> = (1..=1000).map(Duration::from_micros).collect();
        for (share, micros) in [(0.5, 500), (0.99, 990), (0.999, 999), (1.0, 1000), (0.0, 1)] {
            assert_eq!(nearest_rank(&sorted, share).as_micros(), micros);
        }
        assert_eq!(nearest_rank(&sorted[..1], 0.999).as_micros(), 1);
    }
}
