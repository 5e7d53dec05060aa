//! Every rule, every fact it asks for, every reason why that may be missing: only what stays so may be a
//! warning.

use super::*;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::names::ATTESTATION;
use crate::rules::RULES;
use crate::rules::restore::old_hub_live::ATTEST;
use crate::rules::rule::Rule;
use crate::snapshot::{Missing, Need};
use std::collections::BTreeSet;

fn reasons() -> [Missing; 9] {
    let resource = || "things.example.io".to_owned();
    let why = || "it says so".to_owned();
    [
        Missing::NotAsked,
        Missing::NoCluster { why: why() },
        Missing::Forbidden {
            verb: "list".into(),
            resource: resource(),
            namespace: Some("ocm-backup".into()),
        },
        Missing::NoKind {
            resource: resource(),
        },
        Missing::TimedOut {
            resource: resource(),
            seconds: std::time::Duration::from_secs(0).into(),
        },
        Missing::Stale {
            resource: resource(),
            last_contact: at("15:00:00"),
        },
        Missing::NotCollected {
            resource: resource(),
            namespace: None,
        },
        Missing::BrokenFile {
            resource: resource(),
            file: "f".into(),
            why: why(),
        },
        Missing::Failed {
            resource: resource(),
            why: why(),
        },
    ]
}

fn lose(snapshot: &mut Snapshot, need: &Need, missing: &Missing) {
    let missing = missing.clone();
    match need {
        Need::HubId => snapshot.hub_id = Fact::Missing(missing),
        Need::Restores => snapshot.restores = Fact::Missing(missing),
        Need::BackupSchedules => snapshot.backup_schedules = Fact::Missing(missing),
        Need::StorageLocations => snapshot.storage_locations = Fact::Missing(missing),
        Need::Backups => snapshot.backups = Fact::Missing(missing),
        Need::BackupNamed(name) => {
            let named = &mut snapshot.named_backups;
            named.insert(name.clone(), Fact::Missing(missing));
        }
        Need::VeleroRestores => snapshot.velero_restores = Fact::Missing(missing),
        Need::VeleroSchedules => snapshot.velero_schedules = Fact::Missing(missing),
        Need::ManagedClusters => snapshot.managed_clusters = Fact::Missing(missing),
        Need::KubeSystem => snapshot.kube_system_created = Fact::Missing(missing),
        Need::BackupScheduleDefinition => {
            snapshot.backup_schedule_definition = Fact::Missing(missing);
        }
        // Asked by status alone.
        Need::GuardLabel | Need::Guards | Need::GuardFooting => {}
        Need::Accepted => snapshot.accepted = Fact::Missing(missing),
        Need::Permission(asked) => {
            let permissions = &mut snapshot.permissions;
            permissions.insert(asked.clone(), Fact::Missing(missing));
        }
    }
}

/// A request that passes, and what of the rule's needs only serves its words.
struct Row {
    rule: &'static str,
    review: Review,
    snapshot: Snapshot,
    words_only: Vec<Need>,
}

fn attested(text: &str) -> Review {
    let annotation = format!("/metadata/annotations/{}", ATTESTATION.replace('/', "~1"));
    create(&with(restore("new", "latest"), &annotation, json!(text)))
}

fn schedule(annotations: Value) -> Review {
    let schedule = BackupSchedule::read(&json!({
        "metadata": {"name": "schedule-acm", "namespace": "ocm-backup", "annotations": annotations},
        "spec": {"veleroSchedule": "0 */2 * * *"},
    }));
    Review {
        subject: Subject::BackupSchedule(schedule),
        ..create(&json!({}))
    }
}

/// Hub A, alone with its own set, and a Restore of it that has ended.
fn own_hub() -> Snapshot {
    let mut snapshot = passive_hub();
    snapshot.hub_id = Fact::known(HubId::new(HUB_A), snapshot.now);
    snapshot.backups = Fact::known(own_set(HUB_A, "160000"), snapshot.now);
    let ended = in_phase(restore("ended", "skip"), "Finished");
    snapshot.restores = Fact::known(vec![Restore::read(&ended)], snapshot.now);
    snapshot
}

/// Hub B, while hub A is silent, asked by someone who may attest; its cluster is younger than all of that.
fn beside_silence() -> Snapshot {
    let mut snapshot = passive_hub();
    snapshot.now = at("16:10:00").into();
    snapshot.storage_locations = Fact::known(vec![storage("16:09:55")], snapshot.now);
    let may = Fact::known(true, snapshot.now);
    snapshot.permissions.insert(ATTEST, may);
    snapshot.kube_system_created = Fact::known(at("16:05:00"), snapshot.now);
    snapshot
}

