//! List, then watch, for ever.
//!
//! Written out instead of taken from kube's runtime because the age of what is known has to be known:
//! every word from the API server, bookmarks included, is noted; and a dead connection is given up after
//! half a minute, not after five.

use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::snapshot::Missing;
use acm_backup_hub::kinds::Resource;
use acm_backup_hub::live::{escape, innermost};
use futures::StreamExt;
use http::Request;
use jiff::Timestamp;
use kube::Client;
use kube::core::WatchEvent;
use serde::Deserialize;
use serde_json::Value;

use super::contact::Contact;

/// How long one watch call lasts before it is renewed.
pub const WATCH_SECONDS: u32 = 20;

/// Silence on a connection after which it counts as dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(30);

/// Longest wait for one page or for a watch to begin.
const CALL: Duration = Duration::from_secs(15);

/// Objects a page.
const PAGE: u32 = 500;

/// Pauses after failures: quick at first, since an API server's restart takes seconds.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
];

/// What takes the objects in. Each keeps of an object only what it needs.
pub trait Store: Send + Sync + 'static {
    /// The whole collection, as one list found it.
    fn replace(&self, objects: Vec<Self::Item>);
    /// One object was created or changed.
    fn apply(&self, item: Self::Item);
    /// One object is gone.
    fn remove(&self, item: Self::Item);
    /// The collection is not served or not ours to read: whatever happens to it now happens unseen.
    fn refused(&self) {}
    /// Reads an object into the part that is kept.
    fn project(&self, object: &Value) -> Self::Item;
    /// The part that is kept.
    type Item: Send;
}

/// One collection to follow.
pub struct Follow<S> {
    /// The kind.
    pub resource: &'static Resource,
    /// Its namespace; none for all namespaces, and for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// Label selector; empty for everything.
    pub selector: &'static str,
    /// Where the objects go.
    pub store: Arc<S>,
    /// Where contact is noted.
    pub contact: Arc<Contact>,
}

#[derive(Deserialize)]
struct Page {
    metadata: PageMeta,
    #[serde(default)]
    items: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageMeta {
    #[serde(default)]
    resource_version: String,
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

impl<S: Store> Follow<S> {
    /// Follows the collection and never returns. Failures are noted in the contact, logged when they
    /// change, and tried again.
    pub async fn run(self, client: Client) {
        let mut failures = 0_usize;
        loop {
            let Err(error) = self.list_and_watch(&client, &mut failures).await;
            if matches!(&error, kube::Error::Api(status) if status.code == 410) {
                // Fell behind: the list is taken anew, what is known stays until then.
                continue;
            }
            let missing = self.missing(&error);
            let why = missing.to_string();
            let absent = matches!(missing, Missing::NoKind { .. });
            if missing.is_lasting() {
                self.store.refused();
            }
            match (self.contact.failed(missing), absent) {
                (false, _) => {}
                (true, true) => tracing::info!(%why, "nothing to watch yet; looking again"),
                (true, false) => {
                    tracing::warn!(resource = self.resource.name, %why, "watch failed; trying again");
                }
            }
            let pause = PAUSES.get(failures).or(PAUSES.last()).copied();
            failures = failures.saturating_add(1);
            tokio::time::sleep(pause.unwrap_or(CALL)).await;
        }
    }

    async fn list_and_watch(
        &self,
        client: &Client,
        failures: &mut usize,
    ) -> kube::Result<std::convert::Infallible> {
        let mut version = self.list(client).await?;
        *failures = 0;
        loop {
            version = self.watch(client, version).await?;
        }
    }

    /// Takes in the whole collection, page by page; returns its version.
    async fn list(&self, client: &Client) -> kube::Result<String> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let query = format!("limit={PAGE}&continue={next}");
            let page: Page = in_time(client.request(self.get(&query)?)).await?;
            items.extend(
                page.items
                    .iter()
                    .flatten()
                    .map(|object| self.store.project(object)),
            );
            match page.metadata.next.filter(|token| !token.is_empty()) {
                Some(token) => next = escape(&token),
                None => {
                    self.store.replace(items);
                    self.contact.heard(Timestamp::now());
                    return Ok(page.metadata.resource_version);
                }
            }
        }
    }

    /// Takes in changes until the API server ends the call; returns the version reached.
    async fn watch(&self, client: &Client, mut version: String) -> kube::Result<String> {
        let query = format!(
            "watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&resourceVersion={version}"
        );
        let events = in_time(client.request_events::<Value>(self.get(&query)?)).await?;
        let mut events = std::pin::pin!(events);
        self.contact.heard(Timestamp::now());
        loop {
            let event = match tokio::time::timeout(DEAD_AFTER, events.next()).await {
                Ok(Some(event)) => event?,
                // The end of the call, or silence: go on from where we are. A connection that is dead
                // shows when the next call cannot begin.
                Ok(None) | Err(_) => return Ok(version),
            };
            match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    advance(&mut version, &object);
                    self.store.apply(self.store.project(&object));
                }
                WatchEvent::Deleted(object) => {
                    advance(&mut version, &object);
                    self.store.remove(self.store.project(&object));
                }
                WatchEvent::Bookmark(bookmark) => version = bookmark.metadata.resource_version,
                WatchEvent::Error(status) => return Err(kube::Error::Api(status)),
            }
            self.contact.heard(Timestamp::now());
        }
    }

    fn get(&self, query: &str) -> kube::Result<Request<Vec<u8>>> {
        let (group, version, plural) = (
            self.resource.group(),
            self.resource.version,
            self.resource.plural(),
        );
        let collection = match &self.namespace {
            Some(namespace) => format!("/apis/{group}/{version}/namespaces/{namespace}/{plural}"),
            None => format!("/apis/{group}/{version}/{plural}"),
        };
        let selector = if self.selector.is_empty() {
            String::new()
        } else {
            format!("&labelSelector={}", escape(self.selector))
        };
        Request::get(format!("{collection}?{query}{selector}"))
            .body(Vec::new())
            .map_err(kube::Error::HttpError)
    }

    fn missing(&self, error: &kube::Error) -> Missing {
        let resource = self.resource.name.to_owned();
        match error {
            kube::Error::Api(status) if status.code == 404 => Missing::NoKind { resource },
            kube::Error::Api(status) if status.code == 403 => Missing::Forbidden {
                verb: "watch".to_owned(),
                resource,
                namespace: self.namespace.clone(),
            },
            kube::Error::Api(status) => Missing::Failed {
                resource,
                why: status.message.clone(),
            },
            other => Missing::NoCluster {
                why: innermost(other),
            },
        }
    }
}

/// Bounds a call; kube has no read timeout of its own.
async fn in_time<T>(call: impl Future<Output = kube::Result<T>>) -> kube::Result<T> {
    tokio::time::timeout(CALL, call).await.unwrap_or_else(|_| {
        let seconds = CALL.as_secs();
        Err(kube::Error::Service(
            format!("no answer within {seconds} s").into(),
        ))
    })
}

fn advance(version: &mut String, object: &Value) {
    if let Some(reached) = object
        .pointer("/metadata/resourceVersion")
        .and_then(Value::as_str)
    {
        reached.clone_into(version);
    }
}
