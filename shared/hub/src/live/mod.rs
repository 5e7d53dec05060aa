//! Facts from an API server, all under one deadline.

mod access;
pub(crate) mod answer;
mod guard;
mod list;
mod record;

pub use crate::words::innermost;
pub use access::{Asker, User};
pub use list::{Lister, escape};

use crate::deadline::Deadline;
use crate::kinds;
use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::definition::Definition;
use acm_backup_domain::kinds::secret::SecretMeta;
use acm_backup_domain::names;
use acm_backup_domain::snapshot::{Fact, Missing, Need, Snapshot};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use kube::Client;
use serde_json::Value;
use std::collections::BTreeSet;

/// Looks up all `needs` at once and returns when the last is answered, at the latest at the
/// deadline. Never fails: what could not be looked up is `Missing` in the snapshot, with the reason.
///
/// `namespace` is that of the operator's objects; `asker` is whose permissions are meant by
/// [`Need::Permission`].
pub async fn collect(
    client: &Client,
    namespace: &str,
    needs: &BTreeSet<Need>,
    deadline: impl Into<Deadline>,
    asker: &Asker<'_>,
) -> Snapshot {
    let lister = Lister::new(client.clone(), namespace, deadline);
    let mut answers: FuturesUnordered<_> = needs
        .iter()
        .map(|need| answer(&lister, need, asker))
        .collect();
    let mut snapshot = Snapshot::empty(Timestamp::now(), namespace);
    while let Some(put) = answers.next().await {
        put(&mut snapshot);
    }
    // Taken last, so that nothing collected lies in the future.
    snapshot.now = Timestamp::now().into();
    snapshot
}

/// Writes one answer into its place in the snapshot.
type Put = Box<dyn FnOnce(&mut Snapshot) + Send>;

fn answer<'a>(lister: &'a Lister, need: &'a Need, asker: &'a Asker<'a>) -> BoxFuture<'a, Put> {
    match need {
        Need::HubId => fill(hub_id(lister), |s, fact| s.hub_id = fact),
        Need::Restores => fill(lister.list(&kinds::RESTORES), |s, fact| s.restores = fact),
        Need::BackupSchedules => fill(lister.list(&kinds::BACKUP_SCHEDULES), |s, fact| {
            s.backup_schedules = fact
        }),
        Need::StorageLocations => fill(lister.list(&kinds::STORAGE_LOCATIONS), |s, fact| {
            s.storage_locations = fact
        }),
        Need::Backups => fill(lister.list(&kinds::BACKUPS), |s, fact| s.backups = fact),
        Need::BackupNamed(name) => {
            let key = name.clone();
            fill(lister.get(&kinds::BACKUPS, name), move |s, fact| {
                s.named_backups.insert(key, fact);
            })
        }
        Need::VeleroRestores => fill(lister.list(&kinds::VELERO_RESTORES), |s, fact| {
            s.velero_restores = fact
        }),
        Need::VeleroSchedules => fill(lister.list(&kinds::VELERO_SCHEDULES), |s, fact| {
            s.velero_schedules = fact
        }),
        Need::ManagedClusters => fill(lister.list(&kinds::MANAGED_CLUSTERS), |s, fact| {
            s.managed_clusters = fact
        }),
        Need::KubeSystem => fill(kube_system_created(lister), |s, fact| {
            s.kube_system_created = fact
        }),
        Need::BackupScheduleDefinition => fill(backup_schedule_definition(lister), |s, fact| {
            s.backup_schedule_definition = fact
        }),
        Need::GuardLabel => fill(guard::label(lister), |s, fact| s.guard_label = fact),
        Need::Guards => fill(
            lister.get(
                &kinds::VALIDATING_CONFIGURATIONS,
                names::GUARD_CONFIGURATION,
            ),
            |s, fact| s.guards = fact,
        ),
        Need::GuardFooting => fill(guard::footing(lister), |s, fact| s.guard_footing = fact),
        Need::Accepted => fill(record::accepted(lister), |s, fact| s.accepted = fact),
        Need::Permission(permission) => {
            let key = permission.clone();
            fill(access::may(lister, permission, asker), move |s, fact| {
                s.permissions.insert(key, fact);
            })
        }
    }
}

/// Turns a look-up into the fact it leaves and the place that takes it.
fn fill<'a, T: Send + 'static>(
    look_up: impl Future<Output = Result<T, Missing>> + Send + 'a,
    place: impl FnOnce(&mut Snapshot, Fact<T>) + Send + 'static,
) -> BoxFuture<'a, Put> {
    async move {
        // The time of asking: what the server answered was true then or later.
        let asked = Timestamp::now();
        let fact = match look_up.await {
            Ok(value) => Fact::known(value, asked),
            Err(missing) => Fact::Missing(missing),
        };
        Box::new(move |snapshot: &mut Snapshot| place(snapshot, fact)) as Put
    }
    .boxed()
}

/// The hub's id as the operator reads it: of the first ClusterVersion; `unknown` where the API server
/// has no such kind or no such object (operator-facts §7).
async fn hub_id(lister: &Lister) -> Result<HubId, Missing> {
    match lister
        .list::<ClusterVersion>(&kinds::CLUSTER_VERSIONS)
        .await
    {
        Ok(versions) => Ok(versions
            .into_iter()
            .next()
            .map_or_else(HubId::unknown, |version| version.id)),
        Err(Missing::NoKind { .. }) => Ok(HubId::unknown()),
        Err(missing) => Err(missing),
    }
}

/// When `kube-system` was created: the age of the cluster.
async fn kube_system_created(lister: &Lister) -> Result<Timestamp, Missing> {
    let namespace = lister
        .get::<SecretMeta>(&kinds::NAMESPACES, "kube-system")
        .await?;
    namespace
        .and_then(|namespace| namespace.meta.created)
        .ok_or_else(|| Missing::Failed {
            resource: kinds::NAMESPACES.name.to_owned(),
            why: "kube-system has no creationTimestamp".to_owned(),
        })
}

/// What the installed operator's BackupSchedules know.
async fn backup_schedule_definition(lister: &Lister) -> Result<Definition, Missing> {
    let name = kinds::BACKUP_SCHEDULES.name;
    let found = lister.get(&kinds::DEFINITIONS, name).await?;
    found.ok_or_else(|| Missing::NoKind {
        resource: name.to_owned(),
    })
}

/// The part of a ClusterVersion that names the hub.
pub(crate) struct ClusterVersion {
    pub(crate) id: HubId,
}

impl Kind for ClusterVersion {
    fn read(object: &Value) -> Self {
        let id = object
            .pointer("/spec/clusterID")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Self { id: HubId::new(id) }
    }
}

/// The API server's own version, such as `v1.36.3`.
///
/// # Errors
/// The reason why it is not known.
pub async fn server_version(
    client: &Client,
    deadline: impl Into<Deadline>,
) -> Result<String, Missing> {
    let lister = Lister::new(client.clone(), "", deadline);
    lister.version().await
}
