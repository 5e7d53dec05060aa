//! The webhook's port as an API server meets it: raw HTTP/1.1 over TLS on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod api;
mod caller;
mod clients;
mod deployment;
mod drain;
mod election;
mod fights;
mod follow;
mod hostile;
mod http;
mod hub;
mod judging;
mod label_reviews;
mod labelling;
mod left_alone;
mod manifests;
mod outage;
mod pki;
mod process;
mod quiet;
mod rotation;
mod running;
mod secrets;
mod slot;
mod strangers;
mod tls;
mod wire;
