//! ManagedServiceAccounts for auto-import, with their add-ons and ManifestWorks (operator-facts §4.3, §4.4).

use std::time::Duration;

use acm_backup_domain::time::GoDuration;
use acm_backup_domain::upstream::{AUTO_IMPORT_ACCOUNT, object_label};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::timing::duration;
use crate::cleanup_rule::ACTIVATION;
use crate::kinds::Kind;
use crate::object::{ObjectName, annotation, flag, label, name, namespace, text};
use crate::version::Version;
use crate::world::World;
use crate::write::Write;

/// The operator's sleep after it made accounts, so that their tokens can appear.
pub const SETTLING: Duration = Duration::from_secs(2);

const PAIR: &str = "auto-import-account-pair";
const ADDON: &str = "managed-serviceaccount";
const ADDON_NAMESPACE: &str = "open-cluster-management-agent-addon";
const WORK_LABEL: &str = "open-cluster-management.io/addon-name-work";
const PAIR_WINDOW: SignedDuration = SignedDuration::from_mins(15);
const DEFAULT_VALIDITY: &str = "1440h0m0s";

/// Whether a BackupSchedule asks for ManagedServiceAccounts.
pub fn wanted(owner: &Value) -> bool {
    flag(owner, "/spec/useManagedServiceAccount")
}

/// Whether the hub has the component.
pub fn available(world: &World, version: Version) -> bool {
    let mapped = world.offers(Kind::ManagedServiceAccount);
    let enabled = || {
        world
            .get(Kind::ClusterManagementAddOn, &ObjectName::new("", ADDON))
            .is_some()
    };
    mapped && (!version.imports_by_cluster() || enabled())
}

/// What the preparation did.
#[derive(Debug, Default)]
pub struct Prepared {
    /// The writes.
    pub writes: Vec<Write>,
    /// Whether accounts are among them, so that the operator waits for tokens.
    pub created_accounts: bool,
}

/// Makes what is missing, or removes everything where the option is off.
pub fn prepare(world: &World, owner: &Value, version: Version) -> Prepared {
    if !(wanted(owner) && available(world, version)) {
        return Prepared {
            writes: withdraw(world),
            created_accounts: false,
        };
    }
    let local = world.local_cluster(version.knows_paused());
    let mut prepared = Prepared::default();
    for cluster in world
        .all(Kind::ManagedCluster)
        .map(name)
        .filter(|name| *name != local)
    {
        let made_by_hive = world
            .within(Kind::Secret, cluster)
            .any(|secret| label(secret, object_label::HIVE_SECRET_TYPE).is_some());
        if !made_by_hive {
            prepare_cluster(world, owner, cluster, &mut prepared);
        }
    }
    prepared
}

fn prepare_cluster(world: &World, owner: &Value, cluster: &str, prepared: &mut Prepared) {
    let addon = world.get(Kind::ManagedClusterAddOn, &ObjectName::new(cluster, ADDON));
    if addon.is_none() {
        prepared.writes.push(Write::Create(object(
            Kind::ManagedClusterAddOn,
            cluster,
            ADDON,
            json!({object_label::MANAGED_SERVICE_ACCOUNT: AUTO_IMPORT_ACCOUNT}),
            json!({}),
        )));
    }
    let addon_namespace = addon
        .map(|addon| text(addon, "/status/namespace"))
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or(ADDON_NAMESPACE);
    for (account, suffix) in [(AUTO_IMPORT_ACCOUNT, ""), (PAIR, "-pair")] {
        let work = manifest_work(cluster, account, suffix, addon_namespace);
        if world
            .get(Kind::ManifestWork, &ObjectName::of(&work))
            .is_none()
        {
            prepared.writes.push(Write::Create(work));
        }
    }
    account(world, owner, cluster, AUTO_IMPORT_ACCOUNT, prepared);
    if is_pair_due(world, cluster) {
        account(world, owner, cluster, PAIR, prepared);
    }
}

