//! Who owns the fleet, written a second time: from the numbered sentences of the specification and from
//! nothing else ([`oracle`]), over generated storages ([`world`]) as one hub sees them ([`seen`],
//! [`render`]). Where the product and the oracle differ ([`check`]), one of them breaks a sentence.
//!
//! The oracle reads the fields of the product's projections (names, labels, times) and calls none of its
//! judgements.

pub mod check;
pub mod oracle;
pub mod render;
pub mod requests;
pub mod rng;
pub mod seen;
pub mod shrink;
pub mod soak;
pub mod truth;
pub mod world;
