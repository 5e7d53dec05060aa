//! A small hub made up of whatever words and times a test wants.

#![allow(dead_code)]

use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::rules::needs;
use acm_backup_domain::rules::review::{Operation, Origin, Review, Subject};
use acm_backup_domain::snapshot::{Fact, Need, Snapshot};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

const NAMESPACE: &str = "ocm-backup";
const HERE: &str = "75b1a9a2-89e1-59cb-84bc-9815403f475d";
const THERE: &str = "81431db3-2b3e-56e4-93ca-3481bd29fa8b";

/// As Velero writes it in names; years that do not fit four digits cannot be written.
fn stamp(moment: Timestamp) -> String {
    moment.strftime("%Y%m%d%H%M%S").to_string()
}

fn backup(prefix: &str, hub: &str, times: &[Timestamp], ttl: i64) -> Value {
    let [named, created, started, completed, expires, ..] = times else {
        unreachable!("a backup has five times");
    };
    json!({
        "metadata": {
            "name": format!("{prefix}-{}", stamp(*named)),
            "namespace": NAMESPACE,
            "creationTimestamp": created.to_string(),
            "labels": {
                "cluster.open-cluster-management.io/backup-cluster": hub,
                "cluster.open-cluster-management.io/restore-cluster": hub,
                "cluster.open-cluster-management.io/backup-schedule-name": "schedule-acm",
                "velero.io/schedule-name": prefix,
                "velero.io/storage-location": "default",
            },
        },
        "spec": {"ttl": format!("{ttl}ns")},
        "status": {
            "phase": "Completed",
            "startTimestamp": started.to_string(),
            "completionTimestamp": completed.to_string(),
            "expiration": expires.to_string(),
        },
    })
}

const PREFIXES: [&str; 6] = [
    "acm-credentials-schedule",
    "acm-managed-clusters-schedule",
    "acm-resources-generic-schedule",
    "acm-resources-schedule",
    "acm-validation-policy-schedule",
    "acm-restore-clusters",
];

fn read<K: Kind>(objects: &[Value]) -> Vec<K> {
    objects.iter().map(K::read).collect()
}

/// Words that send `status` and the rules down their different ways.
#[derive(Clone, Debug)]
pub struct Words {
    pub phase: &'static str,
    pub clusters: &'static str,
    pub sync: bool,
    pub schedule: &'static str,
    pub attested: bool,
    pub wrote: Vec<bool>,
}

pub fn words() -> impl Strategy<Value = Words> {
    (
        prop::sample::select(vec![
            "",
            "Enabled",
            "Finished",
            "FinishedWithErrors",
            "Running",
            "Error",
        ]),
        prop::sample::select(vec![
            "skip",
            "latest",
            "acm-managed-clusters-schedule-20261122160000",
        ]),
        any::<bool>(),
        prop::sample::select(vec!["", "none", "Enabled", "Paused", "BackupCollision"]),
        any::<bool>(),
        vec(any::<bool>(), 12),
    )
        .prop_map(|(phase, clusters, sync, schedule, attested, wrote)| Words {
            phase,
            clusters,
            sync,
            schedule,
            attested,
            wrote,
        })
}

fn restore(words: &Words, t: &mut impl FnMut() -> String, interval: i64) -> Value {
    let mut restore = json!({
        "metadata": {
            "name": "restore-acm", "namespace": NAMESPACE, "creationTimestamp": t(), "annotations": {},
        },
        "spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": words.clusters,
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest",
            "syncRestoreWithNewBackups": words.sync,
            "restoreSyncInterval": format!("{interval}ns"),
        },
        "status": {
            "phase": words.phase,
            "completionTimestamp": t(),
            "veleroCredentialsRestoreName": "restore-acm-c",
            "veleroManagedClustersRestoreName": "restore-acm-m",
        },
    });
    if words.attested {
        restore["metadata"]["annotations"]["acm-backup.dev/attest-old-hub"] =
            json!(format!("down {THERE} {} seen by me", t()));
    }
    restore
}

