//! Labels what admission could not know about: a Secret created before the object that refers to it, or
//! while no webhook answered.
//!
//! One replica does it, elected by a Lease. It adds one label, only where the domain's decision says so,
//! only to the very object it looked at, and never fights whoever else writes it.

pub mod fights;
mod in_time;
pub mod labeller;
pub mod lease;
pub mod left_alone;
pub mod lookout;
pub mod metadata;
pub mod queue;
pub mod trouble;
