//! The operator's watches: its own kinds, and the Velero objects they control.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::debug;

use super::Item;
use super::hub::api_resource;
use crate::kinds::Kind;
use crate::object::ObjectName;

/// A dead connection is noticed after this long.
const WATCH_SECONDS: u32 = 30;

/// Starts the watches; each asks for looks at ACM objects. A kind the API server does not have yet is
/// tried again until it does.
pub fn start(client: &Client) -> UnboundedReceiver<Item> {
    let (triggers, receiver) = unbounded_channel();
    for kind in [
        Kind::AcmRestore,
        Kind::BackupSchedule,
        Kind::VeleroRestore,
        Kind::VeleroSchedule,
    ] {
        tokio::spawn(watch(client.clone(), kind, triggers.clone()));
    }
    receiver
}

async fn watch(client: Client, kind: Kind, triggers: UnboundedSender<Item>) {
    let resource: ApiResource = api_resource(kind);
    let api: Api<DynamicObject> = Api::all_with(client, &resource);
    let config = watcher::Config::default().timeout(WATCH_SECONDS);
    let mut events = watcher(api, config).default_backoff().boxed();
    let mut generations = BTreeMap::new();
    loop {
        match events.try_next().await {
            Ok(Some(watcher::Event::Apply(object) | watcher::Event::InitApply(object))) => {
                let at =
                    ObjectName::new(&object.namespace().unwrap_or_default(), &object.name_any());
                let generation = (object.uid(), object.metadata.generation);
                let known = generations.insert(at.clone(), generation.clone());
                // A BackupSchedule's own status does not bring the operator back to it.
                let unchanged = kind == Kind::BackupSchedule && known == Some(generation);
                if let Some(item) = item(kind, at, &object).filter(|_| !unchanged)
                    && triggers.send(item).is_err()
                {
                    return;
                }
            }
            Ok(Some(watcher::Event::Delete(object))) => {
                let at =
                    ObjectName::new(&object.namespace().unwrap_or_default(), &object.name_any());
                generations.remove(&at);
                if let Some(item) = item(kind, at, &object)
                    && triggers.send(item).is_err()
                {
                    return;
                }
            }
            Ok(Some(watcher::Event::Init | watcher::Event::InitDone)) => {}
            Ok(None) => return,
            Err(error) => debug!(kind = kind.api().kind, "watch: {error}"),
        }
    }
}

/// The ACM object an event is about: itself, or the one that controls it.
fn item(kind: Kind, at: ObjectName, object: &DynamicObject) -> Option<Item> {
    match kind {
        Kind::AcmRestore | Kind::BackupSchedule => Some((kind, at)),
        _ => {
            let owner = object
                .owner_references()
                .iter()
                .find(|owner| owner.controller == Some(true))?;
            let kind = [Kind::AcmRestore, Kind::BackupSchedule]
                .into_iter()
                .find(|kind| {
                    kind.api().kind == owner.kind && owner.api_version == kind.api().api_version()
                })?;
            Some((kind, ObjectName::new(&at.namespace, &owner.name)))
        }
    }
}
