//! A word is not believed: a status cannot be used to activate, and an activation is not taken back
//! half-way, on a real API server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use acm_backup_bed::wait::{Seen, until, until_gone};
use acm_backup_bed::{BACKUP_NAMESPACE, Finished, Rule, Subject};
use acm_backup_e2e::{fixtures, look};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{GuardedHub, guarded_hub, refused, says};

const LIMIT: Duration = Duration::from_secs(60);
const SOON: SignedDuration = SignedDuration::from_secs(20);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Somebody who may edit Restores and write their status, and must not attest.
async fn night_shift(hub: &GuardedHub) -> PathBuf {
    let acm = &["cluster.open-cluster-management.io"];
    let rules = [Rule {
        groups: acm,
        resources: &[
            "restores",
            "restores/status",
            "backupschedules",
            "backupschedules/status",
        ],
        verbs: &["get", "list", "patch", "update"],
    }];
    let user = Subject::User("night");
    hub.hub.allow("night", user, &rules).await.unwrap();
    hub.hub.kubeconfig_for("night", &[]).unwrap()
}

fn patch(hub: &GuardedHub, who: &Path, name: &str, patch: &str, more: &[&str]) -> Finished {
    let args = [
        "-n",
        BACKUP_NAMESPACE,
        "patch",
        "crst",
        name,
        "--type=merge",
        "-p",
        patch,
    ];
    hub.hub
        .kubectl_as(who, &[&args[..], more].concat())
        .unwrap()
}

fn write_phase(hub: &GuardedHub, who: &Path, name: &str, phase: &str) -> Finished {
    let status = json!({ "status": { "phase": phase } }).to_string();
    patch(hub, who, name, &status, &["--subresource=status"])
}

fn with_phase(mut restore: Value, phase: &str) -> Value {
    restore["status"] = json!({ "phase": phase });
    restore
}

#[track_caller]
fn passed(finished: &Finished) {
    assert!(finished.succeeded(), "{finished}");
}

async fn phase_and_clusters(hub: &GuardedHub, name: &str) -> (String, String) {
    let restores = look::api(&hub.hub, look::ACM, "Restore").await.unwrap();
    let restore = restores.get(name).await.unwrap();
    let clusters = &restore.data["spec"]["veleroManagedClustersBackupName"];
    (
        look::phase(&restore).to_owned(),
        clusters.as_str().unwrap_or_default().to_owned(),
    )
}

/// Failed before: status to Finished, spec to `latest`, which passed, status back to Enabled.
#[test]
fn a_status_cannot_be_used_to_activate() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        let night = night_shift(&hub).await;
        hub.store(with_phase(
            fixtures::restore("sync", "skip", true),
            "Enabled",
        ))
        .await;

        passed(&write_phase(&hub, &night, "sync", "Finished"));
        let activate = r#"{"spec":{"veleroManagedClustersBackupName":"latest"}}"#;
        let answer = patch(&hub, &night, "sync", activate, &[]);
        refused(&answer, &["restore/edit-after-end", "make a new Restore"]);
        assert_eq!(
            phase_and_clusters(&hub, "sync").await,
            ("Finished".to_owned(), "skip".to_owned())
        );

        // An activation that has ended is woken: judged as the activation it would be.
        hub.store(with_phase(
            fixtures::restore("took-over", "latest", false),
            "Finished",
        ))
        .await;
        // The last phase of a BackupSchedule is none of a Restore's: the operator would carry it out.
        for phase in ["Enabled", "Running", "", "BackupCollision"] {
            let answer = write_phase(&hub, &night, "took-over", phase);
            assert_eq!(answer.code, Some(1), "{phase}: {answer}");
            says(
                &answer.stderr,
                &[
                    r#"admission webhook "status.guards.acm-backup.dev" denied the request"#,
                    "restore/old-hub-live",
                ],
            );
        }
        // What wakes nothing is nobody's business of ours.
        let message = r#"{"status":{"lastMessage":"seen"}}"#;
        passed(&patch(
            &hub,
            &night,
            "took-over",
            message,
            &["--subresource=status"],
        ));
        passed(&write_phase(
            &hub,
            &night,
            "took-over",
            "FinishedWithErrors",
        ));
        assert_eq!(
            phase_and_clusters(&hub, "took-over").await.0,
            "FinishedWithErrors"
        );

        // With every replica dead the operator still writes what it likes, and nobody else wakes a Restore.
        hub.webhook.kill();
        let answer = write_phase(&hub, &night, "took-over", "Enabled");
        says(
            &answer.stderr,
            &["failed calling webhook \"status.guards.acm-backup.dev\""],
        );
        passed(&write_phase(&hub, hub.operator(), "took-over", "Running"));
        passed(&write_phase(&hub, hub.operator(), "took-over", "Finished"));
        hub.webhook.start_again().await.unwrap();
    });
}

