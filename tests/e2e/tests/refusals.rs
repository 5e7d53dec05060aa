//! What the guards say reaches whoever types, word for word, and differs with what was seen.

use std::time::Duration;

use acm_backup_bed::BACKUP_NAMESPACE;
use acm_backup_bed::wait::{Seen, until};
use acm_backup_e2e::{Shell, fixtures, install_crds, look};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{GuardedHub, guarded_hub, refused, says};

const LIMIT: Duration = Duration::from_secs(60);
const SOON: SignedDuration = SignedDuration::from_secs(20);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn activation() -> Value {
    fixtures::restore("take-over", "latest", false)
}

fn stored_restore(name: &str, phase: &str) -> Value {
    let mut object = fixtures::restore(name, "skip", true);
    object["status"] = json!({ "phase": phase });
    object
}

async fn names(hub: &GuardedHub, kind: &str) -> Vec<String> {
    let api = look::api(&hub.hub, look::ACM, kind).await.unwrap();
    let list = api.list(&Default::default()).await.unwrap();
    list.items
        .into_iter()
        .filter_map(|object| object.metadata.name)
        .collect()
}

#[test]
fn an_activation_while_the_other_hub_lives() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        let answer = hub.create(&activation(), &[]);
        refused(
            &answer,
            &[
                "restore/old-hub-live",
                "hub 81431db3-2b3e-56e4-93ca-3481bd29fa8b backed up to this storage",
                "counts as alive",
                "is this the hub you mean?",
                "acm-validation-policy-schedule-",
                "it backs up every 1h",
                "may not say what has to be said here",
                "acm-backup-attester",
            ],
        );
        assert_eq!(names(&hub, "Restore").await, Vec::<String>::new());
    });
}

#[test]
fn an_activation_while_the_other_hub_is_silent() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(DAY, HOUR).await;
        let answer = hub.create(&activation(), &[]);
        refused(
            &answer,
            &[
                "restore/old-hub-live",
                "is silent, which does not prove that it is down",
                "look by another way than the storage",
                "may not say what has to be said here",
            ],
        );
        let answer = hub.create_as_attester(&activation(), &[]);
        refused(
            &answer,
            &[
                "acm-backup.dev/attest-old-hub: |",
                "KIND 81431db3-2b3e-56e4-93ca-3481bd29fa8b WHEN WHAT-I-SAW",
            ],
        );
    });
}

#[test]
fn an_activation_on_a_stale_view_of_the_storage() {
    guarded_hub(|hub| async move {
        hub.storage().read(DAY).await;
        hub.storage().set(DAY, HOUR).await;
        let answer = hub.create(&activation(), &[]);
        refused(
            &answer,
            &[
                "restore/old-hub-live",
                "is not read",
                "Velero last read it",
                "see why the storage is not read",
            ],
        );
    });
}

#[test]
fn a_dry_run_is_told_the_same_and_stores_nothing() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(DAY, HOUR).await;
        let dry = hub.create(&activation(), &["--dry-run=server"]);
        refused(&dry, &["restore/old-hub-live", "is silent"]);
        let passive = fixtures::restore("passive", "skip", true);
        let dry = hub.create(&passive, &["--dry-run=server"]);
        assert!(dry.succeeded(), "{dry}");
        assert_eq!(names(&hub, "Restore").await, Vec::<String>::new());
    });
}

#[test]
fn an_attestation_counts_from_who_may_give_it_and_from_nobody_else() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(DAY, HOUR).await;
        let mut attested = activation();
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        let word = format!("down 81431db3-2b3e-56e4-93ca-3481bd29fa8b {now} seen on site");
        attested["metadata"]["annotations"] = json!({ "acm-backup.dev/attest-old-hub": word });
        let answer = hub.create(&attested, &["--dry-run=server"]);
        refused(
            &answer,
            &["does not hold the right to attest", "acm-backup-attester"],
        );
        let answer = hub.create_as_attester(&attested, &["--dry-run=server"]);
        assert!(answer.succeeded(), "{answer}");
        says(
            &answer.stderr,
            &["Warning: ", "activating on your word", "seen on site"],
        );
    });
}

#[test]
fn a_second_restore() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        hub.store(stored_restore("first", "Enabled")).await;
        let answer = hub.create(&fixtures::restore("second", "skip", false), &[]);
        refused(
            &answer,
            &[
                "restore/another-active",
                "Restore first is still active beside Restore second",
                "phase Enabled",
            ],
        );
        assert_eq!(names(&hub, "Restore").await, ["first"]);
    });
}

#[test]
fn a_restore_beside_a_running_schedule() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        let mut schedule = fixtures::backup_schedule("0 * * * *");
        schedule["status"] = json!({ "phase": "Enabled" });
        hub.store(schedule).await;
        let answer = hub.create(&fixtures::restore("restore", "skip", false), &[]);
        refused(
            &answer,
            &[
                "restore/active-schedule",
                "BackupSchedule schedule-acm is active",
                "\"paused\":true",
            ],
        );
    });
}

