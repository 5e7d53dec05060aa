//! The plumbing under the reviews: TLS that follows its files, connections with bounds, probes,
//! metrics and a way out that loses no call. Nothing here knows what is being judged.

pub mod certificate;
pub mod client;
pub mod connections;
pub mod lifecycle;
pub mod metrics;
pub mod plain;
pub mod probes;
pub mod repeated;
pub mod server;
pub mod tls;
