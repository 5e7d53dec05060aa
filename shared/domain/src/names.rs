//! Every name of our own, in one place and under one prefix.
//!
//! The prefix is not under `open-cluster-management.io`: the operator backs up whatever is
//! (operator-facts §3.4), and a restored attestation would be a lie.

/// API group of our own kinds and the prefix of our annotations.
pub const GROUP: &str = "acm-backup.dev";

/// `apiVersion` of everything the plugin prints as JSON or YAML.
pub const OUTPUT_API_VERSION: &str = "cli.acm-backup.dev/v1";

/// Annotation on a Restore with which its author states what became of the old hub; see
/// [`crate::hub::statement`].
pub const ATTESTATION: &str = "acm-backup.dev/attest-old-hub";

/// Field manager of every write of ours.
pub const FIELD_MANAGER: &str = "acm-backup";

/// Resource on which the verbs `attest` and `override` are granted, with a rule id as resourceName.
pub const GUARD_RULES: &str = "guardrules";

/// RBAC verb: may state that an old hub is down, fenced, rebuilt or an isolated copy.
pub const VERB_ATTEST: &str = "attest";

/// The user agent our programs name themselves with.
pub const USER_AGENT: &str = concat!("acm-backup/", env!("CARGO_PKG_VERSION"));

/// Where the webhook lives.
pub const NAMESPACE: &str = "acm-backup-system";

/// Who the webhook is.
pub const SERVICE_ACCOUNT: &str = "system:serviceaccount:acm-backup-system:acm-backup-webhook";

/// Service, Deployment and ServiceAccount of the webhook, each in [`NAMESPACE`].
pub const SERVICE: &str = "acm-backup-webhook";

/// The ValidatingWebhookConfiguration by which the API server asks the guards.
pub const GUARD_CONFIGURATION: &str = "acm-backup-guards";

/// The condition in it by which an armed guard is asked only where the webhook is installed: where
/// [`SERVICE_ACCOUNT`] may [`INSTALLED_VERB`] Leases in [`NAMESPACE`].
pub const INSTALLED_CONDITION: &str = "is-installed";

/// See [`INSTALLED_CONDITION`].
pub const INSTALLED_VERB: &str = "patch";

/// How the path begins that an armed guard is called at.
pub const PATH_DENY: &str = "/validate/deny";

/// What the guards may read.
pub const CLUSTER_ROLE: &str = "acm-backup-guards";

/// What the webhook may do in its own namespace.
pub const ROLE: &str = "acm-backup-webhook";

/// Label on a namespace with which the guards are lifted there: their own namespaceSelector reads it, so it
/// works with every replica dead, and no re-application of manifests undoes it.
pub const GUARD: &str = "acm-backup.dev/guard";

/// The value of [`GUARD`] that lifts.
pub const GUARD_LIFTED: &str = "lifted";

/// Where the operator and its objects live unless configured otherwise (operator-facts §9).
pub const OPERATOR_NAMESPACE: &str = "open-cluster-management-backup";

/// The user the operator acts as unless configured otherwise (operator-facts §9).
pub const OPERATOR_USER: &str =
    "system:serviceaccount:open-cluster-management-backup:cluster-backup-chart";

/// Lease by which one webhook replica is elected to label what the admission path missed.
pub const LABELLER_LEASE: &str = "acm-backup-labeller";

/// ConfigMap, installed with the labels, that holds what was there before them and is left as it is; see
/// [`crate::labels::left_alone`].
pub const LEFT_ALONE: &str = "acm-backup-left-alone";

/// Annotation on a slot's Lease: who holds it, as JSON; see [`crate::slot`].
pub const SLOT: &str = "acm-backup.dev/slot";

/// Annotation on a slot's Lease: the record of accepted statements, as JSON; see
/// [`crate::hub::record`].
pub const ACCEPTED: &str = "acm-backup.dev/accepted-statements";

/// Lease in [`NAMESPACE`] that is the slot of one guarded namespace.
#[must_use]
pub fn slot_lease(namespace: &str) -> String {
    format!("acm-backup-slot-{namespace}")
}