fn account(world: &World, owner: &Value, cluster: &str, account: &str, prepared: &mut Prepared) {
    let at = ObjectName::new(cluster, account);
    let validity = validity(owner);
    match world.get(Kind::ManagedServiceAccount, &at) {
        Some(existing) if text(existing, "/spec/rotation/validity") == validity => {}
        Some(existing) => prepared.writes.push(Write::patch(
            Kind::ManagedServiceAccount,
            existing,
            json!({"spec": {"rotation": {"validity": validity}}}),
        )),
        None => {
            if world.get(Kind::Secret, &at).is_some() {
                prepared.writes.push(Write::Delete {
                    kind: Kind::Secret,
                    at,
                });
            }
            prepared.created_accounts = true;
            prepared.writes.push(Write::Create(object(
                Kind::ManagedServiceAccount,
                cluster,
                account,
                json!({object_label::MANAGED_SERVICE_ACCOUNT: AUTO_IMPORT_ACCOUNT}),
                json!({"rotation": {"enabled": true, "validity": validity}}),
            )));
        }
    }
}

/// How long a token lives: as asked, else twice as long as the backups, else 60 days.
fn validity(owner: &Value) -> String {
    let asked = duration(owner, "/spec/managedServiceAccountTTL");
    let retention = duration(owner, "/spec/veleroTtl");
    if asked != GoDuration::ZERO {
        asked.to_string()
    } else if retention != GoDuration::ZERO {
        GoDuration::from_nanos(retention.as_nanos().saturating_mul(2)).to_string()
    } else {
        DEFAULT_VALIDITY.to_owned()
    }
}

/// A second token is made only in the quarter of an hour after half the first one's life.
fn is_pair_due(world: &World, cluster: &str) -> bool {
    world
        .within(Kind::Secret, cluster)
        .filter(|secret| label(secret, object_label::MANAGED_SERVICE_ACCOUNT) == Some("true"))
        .filter(|secret| name(secret).starts_with(AUTO_IMPORT_ACCOUNT))
        .any(|secret| {
            let time = |key| annotation(secret, key)?.parse::<jiff::Timestamp>().ok();
            let (Some(end), Some(start)) =
                (time("expirationTimestamp"), time("lastRefreshTimestamp"))
            else {
                return false;
            };
            let half = start + end.duration_since(start) / 2;
            world.now > half && world.now < half + PAIR_WINDOW
        })
}

fn manifest_work(cluster: &str, account: &str, suffix: &str, addon_namespace: &str) -> Value {
    let custom = if addon_namespace == ADDON_NAMESPACE {
        ""
    } else {
        "-custom-2"
    };
    let labels = json!({WORK_LABEL: ADDON, object_label::BACKUP: ACTIVATION});
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": format!("managedserviceaccount-import{suffix}{custom}")},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "klusterlet-bootstrap-kubeconfig",
        },
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": addon_namespace}],
    });
    let work = format!("addon-managed-serviceaccount-import{suffix}{custom}");
    object(
        Kind::ManifestWork,
        cluster,
        &work,
        labels,
        json!({"workload": {"manifests": [binding]}}),
    )
}

fn object(kind: Kind, namespace: &str, name: &str, labels: Value, spec: Value) -> Value {
    let api = kind.api();
    json!({
        "apiVersion": api.api_version(),
        "kind": api.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": spec,
    })
}

/// Removes everything the operator made for auto-import, in all namespaces; also what another
/// BackupSchedule or a restore brought (operator-facts §4.3, G47).
pub fn withdraw(world: &World) -> Vec<Write> {
    if !world.offers(Kind::ManagedServiceAccount) {
        return Vec::new();
    }
    let ours = |object: &&Value| {
        label(object, object_label::MANAGED_SERVICE_ACCOUNT) == Some(AUTO_IMPORT_ACCOUNT)
    };
    let mut writes = Vec::new();
    for kind in [Kind::ManagedServiceAccount, Kind::ManagedClusterAddOn] {
        writes.extend(
            world
                .all(kind)
                .filter(ours)
                .map(|object| Write::delete(kind, object)),
        );
    }
    writes.extend(
        world
            .all(Kind::ManifestWork)
            .filter(|work| label(work, WORK_LABEL) == Some(ADDON))
            .map(|work| Write::delete(Kind::ManifestWork, work)),
    );
    writes.extend(tokens(world).map(|secret| Write::delete(Kind::Secret, secret)));
    writes
}

/// Token secrets for auto-import, in all namespaces.
pub fn tokens(world: &World) -> impl Iterator<Item = &Value> {
    world
        .all(Kind::Secret)
        .filter(|secret| label(secret, object_label::MANAGED_SERVICE_ACCOUNT) == Some("true"))
        .filter(|secret| {
            name(secret).starts_with(AUTO_IMPORT_ACCOUNT) && !namespace(secret).is_empty()
        })
}
