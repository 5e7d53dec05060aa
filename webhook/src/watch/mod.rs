//! What reviews may need at once and is too much to ask for each time: kept by watches, as projections.

pub mod backups;
pub mod contact;
pub mod follow;
pub mod local_clusters;
pub mod referrers;
pub mod stored;
