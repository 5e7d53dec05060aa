//! From serving to gone, in steps that lose no call.
//!
//! An API server keeps calling a pod for a moment after it began to terminate, over connections it
//! already holds. So leaving has two steps: first answer on, but not ready and with
//! `Connection: close`; only then stop to accept and let what runs finish.

use tokio::sync::watch;

/// Where the process is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Normal work.
    Serving,
    /// Told to stop: not ready, every answer closes its connection, new calls are still taken.
    Leaving,
    /// Nothing new is accepted; calls under way finish.
    Closing,
}

/// The phase, shared by everything that has to act on it. It only moves forward.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    phase: watch::Sender<Phase>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Serving),
        }
    }
}

impl Lifecycle {
    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Moves forward to `phase`; a step back is ignored.
    pub fn advance(&self, phase: Phase) {
        self.phase.send_if_modified(|current| {
            let forward = phase > *current;
            if forward {
                *current = phase;
            }
            forward
        });
    }

    /// Returns once `phase`, or a later one, is reached.
    pub async fn reached(&self, phase: Phase) {
        let mut receiver = self.phase.subscribe();
        // The sender lives in `self`, so waiting cannot fail while we are here.
        let _ = receiver.wait_for(|current| *current >= phase).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phase_never_goes_back() {
        let lifecycle = Lifecycle::default();
        lifecycle.advance(Phase::Closing);
        lifecycle.advance(Phase::Leaving);
        assert_eq!(lifecycle.phase(), Phase::Closing);
    }

    #[tokio::test]
    async fn a_later_phase_counts_as_reached() {
        let lifecycle = Lifecycle::default();
        lifecycle.advance(Phase::Closing);
        lifecycle.reached(Phase::Leaving).await;
    }
}
