//! What is known of a hub at one moment, and what is not.

use crate::act::command::Command;
use crate::hub::identity::HubId;
use crate::hub::record::Accepted;
use crate::kinds::backup::Backup;
use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::definition::Definition;
use crate::kinds::guards::Guards;
use crate::kinds::managed_cluster::ManagedCluster;
use crate::kinds::restore::Restore;
use crate::kinds::storage_location::StorageLocation;
use crate::kinds::velero_restore::VeleroRestore;
use crate::kinds::velero_schedule::VeleroSchedule;
use crate::names;
use crate::time::{Now, Waited};
use crate::upstream::resource;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Everything a judgement may rest on. Collected by a source (live API server, directory, test);
/// judged without looking anywhere else.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The time of the judgement: the clock's for a live hub, the collection's for a directory.
    pub now: Now,
    /// Namespace of the operator's objects on this hub.
    pub namespace: String,
    /// This hub's id.
    pub hub_id: Fact<HubId>,
    /// ACM Restores in the namespace.
    pub restores: Fact<Vec<Restore>>,
    /// ACM BackupSchedules in the namespace.
    pub backup_schedules: Fact<Vec<BackupSchedule>>,
    /// Storage locations in the namespace.
    pub storage_locations: Fact<Vec<StorageLocation>>,
    /// Velero Backups in the namespace, those of every hub that writes to the storage.
    pub backups: Fact<Vec<Backup>>,
    /// Backups looked up by name, `None` where there is none of that name.
    pub named_backups: BTreeMap<String, Fact<Option<Backup>>>,
    /// Velero Restores in the namespace.
    pub velero_restores: Fact<Vec<VeleroRestore>>,
    /// Velero Schedules in the namespace.
    pub velero_schedules: Fact<Vec<VeleroSchedule>>,
    /// The fleet as this hub has it.
    pub managed_clusters: Fact<Vec<ManagedCluster>>,
    /// When namespace `kube-system` was created: how old this cluster is.
    pub kube_system_created: Fact<Timestamp>,
    /// The definition of BackupSchedules: what the installed operator knows of them.
    pub backup_schedule_definition: Fact<Definition>,
    /// Value of the label [`crate::names::GUARD`] on the namespace, by which the guards are lifted; none where it
    /// has no such label.
    pub guard_label: Fact<Option<String>>,
    /// The configuration of the guards; none where there is none.
    pub guards: Fact<Option<Guards>>,
    /// What the armed guards stand on.
    pub guard_footing: Fact<Footing>,
    /// The record of accepted statements (OWNERSHIP S6), kept in the slot's Lease.
    pub accepted: Fact<Vec<Accepted>>,
    /// Service accounts that may attest because configuration names them (OWNERSHIP S5), as full user
    /// names. No other service account may, whatever rights it holds.
    pub attesting_accounts: BTreeSet<String>,
    /// Whether the user of the review may do what a rule asks about.
    pub permissions: BTreeMap<Permission, Fact<bool>>,
    /// Whether nothing tells how many objects there were, as in a directory that has a file for each: one that was
    /// lost on the way may not be missed.
    pub uncounted: bool,
}

impl Snapshot {
    /// A snapshot in which nothing has been looked up yet.
    pub fn empty(now: impl Into<Now>, namespace: impl Into<String>) -> Self {
        Self {
            now: now.into(),
            namespace: namespace.into(),
            hub_id: Fact::unasked(),
            restores: Fact::unasked(),
            backup_schedules: Fact::unasked(),
            storage_locations: Fact::unasked(),
            backups: Fact::unasked(),
            named_backups: BTreeMap::new(),
            velero_restores: Fact::unasked(),
            velero_schedules: Fact::unasked(),
            managed_clusters: Fact::unasked(),
            kube_system_created: Fact::unasked(),
            backup_schedule_definition: Fact::unasked(),
            guard_label: Fact::unasked(),
            guards: Fact::unasked(),
            guard_footing: Fact::unasked(),
            accepted: Fact::unasked(),
            attesting_accounts: BTreeSet::new(),
            permissions: BTreeMap::new(),
            uncounted: false,
        }
    }

    /// The command whoever reads a remedy has at hand: `oc` where the hub is OpenShift, else `kubectl`.
    pub fn cli(&self) -> &'static str {
        if self.hub_id.value().is_some_and(HubId::is_known) {
            "oc"
        } else {
            "kubectl"
        }
    }

    /// Whether BackupSchedules of this hub have `spec.paused`; none where that could not be looked up.
    pub fn can_pause(&self) -> Option<bool> {
        let definition = self.backup_schedule_definition.value()?;
        definition.has_spec_field("paused")
    }

    /// A Backup looked up by name.
    pub fn named_backup(&self, name: &str) -> Fact<Option<Backup>> {
        match (self.named_backups.get(name), &self.backups) {
            (Some(found), _) => found.clone(),
            // Who has them all has it, or knows that there is none.
            (None, Fact::Known { value, as_of }) => Fact::known(
                value
                    .iter()
                    .find(|backup| backup.meta.name == name)
                    .cloned(),
                *as_of,
            ),
            (None, Fact::Missing(_)) => Fact::unasked(),
        }
    }

    /// Whether the user of the review holds a permission.
    pub fn permission(&self, permission: &Permission) -> Fact<bool> {
        self.permissions
            .get(permission)
            .cloned()
            .unwrap_or_else(Fact::unasked)
    }
}