fn rows() -> Vec<Row> {
    let row = |rule, review: &Review, snapshot: Snapshot, words_only: &[Need]| Row {
        rule,
        review: review.clone(),
        snapshot,
        words_only: words_only.to_vec(),
    };
    let named = "acm-managed-clusters-schedule-20261122160000";
    let found = |mut snapshot: Snapshot| {
        let all = snapshot.backups.items();
        let found = all.iter().find(|backup| backup.meta.name == named).cloned();
        let found = Fact::known(Some(found.unwrap()), snapshot.now);
        snapshot.named_backups.insert(named.to_owned(), found);
        snapshot
    };
    let ended = |clusters: &str| in_phase(restore("ended", clusters), "Finished");
    let down = format!("down {HUB_A} 2026-11-22T16:09:00Z rack is off, seen on site");
    let rebuilt = format!("rebuilt {HUB_A} 2026-11-22T16:09:00Z the same hub, its etcd was lost");
    let passive = create(&restore("new", "skip"));
    let latest = create(&restore("new", "latest"));
    let pinned = create(&restore("new", named));
    let taken_back = update(&ended("latest"), &ended("skip"));
    let own = schedule(json!({}));
    let said = schedule(json!({(ATTESTATION): down}));
    vec![
        row(
            "restore/another-active",
            &passive,
            own_hub(),
            &[Need::HubId],
        ),
        row(
            "restore/active-schedule",
            &passive,
            own_hub(),
            &[Need::HubId, Need::Backups, Need::BackupScheduleDefinition],
        ),
        row(
            "restore/backup-not-found",
            &passive,
            own_hub(),
            &[Need::HubId],
        ),
        row(
            "restore/backup-not-found",
            &pinned,
            found(own_hub()),
            &[Need::HubId],
        ),
        row(
            "restore/activation-taken-back",
            &taken_back,
            own_hub(),
            &[Need::HubId],
        ),
        // What asks nobody's word needs none.
        row(
            "restore/old-hub-live",
            &latest,
            own_hub(),
            &[
                Need::Permission(ATTEST),
                Need::Accepted,
                Need::BackupScheduleDefinition,
            ],
        ),
        row(
            "restore/old-hub-live",
            &pinned,
            found(own_hub()),
            &[
                Need::Permission(ATTEST),
                Need::Accepted,
                Need::BackupScheduleDefinition,
            ],
        ),
        row(
            "restore/old-hub-live",
            &attested(&down),
            beside_silence(),
            &[Need::KubeSystem, Need::BackupScheduleDefinition],
        ),
        row(
            "restore/old-hub-live",
            &attested(&rebuilt),
            beside_silence(),
            &[Need::BackupScheduleDefinition],
        ),
        row(
            "backup-schedule/active-restore",
            &own,
            own_hub(),
            &[Need::HubId, Need::BackupScheduleDefinition],
        ),
        row(
            "backup-schedule/fleet-owned-elsewhere",
            &own,
            own_hub(),
            &[Need::Permission(ATTEST), Need::Accepted],
        ),
        row(
            "backup-schedule/fleet-owned-elsewhere",
            &said,
            beside_silence(),
            &[Need::KubeSystem],
        ),
    ]
}

/// Where there is no such kind there are no such objects.
fn is_none_at_all(rule: &str, need: &Need, missing: &Missing) -> bool {
    let none = matches!(missing, Missing::NoKind { .. });
    let clusters = *need == Need::ManagedClusters;
    let velero = *need == Need::VeleroSchedules && rule == "restore/active-schedule";
    none && (clusters || velero)
}

/// Failed before: whatever was missing for another reason than its right, its kind or the time was a warning,
/// so a second Restore passed beside an active one while the API server was away.
#[test]
fn only_what_stays_so_is_a_warning() {
    let mut asked = BTreeSet::new();
    for row in rows() {
        let rule: &Rule = RULES.iter().find(|rule| rule.id == row.rule).unwrap();
        assert!(
            !denies(row.rule, &row.review, &row.snapshot),
            "{} passes with all that it asks for: {}",
            row.rule,
            refusal(&row.review, &row.snapshot)
        );
        let of_rule = (rule.needs)(&row.review);
        assert!(!of_rule.is_empty(), "{}", row.rule);
        for (need, missing) in of_rule
            .iter()
            .flat_map(|need| reasons().map(|missing| (need, missing)))
        {
            asked.insert((row.rule, need.clone()));
            let mut blind = row.snapshot.clone();
            lose(&mut blind, need, &missing);
            let judgement = judge(&row.review, &blind);
            let finding = |denied: bool| {
                let mut of_rule = judgement.findings.iter();
                of_rule.find(|finding| {
                    finding.rule == row.rule
                        && denied == (finding.severity == crate::rules::finding::Severity::Deny)
                })
            };
            let case = format!("{} without {need:?} ({missing})", row.rule);
            if row.words_only.contains(need) || is_none_at_all(row.rule, need, &missing) {
                assert!(finding(true).is_none(), "{case}: {judgement:?}");
                continue;
            }
            if missing.is_lasting() && !rule.denies_when_blind {
                assert!(finding(true).is_none(), "{case}");
                assert!(finding(false).is_some(), "{case}");
                continue;
            }
            let text = finding(true).unwrap_or_else(|| panic!("{case} passes"));
            assert_eq!(
                text.to_string().contains("try again"),
                !missing.is_lasting(),
                "{case}: {text}"
            );
        }
    }
    // No rule that asks for anything is left out.
    for rule in RULES {
        let is_there = asked.iter().any(|(id, _)| *id == rule.id);
        let asks_nothing_that_decides = rule.id == "restore/edit-after-end";
        assert_ne!(is_there, asks_nothing_that_decides, "{}", rule.id);
    }
}
