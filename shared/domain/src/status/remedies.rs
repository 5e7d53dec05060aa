//! Steps that several findings share. A command is printed only where it can work, hits nothing but what
//! is meant, and is not done already as far as can be seen from here.

use super::facts::Facts;
use super::finding::Finding;
use crate::identity::HubId;
use crate::kinds::meta::Meta;
use crate::upstream::DISABLE_AUTO_IMPORT;

/// Velero uploads a log when a backup or a restore got to run, and none before.
fn has_log(phase: &str) -> bool {
    matches!(phase, "Completed" | "PartiallyFailed" | "Failed")
}

/// How to see why a Velero Restore went wrong.
pub(super) fn look_into_restore(
    finding: Finding,
    facts: &Facts<'_>,
    name: &str,
    phase: &str,
) -> Finding {
    look_into(finding, facts, ("restore", name), phase)
}

/// How to see why a Backup went wrong.
pub(super) fn look_into_backup(
    finding: Finding,
    facts: &Facts<'_>,
    name: &str,
    phase: &str,
) -> Finding {
    look_into(finding, facts, ("backup", name), phase)
}

fn look_into(
    finding: Finding,
    facts: &Facts<'_>,
    (kind, name): (&str, &str),
    phase: &str,
) -> Finding {
    if has_log(phase) {
        finding.run(
            "see why (a Deployment velero must exist):",
            facts.kubectl(&format!("exec deploy/velero -- /velero {kind} logs {name}")),
        )
    } else {
        finding.run(
            "see what Velero says of it; it never ran, so there is no log:",
            facts.kubectl(&format!("get {kind}s.velero.io {name} -o yaml")),
        )
    }
}

/// Who will put an object back that is changed or deleted by hand.
fn git(meta: &Meta) -> Option<&'static str> {
    let has = |key: &str| meta.labels.contains_key(key) || meta.annotations.contains_key(key);
    if has("argocd.argoproj.io/tracking-id") || has("argocd.argoproj.io/instance") {
        return Some("Argo CD");
    }
    if has("kustomize.toolkit.fluxcd.io/name") || has("helm.toolkit.fluxcd.io/name") {
        return Some("Flux");
    }
    if has("apps.open-cluster-management.io/hosting-subscription") {
        return Some("a Subscription");
    }
    None
}

/// `in Git first: Argo CD owns it`: what has to be said before an object is changed or deleted.
pub(super) fn git_first(meta: Option<&Meta>) -> String {
    match meta.and_then(git) {
        Some(owner) => format!("in Git first: {owner} owns it"),
        None => "in Git first if it is there".to_owned(),
    }
}

/// How to keep a hub from importing clusters that another one has.
pub(super) fn keep_from_importing(finding: Finding, facts: &Facts<'_>, hub: &HubId) -> Finding {
    if facts.is_own(hub) && imports_no_more(facts) {
        return finding;
    }
    finding.run(
        format!("on hub {}, keep it from importing clusters (taken back by the same with disable-auto-import- at its end):", hub.short()),
        format!("kubectl {}annotate managedclusters -l 'local-cluster!=true' {DISABLE_AUTO_IMPORT}= --overwrite", there(facts, hub)),
    )
}

/// The flag that leads to another hub. It names a context that does not exist: pasted as it is, the
/// command must not hit this hub.
fn there(facts: &Facts<'_>, hub: &HubId) -> String {
    if facts.is_own(hub) {
        String::new()
    } else {
        format!("--context HUB-{} ", hub.short())
    }
}

/// Whether every cluster of the fleet carries the annotation here.
fn imports_no_more(facts: &Facts<'_>) -> bool {
    facts
        .snapshot
        .managed_clusters
        .value()
        .is_some_and(|all| super::clusters::fleet(all).all(|cluster| cluster.import_disabled))
}
