//! Recorded hubs as `oc adm inspect` would have left them.
//!
//! `fixtures/<name>/` is made from the recordings and kept, so that it can be read and passed to `--from`
//! by hand. `ACM_BACKUP_REGENERATE=1 cargo test -p kubectl-acm_backup --test cli fixtures` makes it anew.

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One hub at one moment of one recording.
pub struct Fixture {
    pub name: &'static str,
    recording: &'static str,
    hub: &'static str,
    /// A little before or after the step that makes the moment what it is.
    at: &'static str,
    /// When it is looked at; a while later, the hub's Velero still reads the storage.
    seen: &'static str,
    /// What was not recorded so.
    change: fn(&mut Vec<Value>),
}

const fn fixture(
    name: &'static str,
    recording: &'static str,
    hub: &'static str,
    at: &'static str,
) -> Fixture {
    Fixture {
        name,
        recording,
        hub,
        at,
        seen: at,
        change: |_| {},
    }
}

/// A recorded hub to which something was done.
const fn changed(fixture: Fixture, change: fn(&mut Vec<Value>)) -> Fixture {
    Fixture { change, ..fixture }
}

const fn in_sync(name: &'static str) -> Fixture {
    fixture(name, "2.17", "hub2", "2026-11-22T15:36:27.300Z")
}

/// The recorded states whose output is pinned.
pub const FIXTURES: [Fixture; 11] = [
    fixture("active", "2.17-loss", "hub1", "2026-11-22T16:20:24.100Z"),
    fixture(
        "passive-in-sync",
        "2.17",
        "hub2",
        "2026-11-22T15:36:27.300Z",
    ),
    fixture(
        "passive-holds-nothing",
        "2.17-loss",
        "hub2",
        "2026-11-22T16:19:30.000Z",
    ),
    fixture(
        "activated-beside-live-hub",
        "2.17",
        "hub2",
        "2026-11-22T15:37:40.000Z",
    ),
    fixture(
        "two-restores-at-once",
        "2.17",
        "hub2",
        "2026-11-22T15:36:50.600Z",
    ),
    fixture(
        "activated-without-schedule",
        "2.17-loss",
        "hub2",
        "2026-11-22T16:20:30.100Z",
    ),
    fixture("collision", "2.17", "hub1", "2026-11-22T15:38:08.500Z"),
    fixture(
        "returned-old-hub",
        "2.17-loss",
        "hub1",
        "2026-11-22T16:22:47.400Z",
    ),
    fixture(
        "returned-new-hub",
        "2.17-loss",
        "hub2",
        "2026-11-22T16:22:47.400Z",
    ),
    fixture(
        "sync-ended-by-schedule",
        "2.17-traps",
        "hub2",
        "2026-11-22T16:11:52.500Z",
    ),
    fixture(
        "unreadable-ttl",
        "2.17-traps",
        "hub2",
        "2026-11-22T16:12:57.000Z",
    ),
];

