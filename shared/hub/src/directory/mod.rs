//! Facts from a directory as `oc adm inspect` or must-gather leaves it.
//!
//! A file that cannot be read as a whole makes its kind [`Missing::BrokenFile`]: nothing is concluded from what was
//! left of it. A kind that has no file is [`Missing::NotCollected`]: nothing tells "there were none" from "nobody
//! asked".

mod clock;
mod file;
mod filed;
mod hubs;
mod lost;
mod signs;
mod tree;

pub use clock::Clock;

use crate::kinds;
use crate::live::ClusterVersion;
use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::definition::Definition;
use acm_backup_domain::kinds::guards::Guards;
use acm_backup_domain::kinds::secret::SecretMeta;
use acm_backup_domain::names::{
    GROUP, GUARD, GUARD_CONFIGURATION, GUARD_RULES, NAMESPACE, OPERATOR_NAMESPACE,
};
use acm_backup_domain::snapshot::{Fact, Missing, Need, Snapshot, collect};
use filed::Filed;
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
        "{0} holds neither namespaces/ nor cluster-scoped-resources/, in itself or one level down; make one with: {command}",
        command = inspect()
    )]
    NotAHub(PathBuf),
    /// It holds hubs, but further down.
    #[error(
        "{path} holds no hub in itself or one level down, but deeper: {found}; point --from at one of them"
    )]
    Deeper {
        /// The directory.
        path: PathBuf,
        /// The hubs.
        found: String,
    },
    /// It holds several hubs.
    #[error("{path} holds more than one hub: {found}; point --from at one of them")]
    SeveralHubs {
        /// The directory.
        path: PathBuf,
        /// The hubs.
        found: String,
    },
    /// It holds one hub, collected more than once.
    #[error("{path} holds the same hub more than once: {found}; point --from at one of them")]
    SeveralTimes {
        /// The directory.
        path: PathBuf,
        /// The collections.
        found: String,
    },
    /// What it holds no one hub can have said.
    #[error(
        "{path} holds what more than one hub wrote: {why}; collect each hub into a directory of its own"
    )]
    Mixed {
        /// The directory.
        path: PathBuf,
        /// What contradicts what.
        why: String,
    },
    /// It was filled in several runs, by which it may be of several hubs, or of several times.
    #[error(
        "{path} was filled {times}, and nothing in it tells that it was of one hub each time; collect all anew, into an empty directory: {command}",
        command = inspect()
    )]
    FilledAgain {
        /// The directory.
        path: PathBuf,
        /// When.
        times: String,
    },
    /// It is a hub's, but what is needed was not collected.
    #[error(
        "{path} holds nothing that this hub's backups could be judged by, but {found}; collect it with: {command}",
        command = inspect()
    )]
    NothingOfIt {
        /// The directory.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
}

/// The kinds that a judgement of a hub rests on.
const JUDGED: [Filed; 8] = [
    filed::RESTORES,
    filed::BACKUP_SCHEDULES,
    filed::BACKUPS,
    filed::VELERO_RESTORES,
    filed::VELERO_SCHEDULES,
    filed::STORAGE_LOCATIONS,
    filed::MANAGED_CLUSTERS,
    filed::CLUSTER_VERSIONS,
];

/// The one command that collects all that a hub is judged by.
pub fn inspect() -> String {
    collect().to_string()
}

impl Directory {
    /// Looks for the folders of one hub in `path`, or (must-gather) one level down.
    ///
    /// # Errors
    /// When there is no such directory, it holds no hub or several, or nothing that one is judged by.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let directory = Self {
            tree: Tree::open(path)?,
        };
        let cluster = JUDGED.iter().filter(|kind| !kind.resource.namespaced);
        if directory.namespace().is_none()
            && cluster
                .map(|kind| directory.tree.objects(kind, ""))
                .all(|found| matches!(found, Err(Missing::NotCollected { .. })))
        {
            return Err(DirectoryError::NothingOfIt {
                path: path.to_owned(),
                found: directory.tree.told(),
            });
        }
        Ok(directory)
    }

    /// The namespace of the operator's objects: the known one where it is there, else the first that
    /// holds any.
    pub fn namespace(&self) -> Option<String> {
        // Velero may run elsewhere as well, with locations of its own; and a collection may be of Velero alone.
        let holding = |kinds: &[Filed]| {
            let holding = self.tree.namespaces_with(kinds);
            holding
                .iter()
                .find(|name| name.as_str() == OPERATOR_NAMESPACE)
                .or(holding.first())
                .cloned()
        };
        holding(&[
            filed::BACKUP_SCHEDULES,
            filed::RESTORES,
            filed::STORAGE_LOCATIONS,
        ])
        .or_else(|| {
            holding(&[
                filed::BACKUPS,
                filed::VELERO_RESTORES,
                filed::VELERO_SCHEDULES,
            ])
        })
    }

    /// Reads what is needed.
    ///
    /// # Errors
    /// When what was read is of more than one hub.
    pub fn collect(
        &self,
        namespace: &str,
        needs: &BTreeSet<Need>,
    ) -> Result<Collected, DirectoryError> {
        let mut objects = Objects {
            tree: &self.tree,
            namespace,
            read: BTreeMap::new(),
            alone: BTreeSet::new(),
            twice: None,
        };
        for kind in needs.iter().filter_map(filed_of) {
            objects.load(&kind);
        }
        let clock = clock::of(&self.tree, objects.read.values().flatten().flatten());
        let mut snapshot = Snapshot::empty(clock.now(), namespace);
        for need in needs {
            objects.answer(need, clock.now().earliest(), &mut snapshot);
        }
        let read = objects.read.values().flatten().flatten();
        if let Some(why) = objects
            .twice
            .or_else(|| signs::contradiction(read, &snapshot))
        {
            return Err(DirectoryError::Mixed {
                path: self.tree.path().to_owned(),
                why,
            });
        }
        if let Some(times) = clock::filled_again(&self.tree.outermost_timestamp()) {
            return Err(DirectoryError::FilledAgain {
                path: self.tree.path().to_owned(),
                times,
            });
        }
        lost::take_back(&mut snapshot, &objects.alone, &self.tree);
        Ok(Collected { snapshot, clock })
    }
}

