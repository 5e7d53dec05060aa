//! Records a live hub as the recordings were made: every change of every object of the kinds that matter.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use acm_backup_operator::kinds::Kind;
use acm_backup_operator::live::{api_resource, untyped};
use acm_backup_operator::recording::{Change, Event};
use futures::StreamExt;
use jiff::Timestamp;
use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::runtime::{WatchStreamExt, watcher};
use tokio::task::JoinSet;

const KINDS: [Kind; 11] = [
    Kind::AcmRestore,
    Kind::BackupSchedule,
    Kind::Backup,
    Kind::VeleroRestore,
    Kind::VeleroSchedule,
    Kind::StorageLocation,
    Kind::DeleteBackupRequest,
    Kind::Event,
    Kind::Secret,
    Kind::ManagedCluster,
    Kind::ManagedServiceAccount,
];

/// A recording in the making.
pub struct Recorder {
    events: Arc<Mutex<Vec<Event>>>,
    watches: JoinSet<()>,
}

impl Recorder {
    /// Starts to record; returns when every watch has begun.
    pub async fn start(client: &Client) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let mut watches = JoinSet::new();
        let (ready, mut begun) = tokio::sync::mpsc::channel(KINDS.len());
        for kind in KINDS {
            watches.spawn(watch(client.clone(), kind, events.clone(), ready.clone()));
        }
        for _ in KINDS {
            begun.recv().await.unwrap();
        }
        Self { events, watches }
    }

    /// What was recorded.
    pub async fn stop(mut self) -> Vec<Event> {
        self.watches.shutdown().await;
        let mut events = self.events.lock().unwrap();
        std::mem::take(&mut *events)
    }
}

async fn watch(
    client: Client,
    kind: Kind,
    events: Arc<Mutex<Vec<Event>>>,
    ready: tokio::sync::mpsc::Sender<()>,
) {
    let api: Api<DynamicObject> = Api::all_with(client, &api_resource(kind));
    let mut known = BTreeSet::new();
    let mut stream = watcher(api, watcher::Config::default())
        .default_backoff()
        .boxed();
    while let Some(event) = stream.next().await {
        let (mut object, deleted) = match event {
            Ok(watcher::Event::Apply(object) | watcher::Event::InitApply(object)) => {
                (object, false)
            }
            Ok(watcher::Event::Delete(object)) => (object, true),
            Ok(watcher::Event::InitDone) => {
                ready.send(()).await.ok();
                continue;
            }
            Ok(watcher::Event::Init) | Err(_) => continue,
        };
        // The API server's own, which repairs what it began with: whether it comes to that is its hurry.
        if object.data["involvedObject"]["kind"] == "Service" {
            continue;
        }
        object.metadata.managed_fields = None;
        let new = known.insert(object.metadata.uid.clone());
        let change = match (deleted, new) {
            (true, _) => Change::Deleted,
            (false, true) => Change::Added,
            (false, false) => Change::Modified,
        };
        let object = untyped(kind, &object).unwrap();
        events.lock().unwrap().push(Event {
            at: Timestamp::now(),
            change,
            object,
            step: String::new(),
        });
    }
}
