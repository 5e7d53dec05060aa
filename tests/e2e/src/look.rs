//! Looking at hubs, and waiting for what is to be seen there.

use std::time::Duration;

use acm_backup_bed::{BACKUP_NAMESPACE, Hub, Velero, wait};
use acm_backup_domain::upstream::backup_label;
use anyhow::Result;
use jiff::Timestamp;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;

/// Far above what anything here takes on an idle machine.
pub const LIMIT: Duration = Duration::from_secs(120);

/// API group and version of the operator's kinds.
pub const ACM: &str = "cluster.open-cluster-management.io/v1beta1";
/// API group and version of Velero's kinds.
pub const VELERO: &str = "velero.io/v1";

/// A kind by its names.
pub fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

/// Objects of a kind in the operator's namespace.
pub async fn api(hub: &Hub, api_version: &str, kind: &str) -> Result<Api<DynamicObject>> {
    let resource = resource(api_version, kind);
    Ok(Api::namespaced_with(
        hub.client().await?,
        BACKUP_NAMESPACE,
        &resource,
    ))
}

/// `.status.phase`, empty where there is none.
pub fn phase(object: &DynamicObject) -> &str {
    object.data["status"]["phase"].as_str().unwrap_or_default()
}

/// Wait until an object in the operator's namespace has one of some phases.
pub async fn until_phase(
    hub: &Hub,
    api_version: &str,
    kind: &str,
    name: &str,
    phases: &[&str],
) -> Result<DynamicObject> {
    let api = api(hub, api_version, kind).await?;
    let what = format!(
        "{kind} {name} on {} to be {}",
        hub.name(),
        phases.join(" or ")
    );
    wait::for_object(&api, name, &what, LIMIT, |object| {
        let object = object?;
        phases.contains(&phase(object)).then(|| object.clone())
    })
    .await
}

/// Wait until a hub's Velero has read the bucket after a time (any, if there is none).
pub async fn until_read(hub: &Hub, after: Option<Timestamp>) -> Result<()> {
    let api = api(hub, VELERO, "BackupStorageLocation").await?;
    let what = format!("{} to read the bucket", hub.name());
    wait::for_object(&api, Velero::LOCATION, &what, LIMIT, |location| {
        let read = read_at(location?)?;
        after.is_none_or(|after| read > after).then_some(())
    })
    .await
}

/// When a hub's Velero last read the bucket.
pub async fn last_read(hub: &Hub) -> Result<Option<Timestamp>> {
    let api = api(hub, VELERO, "BackupStorageLocation").await?;
    Ok(read_at(&api.get(Velero::LOCATION).await?))
}

fn read_at(location: &DynamicObject) -> Option<Timestamp> {
    location.data["status"]["lastSyncedTime"]
        .as_str()?
        .parse()
        .ok()
}

/// Whether a marker a hub sees names the backup of clusters that were taken over. The real operator's may name
/// none, and then no other hub can tell an activation from a misspelt `skip`.
pub async fn takeover_is_told(hub: &Hub) -> Result<bool> {
    let backups = api(hub, VELERO, "Backup").await?;
    let markers = ListParams::default().labels(backup_label::RESTORE_CLUSTER);
    let markers = backups.list(&markers).await?.items;
    Ok(markers.iter().any(|marker| {
        let labels = marker.metadata.labels.as_ref();
        labels
            .and_then(|labels| labels.get(backup_label::RESTORED_CLUSTERS))
            .is_some_and(|backup| !backup.is_empty())
    }))
}

/// Wait until a hub has none of its own backups under way.
pub async fn until_idle(hub: &Hub, id: &str) -> Result<()> {
    let what = format!("the backups of {} to be over", hub.name());
    wait::until(&what, LIMIT, || async {
        let backups = backups_of(hub, id).await?;
        Ok(match backups.iter().any(is_under_way) {
            false => wait::Seen::Yes(()),
            true => wait::Seen::NotYet(describe(&backups)),
        })
    })
    .await
}

/// Of a Backup or a Restore of Velero's.
fn is_under_way(object: &DynamicObject) -> bool {
    !matches!(
        phase(object),
        "Completed" | "PartiallyFailed" | "Failed" | "FailedValidation" | "Deleting"
    )
}

/// Velero's backups of one hub id as a hub sees them, in the order they began.
pub async fn backups_of(hub: &Hub, id: &str) -> Result<Vec<DynamicObject>> {
    let label = format!("cluster.open-cluster-management.io/backup-cluster={id}");
    let backups = api(hub, VELERO, "Backup").await?;
    let mut found = backups
        .list(&ListParams::default().labels(&label))
        .await?
        .items;
    found.sort_by_key(|backup| started(backup).to_owned());
    Ok(found)
}

/// Wait until no restore of Velero's is under way on a hub. The operator calls a sync `Enabled` while the last
/// ones are `Finalizing`.
pub async fn until_restored(hub: &Hub) -> Result<()> {
    let restores = api(hub, VELERO, "Restore").await?;
    let what = format!("the restores on {} to be over", hub.name());
    wait::until(&what, LIMIT, || async {
        let restores = restores.list(&ListParams::default()).await?.items;
        Ok(match restores.iter().any(is_under_way) {
            false => wait::Seen::Yes(()),
            true => wait::Seen::NotYet(describe(&restores)),
        })
    })
    .await
}

/// When a backup began; empty where it did not.
pub fn started(backup: &DynamicObject) -> &str {
    backup.data["status"]["startTimestamp"]
        .as_str()
        .unwrap_or_default()
}

/// Wait until all five backups of some run of a hub are completed, as `hub` sees it; none in progress.
pub async fn until_set(hub: &Hub, id: &str) -> Result<Vec<DynamicObject>> {
    let what = format!(
        "{} to see a complete set of backups of hub {id}",
        hub.name()
    );
    wait::until(&what, LIMIT, || async {
        let backups = backups_of(hub, id).await?;
        let types: std::collections::BTreeSet<_> = backups
            .iter()
            .filter(|backup| phase(backup) == "Completed")
            .filter_map(schedule_type)
            .collect();
        let under_way = backups.iter().any(is_under_way);
        Ok(match types.len() == 5 && !under_way {
            true => wait::Seen::Yes(backups),
            false => wait::Seen::NotYet(describe(&backups)),
        })
    })
    .await
}

fn schedule_type(backup: &DynamicObject) -> Option<&str> {
    let labels = backup.metadata.labels.as_ref()?;
    let kind = labels.get("cluster.open-cluster-management.io/backup-schedule-type")?;
    Some(kind.as_str())
}

fn describe(objects: &[DynamicObject]) -> String {
    let each = objects.iter().map(|object| {
        let name = object.metadata.name.as_deref().unwrap_or_default();
        format!("{name} {}", phase(object))
    });
    each.collect::<Vec<_>>().join(", ")
}
