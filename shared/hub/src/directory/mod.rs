//! Facts from a directory as `oc adm inspect` or must-gather leaves it.
//!
//! A file that cannot be read is a named [`Problem`], never a failure. A kind that has no file is
//! [`Missing::NotCollected`]: nothing tells "there were none" from "nobody asked".

mod clock;
mod tree;

pub use clock::Clock;

use crate::kinds::{self, Resource};
use crate::live::ClusterVersion;
use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::definition::Definition;
use acm_backup_domain::kinds::secret::SecretMeta;
use acm_backup_domain::names::{GROUP, GUARD, GUARD_RULES, OPERATOR_NAMESPACE};
use acm_backup_domain::snapshot::{Fact, Missing, Need, Snapshot};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tree::Tree;

/// A directory that looks like one hub's.
#[derive(Debug)]
pub struct Directory {
    tree: Tree,
}

/// What a directory tells.
#[derive(Debug)]
pub struct Collected {
    /// The facts. `now` is the directory's time, as [`Collected::clock`] tells.
    pub snapshot: Snapshot,
    /// What `now` rests on.
    pub clock: Clock,
    /// Files that could not be read, or not as a whole.
    pub problems: Vec<Problem>,
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its path below the directory.
    pub file: PathBuf,
    /// Why.
    pub why: String,
}

/// Why a directory cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It is not there, or may not be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// The error.
        why: std::io::Error,
    },
    /// It holds something else.
    #[error(
        "{0} holds neither namespaces/ nor cluster-scoped-resources/, in itself or one level down; make one with: oc adm inspect ns/{OPERATOR_NAMESPACE} --dest-dir DIR"
    )]
    NotAHub(PathBuf),
}

impl Directory {
    /// Looks for the folders of one hub in `path`, or (must-gather) one level down.
    ///
    /// # Errors
    /// When there is no such directory, or it holds no hub.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        Ok(Self {
            tree: Tree::open(path)?,
        })
    }

    /// The namespace of the operator's objects: the known one where it is there, else the first that
    /// holds any.
    pub fn namespace(&self) -> Option<String> {
        let holding = self.tree.namespaces_with(&[
            kinds::BACKUP_SCHEDULES,
            kinds::RESTORES,
            kinds::STORAGE_LOCATIONS,
        ]);
        holding
            .iter()
            .find(|name| name.as_str() == OPERATOR_NAMESPACE)
            .or(holding.first())
            .cloned()
    }

    /// Reads what is needed.
    pub fn collect(&self, namespace: &str, needs: &BTreeSet<Need>) -> Collected {
        let mut objects = Objects {
            tree: &self.tree,
            namespace,
            read: BTreeMap::new(),
            problems: Vec::new(),
        };
        for resource in needs.iter().filter_map(resource_of) {
            objects.load(&resource);
        }
        let clock = clock::of(&self.tree, objects.read.values().flatten().flatten());
        let mut snapshot = Snapshot::empty(clock.now(), namespace);
        for need in needs {
            objects.answer(need, clock.now(), &mut snapshot);
        }
        Collected {
            snapshot,
            clock,
            problems: objects.problems,
        }
    }
}

/// The kind behind a need; none for permissions, which no file tells.
fn resource_of(need: &Need) -> Option<Resource> {
    Some(match need {
        Need::HubId => kinds::CLUSTER_VERSIONS,
        Need::Restores => kinds::RESTORES,
        Need::BackupSchedules => kinds::BACKUP_SCHEDULES,
        Need::StorageLocations => kinds::STORAGE_LOCATIONS,
        Need::Backups | Need::BackupNamed(_) => kinds::BACKUPS,
        Need::VeleroRestores => kinds::VELERO_RESTORES,
        Need::VeleroSchedules => kinds::VELERO_SCHEDULES,
        Need::ManagedClusters => kinds::MANAGED_CLUSTERS,
        Need::KubeSystem => kinds::NAMESPACES,
        // One file of the hundreds a hub has: read by its name.
        Need::BackupScheduleDefinition
        | Need::GuardLabel
        | Need::Accepted
        | Need::Permission(_) => return None,
    })
}

/// The objects read so far.
struct Objects<'a> {
    tree: &'a Tree,
    namespace: &'a str,
    read: BTreeMap<&'static str, Result<Vec<Value>, Missing>>,
    problems: Vec<Problem>,
}

