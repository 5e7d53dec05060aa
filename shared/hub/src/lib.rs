//! Where facts about a hub come from.
//!
//! A source yields a [`Snapshot`](acm_backup_domain::snapshot::Snapshot): [`live`] asks an API
//! server, [`directory`] reads what `oc adm inspect` or must-gather wrote. Neither judges anything,
//! and neither fails as a whole: what cannot be had is `Missing`, with the reason.

// Times and counts come from what others wrote: a sum that leaves its range must not panic.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod connect;
pub mod deadline;
pub mod directory;
pub mod kinds;
pub mod lease;
pub mod live;
mod words;