/// The kind behind a need; none for permissions, which no file tells.
fn filed_of(need: &Need) -> Option<Filed> {
    Some(match need {
        Need::HubId => filed::CLUSTER_VERSIONS,
        Need::Restores => filed::RESTORES,
        Need::BackupSchedules => filed::BACKUP_SCHEDULES,
        Need::StorageLocations => filed::STORAGE_LOCATIONS,
        Need::Backups | Need::BackupNamed(_) => filed::BACKUPS,
        Need::VeleroRestores => filed::VELERO_RESTORES,
        Need::VeleroSchedules => filed::VELERO_SCHEDULES,
        Need::ManagedClusters => filed::MANAGED_CLUSTERS,
        Need::KubeSystem => filed::NAMESPACES,
        // One file of the hundreds a hub has: read by its name.
        Need::BackupScheduleDefinition
        | Need::GuardLabel
        | Need::Guards
        | Need::GuardFooting
        | Need::Accepted
        | Need::Permission(_) => return None,
    })
}

/// The objects read so far.
struct Objects<'a> {
    tree: &'a Tree,
    namespace: &'a str,
    read: BTreeMap<&'static str, Result<Vec<Value>, Missing>>,
    /// The kinds of which objects have files of their own.
    alone: BTreeSet<&'static str>,
    /// An object that is there as two.
    twice: Option<String>,
}

impl Objects<'_> {
    fn load(&mut self, kind: &Filed) {
        let name = kind.resource.name;
        if self.read.contains_key(name) {
            return;
        }
        let found = self.tree.objects(kind, self.namespace).map(|found| {
            if found.alone {
                self.alone.insert(name);
            }
            self.twice = self.twice.take().or(found.twice);
            found.objects
        });
        self.read.insert(name, found);
    }

    fn list<K: Kind>(&self, kind: &Filed, now: Timestamp) -> Fact<Vec<K>> {
        match self.read.get(kind.resource.name) {
            Some(Ok(objects)) => Fact::known(objects.iter().map(K::read).collect(), now),
            Some(Err(missing)) => Fact::Missing(missing.clone()),
            None => Fact::unasked(),
        }
    }

    fn answer(&self, need: &Need, now: Timestamp, snapshot: &mut Snapshot) {
        match need {
            Need::HubId => snapshot.hub_id = self.hub_id(now),
            Need::Restores => snapshot.restores = self.list(&filed::RESTORES, now),
            Need::BackupSchedules => {
                snapshot.backup_schedules = self.list(&filed::BACKUP_SCHEDULES, now)
            }
            Need::StorageLocations => {
                snapshot.storage_locations = self.list(&filed::STORAGE_LOCATIONS, now)
            }
            Need::Backups => snapshot.backups = self.list(&filed::BACKUPS, now),
            Need::BackupNamed(name) => {
                let found = match self
                    .list::<acm_backup_domain::kinds::backup::Backup>(&filed::BACKUPS, now)
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
                snapshot.velero_restores = self.list(&filed::VELERO_RESTORES, now)
            }
            Need::VeleroSchedules => {
                snapshot.velero_schedules = self.list(&filed::VELERO_SCHEDULES, now)
            }
            Need::ManagedClusters => {
                snapshot.managed_clusters = self.list(&filed::MANAGED_CLUSTERS, now)
            }
            Need::KubeSystem => {
                snapshot.kube_system_created =
                    match self.list::<SecretMeta>(&filed::NAMESPACES, now) {
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
            Need::Guards => snapshot.guards = self.guards(now),
            // No collection is asked for it: at most it shows the configuration.
            Need::GuardFooting => {
                snapshot.guard_footing = Fact::Missing(Missing::NotCollected {
                    resource: kinds::ROLE_BINDINGS.name.to_owned(),
                    namespace: Some(NAMESPACE.to_owned()),
                })
            }
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
        let name = filed::BACKUP_SCHEDULES.resource.name;
        match self.tree.object(&filed::DEFINITIONS, name) {
            Ok(object) => Fact::known(Definition::read(&object), now),
            Err(missing) => Fact::Missing(missing),
        }
    }

    /// Of the file of that name. That there is none says nothing: hardly any collection holds configurations.
    fn guards(&self, now: Timestamp) -> Fact<Option<Guards>> {
        let kind = &filed::VALIDATING_CONFIGURATIONS;
        match self.tree.object(kind, GUARD_CONFIGURATION) {
            Ok(object) => Fact::known(Some(Guards::read(&object)), now),
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
        match self.list::<ClusterVersion>(&filed::CLUSTER_VERSIONS, now) {
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
