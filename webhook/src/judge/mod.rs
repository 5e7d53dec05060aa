//! The two judgements: each asks the domain and says its answer in a review's terms.

pub mod apart;
pub mod guard;
pub mod label;
pub mod slot;
