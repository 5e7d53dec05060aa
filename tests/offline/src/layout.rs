//! What a collector makes of a hub: which files, of what, in which folders.

use crate::hub::{BEGIN, Hub, NAMESPACE};
use crate::yaml;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;

/// A collection: what stands in which file.
pub struct Dump {
    /// The files, by path.
    pub files: BTreeMap<String, String>,
    /// What `--from` is pointed at, below the collection.
    pub from: String,
}

/// A collector, or a habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `oc adm inspect KINDS -A`: a file for each object, none for a kind without.
    Inspect,
    /// The same, and an empty list for a kind without: what a script makes that asks for every kind.
    OneByOne,
    /// A list for each kind, as `kubectl get -o yaml` prints it, in the same folders.
    GetYaml,
    /// The same in JSON.
    GetJson,
    /// ACM's must-gather: an image's folder under one with a timestamp.
    AcmMustGather,
    /// OADP 1.4's: a folder for each cluster in the image's, objects one by one.
    OadpMustGather14,
    /// OADP 1.5's: the same, a list within each kind's folder.
    OadpMustGather15,
    /// `kubectl gather`: a folder for each context, another name for what has no namespace, no timestamp.
    KubectlGather,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Inspect,
        Self::OneByOne,
        Self::GetYaml,
        Self::GetJson,
        Self::AcmMustGather,
        Self::OadpMustGather14,
        Self::OadpMustGather15,
        Self::KubectlGather,
    ];

    /// Whether each object has a file of its own.
    pub fn is_of_single_objects(self) -> bool {
        !matches!(self, Self::GetYaml | Self::GetJson | Self::OadpMustGather15)
    }

    /// What it makes of a hub.
    pub fn of(self, hub: &Hub) -> Dump {
        let short = hub.id.split('-').next().unwrap_or_default();
        let root = match self {
            Self::Inspect | Self::OneByOne | Self::GetYaml | Self::GetJson => String::new(),
            Self::AcmMustGather => "quay-io-acm-must-gather-sha256-1/".to_owned(),
            Self::OadpMustGather14 | Self::OadpMustGather15 => {
                format!("registry-io-oadp-mustgather-sha256-1/clusters/{short}/")
            }
            Self::KubectlGather => "hub/".to_owned(),
        };
        let cluster = match self {
            Self::KubectlGather => "cluster",
            _ => "cluster-scoped-resources",
        };
        let mut files = BTreeMap::new();
        for kind in KINDS {
            if self.leaves_out(kind) {
                continue;
            }
            let objects: Vec<_> = hub
                .objects
                .iter()
                .filter(|object| {
                    let version = object["apiVersion"].as_str().unwrap_or_default();
                    object["kind"] == kind.kind && version.split('/').next() == Some(kind.group)
                })
                .collect();
            let scope = match kind.namespaced {
                true => format!("namespaces/{NAMESPACE}"),
                false => cluster.to_owned(),
            };
            let folder = format!("{root}{scope}/{}/{}", kind.group, kind.plural);
            let none = self == Self::OneByOne && objects.is_empty();
            if self.is_of_single_objects() && !none {
                for object in objects {
                    let name = object["metadata"]["name"].as_str().unwrap_or_default();
                    let text = format!("---\n{}", yaml::document(object));
                    files.insert(format!("{folder}/{name}.yaml"), text);
                }
                continue;
            }
            let list = |kind: &str| json!({"apiVersion": "v1", "items": objects, "kind": kind, "metadata": {"resourceVersion": ""}});
            let (file, text) = match self {
                Self::GetJson => (format!("{folder}.json"), format!("{:#}\n", list("List"))),
                Self::GetYaml | Self::OneByOne => {
                    (format!("{folder}.yaml"), yaml::document(&list("List")))
                }
                _ if objects.is_empty() => continue,
                _ if kind.namespaced => (
                    format!("{folder}/{}.yaml", kind.plural),
                    yaml::document(&list(&format!("{}List", kind.kind))),
                ),
                _ => (
                    format!("{folder}.yaml"),
                    yaml::document(&list(&format!("{}List", kind.kind))),
                ),
            };
            files.insert(file, text);
        }
        if self == Self::AcmMustGather {
            for cluster in hub
                .objects
                .iter()
                .filter(|one| one["kind"] == "ManagedCluster")
            {
                let name = cluster["metadata"]["name"].as_str().unwrap_or_default();
                let addon = json!({
                    "apiVersion": "addon.open-cluster-management.io/v1alpha1",
                    "kind": "ManagedClusterAddOn",
                    "metadata": {"name": "work-manager", "namespace": name},
                });
                files.insert(
                    format!("{root}namespaces/{name}/addon.open-cluster-management.io/managedclusteraddons/work-manager.yaml"),
                    yaml::document(&addon),
                );
            }
        }
        // What is collected of a namespace as a whole: its own kinds, and itself.
        if self.collects_namespaces() {
            let namespace = format!("{root}namespaces/{NAMESPACE}");
            for (list, kind) in [
                ("configmaps", "ConfigMap"),
                ("events", "Event"),
                ("pods", "Pod"),
            ] {
                let none = json!({"apiVersion": "v1", "items": [], "kind": format!("{kind}List")});
                files.insert(
                    format!("{namespace}/core/{list}.yaml"),
                    yaml::document(&none),
                );
            }
            files.insert(
                format!("{namespace}/{NAMESPACE}.yaml"),
                format!("---\n{}", yaml::document(&hub.namespace())),
            );
        }
        if self == Self::KubectlGather {
            files.insert("gather.log".to_owned(), format!("{BEGIN} INFO gather\n"));
        } else {
            files.insert(format!("{root}timestamp"), times(20));
        }
        if self == Self::AcmMustGather {
            files.insert("timestamp".to_owned(), times(60));
            files.insert(
                format!("{root}gather.logs"),
                "Wrote inspect data\n".to_owned(),
            );
        }
        let from = match self {
            Self::OadpMustGather14 | Self::OadpMustGather15 => root,
            _ => String::new(),
        };
        Dump { files, from }
    }

    fn collects_namespaces(self) -> bool {
        matches!(
            self,
            Self::AcmMustGather | Self::OadpMustGather14 | Self::OadpMustGather15
        )
    }

    /// OADP's know nothing of ACM.
    fn leaves_out(self, kind: Kind) -> bool {
        matches!(self, Self::OadpMustGather14 | Self::OadpMustGather15)
            && kind.group == "cluster.open-cluster-management.io"
    }
}

