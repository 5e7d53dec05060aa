//! One limit for everything that is done on one request: finding out who we are, connecting, asking, reading.

use acm_backup_domain::time::Waited;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// A moment by which all must be done. It begins once and is passed on, so that no step has a time of its own.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    until: Instant,
    length: Duration,
}

/// It was not done in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {}", Waited::from(*.0))]
pub struct TooLate(pub Duration);

impl Deadline {
    /// One that begins now.
    pub fn within(length: Duration) -> Self {
        let now = Instant::now();
        // What does not fit into the clock is farther away than anybody waits.
        let far = Duration::from_secs(30 * 365 * 24 * 3600);
        let until = now.checked_add(length).or_else(|| now.checked_add(far));
        Self {
            until: until.unwrap_or(now),
            length,
        }
    }

    /// The moment.
    pub fn until(self) -> Instant {
        self.until
    }

    /// How long it was when it began: what a person is told.
    pub fn length(self) -> Duration {
        self.length
    }

    /// The same limit, begun later: what a person took does not count.
    #[must_use]
    pub fn later_by(self, waited: Duration) -> Self {
        Self {
            until: self.until.checked_add(waited).unwrap_or(self.until),
            length: self.length,
        }
    }

    /// What comes of `work`, if it does in time.
    ///
    /// # Errors
    /// When it does not.
    pub async fn bound<T>(self, work: impl Future<Output = T>) -> Result<T, TooLate> {
        tokio::time::timeout_at(self.until, work)
            .await
            .map_err(|_| TooLate(self.length))
    }
}

impl From<Duration> for Deadline {
    fn from(length: Duration) -> Self {
        Self::within(length)
    }
}
