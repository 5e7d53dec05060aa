//! Rules about ACM Restores.

pub mod active_schedule;
pub mod another_active;
pub mod backup_not_found;
pub mod old_hub_live;

use crate::kinds::meta::Meta;
use crate::rules::finding::Finding;
use crate::snapshot::Missing;
use crate::upstream::resource;

/// `kubectl -n NAMESPACE VERB RESOURCE NAME`, the form every remedy uses.
fn kubectl(meta: &Meta, verb: &str, resource: &str, name: &str) -> String {
    format!("kubectl -n {} {verb} {resource} {name}", meta.namespace)
}

/// The finding of a rule that could not look and so lets the request pass.
fn could_not_look(rule: &'static str, what: &str, missing: &Missing) -> Finding {
    Finding::warn(rule, format!("not checked: {what} ({missing})"))
        .run("to have it checked,", missing.way_out())
}

/// What every refused Restore suffers without us, in one sentence.
const BURNT: &str = "the operator would end this Restore as FinishedWithErrors for good, and may end the other one too";

/// Watches a Restore until it is over.
fn watch_restores(meta: &Meta) -> String {
    format!(
        "kubectl -n {} get {} -w",
        meta.namespace,
        resource::RESTORES
    )
}