/// Failed before: an operator before 2.12 has no `spec.paused`, the API server drops it, and a pause was printed.
#[test]
fn a_pause_is_printed_only_where_the_operator_has_one() {
    const DEFINITION: &str = "backupschedules.cluster.open-cluster-management.io";
    const FIELD: &str = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/paused";
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        let mut schedule = fixtures::backup_schedule("0 * * * *");
        schedule["status"] = json!({ "phase": "Enabled" });
        hub.store(schedule).await;
        let remove = json!([{ "op": "remove", "path": FIELD }]).to_string();
        let removed = hub
            .hub
            .kubectl(&["patch", "crd", DEFINITION, "--type=json", "-p", &remove]);
        let pause = &["-n", BACKUP_NAMESPACE, "patch", "bsch", "schedule-acm"];
        let pause = [
            pause,
            &["--type=merge", "-p", r#"{"spec":{"paused":true}}"#][..],
        ]
        .concat();
        // The API server takes a moment to serve the definition that is stored.
        let dropped = until("the field to be gone", LIMIT, || async {
            let answer = hub.ops(&[&pause[..], &["--dry-run=server"]].concat());
            Ok(match answer.stderr.contains("unknown field") {
                true => Seen::Yes(answer),
                false => Seen::NotYet(answer.to_string()),
            })
        })
        .await;
        let answer = hub.create(&fixtures::restore("restore", "skip", false), &[]);
        // For the other tests, before any assertion.
        install_crds(&hub.hub).await.unwrap();
        assert!(removed.unwrap().succeeded());
        // What the text names as the sign, where the definition cannot be read.
        let dropped = dropped.unwrap();
        says(&dropped.stderr, &[r#"unknown field "spec.paused""#]);
        says(&dropped.stdout, &["patched (no change)"]);
        refused(
            &answer,
            &[
                "restore/active-schedule",
                "delete schedule-acm (keep its YAML, to apply it again; this operator knows no pause",
                "delete bsch schedule-acm",
            ],
        );
        assert!(!answer.stderr.contains("paused"), "{answer}");
    });
}

/// One of the BackupSchedule of that uid: with another one the garbage collector would take it.
fn velero_schedule(kind: &str, uid: &str) -> Value {
    json!({
        "apiVersion": "velero.io/v1", "kind": "Schedule",
        "metadata": {
            "name": format!("acm-{kind}-schedule"), "namespace": BACKUP_NAMESPACE,
            "ownerReferences": [{
                "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
                "name": "schedule-acm", "uid": uid,
            }],
        },
        "spec": { "schedule": "0 * * * *", "template": {} },
        "status": { "phase": "Enabled" },
    })
}

/// Failed before: whoever may write the status of a BackupSchedule said that it is in collision, and a Restore
/// began beside its backups. The way out is typed as it is printed.
#[test]
fn a_restore_beside_a_schedule_that_only_says_that_it_has_ended() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        let mut schedule = fixtures::backup_schedule("0 * * * *");
        schedule["status"] = json!({ "phase": "BackupCollision" });
        let uid = hub.store(schedule).await.metadata.uid.unwrap();
        for kind in ["credentials", "resources"] {
            hub.store(velero_schedule(kind, &uid)).await;
        }
        let restore = fixtures::restore("restore", "skip", false);
        let answer = hub.create(&restore, &[]);
        refused(
            &answer,
            &[
                "restore/active-schedule",
                "schedule-acm says BackupCollision, but its Velero Schedules still run",
            ],
        );
        let printed = answer.stderr.lines().map(str::trim);
        let mut commands = printed.filter(|line| line.contains("patch schedules.velero.io"));
        let command = commands.next().unwrap().replace("oc -n", "kubectl -n");
        let shell = Shell::new(&[hub.hub.admin_kubeconfig()]).unwrap();
        let paused = shell.run(&command).await.unwrap();
        assert!(paused.succeeded(), "{paused}");
        let answer = hub.create(&restore, &[]);
        assert!(answer.succeeded(), "{answer}");
    });
}

#[test]
fn a_backup_that_is_not_there() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        let mut restore = fixtures::restore("restore", "skip", false);
        restore["spec"]["veleroResourcesBackupName"] =
            json!("acm-resources-schedule-20200101000000");
        let answer = hub.create(&restore, &[]);
        refused(
            &answer,
            &[
                "restore/backup-not-found",
                "there is no backup acm-resources-schedule-20200101000000",
                "spec.veleroResourcesBackupName",
            ],
        );
    });
}

#[test]
fn credentials_alone_are_restored_beside_a_live_hub() {
    guarded_hub(|hub| async move {
        hub.storage().read(SOON).await;
        hub.storage().set(SOON, HOUR).await;
        let mut restore = fixtures::restore("credentials", "skip", false);
        restore["spec"]["veleroResourcesBackupName"] = json!("skip");
        let answer = hub.create(&restore, &[]);
        assert!(answer.succeeded(), "{answer}");
        assert_eq!(answer.stderr, "", "{BACKUP_NAMESPACE}");
    });
}
