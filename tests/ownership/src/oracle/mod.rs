//! The sentences of the specification, written as plainly as they read. Slow and obvious on purpose.
//!
//! One file a chapter: [`facts`] (E, T), [`takeovers`] (K), [`question`] (Q), [`passes`] (P),
//! [`statements`] (S). Where a sentence leaves a choice, `reading:` in a comment says which was taken.

pub mod facts;
pub mod names;
pub mod passes;
pub mod question;
pub mod readings;
pub mod statements;
pub mod takeovers;

pub use facts::{Facts, Who};
pub use passes::{Ask, Outcome};