/// Recorded hubs in states that were seen and not recorded.
pub const CHANGED: [Fixture; 7] = [
    Fixture {
        seen: "2026-11-22T23:05:28.000Z",
        ..changed(in_sync("source-silent"), |objects| {
            for location in of_kind(objects, "velero.io/v1", "BackupStorageLocation") {
                location["status"]["lastSyncedTime"] = json!("2026-11-22T23:05:12Z");
            }
        })
    },
    changed(in_sync("credentials-not-restored"), |objects| {
        objects.retain(|object| {
            !object["spec"]["backupName"]
                .as_str()
                .unwrap_or_default()
                .starts_with("acm-credentials")
        });
    }),
    changed(in_sync("parts-of-two-hubs"), |objects| {
        let other = json!("0c7de2a4-5d0a-4a58-9f0e-6a1be3f2d9c1");
        for kind in ["Backup", "Restore"] {
            for object in of_kind(objects, "velero.io/v1", kind) {
                let backup = object["spec"]["backupName"].as_str();
                let backup = backup.or(object["metadata"]["name"].as_str()).unwrap();
                if backup.starts_with("acm-resources-schedule-20261122153407") {
                    object["metadata"]["labels"]["cluster.open-cluster-management.io/backup-cluster"] =
                        other.clone();
                }
            }
        }
    }),
    // A phase of a newer operator, one of a newer Velero, a backup renamed by a tool, and one labelled by hand.
    changed(in_sync("bad-input"), |objects| {
        for restore in of_kind(objects, ACM, "Restore") {
            restore["status"]["phase"] = json!("Verifying");
        }
        for backup in of_kind(objects, "velero.io/v1", "Backup") {
            let name = backup["metadata"]["name"].as_str().unwrap().to_owned();
            if name == "acm-managed-clusters-schedule-20261122153228" {
                backup["status"]["phase"] = json!("Sealed");
            } else if name == "acm-resources-schedule-20261122153228" {
                backup["metadata"]["name"] = json!("acm-resources-schedule-copy");
            } else if name == "acm-validation-policy-schedule-20261122153228" {
                backup["metadata"]["labels"]["velero.io/schedule-name"] =
                    json!("acm-resources-schedule");
            }
        }
    }),
    changed(in_sync("nothing-runs"), |objects| {
        objects
            .retain(|object| object["kind"] != "Restore" || object["apiVersion"] != "velero.io/v1");
    }),
    changed(in_sync("sync-off-and-on-again"), |objects| {
        for restore in of_kind(objects, ACM, "Restore") {
            restore["status"]["phase"] = json!("Finished");
            restore["status"]["lastMessage"] = json!("All Velero restores have run successfully");
        }
    }),
    changed(
        fixture(
            "no-schedule",
            "2.17-loss",
            "hub1",
            "2026-11-22T16:20:24.100Z",
        ),
        |objects| {
            objects.retain(|object| {
                !["BackupSchedule", "Schedule", "Backup"]
                    .contains(&object["kind"].as_str().unwrap())
            });
        },
    ),
];

/// Hubs as they were reported from the field, rebuilt by hand: a sync that is switched off in the spec,
/// a second BackupSchedule to back up once, a zone that Velero does not know.
pub const REPORTED: [&str; 4] = [
    "sync-switched-off",
    "second-schedule-failed",
    "second-schedule-enabled",
    "time-zone-refused",
];

/// The names of all that are kept.
pub fn all() -> impl Iterator<Item = &'static str> {
    FIXTURES
        .iter()
        .chain(&CHANGED)
        .map(|fixture| fixture.name)
        .chain(REPORTED)
}

const ACM: &str = "cluster.open-cluster-management.io/v1beta1";

fn of_kind<'a>(
    objects: &'a mut [Value],
    version: &'a str,
    kind: &'a str,
) -> impl Iterator<Item = &'a mut Value> {
    objects
        .iter_mut()
        .filter(move |object| object["kind"] == kind && object["apiVersion"] == version)
}

/// ClusterVersions were not recorded; their ids were noted.
const HUB_IDS: [(&str, &str); 2] = [
    ("hub1", "81431db3-2b3e-56e4-93ca-3481bd29fa8b"),
    ("hub2", "75b1a9a2-89e1-59cb-84bc-9815403f475d"),
];

const NAMESPACE: &str = "open-cluster-management-backup";

/// Kinds that are written, with the folder of each.
const KINDS: [(&str, &str, &str); 7] = [
    (
        "cluster.open-cluster-management.io",
        "BackupSchedule",
        "backupschedules",
    ),
    ("cluster.open-cluster-management.io", "Restore", "restores"),
    (
        "cluster.open-cluster-management.io",
        "ManagedCluster",
        "managedclusters",
    ),
    ("velero.io", "Backup", "backups"),
    ("velero.io", "Restore", "restores"),
    ("velero.io", "Schedule", "schedules"),
    (
        "velero.io",
        "BackupStorageLocation",
        "backupstoragelocations",
    ),
];

