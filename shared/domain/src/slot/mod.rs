//! The slot: one reservation a guarded namespace, so that requests in the same instant, through any
//! number of replicas, never leave two active Restores, nor a Restore beside a running BackupSchedule.
//!
//! After the guard's yes an object may be stored at once, a minute later, or not at all: another
//! webhook or a quota has its say too. Until its fate is known nothing else may start. Here is the
//! pure part: who waits for whom, until when, and in which words. The reservation itself is an
//! annotation on a Lease, written by compare-and-swap.
//!
//! Every time is the API server's own. Replicas and their clocks have no say.

mod entry;
pub mod record;
pub mod text;
mod wire;

pub use entry::{Entry, Look, Stored, enter};
pub use wire::{read, write};

use crate::rules::review::{Operation, Origin, Review, Subject};

/// Whether a review must hold the slot before it passes: what creates or activates a Restore, and what
/// creates or un-pauses a BackupSchedule. A dry run stores nothing and reserves nothing.
pub fn wanted(review: &Review) -> bool {
    matches!(review.origin, Origin::Admission { dry_run: false, .. }) && starts(review)
}

/// Whether it is a dry run of such a one: then it is tried whether the slot could be taken.
pub fn tried(review: &Review) -> bool {
    matches!(review.origin, Origin::Admission { dry_run: true, .. }) && starts(review)
}

fn starts(review: &Review) -> bool {
    if review.is_exempt() {
        return false;
    }
    match &review.subject {
        Subject::Restore(_) => review.starting_restore().is_some(),
        // Until the operator has looked at it, one that is to be paused burns a Restore like any other
        // (operator-facts §6.2).
        Subject::BackupSchedule(_) => {
            review.operation == Operation::Create || review.starting_schedule().is_some()
        }
    }
}

/// Who holds: kind and name of the object, which no two objects of a namespace share at one time.
pub fn holder(subject: &Subject) -> String {
    let kind = match subject {
        Subject::Restore(_) => wire::RESTORE,
        Subject::BackupSchedule(_) => wire::BACKUP_SCHEDULE,
    };
    format!("{kind}/{}", subject.meta().name)
}

#[cfg(test)]
mod tests;
