//! Hub disaster recovery as pure functions.
//!
//! Data enters as a [`snapshot::Snapshot`] (collected elsewhere), is judged by [`rules`], [`labels`]
//! and [`status`], and leaves as values that others render or act on. Nothing here does I/O, reads a
//! clock or looks at the environment; `now` is part of the snapshot.

// Times and counts come from objects that anyone may write: a sum that leaves its range must not panic.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod act;
pub mod crd;
pub mod hub;
pub mod kinds;
pub mod labels;
pub mod names;
pub mod printable;
pub mod project;
pub mod read;
pub mod redact;
pub mod rules;
pub mod slot;
pub mod snapshot;
pub mod status;
pub mod time;
pub mod upstream;
