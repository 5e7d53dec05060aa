//! Hubs, as objects of their API servers.

use acm_backup_domain::kinds::backup::BackupType;
use acm_backup_domain::names;
use acm_backup_domain::upstream::{MARKER_PREFIX, backup_label, object_label};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The namespace of the operator's objects.
pub const NAMESPACE: &str = "open-cluster-management-backup";

/// When the collection of every hub begins.
pub const BEGIN: &str = "2026-11-20T10:20:00Z";

const A: &str = "aaaa1111-0000-4000-8000-00000000000a";
const B: &str = "bbbb2222-0000-4000-8000-00000000000b";

const ACM: &str = "cluster.open-cluster-management.io/v1beta1";
const VELERO: &str = "velero.io/v1";

/// A hub.
pub struct Hub {
    /// What it is an example of.
    pub name: &'static str,
    /// Its id.
    pub id: &'static str,
    /// Its objects, of all kinds that are judged.
    pub objects: Vec<Value>,
    /// Whether the guards are lifted there.
    pub lifted: bool,
}

impl Hub {
    /// The namespace of the operator's objects.
    pub fn namespace(&self) -> Value {
        let mut labels = json!({"kubernetes.io/metadata.name": NAMESPACE});
        if self.lifted {
            labels[names::GUARD] = json!(names::GUARD_LIFTED);
        }
        json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"creationTimestamp": stamp(at("00:10:00")), "labels": labels, "name": NAMESPACE},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        })
    }
}

/// Every hub there is.
pub fn all() -> Vec<Hub> {
    vec![
        active(),
        stalled(),
        passive(),
        empty_handed(),
        forsaken(),
        replaced(),
        activated(),
        Hub {
            name: "unguarded",
            lifted: true,
            ..active()
        },
    ]
    .into_iter()
    .chain(in_one_trouble())
    .collect()
}

/// Hubs that have taken over and back up, each with one thing wrong, and that in one object.
fn in_one_trouble() -> impl Iterator<Item = Hub> {
    let newest = |kind| backup_name(kind, "10:00:05");
    let (resources, clusters) = (BackupType::Resources, BackupType::ManagedClusters);
    let velero_restore = |kind| format!("restore-activate-{}", backup_name(kind, "07:00:05"));
    let velero = "velero.io/v1";
    [
        ("a-backup-failed", velero, "Backup", newest(resources), json!({"phase": "Failed"})),
        ("a-backup-lacks-items", velero, "Backup", newest(clusters), json!({"phase": "PartiallyFailed", "errors": 2})),
        ("a-schedule-refused", velero, "Schedule", resources.schedule_name().to_owned(), json!({"phase": "FailedValidation", "validationErrors": ["invalid schedule"]})),
        ("a-storage-away", velero, "BackupStorageLocation", "dpa-1".to_owned(), json!({"phase": "Unavailable", "message": "403"})),
        ("a-restore-failed", velero, "Restore", velero_restore(clusters), json!({"phase": "PartiallyFailed", "errors": 3})),
        ("a-cluster-away", "cluster.open-cluster-management.io/v1", "ManagedCluster", "spoke-2".to_owned(), json!({"conditions": [
            {"lastTransitionTime": stamp(at("02:02:00")), "message": "no report", "reason": "ManagedClusterLeaseUpdateStopped", "status": "Unknown", "type": "ManagedClusterConditionAvailable"},
        ]})),
    ]
    .into_iter()
    .map(|(name, version, kind, object, status)| {
        let mut hub = Hub { name, ..activated() };
        let object = hub.objects.iter_mut().find(|one| {
            one["apiVersion"] == version && one["kind"] == kind && one["metadata"]["name"] == object.as_str()
        });
        merge(&mut object.expect("it is there")["status"], status);
        hub
    })
    .chain([taken_from(), second_schedule(), second_restore(),  new_passive()])
}

/// A second BackupSchedule, which the operator refused.
fn second_schedule() -> Hub {
    let mut all = schedules("10:00:05");
    all.truncate(1);
    all[0]["metadata"]["name"] = json!("schedule-2");
    all[0]["metadata"]["creationTimestamp"] = stamp(at("09:30:00"));
    all[0]["status"] = json!({"lastMessage": "Velero schedules initialization failed: it already exists", "phase": "Failed"});
    beside("a-second-schedule", all)
}

