//! The wire: `admission.k8s.io/v1` reviews in, answers out.
//!
//! Secrets pass through here in plain text. So nothing that can hold an object has `Debug` or
//! `Serialize`, of a Secret only metadata and type are ever turned into values, and no error text
//! repeats what it could not read.

pub mod answer;
pub mod body;
pub mod budget;
pub mod encode;
pub mod endpoint;
pub mod object;
pub mod patch;
pub mod record;
pub mod review;
pub mod room;
pub mod shares;
mod skipped;
mod text;
