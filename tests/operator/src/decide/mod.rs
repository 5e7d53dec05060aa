//! The operator's decisions: a world in, writes out. One file a concern.

pub mod cleanup;
pub mod collision;
mod creation;
pub mod discovery;
pub mod exclusion;
pub mod expired_validation;
pub mod finalizers;
pub mod immediate_backups;
pub mod labelling;
pub mod msa;
pub mod phase;
pub mod post_restore;
pub mod resolve;
pub mod restore;
pub mod restore_status;
pub mod schedule;
pub mod schedule_status;
pub mod storage;
pub mod sync;
pub mod timing;
pub mod velero_restores;
pub mod velero_schedules;

pub use restore::reconcile_restore;
pub use schedule::reconcile_schedule;

#[cfg(test)]
mod tests;
