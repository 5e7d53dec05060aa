//! Which of the two clients a printed command names: on OpenShift, jump hosts have `oc` and often no
//! `kubectl`.

use super::finding::Finding;
use super::not_checked::NotChecked;
use crate::snapshot::Snapshot;

/// The client to name: `oc` where this hub has a ClusterVersion, else `kubectl`.
fn client(snapshot: &Snapshot) -> &'static str {
    let openshift = snapshot.hub_id.value().is_some_and(|id| id.is_known());
    if openshift { "oc" } else { "kubectl" }
}

/// Names the client in all commands; they are written for `kubectl` where they are made.
pub(super) fn name_client(
    snapshot: &Snapshot,
    findings: &mut [Finding],
    not_checked: &mut [NotChecked],
) {
    let client = client(snapshot);
    let commands = findings
        .iter_mut()
        .flat_map(|finding| &mut finding.steps)
        .filter_map(|step| step.command.as_mut());
    for command in commands {
        // Our own plugin is kubectl's, whoever else runs it.
        if let Some(rest) = command
            .strip_prefix("kubectl ")
            .filter(|rest| !rest.starts_with("acm-backup"))
        {
            *command = format!("{client} {rest}");
        }
    }
    for row in not_checked {
        row.way_out = row.way_out.replace(": kubectl ", &format!(": {client} "));
    }
}
