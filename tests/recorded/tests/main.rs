//! The recordings, judged again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod document;
mod invariants;
mod moments;
mod requests;
mod states;
mod views;
