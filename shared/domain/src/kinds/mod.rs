//! The objects we read, one file a kind: flat projections of the fields that matter, read leniently
//! from whatever an API server or a must-gather holds.

pub mod backup;
pub mod backup_schedule;
pub mod definition;
pub mod guards;
pub mod installed;
pub mod managed_cluster;
pub mod meta;
pub mod phase;
pub mod restore;
pub mod secret;
pub mod storage_location;
pub mod velero_restore;
pub mod velero_schedule;

use serde_json::Value;

/// A kind that can be read from an object of any shape.
pub trait Kind: Sized {
    /// Reads what can be read; what cannot is kept in the result's `unreadable`.
    fn read(object: &Value) -> Self;
}
