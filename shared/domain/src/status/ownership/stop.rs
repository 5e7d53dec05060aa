//! What to do on a hub that must leave the fleet alone.

use crate::act::command::Command;
use crate::act::end_backups::EndBackups;
use crate::hub::OtherHub;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::rules::words::in_brackets;
use crate::status::clusters::fleet;
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::status::remedies::{delete_schedule, git_first};
use crate::upstream::DISABLE_AUTO_IMPORT;

/// Adds what to do on another hub. A command for another hub names a context that does not exist:
/// pasted as it is, it must not hit this hub.
pub(super) fn there(facts: &Facts<'_>, finding: Finding, hub: &OtherHub<'_>) -> Finding {
    let id = hub.id.short();
    let name = hub.schedule.unwrap_or("NAME");
    let elsewhere = || Command::new(facts.snapshot.cli()).context(&format!("HUB-{id}"));
    let ns = &facts.snapshot.namespace;
    let end = EndBackups::elsewhere(facts.snapshot);
    finding
        .run(
            format!(
                "on hub {id}, end its backups (Git first; {}):",
                end.caveat(false)
            ),
            end.by(elsewhere().namespace(ns), name),
        )
        .run(
            format!("on hub {id}, then stop its imports (undo it with disable-auto-import-):"),
            stop_imports(elsewhere()),
        )
}

/// Adds what to do on this hub, which `owner` has replaced. What has been done already is not told
/// again.
pub(super) fn here(facts: &Facts<'_>, finding: Finding, owner: Option<&str>) -> Finding {
    let told = finding.steps.len();
    let mut finding = finding;
    for schedule in facts.schedules().iter() {
        let (name, git) = (&schedule.meta.name, git_first(Some(&schedule.meta)));
        let leaving = schedule.meta.deleted.is_some();
        if schedule.hidden_from_the_operator().is_some() || leaving && is_set(facts, schedule) {
            let text = format!(
                "delete BackupSchedule {name}, {git} (the operator does not see it, nor a pause):"
            );
            finding = delete_schedule(finding, facts, schedule, text);
        } else if is_set(facts, schedule) {
            let end = EndBackups::here(facts.snapshot);
            let caveat = in_brackets(end.caveat(schedule.owns_backups));
            finding = finding.run(
                format!("end the backups of this hub, {git}{caveat}:"),
                end.by(facts.kubectl(""), name),
            );
        }
    }
    if facts.holds_clusters() != Some(false) && !imports_no_more(facts) {
        finding = finding.run(
            "stop the imports of this hub (undo it with disable-auto-import-):",
            stop_imports(Command::new(facts.snapshot.cli())),
        );
    }
    let done = finding.steps.len() == told && !facts.schedules().iter().any(|one| runs(facts, one));
    match owner {
        Some(owner) if done => finding.todo(format!(
            "all that is to be done here has been done; see on {owner} that its clusters report there"
        )),
        _ => finding,
    }
}

/// Keeps the clusters of a hub, but itself, from being imported again.
fn stop_imports(command: Command) -> Command {
    command
        .say("annotate managedclusters -l local-cluster!=true")
        .value(format!("{DISABLE_AUTO_IMPORT}="))
        .say("--overwrite")
}

/// Whether every cluster of the fleet carries the annotation here.
fn imports_no_more(facts: &Facts<'_>) -> bool {
    facts
        .snapshot
        .managed_clusters
        .value()
        .is_some_and(|all| fleet(all).all(|cluster| cluster.import_disabled))
}

/// Whether a BackupSchedule of this hub makes backups: what Velero has of it decides, where that could be
/// looked up. One that says that it has ended is not believed; of one that is asked to, and has not yet, that is
/// left to the operator.
pub(super) fn runs(facts: &Facts<'_>, schedule: &BackupSchedule) -> bool {
    let name = &schedule.meta.name;
    let says_so = schedule.blocks_restores();
    let Some(all) = facts.snapshot.velero_schedules.value() else {
        return says_so && !schedule.paused && schedule.hidden_from_the_operator().is_none();
    };
    let fires = all.iter().any(|velero| {
        let unowned = velero.meta.owners.is_empty();
        velero.is_running() && (velero.is_owned_by(name) || says_so && unowned)
    });
    fires && !(says_so && schedule.paused)
}

/// Whether it runs, or would as soon as the operator lets it, by what it says itself: what can be ended by it.
pub(super) fn is_set(facts: &Facts<'_>, schedule: &BackupSchedule) -> bool {
    schedule.blocks_restores()
        && !schedule.paused
        && (schedule.hidden_from_the_operator().is_none() || runs(facts, schedule))
}