/// A second Restore, which the operator refused.
fn second_restore() -> Hub {
    let mut all = restore(
        "restore-2",
        false,
        "FinishedWithErrors",
        "07:00:05",
        ("Completed", 12),
    );
    all.truncate(1);
    all[0]["status"] = json!({"lastMessage": "This resource is ignored because BackupSchedule resource schedule-dr is currently active", "phase": "FinishedWithErrors"});
    beside("a-second-restore", all)
}

fn beside(name: &'static str, others: Vec<Value>) -> Hub {
    let Hub {
        id,
        mut objects,
        lifted,
        ..
    } = activated();
    objects.extend(others);
    objects.iter_mut().for_each(|object| sign(object, id));
    Hub {
        name,
        id,
        objects,
        lifted,
    }
}

/// Waits since a moment ago, with the only run there is.
fn new_passive() -> Hub {
    let parts = vec![
        restore(
            "restore-sync",
            false,
            "Enabled",
            "10:00:05",
            ("Completed", 12),
        ),
        storage("10:19:30"),
        run(A, "10:00:05", false),
        clusters(0, false, None),
    ];
    hub("new-passive", B, parts)
}

/// Another hub has just taken over: its marker is all there is to see of it yet.
fn taken_from() -> Hub {
    let mut hub = active();
    hub.name = "taken-from";
    hub.objects.extend(marker(B, "10:10:00", false));
    hub
}

/// Hubs that have nothing to do with the others: one that backs up to another bucket, one that waits for it, and one
/// that does neither.
pub fn strangers() -> Vec<Hub> {
    const C: &str = "cccc3333-0000-4000-8000-00000000000c";
    const D: &str = "dddd4444-0000-4000-8000-00000000000d";
    const E: &str = "eeee5555-0000-4000-8000-00000000000e";
    let bucket = || {
        let mut all = storage("10:19:40");
        all[0]["spec"]["objectStorage"] = json!({"bucket": "another", "prefix": "hub"});
        all
    };
    let active = vec![
        schedules("10:00:07"),
        bucket(),
        run(C, "09:00:07", true),
        run(C, "10:00:07", true),
        clusters(3, false, None),
    ];
    let passive = vec![
        restore(
            "restore-sync",
            false,
            "Enabled",
            "10:00:07",
            ("Completed", 12),
        ),
        bucket(),
        run(C, "09:00:07", false),
        run(C, "10:00:07", false),
        clusters(0, false, None),
    ];
    vec![
        hub("elsewhere", C, active),
        hub("waits-elsewhere", D, passive),
        hub(
            "bare",
            E,
            vec![storage("10:19:50"), clusters(0, false, None)],
        ),
    ]
}

fn at(time: &str) -> Timestamp {
    format!("2026-11-20T{time}Z").parse().expect("a time")
}

fn stamp(time: Timestamp) -> Value {
    json!(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn object(version: &str, kind: &str, name: &str, created: Timestamp, rest: Value) -> Value {
    let mut object = json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "creationTimestamp": stamp(created),
            "generation": 4,
            "name": name,
            "resourceVersion": "4711",
        },
    });
    if kind != "ClusterVersion" && kind != "ManagedCluster" {
        object["metadata"]["namespace"] = json!(NAMESPACE);
    }
    merge(&mut object, rest);
    object
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn hub(name: &'static str, id: &'static str, parts: Vec<Vec<Value>>) -> Hub {
    let mut objects: Vec<_> = parts.into_iter().flatten().collect();
    objects.push(object(
        "config.openshift.io/v1",
        "ClusterVersion",
        "version",
        at("00:00:00"),
        json!({"spec": {"channel": "stable-4.20", "clusterID": id}, "status": {"desired": {"version": "4.20.1"}, "observedGeneration": 3}}),
    ));
    objects.iter_mut().for_each(|object| sign(object, id));
    Hub {
        name,
        id,
        objects,
        lifted: false,
    }
}

