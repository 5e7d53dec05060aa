//! The one way on: what has to be stated, as YAML a person can read, retype and put an apostrophe into.

use super::{Request, pinned};
use crate::act::command::{Command, Manifest, Paste};
use crate::hub::Question;
use crate::hub::restores::RestoreState;
use crate::hub::statement::{Kind, placeholder};
use crate::kinds::backup::BackupType;
use crate::kinds::restore::Restore;
use crate::rules::finding::Finding;
use crate::rules::review::Operation;
use crate::rules::words::{attested, command, who_may_attest};
use crate::snapshot::Fact;

/// Adds the way on, or who may go it.
pub(super) fn way_on(finding: Finding, request: &Request<'_>, open: &[&Question<'_>]) -> Finding {
    let user = super::super::asker(&request.review.origin);
    if !open.is_empty()
        && let Some(user) = user
    {
        match request.may {
            Fact::Known { value: false, .. } => {
                return finding.run(
                    format!("{user} may not say what has to be said here; who may:"),
                    who_may_attest(request.view.snapshot),
                );
            }
            Fact::Missing(missing) => {
                return finding.todo(format!(
                    "whether {user} may say what has to be said here cannot be seen: {missing}{}",
                    missing.again()
                ));
            }
            Fact::Known { value: true, .. } => {}
        }
    }
    let text = introduction(request, open);
    finding.run(text, paste(request, open))
}

fn introduction(request: &Request<'_>, open: &[&Question<'_>]) -> String {
    let pinned = request.passage.refused;
    let instead = instead_of_it(request);
    let what = match (open.is_empty(), pinned, request.restore.sync) {
        (true, _, true) => format!(
            "latest cannot be kept in sync and be the right set: {instead} that names the set outright:"
        ),
        (true, _, false) => "name the set outright:".to_owned(),
        (false, true, true) => format!(
            "{instead} that says what you saw and names the set outright; {}:",
            words(open)
        ),
        (false, true, false) => format!(
            "say what you saw and name the set outright; {}:",
            words(open)
        ),
        (false, false, _) if request.review.operation == Operation::Create => format!(
            "say what you saw, in the metadata of this Restore, and apply it again; {}:",
            words(open)
        ),
        (false, false, _) => format!("say what you saw, and activate; {}:", words(open)),
    };
    match super::super::asker(&request.review.origin) {
        Some(user) if !open.is_empty() => format!("{user} may attest: {what}"),
        _ => what,
    }
}

/// How another one comes in its place. One that is deleted in a pass leaves a hub that is restored in part; one
/// that is still to be created is no Restore yet.
fn instead_of_it(request: &Request<'_>) -> &'static str {
    let Some(stored) = request.review.previous_restore() else {
        return "create another one instead,";
    };
    match RestoreState::seen(stored, &request.view.snapshot.velero_restores).is_at_rest() {
        true => "delete this Restore, then create one",
        false => "once its pass has ended, delete this Restore, then create one",
    }
}

/// Which kinds can stand for the placeholder.
fn words(open: &[&Question<'_>]) -> String {
    let mut kinds = Vec::new();
    if open
        .iter()
        .any(|question| question.hub().is_some_and(|standing| !standing.hub.twin))
    {
        kinds.push(format!("{} or {}", Kind::Down, Kind::Fenced));
    }
    if open
        .iter()
        .any(|question| question.hub().is_some_and(|standing| standing.hub.twin))
    {
        kinds.push(format!(
            "for the twin {}, {} or {}",
            Kind::Rebuilt,
            Kind::IsolatedCopy,
            Kind::Down
        ));
    }
    if open.iter().any(|question| question.hub().is_none()) {
        kinds.push(format!("for a location {}", Kind::Unread));
    }
    format!(
        "{} is {}, {} the time you looked, as 2026-11-22T16:20:26Z",
        placeholder::KIND,
        kinds.join(", "),
        placeholder::WHEN
    )
}

fn paste(request: &Request<'_>, open: &[&Question<'_>]) -> Paste {
    let restore = request.restore;
    let edits = request.review.operation == Operation::Update && !request.passage.refused;
    if edits {
        let clusters = restore.managed_clusters.as_deref().unwrap_or_default();
        let lines = metadata(open, None)
            .line("spec:")
            .field("  veleroManagedClustersBackupName", clusters);
        return command(request.view.snapshot, &restore.meta.namespace, "patch crst")
            .name(&restore.meta.name)
            .say("--type merge --patch-file /dev/stdin")
            .input(&lines)
            .into();
    }
    if !request.passage.refused {
        return metadata(open, None).into();
    }
    let name = if request.review.operation == Operation::Update {
        format!("{}-pinned", restore.meta.name)
    } else {
        restore.meta.name.clone()
    };
    let [clusters, credentials, resources] = set(request, restore);
    let lines = Manifest::default()
        .line("apiVersion: cluster.open-cluster-management.io/v1beta1")
        .line("kind: Restore")
        .and(metadata(open, Some((&name, &restore.meta.namespace))))
        .line("spec:")
        .line("  cleanupBeforeRestore: None")
        .field("  veleroManagedClustersBackupName", &clusters)
        .field("  veleroCredentialsBackupName", &credentials)
        .field("  veleroResourcesBackupName", &resources);
    Command::new(request.view.snapshot.cli())
        .say("create -f -")
        .input(&lines)
        .into()
}

/// The names that pin the set an owner wrote.
fn set(request: &Request<'_>, restore: &Restore) -> [String; 3] {
    let set = pinned(request);
    let name = |kind: BackupType, asked: Option<&str>| {
        set.as_ref()
            .and_then(|set| set.members.get(&kind))
            .map_or_else(
                || asked.unwrap_or("skip").to_owned(),
                |backup| backup.meta.name.clone(),
            )
    };
    [
        name(
            BackupType::ManagedClusters,
            restore.managed_clusters.as_deref(),
        ),
        name(BackupType::Credentials, restore.credentials.as_deref()),
        name(BackupType::Resources, restore.resources.as_deref()),
    ]
}

fn metadata(open: &[&Question<'_>], named: Option<(&str, &str)>) -> Manifest {
    let head = Manifest::default().line("metadata:");
    let head = match named {
        Some((name, namespace)) => head.field("  name", name).field("  namespace", namespace),
        None => head,
    };
    let statements = open.iter().map(|question| {
        format!(
            "{} {} {} {}",
            placeholder::KIND,
            question.about(),
            placeholder::WHEN,
            placeholder::SEEN
        )
    });
    attested(head, statements)
}
