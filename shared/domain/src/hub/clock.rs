//! Comparing times of several clocks, none of which need be right (OWNERSHIP T1 to T4).

use crate::time::Now;
use jiff::{SignedDuration, Timestamp};

/// How far two clocks may differ before it is a finding (OWNERSHIP T2, T3).
pub const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Whether `moment` lies more than [`SKEW`] after `reference`: a moment, or a time of which it must be after the
/// latest.
pub fn is_ahead(moment: Timestamp, reference: impl Into<Now>) -> bool {
    reference
        .into()
        .latest()
        .is_some_and(|latest| moment.duration_since(latest) > SKEW)
}
