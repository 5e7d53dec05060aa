//! The test bed, tested on the real parts it runs.

mod hub;
mod stopping;
mod two_hubs;
mod webhook;
