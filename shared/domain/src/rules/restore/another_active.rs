//! `restore/another-active`: two Restores at once burn each other.

use super::{BURNT, could_not_look, kubectl, watch_restores};
use crate::kinds::restore::Restore;
use crate::rules::finding::Finding;
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::snapshot::{Need, Snapshot};
use crate::time::age;
use crate::upstream::resource;

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/another-active",
    protects_from: "two Restores side by side: one or both end as FinishedWithErrors for good, or both \
                    run at once (operator-facts §6.2)",
    subject: SubjectKind::Restore,
    operations: &[Operation::Create, Operation::Update],
    denies_when_blind: false,
    can_be_attested: false,
    since: "2.7",
    until: None,
    needs: |review| {
        review
            .starting_restore()
            .map(|_| Need::Restores)
            .into_iter()
            .collect()
    },
    judge,
};

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let Some(subject) = review.starting_restore() else {
        return Verdict::Pass;
    };
    let restores = match snapshot.restores.get() {
        Ok(restores) => restores,
        Err(missing) => {
            return could_not_look(
                RULE.id,
                "whether another Restore is active",
                missing,
                &review.origin,
            )
            .into();
        }
    };
    let others: Vec<_> = restores
        .iter()
        .filter(|other| other.is_active() && !other.meta.is_same_object(&subject.meta))
        .filter(|other| other.meta.namespace == subject.meta.namespace)
        .collect();
    let Some(first) = others.first() else {
        return Verdict::Pass;
    };
    let mut finding = Finding::deny(
        RULE.id,
        format!(
            "Restore {} is still active beside Restore {}; {BURNT}",
            first.meta.name, subject.meta.name
        ),
    );
    for other in &others {
        finding = finding.seen(describe(other, snapshot));
    }
    remedies(finding, first, subject).into()
}

fn describe(other: &Restore, snapshot: &Snapshot) -> String {
    let phase = match (other.meta.deleted, other.phase.as_str()) {
        (Some(_), _) => "is being deleted".to_owned(),
        (None, "") => "was not yet looked at by the operator".to_owned(),
        (None, phase) => format!("has phase {phase}"),
    };
    let age = other
        .meta
        .created
        .map(|at| format!(", created {}", age::when(snapshot.now, at)));
    format!(
        "Restore {} {phase}{}",
        other.meta.name,
        age.unwrap_or_default()
    )
}

fn remedies(finding: Finding, other: &Restore, subject: &Restore) -> Finding {
    let name = &other.meta.name;
    if other.meta.deleted.is_some() {
        return finding.run(
            "wait until it is gone, then apply again:",
            watch_restores(&subject.meta),
        );
    }
    if other.is_passive_sync() && subject.activates() {
        let patch = "--type merge -p '{\"spec\":{\"veleroManagedClustersBackupName\":\"latest\"}}'";
        return finding
            .run(
                format!(
                    "to activate, do not add a Restore: edit {name}, which keeps this hub in sync:"
                ),
                format!(
                    "{} {patch}",
                    kubectl(&subject.meta, "patch", resource::RESTORES, name)
                ),
            )
            .run(
                "or end the sync first; what it restored stays:",
                kubectl(&subject.meta, "delete", resource::RESTORES, name),
            );
    }
    if other.is_syncing() || other.phase == "Error" {
        return finding.run(
            format!("if {name} is no longer wanted, delete it (what it restored stays), then apply again:"),
            kubectl(&subject.meta, "delete", resource::RESTORES, name),
        );
    }
    finding.run(
        "wait until it has ended, then apply again:",
        watch_restores(&subject.meta),
    )
}