/// What an API server and the operator write into the objects of their hub, and of no other.
fn sign(object: &mut Value, id: &str) {
    let uid = |kind: &Value, name: &Value| {
        let (kind, name) = (kind.as_str(), name.as_str());
        let [kind, name] = [kind, name].map(Option::unwrap_or_default);
        json!(format!("{}-{kind}-{name}", &id[..8]))
    };
    object["metadata"]["uid"] = uid(&object["kind"], &object["metadata"]["name"]);
    let owners = object.pointer_mut("/metadata/ownerReferences");
    for owner in owners.and_then(Value::as_array_mut).into_iter().flatten() {
        owner["uid"] = uid(&owner["kind"], &owner["name"]);
    }
    if object["kind"] == "Schedule" {
        object["metadata"]["labels"] = json!({(backup_label::BACKUP_CLUSTER): id});
    }
    let local = object.pointer_mut("/metadata/labels/local-cluster");
    if local.is_some() {
        object["metadata"]["labels"]["clusterID"] = json!(id);
    }
}

/// The five backups of one run of a hub, as they are where they were made, or as copies elsewhere. The operator takes
/// a validation backup away when it has expired, after little more than a period: a run of an hour ago has four.
fn run(of: &str, time: &str, here: bool) -> Vec<Value> {
    let mut all = unswept(of, time, here);
    let begin: Timestamp = BEGIN.parse().expect("a time");
    all.retain(|backup| {
        let expires = backup["status"]["expiration"].as_str().expect("a text");
        begin < expires.parse().expect("a time")
    });
    all
}

/// The same where no Velero takes anything away.
fn unswept(of: &str, time: &str, here: bool) -> Vec<Value> {
    BackupType::ALL
        .into_iter()
        .map(|kind| {
            let begun = at(time);
            let ended = begun + SignedDuration::from_secs(40);
            let created = if here {
                begun
            } else {
                ended + SignedDuration::from_secs(90)
            };
            // As the operator sets them: of an hourly schedule with `veleroTtl: 120h`.
            let (ttl, lives) = if kind == BackupType::Validation {
                ("1h5m0s", SignedDuration::from_mins(65))
            } else {
                ("120h0m0s", SignedDuration::from_hours(120))
            };
            object(
                VELERO,
                "Backup",
                &backup_name(kind, time),
                created,
                json!({
                    "metadata": {"generation": if here { 5 } else { 1 }, "labels": {
                        (backup_label::BACKUP_CLUSTER): of,
                        (backup_label::SCHEDULE_NAME): "schedule-dr",
                        (backup_label::SCHEDULE_TYPE): kind.label_value(),
                        (backup_label::VELERO_SCHEDULE): kind.schedule_name(),
                        (backup_label::STORAGE_LOCATION): "dpa-1",
                    }},
                    "spec": {"includedNamespaces": ["*"], "storageLocation": "dpa-1", "ttl": ttl},
                    "status": {
                        "completionTimestamp": stamp(ended),
                        "expiration": stamp(begun + lives),
                        "formatVersion": "1.1.0",
                        "phase": "Completed",
                        "progress": {"itemsBackedUp": 12, "totalItems": 12},
                        "startTimestamp": stamp(begun),
                        "version": 1,
                    },
                }),
            )
        })
        .collect()
}

fn backup_name(kind: BackupType, time: &str) -> String {
    format!("{}-20261120{}", kind.schedule_name(), time.replace(':', ""))
}

fn schedules(last: &str) -> Vec<Value> {
    let mut all = vec![object(
        ACM,
        "BackupSchedule",
        "schedule-dr",
        at("01:00:00"),
        json!({
            "spec": {"useManagedServiceAccount": true, "veleroSchedule": "0 * * * *", "veleroTtl": "120h"},
            "status": {
                "lastMessage": "Velero schedules are enabled, and this text is long enough to go on in the next line of a file",
                "phase": "Enabled",
            },
        }),
    )];
    all.extend(BackupType::ALL.into_iter().map(|kind| {
        object(
            VELERO,
            "Schedule",
            kind.schedule_name(),
            at("01:00:00"),
            json!({
                "metadata": {"ownerReferences": [{
                    "apiVersion": ACM, "controller": true, "kind": "BackupSchedule", "name": "schedule-dr"
                }]},
                "spec": {"schedule": "0 * * * *", "template": {"ttl": "120h0m0s"}},
                "status": {"lastBackup": stamp(at(last)), "phase": "Enabled"},
            }),
        )
    }));
    all
}

