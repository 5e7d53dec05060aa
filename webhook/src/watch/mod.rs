//! What reviews may need at once and is too much to ask for each time: kept by watches, as projections.

pub mod backups;
pub mod clusters;
pub mod contact;
pub mod follow;
pub mod local_cluster;
pub mod stored;