/// Failed before: a BackupSchedule that lost the storage to another hub was taken out of its collision by whoever
/// may write its status, and its hub backed up again over the owner.
#[test]
fn a_status_does_not_take_a_schedule_out_of_its_collision() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        let night = night_shift(&hub).await;
        let schedule = fixtures::backup_schedule("0 * * * *");
        hub.store(with_phase(schedule, "BackupCollision")).await;
        let write = |who: &Path, phase: &str| {
            let status = json!({ "status": { "phase": phase } }).to_string();
            let args = ["-n", BACKUP_NAMESPACE, "patch", "bsch", "schedule-acm"];
            let more = ["--subresource=status", "--type=merge", "-p", &status];
            hub.hub
                .kubectl_as(who, &[&args[..], &more].concat())
                .unwrap()
        };
        for phase in ["", "New", "Enabled", "Finished", "FinishedWithErrors"] {
            let answer = write(&night, phase);
            assert_eq!(answer.code, Some(1), "{phase}: {answer}");
            says(
                &answer.stderr,
                &[
                    r#"admission webhook "status.guards.acm-backup.dev" denied the request"#,
                    "backup-schedule/fleet-owned-elsewhere",
                ],
            );
        }
        passed(&write(&night, "BackupCollision"));
        passed(&write(hub.operator(), "New"));
    });
}

/// Failed before: kept by a finalizer of one's own, a Restore that is being deleted was let past in the API server,
/// and an operator before 2.14, which looks at no deletion, activates by it.
#[test]
fn what_is_on_its_way_out_starts_nothing_and_still_goes() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        let night = night_shift(&hub).await;
        let kept = |mut object: Value| {
            object["metadata"]["finalizers"] = json!(["example.com/mine"]);
            object
        };
        hub.store(kept(with_phase(
            fixtures::restore("leaving", "skip", true),
            "Enabled",
        )))
        .await;
        let mut schedule = with_phase(fixtures::backup_schedule("0 * * * *"), "Paused");
        schedule["spec"]["paused"] = json!(true);
        hub.store(kept(schedule)).await;
        let delete = ["-n", BACKUP_NAMESPACE, "delete", "--wait=false"];
        for object in ["crst/leaving", "bsch/schedule-acm"] {
            passed(&hub.ops(&[&delete[..], &[object]].concat()));
        }

        let activate = r#"{"spec":{"veleroManagedClustersBackupName":"latest"}}"#;
        refused(
            &patch(&hub, &night, "leaving", activate, &[]),
            &[
                "restore/edit-after-end",
                "is being deleted; it must not activate any more",
            ],
        );
        let unpause = ["--type=merge", "-p", r#"{"spec":{"paused":false}}"#];
        let schedule = ["-n", BACKUP_NAMESPACE, "patch", "bsch", "schedule-acm"];
        refused(
            &hub.ops(&[&schedule[..], &unpause].concat()),
            &["backup-schedule/active-restore"],
        );

        // What starts nothing goes through, with every replica dead as well.
        hub.webhook.kill();
        let interval = r#"{"spec":{"restoreSyncInterval":"1h"}}"#;
        passed(&patch(&hub, &night, "leaving", interval, &[]));
        let freed = r#"{"metadata":{"finalizers":null}}"#;
        passed(&patch(&hub, &night, "leaving", freed, &[]));
        let merge = ["--type=merge", "-p", freed];
        passed(&hub.ops(&[&schedule[..], &merge].concat()));
        for (kind, name) in [("Restore", "leaving"), ("BackupSchedule", "schedule-acm")] {
            let api = look::api(&hub.hub, look::ACM, kind).await.unwrap();
            until_gone(&api, name, LIMIT).await.unwrap();
        }
        hub.webhook.start_again().await.unwrap();
    });
}