/// What a judgement wants to know. A shell fetches the union of the needs under one deadline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// [`Snapshot::hub_id`]
    HubId,
    /// [`Snapshot::restores`]
    Restores,
    /// [`Snapshot::backup_schedules`]
    BackupSchedules,
    /// [`Snapshot::storage_locations`]
    StorageLocations,
    /// [`Snapshot::backups`]
    Backups,
    /// One entry of [`Snapshot::named_backups`]
    BackupNamed(String),
    /// [`Snapshot::velero_restores`]
    VeleroRestores,
    /// [`Snapshot::velero_schedules`]
    VeleroSchedules,
    /// [`Snapshot::managed_clusters`]
    ManagedClusters,
    /// [`Snapshot::kube_system_created`]
    KubeSystem,
    /// [`Snapshot::backup_schedule_definition`]
    BackupScheduleDefinition,
    /// [`Snapshot::guard_label`]
    GuardLabel,
    /// [`Snapshot::guards`]
    Guards,
    /// [`Snapshot::guard_footing`]
    GuardFooting,
    /// [`Snapshot::accepted`]
    Accepted,
    /// One entry of [`Snapshot::permissions`]
    Permission(Permission),
}

/// A verb on one guard rule, asked for the user of a review.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Permission {
    /// RBAC verb, e.g. [`crate::names::VERB_ATTEST`].
    pub verb: &'static str,
    /// The rule's id, the resourceName of the check.
    pub rule: &'static str,
}

/// What has to be there for the armed guards to be asked, and to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footing {
    /// Whether the API server asks them: [`crate::names::INSTALLED_CONDITION`] holds, as far as our own Role and
    /// RoleBinding tell.
    pub asked: bool,
    /// Whether the Service is there that it calls.
    pub service: bool,
    /// Whether the webhook's ServiceAccount is there, without which it can look nothing up.
    pub account: bool,
    /// Whether a replica is available: one that is neither pulled, ready nor there answers nobody.
    pub available: bool,
}

/// A fact that is known, or the reason why it is not: "absent" is never confused with "could not
/// look".
#[derive(Clone, Debug, PartialEq)]
pub enum Fact<T> {
    /// Looked up.
    Known {
        /// What was found.
        value: T,
        /// When the source last heard of it.
        as_of: Timestamp,
    },
    /// Not to be had, and why.
    Missing(Missing),
}

impl<T> Fact<T> {
    /// A fact seen at `as_of`.
    pub fn known(value: T, as_of: impl Into<Timestamp>) -> Self {
        Self::Known {
            value,
            as_of: as_of.into(),
        }
    }

    /// A fact nobody asked for.
    pub fn unasked() -> Self {
        Self::Missing(Missing::NotAsked)
    }

    /// The value, or why there is none.
    pub fn get(&self) -> Result<&T, &Missing> {
        match self {
            Self::Known { value, .. } => Ok(value),
            Self::Missing(missing) => Err(missing),
        }
    }

    /// The value where it is known.
    pub fn value(&self) -> Option<&T> {
        self.get().ok()
    }

    /// When the source last heard of it.
    pub fn as_of(&self) -> Option<Timestamp> {
        match self {
            Self::Known { as_of, .. } => Some(*as_of),
            Self::Missing(_) => None,
        }
    }
}

impl<T> Fact<Vec<T>> {
    /// The items, none where the list is missing: for counting what *is* seen, never for concluding
    /// that something is not there.
    pub fn items(&self) -> &[T] {
        self.value().map_or(&[], Vec::as_slice)
    }
}

/// Why a fact is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "camelCase")]
pub enum Missing {
    /// Nobody asked for it.
    NotAsked,
    /// There is no API server to ask, or it did not answer.
    NoCluster {
        /// The connection's error.
        why: String,
    },
    /// The API server refused.
    Forbidden {
        /// RBAC verb.
        verb: String,
        /// Full resource name, e.g. `backups.velero.io`.
        resource: String,
        /// `None` for a cluster-scoped request.
        namespace: Option<String>,
    },
    /// The API server does not serve the kind.
    NoKind {
        /// Full resource name.
        resource: String,
    },
    /// No answer before the deadline.
    TimedOut {
        /// Full resource name.
        resource: String,
        /// The deadline.
        seconds: Waited,
    },
    /// Known once, but too long ago to judge by.
    Stale {
        /// Full resource name.
        resource: String,
        /// When the source last heard of it.
        last_contact: Timestamp,
    },
    /// The directory holds none. Whoever filled it may have left them out, or there were none.
    NotCollected {
        /// Full resource name.
        resource: String,
        /// The namespace whose objects were wanted, `None` for cluster-scoped kinds.
        namespace: Option<String>,
    },
    /// A file of them in the directory is broken: what the others hold is not all there was.
    BrokenFile {
        /// Full resource name.
        resource: String,
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Answered, but not with what was asked for.
    Failed {
        /// Full resource name.
        resource: String,
        /// The error.
        why: String,
    },
}

impl Missing {
    /// Whether a directory lacks it: it was not collected, or not to its end.
    pub fn is_of_a_directory(&self) -> bool {
        matches!(self, Self::NotCollected { .. } | Self::BrokenFile { .. })
    }

