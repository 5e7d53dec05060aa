//! What an isolated copy brings along: its word is that it reaches no cluster of the fleet, and each
//! kubeconfig and token it restores reaches one (OWNERSHIP S2).

use super::Request;
use crate::act::command::Command;
use crate::hub::sets;
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::restore::BackupChoice;
use crate::rules::finding::Finding;
use crate::rules::words::command;
use crate::time::age::count;
use crate::upstream::{AUTO_IMPORT_ACCOUNT, object_label};

/// The end of the name of the Secret Hive keeps a cluster's kubeconfig in.
const HIVE_KUBECONFIG: &str = "-admin-kubeconfig";

/// Says how much there is, and how to see which clusters it opens. Backups are read by Velero alone and
/// Secrets by nobody of ours, so objects are counted here and clusters are not.
pub(super) fn brought_along(finding: Finding, request: &Request<'_>) -> Finding {
    let credentials = credentials(request);
    let mut holds: Vec<_> = credentials.map(held).into_iter().collect();
    holds.extend(request.passage.set.map(held));
    let holds = match holds.is_empty() {
        true => String::new(),
        false => format!("{}; ", holds.join(", ")),
    };
    let told_by = credentials.map_or("", |_| ", the first command does");
    let mut finding = finding.seen(format!(
        "no copy is isolated by itself: {holds}each cluster whose Hive kubeconfig or ManagedServiceAccount token is among them can be reached from this hub; how many those are the API server does not tell{told_by}"
    ));
    if let Some(here) = restored_here(request) {
        finding = finding.seen(format!(
            "Velero has restored {} of credentials here already; the kubeconfigs and tokens among them work now",
            count(here, "object")
        ));
    }
    match request.view.fleet.count() {
        0 => {}
        clusters => {
            finding = finding.seen(format!(
                "this hub holds {} already",
                count(clusters, "cluster")
            ));
        }
    }
    if let Some(credentials) = credentials {
        finding = finding.run(
            format!(
                "see which clusters {} has a kubeconfig or token of, one line for each:",
                credentials.meta.name
            ),
            listing(request, credentials),
        );
    }
    let cli = request.view.snapshot.cli();
    finding.run(
        "see whose kubeconfigs and tokens are on this hub, now and when it is Finished; what must not be reached, keep from the network:",
        by_label(cli, format!("{}=kubeconfig", object_label::HIVE_SECRET_TYPE))
            .then(by_label(cli, format!("{}=true", object_label::MANAGED_SERVICE_ACCOUNT))),
    )
}

/// The credentials backup that is restored with the clusters.
fn credentials<'a>(request: &Request<'a>) -> Option<&'a Backup> {
    let backups = request.view.snapshot.backups.items();
    match BackupChoice::parse(request.restore.credentials.as_deref()) {
        BackupChoice::Latest => sets::latest(backups, BackupType::Credentials),
        BackupChoice::Named(name) => backups.iter().find(|backup| backup.meta.name == name),
        BackupChoice::Skip | BackupChoice::Unset => None,
    }
}

fn held(backup: &Backup) -> String {
    let name = &backup.meta.name;
    match backup.items {
        Some(items) => format!("{name} holds {}", count(items, "object")),
        None => format!("{name} does not tell how many objects it holds"),
    }
}

/// The most objects that one Velero Restore of credentials brought here: each pass brings the same again.
fn restored_here(request: &Request<'_>) -> Option<i64> {
    request
        .view
        .snapshot
        .velero_restores
        .items()
        .iter()
        .filter(|restore| BackupType::of_prefix(&restore.backup) == Some(BackupType::Credentials))
        .filter_map(|restore| restore.items)
        .filter(|items| *items > 0)
        .max()
}

/// A Secret lies in the namespace that is called as its cluster is.
fn listing(request: &Request<'_>, backup: &Backup) -> Command {
    let secrets = format!("[^ /]+/(.+{HIVE_KUBECONFIG}|{AUTO_IMPORT_ACCOUNT}(-pair)?)$");
    let each_once = Command::new("cut")
        .say("-d/ -f1")
        .pipe(Command::new("sort").say("-u"));
    command(
        request.view.snapshot,
        &request.restore.meta.namespace,
        "exec deploy/velero -- /velero backup describe",
    )
    .name(&backup.meta.name)
    .say("--details")
    .pipe(
        Command::new("grep")
            .say("-oE")
            .value(secrets)
            .pipe(each_once),
    )
}

/// The Secrets of all namespaces that carry a label.
fn by_label(cli: &'static str, label: String) -> Command {
    Command::new(cli).say("get secrets -A -l").value(label)
}