/// A `timestamp` file: begin and end, so many seconds apart.
fn times(seconds: i64) -> String {
    let begin: Timestamp = BEGIN.parse().expect("a time");
    let line = |time: Timestamp, passed: i64| {
        let time = time.strftime("%Y-%m-%d %H:%M:%S.123456 +0000 UTC");
        format!("{time} m=+{passed}.1\n")
    };
    let end = begin + SignedDuration::from_secs(seconds);
    line(begin, 0) + &line(end, seconds)
}

#[derive(Clone, Copy)]
struct Kind {
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
}

const fn kind(group: &'static str, kind: &'static str, plural: &'static str) -> Kind {
    Kind {
        group,
        kind,
        plural,
        namespaced: true,
    }
}

const KINDS: [Kind; 8] = [
    kind(
        "cluster.open-cluster-management.io",
        "BackupSchedule",
        "backupschedules",
    ),
    kind("cluster.open-cluster-management.io", "Restore", "restores"),
    kind("velero.io", "Backup", "backups"),
    kind("velero.io", "Restore", "restores"),
    kind("velero.io", "Schedule", "schedules"),
    kind(
        "velero.io",
        "BackupStorageLocation",
        "backupstoragelocations",
    ),
    Kind {
        namespaced: false,
        ..kind(
            "cluster.open-cluster-management.io",
            "ManagedCluster",
            "managedclusters",
        )
    },
    Kind {
        namespaced: false,
        ..kind("config.openshift.io", "ClusterVersion", "clusterversions")
    },
];