/// The rule of the operator's own webhook (2.16 and later) that hangs a deletion: it judges every update of a
/// sync that activates before the clusters' restore was made, the removal of the finalizer too.
fn upstream() -> [Value; 2] {
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": { "name": "vrestore" },
        "spec": {
            "failurePolicy": "Fail",
            // The API server lets go of a deleted policy late: other tests must not meet it.
            "matchConditions": [{ "name": "here", "expression": "object.metadata.name == 'take-back'" }],
            "matchConstraints": { "resourceRules": [{
                "apiGroups": ["cluster.open-cluster-management.io"], "apiVersions": ["v1beta1"],
                "resources": ["restores"], "operations": ["CREATE", "UPDATE"],
            }] },
            "validations": [{
                "expression": "!has(object.spec.syncRestoreWithNewBackups) || !object.spec.syncRestoreWithNewBackups \
                    || object.spec.veleroManagedClustersBackupName == 'skip' \
                    || (has(object.status) && has(object.status.phase) && object.status.phase.startsWith('Enabled'))",
                "message": "veleroManagedClustersBackupName must initially be set to 'skip'",
            }],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": { "name": "vrestore" },
        "spec": { "policyName": "vrestore", "validationActions": ["Deny"] },
    });
    [policy, binding]
}

/// Failed before: the name was put back four seconds after an activation, as a GitOps self-heal does.
#[test]
fn an_activation_is_not_taken_back_and_the_way_out_works_beside_the_upstream_rule() {
    guarded_hub(|hub| async move {
        let night = night_shift(&hub).await;
        let mut restore = with_phase(fixtures::restore("take-back", "latest", true), "Started");
        let finalizer = "restores.cluster.open-cluster-management.io/finalizer";
        restore["metadata"]["finalizers"] = json!([finalizer]);
        hub.store(restore).await;

        let back = r#"{"spec":{"veleroManagedClustersBackupName":"skip"}}"#;
        let removed = r#"{"spec":{"veleroManagedClustersBackupName":null}}"#;
        for taken in [back, removed] {
            let answer = patch(&hub, &night, "take-back", taken, &["--dry-run=server"]);
            // The CRD itself requires the field.
            if !answer.stderr.contains("Required value") {
                refused(
                    &answer,
                    &[
                        "restore/activation-taken-back",
                        "delete crst take-back --wait=false",
                    ],
                );
            }
        }

        for object in upstream() {
            hub.hub.apply(&object).await.unwrap();
        }
        let freed = r#"{"metadata":{"finalizers":null}}"#;
        until("the upstream rule to stand", LIMIT, || async {
            let answer = patch(
                &hub,
                hub.operator(),
                "take-back",
                freed,
                &["--dry-run=server"],
            );
            Ok(match answer.stderr.contains("must initially be set") {
                true => Seen::Yes(()),
                false => Seen::NotYet(answer.to_string()),
            })
        })
        .await
        .unwrap();

        // The way out, as the denial prints it.
        passed(&hub.ops(&[
            "-n",
            BACKUP_NAMESPACE,
            "delete",
            "crst",
            "take-back",
            "--wait=false",
        ]));
        let hangs = patch(&hub, hub.operator(), "take-back", freed, &[]);
        says(&hangs.stderr, &["must initially be set"]);
        passed(&patch(&hub, &night, "take-back", back, &[]));
        passed(&patch(&hub, hub.operator(), "take-back", freed, &[]));
        let restores = look::api(&hub.hub, look::ACM, "Restore").await.unwrap();
        until_gone(&restores, "take-back", LIMIT).await.unwrap();
        for kind in [
            "validatingadmissionpolicybinding",
            "validatingadmissionpolicy",
        ] {
            hub.hub
                .kubectl(&["delete", kind, "vrestore"])
                .unwrap()
                .ok()
                .unwrap();
        }
    });
}

/// Failed before: nothing judged a BackupSchedule.
#[test]
fn a_backup_schedule_beside_a_restore_that_is_not_over() {
    guarded_hub(|hub| async move {
        hub.store(with_phase(
            fixtures::restore("sync", "skip", true),
            "Enabled",
        ))
        .await;
        let schedule = fixtures::backup_schedule("0 * * * *");
        refused(
            &hub.create(&schedule, &[]),
            &["backup-schedule/active-restore", "this hub is passive"],
        );
        let mut paused = schedule.clone();
        paused["spec"]["paused"] = json!(true);
        passed(&hub.create(&paused, &[]));
        let unpause = r#"{"spec":{"paused":false}}"#;
        let args = [
            "-n",
            BACKUP_NAMESPACE,
            "patch",
            "bsch",
            fixtures::SCHEDULE,
            "--type=merge",
            "-p",
            unpause,
        ];
        refused(&hub.ops(&args), &["backup-schedule/active-restore"]);
        hub.store(with_phase(
            fixtures::restore("sync", "skip", true),
            "Finished",
        ))
        .await;
        passed(&hub.ops(&args));
    });
}
