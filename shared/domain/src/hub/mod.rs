//! What follows from a snapshot: who owns the fleet, and which other hubs are in question.

pub mod record;
pub mod restores;