    /// Whether it stays so until somebody changes the installation or its rights. Everything else passes:
    /// the next try may be answered.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Forbidden { .. } | Self::NoKind { .. })
    }

    /// "try again", to stand behind a sentence, where that may help.
    pub fn again(&self) -> &'static str {
        match self.is_lasting() {
            true => "",
            false => "; try again",
        }
    }

    /// The command that tells whether a right is there; none where no right is missing. `cli` is what
    /// whoever reads it has at hand, [`Snapshot::cli`].
    pub fn check(&self, cli: &'static str) -> Option<Command> {
        let Self::Forbidden {
            verb,
            resource,
            namespace,
        } = self
        else {
            return None;
        };
        let check = Command::new(cli)
            .say("auth can-i")
            .name(verb)
            .name(resource);
        Some(match namespace {
            Some(namespace) => check.say("-n").name(namespace),
            None => check,
        })
    }

    /// What would make the fact known: a command to run, or who to ask.
    pub fn way_out(&self, cli: &'static str) -> WayOut {
        let command = Command::new(cli);
        let (text, command) = match self {
            Self::NotAsked => ("ask for it", None),
            Self::NoCluster { .. } => (
                "check the kubeconfig and that the API server answers:",
                Some(command.say("version")),
            ),
            Self::Forbidden { .. } => ("ask for the right; check it with:", self.check(cli)),
            Self::NoKind { resource } => (
                "install what serves it; check with:",
                Some(command.say("get crd").name(resource)),
            ),
            Self::TimedOut { resource, .. } => (
                "try again; see whether the API server is slow:",
                Some(
                    command
                        .say("get")
                        .name(resource)
                        .say("--request-timeout=30s"),
                ),
            ),
            Self::Stale { .. } => (
                "check the webhook's logs for why its watch broke:",
                Some(
                    command
                        .namespace(names::NAMESPACE)
                        .say("logs deploy/acm-backup-webhook"),
                ),
            ),
            // Not these alone: what was collected in several runs is of several times, or of several hubs.
            Self::NotCollected { .. } => (
                "collect all anew, into an empty directory:",
                Some(collect()),
            ),
            // The whole of a namespace goes with it, of all of them the whole of the hub.
            Self::BrokenFile { resource: of, .. } if of == resource::NAMESPACES => {
                ("copy it again, or collect the namespace anew", None)
            }
            Self::BrokenFile { .. } => (
                "repair it, or collect all anew, into an empty directory:",
                Some(collect()),
            ),
            Self::Failed { resource, .. } => (
                "look at it by hand:",
                Some(command.say("get").name(resource).say("-A")),
            ),
        };
        WayOut { text, command }
    }
}

/// The one command that collects all that a hub is judged by. A namespace alone has none of it: `oc adm inspect
/// ns/NAME` collects no custom resources.
pub fn collect() -> Command {
    Command::new("oc")
        .say("adm inspect")
        .value(resource::JUDGED.join(","))
        .say("-A --dest-dir DIR")
}

/// What would make a fact known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayOut {
    /// What to do.
    pub text: &'static str,
    /// By which command, where there is one.
    pub command: Option<Command>,
}

impl fmt::Display for WayOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)?;
        match &self.command {
            Some(command) => write!(f, " {command}"),
            None => Ok(()),
        }
    }
}

impl Serialize for WayOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("not looked up"),
            Self::NoCluster { why } => write!(f, "no API server: {why}"),
            Self::Forbidden {
                verb,
                resource,
                namespace: Some(namespace),
            } => {
                write!(f, "forbidden: {verb} {resource} in namespace {namespace}")
            }
            Self::Forbidden {
                verb,
                resource,
                namespace: None,
            } => write!(f, "forbidden: {verb} {resource}"),
            Self::NoKind { resource } => write!(f, "this API server has no {resource}"),
            Self::TimedOut { resource, seconds } => {
                write!(f, "no answer within {seconds} for {resource}")
            }
            Self::Stale {
                resource,
                last_contact,
            } => {
                write!(
                    f,
                    "{resource} were last heard of at {}",
                    crate::time::age::stamp(*last_contact)
                )
            }
            Self::NotCollected {
                resource,
                namespace: Some(namespace),
            } => {
                write!(
                    f,
                    "the directory holds no {resource} of namespace {namespace}"
                )
            }
            Self::NotCollected {
                resource,
                namespace: None,
            } => write!(f, "the directory holds no {resource}"),
            Self::BrokenFile { file, why, .. } => write!(f, "{file}: {why}"),
            Self::Failed { resource, why } => write!(f, "{resource}: {why}"),
        }
    }
}
