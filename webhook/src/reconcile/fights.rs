//! Who takes the label off again and again gets it back more and more slowly.
//!
//! Not at admission: what is put back in the very write that took it away leaves nothing changed, so nobody hears of
//! it and writes again because of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::queue::Target;
use crate::service::metrics::Metrics;

/// The first wait. Each further one is twice as long.
pub const FIRST: Duration = Duration::from_secs(1);

/// The longest: as often as everything is looked through anyway.
const LONGEST: Duration = Duration::from_secs(600);

/// Whoever leaves a label on for so long has not taken it off.
const PEACE: Duration = Duration::from_secs(2 * 600);

/// How often those that are over are looked for.
const EVERY: Duration = Duration::from_secs(20);

/// Those that are remembered; what is heard of beyond is put back after the first wait.
const MOST: usize = 10_000;

/// That often is no accident.
const FOUGHT: u32 = 4;

/// What lost its label, and how often.
pub struct Fights {
    lost: Mutex<Lost>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Lost {
    by_target: BTreeMap<Target, Times>,
    /// When those that are over were last looked for.
    tidied: Option<Instant>,
}

struct Times {
    times: u32,
    due: Instant,
}

impl Fights {
    /// Nobody has taken anything off yet.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        metrics.fought.set(0);
        Self {
            lost: Mutex::default(),
            metrics,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lost> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that is due was heard of; returns how long to leave it. Who never had the label on, or could not be given
    /// it, has lost nothing: only what came to be unselected (`anew`) counts.
    pub fn heard(&self, target: &Target, anew: bool) -> Duration {
        let now = Instant::now();
        let mut lost = self.lock();
        self.tidied(&mut lost, now);
        if !anew {
            let one = lost.by_target.get(target);
            let waits = one.map(|one| one.due.saturating_duration_since(now));
            return waits.filter(|wait| !wait.is_zero()).unwrap_or(FIRST);
        }
        if lost.by_target.len() >= MOST && !lost.by_target.contains_key(target) {
            return FIRST;
        }
        let one = lost
            .by_target
            .entry(target.clone())
            .or_insert(Times { times: 0, due: now });
        if one.due > now {
            // It waits already.
            return one.due.duration_since(now);
        }
        let wait = FIRST
            .saturating_mul(2_u32.saturating_pow(one.times))
            .min(LONGEST);
        one.times = one.times.saturating_add(1);
        one.due = now.checked_add(wait).unwrap_or(now);
        if one.times == FOUGHT {
            tracing::warn!(
                kind = target.what.kind(),
                namespace = %target.namespace,
                name = target.name.as_deref(),
                "something takes the backup label off again and again: it is put back less and less often, and \
                 the object is in no backup meanwhile. velero.io/exclude-from-backup=true on it says that it is \
                 not to be in one; otherwise whatever takes the label off must stop"
            );
            self.metrics.fought.inc();
        }
        wait
    }

    /// Whether this one is left for now.
    #[must_use]
    pub fn waits(&self, target: &Target) -> bool {
        let lost = self.lock();
        let one = lost.by_target.get(target);
        one.is_some_and(|one| one.due > Instant::now())
    }

    /// Forgets what is over, when none may have been heard of for long.
    pub fn tidy(&self) {
        self.tidied(&mut self.lock(), Instant::now());
    }

    fn tidied(&self, lost: &mut Lost, now: Instant) {
        let recently = |tidied: Instant| now.duration_since(tidied) < EVERY;
        if lost.tidied.is_some_and(recently) {
            return;
        }
        lost.tidied = Some(now);
        lost.by_target
            .retain(|_, one| now.saturating_duration_since(one.due) < PEACE);
        let fought = lost.by_target.values().filter(|one| one.times >= FOUGHT);
        let fought = i64::try_from(fought.count()).unwrap_or(i64::MAX);
        self.metrics.fought.set(fought);
    }
}

impl Drop for Fights {
    /// Who is elected next counts for itself.
    fn drop(&mut self) {
        self.metrics.fought.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acm_backup_domain::labels::referrers::Labelled;

    fn target(name: &str) -> Target {
        Target::one(Labelled::Secret, "c1", name)
    }

    #[tokio::test(start_paused = true)]
    async fn each_time_it_is_put_back_later_up_to_a_bound_and_peace_ends_it() {
        let metrics = Arc::<Metrics>::default();
        let fights = Fights::new(Arc::clone(&metrics));
        let mut waits = Vec::new();
        for _ in 0..13 {
            let wait = fights.heard(&target("a"), true);
            waits.push(wait.as_secs());
            // Heard of meanwhile, it waits no longer for it.
            tokio::time::advance(wait / 2).await;
            assert_eq!(fights.heard(&target("a"), true), wait - wait / 2);
            assert!(fights.waits(&target("a")) && !fights.waits(&target("b")));
            tokio::time::advance(wait - wait / 2).await;
            assert!(!fights.waits(&target("a")));
        }
        assert_eq!(
            waits,
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
        );
        assert_eq!(fights.heard(&target("b"), true), FIRST);
        assert_eq!(metrics.fought.get(), 1);
        tokio::time::advance(PEACE + LONGEST).await;
        fights.tidy();
        assert_eq!(metrics.fought.get(), 0);
        assert_eq!(fights.heard(&target("a"), true), FIRST);
    }

    #[tokio::test(start_paused = true)]
    async fn what_lost_nothing_does_not_count_and_shortens_no_wait() {
        let metrics = Arc::<Metrics>::default();
        let fights = Fights::new(Arc::clone(&metrics));
        for _ in 0..2 * FOUGHT {
            assert_eq!(fights.heard(&target("a"), false), FIRST);
            tokio::time::advance(FIRST).await;
        }
        assert_eq!(metrics.fought.get(), 0);
        assert_eq!(fights.heard(&target("a"), true), FIRST);
        tokio::time::advance(FIRST).await;
        let second = fights.heard(&target("a"), true);
        assert_eq!(second, 2 * FIRST);
        assert_eq!(fights.heard(&target("a"), false), second);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_takes_no_room() {
        let fights = Fights::new(Arc::default());
        for number in 0..2 * MOST {
            assert_eq!(fights.heard(&target(&number.to_string()), true), FIRST);
        }
        assert_eq!(fights.lock().by_target.len(), MOST);
        tokio::time::advance(PEACE + LONGEST).await;
        fights.heard(&target("a"), true);
        assert_eq!(fights.lock().by_target.len(), 1);
    }
}
