//! Rules about ACM Restores.

pub mod activation_taken_back;
pub mod active_schedule;
pub mod another_active;
pub mod backup_not_found;
pub mod edit_after_end;
pub mod old_hub_live;
#[cfg(test)]
mod tests;

use crate::kinds::meta::Meta;
use crate::rules::words;

// For `old_hub_live`, which speaks of kinds by their long names.
use words::{told, way_out};

/// `kubectl -n NAMESPACE VERB RESOURCE NAME`
fn kubectl(meta: &Meta, verb: &str, resource: &str, name: &str) -> String {
    format!("kubectl -n {} {verb} {resource} {name}", meta.namespace)
}