fn storage(synced: &str) -> Vec<Value> {
    vec![object(
        VELERO,
        "BackupStorageLocation",
        "dpa-1",
        at("00:30:00"),
        json!({
            "metadata": {"ownerReferences": [{
                "apiVersion": "oadp.openshift.io/v1alpha1", "controller": true,
                "kind": "DataProtectionApplication", "name": "dpa"
            }]},
            "spec": {"accessMode": "ReadWrite", "default": true, "objectStorage": {"bucket": "dr-bucket", "prefix": "hub"}, "provider": "aws"},
            "status": {"lastSyncedTime": stamp(at(synced)), "lastValidationTime": stamp(at(synced)), "phase": "Available"},
        }),
    )]
}

/// Clusters: the hub itself, and so many others, the last of which does not report where `lost`. They came by the
/// restore `by` where that is named.
fn clusters(number: usize, lost: bool, by: Option<(&str, &str)>) -> Vec<Value> {
    let one = |name: &str, labels: Value, available: bool| {
        let status = if available { "True" } else { "Unknown" };
        object(
            "cluster.open-cluster-management.io/v1",
            "ManagedCluster",
            name,
            at("02:00:00"),
            json!({
                "metadata": {"labels": labels},
                "spec": {"hubAcceptsClient": true, "leaseDurationSeconds": 60},
                "status": {
                    "conditions": [
                        {"lastTransitionTime": stamp(at("02:01:00")), "message": "Accepted by hub cluster admin", "reason": "HubClusterAdminAccepted", "status": "True", "type": "HubAcceptedManagedCluster"},
                        {"lastTransitionTime": stamp(at("02:02:00")), "message": "Managed cluster is available", "reason": "ManagedClusterAvailable", "status": status, "type": "ManagedClusterConditionAvailable"},
                    ],
                    "version": {"kubernetes": "v1.33.4"},
                },
            }),
        )
    };
    let mut all = vec![one("local-cluster", json!({"local-cluster": "true"}), true)];
    all.extend((1..=number).map(|index| {
        let labels = match by {
            None => json!({"vendor": "OpenShift"}),
            Some((restore, backup)) => {
                json!({(object_label::RESTORED_BY): restore, (object_label::RESTORED_FROM): backup})
            }
        };
        one(
            &format!("spoke-{index}"),
            labels,
            !(lost && index == number),
        )
    }));
    all
}

/// An ACM Restore with its Velero restores, of the run at `time`.
fn restore(
    name: &str,
    activates: bool,
    phase: &str,
    time: &str,
    velero: (&str, i64),
) -> Vec<Value> {
    let (velero_phase, items) = velero;
    let mut types = vec![
        BackupType::Credentials,
        BackupType::ResourcesGeneric,
        BackupType::Resources,
    ];
    if activates {
        types.push(BackupType::ManagedClusters);
    }
    let made = |kind: &BackupType| format!("{name}-{}", backup_name(*kind, time));
    let begun = at(time) + SignedDuration::from_mins(5);
    let mut all = vec![object(
        ACM,
        "Restore",
        name,
        at("02:30:00"),
        json!({
            "spec": {
                "cleanupBeforeRestore": "CleanupRestored",
                "restoreSyncInterval": "10m",
                "syncRestoreWithNewBackups": !activates,
                "veleroCredentialsBackupName": "latest",
                "veleroManagedClustersBackupName": if activates { "latest" } else { "skip" },
                "veleroResourcesBackupName": "latest",
            },
            "status": {
                "lastMessage": "Velero restores have run to completion, restore will continue to sync with new backups",
                "phase": phase,
                "veleroCredentialsRestoreName": made(&BackupType::Credentials),
                "veleroGenericResourcesRestoreName": made(&BackupType::ResourcesGeneric),
                "veleroResourcesRestoreName": made(&BackupType::Resources),
            },
        }),
    )];
    if activates {
        all[0]["status"]["veleroManagedClustersRestoreName"] =
            json!(made(&BackupType::ManagedClusters));
    }
    all.extend(types.iter().map(|kind| {
        let mut one = object(
            VELERO,
            "Restore",
            &made(kind),
            begun,
            json!({
                "metadata": {
                    "labels": {(backup_label::BACKUP_CLUSTER): A},
                    "ownerReferences": [{"apiVersion": ACM, "controller": true, "kind": "Restore", "name": name}],
                },
                "spec": {"backupName": backup_name(*kind, time)},
                "status": {
                    "completionTimestamp": stamp(begun + SignedDuration::from_secs(20)),
                    "phase": velero_phase,
                    "startTimestamp": stamp(begun),
                },
            }),
        );
        if items > 0 {
            one["status"]["progress"] = json!({"itemsRestored": items, "totalItems": items});
        } else {
            one["status"]["errors"] = json!(3);
        }
        one
    }));
    all
}

