//! Comparing times of several clocks, none of which need be right (OWNERSHIP T1 to T4).

use jiff::{SignedDuration, Timestamp};

/// How far two clocks may differ before it is a finding (OWNERSHIP T2, T3).
pub const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Whether `moment` lies more than [`SKEW`] after `reference`.
pub fn is_ahead(moment: Timestamp, reference: Timestamp) -> bool {
    moment.duration_since(reference) > SKEW
}
