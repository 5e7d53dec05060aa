//! The admission webhook of acm-backup: labels what must be in the backup at the moment it is created,
//! and refuses what would break disaster recovery at the moment it is applied.
//!
//! - [`service`]: TLS, connections, probes, metrics, the way out;
//! - [`admission`]: reading reviews and writing answers;
//! - [`judge`]: from a review to the domain's question and back;
//! - [`watch`]: what is kept because a review cannot wait for it;
//! - [`reconcile`]: labels for what admission could not know.
//!
//! Every judgement is the domain crate's; here is only what it takes to ask for one.

// Times and counts come from what others wrote: a sum that leaves its range must not panic.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod admission;
pub mod args;
pub mod judge;
pub mod log;
pub mod reconcile;
pub mod run;
pub mod service;
pub mod watch;
