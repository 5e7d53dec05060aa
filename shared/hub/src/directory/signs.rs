//! Whose the objects are. Two hubs that were collected into one directory, one after the other, leave one ClusterVersion
//! and one `local-cluster`, those of the second; what tells of the first is what the second has no object of the name of.

use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::hub::made_here;
use acm_backup_domain::kinds::backup::Backup;
use acm_backup_domain::snapshot::Snapshot;
use acm_backup_domain::time::saturating::Saturating;
use acm_backup_domain::upstream::{backup_label, object_label};
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeMap;

/// The label in which a ManagedCluster has its own cluster's id.
const CLUSTER_ID: &str = "clusterID";

/// The operator ends the one of a BackupSchedule and a sync that came second; it looks at each within five minutes.
const BOTH_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What the objects of one hub cannot say at once; none where they agree.
pub(super) fn contradiction<'a>(
    objects: impl Iterator<Item = &'a Value> + Clone,
    snapshot: &Snapshot,
) -> Option<String> {
    ids(objects.clone(), snapshot)
        .or_else(|| owners(objects))
        .or_else(|| roles(snapshot))
}

/// Two ids, each with an object that has it.
fn ids<'a>(objects: impl Iterator<Item = &'a Value>, snapshot: &Snapshot) -> Option<String> {
    let mut told: BTreeMap<HubId, String> = BTreeMap::new();
    let signs =
        objects.filter_map(|object| Some((sign(object)?, format!("{} is of", named(object)))));
    for (id, object) in signs.chain(written_here(snapshot.backups.items())) {
        if id.is_known() {
            told.entry(id).or_insert(object);
        }
    }
    let told: Vec<_> = told
        .iter()
        .map(|(id, object)| format!("{object} hub {id}"))
        .collect();
    (told.len() > 1).then(|| told.join(", "))
}

/// The id of the hub that an object is of, whoever looks at it.
fn sign(object: &Value) -> Option<HubId> {
    let label = |name: &str| object.get("metadata")?.get("labels")?.get(name)?.as_str();
    let id = match object.get("kind")?.as_str()? {
        "ClusterVersion" => object.pointer("/spec/clusterID")?.as_str(),
        "Schedule" => label(backup_label::BACKUP_CLUSTER),
        "ManagedCluster" if label(object_label::LOCAL_CLUSTER) == Some("true") => label(CLUSTER_ID),
        _ => None,
    }?;
    Some(HubId::new(id))
}

/// The ids in what Velero wrote on the hub itself. Without generations times alone tell that, and clocks differ; and what
/// holds data and has no end may be a copy of what Velero left elsewhere before it wrote one.
fn written_here(backups: &[Backup]) -> impl Iterator<Item = (HubId, String)> {
    let here = made_here(backups);
    backups.iter().zip(here).filter_map(|(backup, here)| {
        let ended = backup.completed.is_some() || !backup.has_data();
        (here && ended && backup.meta.generation.is_some()).then_some(())?;
        let id = match backup.activated_hub() {
            Some(id) => id,
            None => backup.backup_type().map(|_| backup.writer())?,
        };
        Some((
            id,
            format!("Velero Backup {} was written on", backup.meta.name),
        ))
    })
}

/// Two objects that were made for one other by its name, and for two by its uid. What is being deleted may be held back
/// long after its owner was made anew.
fn owners<'a>(objects: impl Iterator<Item = &'a Value>) -> Option<String> {
    let text = |value: &Value, field: &str| Some(value.get(field)?.as_str()?.to_owned());
    let mut uids: BTreeMap<_, (String, String)> = BTreeMap::new();
    let stays = |object: &&Value| object.pointer("/metadata/deletionTimestamp").is_none();
    for object in objects.filter(stays) {
        let owners = object.pointer("/metadata/ownerReferences");
        for owner in owners.and_then(Value::as_array).into_iter().flatten() {
            let (Some(version), Some(kind), Some(name), Some(uid)) = (
                text(owner, "apiVersion"),
                text(owner, "kind"),
                text(owner, "name"),
                text(owner, "uid"),
            ) else {
                continue;
            };
            let told = format!("{kind} {name}");
            let (known, by) = uids
                .entry((version, kind, name))
                .or_insert_with(|| (uid.clone(), named(object)));
            if *known != uid {
                return Some(format!(
                    "{by} and {} were made for two objects that are both {told}",
                    named(object)
                ));
            }
        }
    }
    None
}

/// A hub that has the fleet and backs it up, and one that waits for it.
fn roles(snapshot: &Snapshot) -> Option<String> {
    let since = |created: Option<jiff::Timestamp>| {
        created.is_some_and(|at| snapshot.now.is_past(at.plus(BOTH_FOR)))
    };
    let schedule = snapshot.backup_schedules.items().iter().find(|one| {
        one.phase == "Enabled" && one.meta.deleted.is_none() && since(one.meta.created)
    })?;
    let sync = snapshot.restores.items().iter().find(|one| {
        one.is_passive_sync()
            && one.is_syncing()
            && one.meta.deleted.is_none()
            && since(one.meta.created)
    })?;
    Some(format!(
        "BackupSchedule {} is {} and Restore {} is {}, of which an operator ends one",
        schedule.meta.name, schedule.phase, sync.meta.name, sync.phase
    ))
}

/// `Schedule acm-credentials-schedule`
fn named(object: &Value) -> String {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str);
    let kind = match (text("/kind"), text("/apiVersion")) {
        (Some(kind), Some(version)) if version.starts_with("velero.io/") => {
            format!("Velero {kind}")
        }
        (kind, _) => kind.unwrap_or_default().to_owned(),
    };
    format!("{kind} {}", text("/metadata/name").unwrap_or_default())
}
