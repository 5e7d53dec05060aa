//! Rules about ACM Restores.

pub mod active_schedule;
pub mod another_active;
pub mod backup_not_found;
pub mod old_hub_live;
#[cfg(test)]
mod tests;

use crate::kinds::meta::Meta;
use crate::names;
use crate::rules::finding::Finding;
use crate::rules::review::Origin;
use crate::snapshot::Missing;
use crate::upstream::resource;

/// `kubectl -n NAMESPACE VERB RESOURCE NAME`, the form every remedy uses.
fn kubectl(meta: &Meta, verb: &str, resource: &str, name: &str) -> String {
    format!("kubectl -n {} {verb} {resource} {name}", meta.namespace)
}

/// The finding of a rule that could not look and so lets the request pass.
fn could_not_look(rule: &'static str, what: &str, missing: &Missing, origin: &Origin) -> Finding {
    Finding::warn(
        rule,
        format!("not checked: {what} ({})", told(missing, origin)),
    )
    .todo(way_out(missing, origin))
}

/// Why something could not be looked up, and who could not: at admission it is the webhook, not its
/// user, that lacks a right.
fn told(missing: &Missing, origin: &Origin) -> String {
    match origin {
        Origin::Admission { .. } => format!("the webhook could not look: {missing}"),
        Origin::File | Origin::Stored => missing.to_string(),
    }
}

/// What would make the fact known.
fn way_out(missing: &Missing, origin: &Origin) -> String {
    match (missing, origin) {
        (Missing::Forbidden { .. }, Origin::Admission { .. }) => format!(
            "give the webhook its rights back (kubectl apply -k manifests/base); check with: {} --as={}",
            missing.check(),
            names::SERVICE_ACCOUNT
        ),
        _ => missing.way_out(),
    }
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
