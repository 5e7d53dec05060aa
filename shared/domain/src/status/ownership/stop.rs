//! What to do on a hub that must leave the fleet alone.

use crate::hub::OtherHub;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::status::facts::Facts;
use crate::status::finding::Finding;

/// Adds what to do on another hub. A command for another hub names a context that does not exist:
/// pasted as it is, it must not hit this hub.
pub(super) fn there(facts: &Facts<'_>, finding: Finding, hub: &OtherHub<'_>) -> Finding {
    let id = hub.id.short();
    let name = hub.schedule.unwrap_or("NAME");
    let cli = facts.snapshot.cli();
    let ns = &facts.snapshot.namespace;
    finding
        .run(
            format!("on hub {id}, end its backups (in Git first, if Git owns them; before 2.12 delete the schedule instead):"),
            format!("{cli} --context HUB-{id} -n {ns} patch bsch {name} --type merge -p '{{\"spec\":{{\"paused\":true}}}}'"),
        )
        .run(
            format!("on hub {id}, then keep it from importing clusters (to give them back later: the same with disable-auto-import-):"),
            format!("{cli} --context HUB-{id} annotate managedclusters -l 'local-cluster!=true' import.open-cluster-management.io/disable-auto-import= --overwrite"),
        )
}

/// Adds what to do on this hub. What has been done already is not told again.
pub(super) fn here(facts: &Facts<'_>, finding: Finding) -> Finding {
    let cli = facts.snapshot.cli();
    let running = facts
        .schedules()
        .iter()
        .filter(|schedule| schedule.blocks_restores() && !schedule.paused)
        .map(|schedule| schedule.meta.name.as_str());
    let mut finding = finding;
    for name in running {
        finding = finding.run(
            "end the backups of this hub (in Git first, if Git owns them; before 2.12 delete the schedule instead):",
            facts.kubectl(&format!("patch bsch {name} --type merge -p '{{\"spec\":{{\"paused\":true}}}}'")),
        );
    }
    if facts.holds_clusters() != Some(false) {
        finding = finding.run(
            "keep this hub from importing clusters again (to take it off later: the same with disable-auto-import-):",
            format!("{cli} annotate managedclusters -l 'local-cluster!=true' import.open-cluster-management.io/disable-auto-import= --overwrite"),
        );
    }
    finding
}

/// Whether a BackupSchedule of this hub runs.
pub(super) fn runs(schedule: &BackupSchedule) -> bool {
    schedule.blocks_restores() && !schedule.paused
}
