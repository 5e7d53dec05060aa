//! The plugin as its users meet it: the built binary on recorded hubs and on API servers that misbehave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod api_server;
mod connecting;
mod directories;
mod fixtures;
mod invocation;
mod recorded;
mod secrets;
mod terminal;
mod transcripts;
