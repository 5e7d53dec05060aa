//! The parts of a report in words, shared by the narrow and the wide form.

mod backups;
mod head;
mod restores;
mod trouble;

pub use backups::{schedules, set, set_table, storage};
pub use head::{activate, as_of, guard, hub, namespace, verdict};
pub use restores::{clusters, following, look_again, restores};
pub use trouble::{all_not_checked, finding, names_not_checked, not_checked, not_knowable};

use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::status::StatusReport;

/// Whether a fact could be looked up: what is not known is never told as "none".
fn is_known(status: &StatusReport, what: &str) -> bool {
    !status.not_checked.iter().any(|row| row.what == what)
}

/// Another hub, as it is called.
fn another(hub: &HubId, status: &StatusReport) -> String {
    hub.called_on(status.hub_id.as_ref())
}
