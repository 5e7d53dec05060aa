//! Is there a usable BackupStorageLocation (operator-facts §6.3)?

use crate::kinds::Kind;
use crate::object::{self, list, text};
use crate::world::World;

const NOT_FOUND: &str = "velero.io.BackupStorageLocation resources not found. Verify you have created a \
konveyor.openshift.io.Velero or oadp.openshift.io.DataProtectionApplications resource.";

enum Problem {
    NotFound,
    NotAvailable,
}

fn problem(world: &World, namespace: &str) -> Option<Problem> {
    if world.all(Kind::StorageLocation).next().is_none() {
        return Some(Problem::NotFound);
    }
    let usable = world
        .within(Kind::StorageLocation, namespace)
        .any(|location| {
            object::phase(location) == "Available"
                && list(location, "/metadata/ownerReferences")
                    .iter()
                    .any(|owner| !text(owner, "/kind").is_empty())
        });
    (!usable).then_some(Problem::NotAvailable)
}

/// What a BackupSchedule says about the storage, if something is wrong with it.
pub fn problem_for_schedule(world: &World, namespace: &str) -> Option<String> {
    problem(world, namespace).map(|problem| match problem {
        Problem::NotFound => NOT_FOUND.to_owned(),
        Problem::NotAvailable => "Backup storage location is not available. \
            Check velero.io.BackupStorageLocation and validate storage credentials."
            .to_owned(),
    })
}

/// What a Restore says about the storage, if something is wrong with it.
pub fn problem_for_restore(world: &World, namespace: &str) -> Option<String> {
    problem(world, namespace).map(|problem| match problem {
        Problem::NotFound => NOT_FOUND.to_owned(),
        Problem::NotAvailable => format!(
            "Backup storage location not available in namespace {namespace}. \
             Check velero.io.BackupStorageLocation and validate storage credentials."
        ),
    })
}