impl Objects<'_> {
    fn load(&mut self, resource: &Resource) {
        if !self.read.contains_key(resource.name) {
            let found = self
                .tree
                .objects(resource, self.namespace, &mut self.problems);
            self.read.insert(resource.name, found);
        }
    }

    fn list<K: Kind>(&self, resource: &Resource, now: Timestamp) -> Fact<Vec<K>> {
        match self.read.get(resource.name) {
            Some(Ok(objects)) => Fact::known(objects.iter().map(K::read).collect(), now),
            Some(Err(missing)) => Fact::Missing(missing.clone()),
            None => Fact::unasked(),
        }
    }

    fn answer(&self, need: &Need, now: Timestamp, snapshot: &mut Snapshot) {
        match need {
            Need::HubId => snapshot.hub_id = self.hub_id(now),
            Need::Restores => snapshot.restores = self.list(&kinds::RESTORES, now),
            Need::BackupSchedules => {
                snapshot.backup_schedules = self.list(&kinds::BACKUP_SCHEDULES, now)
            }
            Need::StorageLocations => {
                snapshot.storage_locations = self.list(&kinds::STORAGE_LOCATIONS, now)
            }
            Need::Backups => snapshot.backups = self.list(&kinds::BACKUPS, now),
            Need::BackupNamed(name) => {
                let found = match self
                    .list::<acm_backup_domain::kinds::backup::Backup>(&kinds::BACKUPS, now)
                {
                    Fact::Known { value, as_of } => Fact::known(
                        value.into_iter().find(|backup| backup.meta.name == *name),
                        as_of,
                    ),
                    Fact::Missing(missing) => Fact::Missing(missing),
                };
                snapshot.named_backups.insert(name.clone(), found);
            }
            Need::VeleroRestores => {
                snapshot.velero_restores = self.list(&kinds::VELERO_RESTORES, now)
            }
            Need::VeleroSchedules => {
                snapshot.velero_schedules = self.list(&kinds::VELERO_SCHEDULES, now)
            }
            Need::ManagedClusters => {
                snapshot.managed_clusters = self.list(&kinds::MANAGED_CLUSTERS, now)
            }
            Need::KubeSystem => {
                snapshot.kube_system_created =
                    match self.list::<SecretMeta>(&kinds::NAMESPACES, now) {
                        Fact::Known { value, as_of } => value
                            .into_iter()
                            .find(|namespace| namespace.meta.name == "kube-system")
                            .and_then(|namespace| namespace.meta.created)
                            .map_or_else(Fact::unasked, |created| Fact::known(created, as_of)),
                        Fact::Missing(missing) => Fact::Missing(missing),
                    }
            }
            Need::BackupScheduleDefinition => {
                snapshot.backup_schedule_definition = self.backup_schedule_definition(now)
            }
            Need::GuardLabel => snapshot.guard_label = self.guard_label(now),
            Need::Accepted => {
                snapshot.accepted = Fact::Missing(Missing::NotCollected {
                    resource: "leases.coordination.k8s.io".to_owned(),
                    namespace: None,
                })
            }
            Need::Permission(permission) => {
                let missing = Missing::NotCollected {
                    resource: format!("{GUARD_RULES}.{GROUP}"),
                    namespace: None,
                };
                snapshot
                    .permissions
                    .insert(permission.clone(), Fact::Missing(missing));
            }
        }
    }

    /// Of the file of that name alone: a hub has hundreds of definitions, of megabytes.
    fn backup_schedule_definition(&self, now: Timestamp) -> Fact<Definition> {
        let name = kinds::BACKUP_SCHEDULES.name;
        match self.tree.object(&kinds::DEFINITIONS, name) {
            Ok(object) => Fact::known(Definition::read(&object), now),
            Err(missing) => Fact::Missing(missing),
        }
    }

    /// Of the namespace's own file, which `oc adm inspect` writes beside its objects.
    fn guard_label(&self, now: Timestamp) -> Fact<Option<String>> {
        match self.tree.namespace(self.namespace) {
            Ok(object) => {
                let namespace = SecretMeta::read(&object);
                Fact::known(namespace.meta.label(GUARD).map(str::to_owned), now)
            }
            Err(missing) => Fact::Missing(missing),
        }
    }

    /// No ClusterVersion file does not mean that the hub has none, as it does on an API server.
    fn hub_id(&self, now: Timestamp) -> Fact<HubId> {
        match self.list::<ClusterVersion>(&kinds::CLUSTER_VERSIONS, now) {
            Fact::Known { value, as_of } => Fact::known(
                value
                    .into_iter()
                    .next()
                    .map_or_else(HubId::unknown, |version| version.id),
                as_of,
            ),
            Fact::Missing(missing) => Fact::Missing(missing),
        }
    }
}

#[cfg(test)]
mod tests;