impl Fixture {
    /// Where it is kept.
    pub fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(self.name)
    }

    /// Its files, by path.
    fn files(&self) -> BTreeMap<String, String> {
        let mut objects = self.replay();
        (self.change)(&mut objects);
        let mut files = BTreeMap::new();
        for (group, kind, plural) in KINDS {
            let items: Vec<_> = objects
                .iter()
                .filter(|object| {
                    object["kind"] == kind
                        && object["apiVersion"]
                            .as_str()
                            .unwrap()
                            .starts_with(&format!("{group}/"))
                })
                .map(trimmed)
                .collect();
            let scope = match kind {
                "ManagedCluster" => "cluster-scoped-resources".to_owned(),
                _ => format!("namespaces/{NAMESPACE}"),
            };
            let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
            files.insert(format!("{scope}/{group}/{plural}.yaml"), yaml(&list));
        }
        let id = HUB_IDS.iter().find(|(hub, _)| *hub == self.hub).unwrap().1;
        files.insert(
            "cluster-scoped-resources/config.openshift.io/clusterversions/version.yaml".to_owned(),
            yaml(&json!({
                "apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion",
                "metadata": {"name": "version"}, "spec": {"clusterID": id}
            })),
        );
        let time: jiff::Timestamp = self.seen.parse().unwrap();
        let time = time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC");
        files.insert(
            "timestamp".to_owned(),
            format!("{time} m=+0.100000001\n{time} m=+0.200000001\n"),
        );
        files
    }

    /// The objects as the recording leaves them at that moment.
    fn replay(&self) -> Vec<Value> {
        let recording = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../tests/operator/fixtures")
            .join(self.recording)
            .join(format!("{}.jsonl.gz", self.hub));
        let mut text = String::new();
        GzDecoder::new(fs::File::open(recording).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        let mut objects = BTreeMap::new();
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            // Both are in the same form, so text order is time order.
            if event["at"].as_str().unwrap() > self.at {
                break;
            }
            let object = &event["object"];
            let key = [
                "/apiVersion",
                "/kind",
                "/metadata/namespace",
                "/metadata/name",
            ]
            .map(|part| {
                object
                    .pointer(part)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            });
            match event["type"].as_str().unwrap() {
                "STEP" => {}
                "DELETED" => drop(objects.remove(&key)),
                _ => drop(objects.insert(key, object.clone())),
            }
        }
        objects.into_values().collect()
    }
}

/// An object without what nobody reads: embedded templates and long lists.
fn trimmed(object: &Value) -> Value {
    let mut object = object.clone();
    let keep = |value: &mut Value, keys: &[&str]| {
        if let Some(fields) = value.as_object_mut() {
            fields.retain(|key, _| keys.contains(&key.as_str()));
        }
    };
    keep(
        &mut object["metadata"],
        &[
            "name",
            "namespace",
            "uid",
            "generation",
            "labels",
            "creationTimestamp",
            "deletionTimestamp",
            "ownerReferences",
        ],
    );
    match (
        object["kind"].as_str().unwrap(),
        object["apiVersion"].as_str().unwrap(),
    ) {
        ("Backup", _) => keep(&mut object["spec"], &["ttl", "storageLocation"]),
        ("Schedule", _) => keep(&mut object["spec"], &["schedule", "paused"]),
        ("Restore", "velero.io/v1") => keep(&mut object["spec"], &["backupName"]),
        ("BackupSchedule", _) => {
            if let Some(status) = object.get_mut("status") {
                keep(status, &["phase", "lastMessage"]);
            }
        }
        _ => {}
    }
    object
}

fn yaml(value: &Value) -> String {
    serde_saphyr::to_string(value).unwrap()
}

#[test]
fn fixtures_are_what_the_recordings_say() {
    for fixture in FIXTURES.iter().chain(&CHANGED) {
        let root = fixture.path();
        let files = fixture.files();
        if std::env::var_os("ACM_BACKUP_REGENERATE").is_some() {
            let _ = fs::remove_dir_all(&root);
            for (file, text) in &files {
                fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
                fs::write(root.join(file), text).unwrap();
            }
        }
        for (file, text) in &files {
            let kept = fs::read_to_string(root.join(file)).unwrap_or_default();
            assert!(
                kept == *text,
                "{}/{file} is not what the recording says; make it anew",
                fixture.name
            );
        }
    }
}