/// A small hub of which every time is one of `times`, used in turn; `change` is done to each object before it is
/// read. With it, an edit of its Restore.
pub fn world(
    words: &Words,
    times: &[Timestamp],
    lengths: &[i64],
    change: &dyn Fn(&mut Value),
) -> (Snapshot, Review) {
    let read_one = |mut object: Value| {
        change(&mut object);
        object
    };
    let mut turn = times.iter().cycle();
    let now = *turn.next().unwrap();
    let mut length = lengths.iter().copied().cycle();
    let backups: Vec<_> = words
        .wrote
        .iter()
        .zip(PREFIXES.iter().cycle())
        .map(|(here, prefix)| {
            let five: Vec<_> = turn.by_ref().take(5).copied().collect();
            let hub = if *here { HERE } else { THERE };
            backup(prefix, hub, &five, length.next().unwrap())
        })
        .collect();
    let restored_from = backups[1]["metadata"]["name"].clone();
    let mut t = || turn.next().unwrap().to_string();
    let mut before = words.clone();
    before.clusters = "skip";
    let stored = restore(&before, &mut t, length.next().unwrap());
    let asked = restore(words, &mut t, length.next().unwrap());
    let schedule = json!({
        "metadata": {"name": "schedule-acm", "namespace": NAMESPACE, "creationTimestamp": t()},
        "spec": {"veleroSchedule": "@every 2562047h", "veleroTtl": "2562047h"},
        "status": {"phase": words.schedule},
    });
    let location = json!({
        "metadata": {"name": "default", "namespace": NAMESPACE,
            "ownerReferences": [{"kind": "DataProtectionApplication", "name": "dpa"}]},
        "spec": {"default": true, "backupSyncPeriod": format!("{}ns", length.next().unwrap())},
        "status": {"phase": "Available", "lastSyncedTime": t(), "lastValidationTime": t()},
    });
    let velero_restores: Vec<_> = ["restore-acm-c", "restore-acm-m"]
        .iter()
        .map(|name| {
            json!({
                "metadata": {"name": name, "namespace": NAMESPACE, "creationTimestamp": t(),
                    "ownerReferences": [{"kind": "Restore", "name": "restore-acm"}]},
                "spec": {"backupName": restored_from},
                "status": {"phase": "Completed", "startTimestamp": t(), "completionTimestamp": t(),
                    "progress": {"itemsRestored": i64::MAX, "totalItems": i64::MAX}},
            })
        })
        .collect();
    let velero_schedules: Vec<_> = PREFIXES[..5]
        .iter()
        .map(|name| {
            json!({
                "metadata": {"name": name, "namespace": NAMESPACE, "creationTimestamp": t(),
                    "ownerReferences": [{"kind": "BackupSchedule", "name": "schedule-acm"}]},
                "spec": {"schedule": "@every 1s"},
                "status": {"phase": "Enabled", "lastBackup": t()},
            })
        })
        .collect();
    let clusters = json!({
        "metadata": {"name": "edge-1", "creationTimestamp": t(),
            "labels": {"velero.io/backup-name": restored_from, "velero.io/restore-name": "restore-acm-m"}},
    });

    let all = |objects: Vec<Value>| objects.into_iter().map(read_one).collect::<Vec<_>>();
    let (stored, asked) = (read_one(stored), read_one(asked));
    let namespace = stored["metadata"]["namespace"].as_str().unwrap();
    let mut snapshot = Snapshot::empty(now, namespace);
    snapshot.hub_id = Fact::known(HubId::new(HERE), now);
    snapshot.restores = Fact::known(read(std::slice::from_ref(&stored)), now);
    let schedules = if words.schedule == "none" {
        Vec::new()
    } else {
        read(&all(vec![schedule]))
    };
    snapshot.backup_schedules = Fact::known(schedules, now);
    snapshot.storage_locations = Fact::known(read(&all(vec![location])), now);
    snapshot.backups = Fact::known(read(&all(backups)), now);
    snapshot.velero_restores = Fact::known(read(&all(velero_restores)), now);
    snapshot.velero_schedules = Fact::known(read(&all(velero_schedules)), now);
    snapshot.managed_clusters = Fact::known(read(&all(vec![clusters])), now);
    snapshot.kube_system_created = Fact::known(*times.last().unwrap(), now);
    snapshot.accepted = Fact::known(Vec::new(), now);
    let review = Review {
        operation: Operation::Update,
        subject: Subject::Restore(Kind::read(&asked)),
        previous: Some(Subject::Restore(Kind::read(&stored))),
        origin: Origin::Admission {
            user: "jane".into(),
            dry_run: false,
        },
        by_operator: false,
    };
    for need in needs(&review) {
        if let Need::Permission(permission) = need {
            let allowed = Fact::known(true, now);
            snapshot.permissions.insert(permission, allowed);
        }
    }
    (snapshot, review)
}