/// The marker that `by` left when it took the fleet over.
fn marker(by: &str, time: &str, here: bool) -> Vec<Value> {
    let when = at(time);
    vec![object(
        VELERO,
        "Backup",
        &format!("{MARKER_PREFIX}20261120{}", time.replace(':', "")),
        when,
        json!({
            "metadata": {"generation": if here { 5 } else { 1 }, "labels": {
                (backup_label::BACKUP_CLUSTER): A,
                (backup_label::RESTORE_CLUSTER): by,
                (backup_label::RESTORED_CLUSTERS): backup_name(BackupType::ManagedClusters, "07:00:05"),
                (backup_label::HUB_DR): "true",
                (backup_label::RESTORE_NAME): "restore-activate",
            }},
            "spec": {"storageLocation": "dpa-1", "ttl": "120h0m0s"},
            "status": {
                "completionTimestamp": stamp(if here { when + SignedDuration::from_secs(2) } else { when }),
                "formatVersion": "1.1.0",
                "phase": "Completed",
                "startTimestamp": stamp(when),
                "version": 1,
            },
        }),
    )]
}

/// Has the fleet, and backs it up.
fn active() -> Hub {
    hub(
        "active",
        A,
        vec![
            schedules("10:00:05"),
            storage("10:19:30"),
            run(A, "09:00:05", true),
            run(A, "10:00:05", true),
            clusters(2, false, None),
        ],
    )
}

/// Its Velero stopped three hours ago; one of its last backups had failed, and a cluster does not report.
fn stalled() -> Hub {
    let mut last = unswept(A, "07:00:05", true);
    last[0]["status"]["phase"] = json!("PartiallyFailed");
    last[0]["status"]["errors"] = json!(2);
    hub(
        "stalled",
        A,
        vec![
            schedules("07:00:05"),
            storage("07:19:30"),
            unswept(A, "06:00:05", true),
            last,
            clusters(2, true, None),
        ],
    )
}

/// Waits, with two runs of the active hub; Velero's restores of the second ended so, with so many items.
fn waits(name: &'static str, runs: [&str; 2], ended: (&str, i64)) -> Hub {
    let [first, second] = runs;
    let parts = vec![
        restore("restore-sync", false, "Enabled", second, ended),
        storage("10:19:30"),
        run(A, first, false),
        run(A, second, false),
        clusters(0, false, None),
    ];
    hub(name, B, parts)
}

/// Waits, and holds what the active hub wrote last.
fn passive() -> Hub {
    waits("passive", ["09:00:05", "10:00:05"], ("Completed", 12))
}

/// Waits, and says that it is in sync; Velero restored nothing.
fn empty_handed() -> Hub {
    let nothing = ("PartiallyFailed", 0);
    waits("empty-handed", ["09:00:05", "10:00:05"], nothing)
}

/// Waits for a hub that has written nothing for hours.
fn forsaken() -> Hub {
    waits("forsaken", ["06:00:05", "07:00:05"], ("Completed", 12))
}

/// Came back from the dead: another hub has taken over, and this one backs up as before.
fn replaced() -> Hub {
    hub(
        "replaced",
        A,
        vec![
            schedules("10:00:02"),
            storage("10:19:30"),
            run(A, "07:00:05", true),
            marker(B, "08:05:00", false),
            run(B, "09:00:05", false),
            run(B, "10:00:05", false),
            run(A, "10:00:02", true),
            clusters(2, false, None),
        ],
    )
}

/// Has taken the fleet over, and backs it up now.
fn activated() -> Hub {
    let by = format!(
        "restore-activate-{}",
        backup_name(BackupType::ManagedClusters, "07:00:05")
    );
    let from = backup_name(BackupType::ManagedClusters, "07:00:05");
    hub(
        "activated",
        B,
        vec![
            restore(
                "restore-activate",
                true,
                "Finished",
                "07:00:05",
                ("Completed", 12),
            ),
            schedules("10:00:05"),
            storage("10:19:30"),
            run(A, "07:00:05", false),
            marker(B, "08:05:00", true),
            run(B, "09:00:05", true),
            run(B, "10:00:05", true),
            clusters(2, false, Some((&by, &from))),
        ],
    )
}
