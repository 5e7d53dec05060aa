//! Waiting for something to become true, with a limit; what was waited for and what was last
//! seen are in the error.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use anyhow::{Result, bail};
use futures::{StreamExt, pin_mut};
use kube::Api;
use kube::api::{ListParams, WatchEvent, WatchParams};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};

/// Between two looks where the API server offers no watch.
const PACE: Duration = Duration::from_millis(50);

/// One watch lasts no longer than this (seconds), in case its connection died unnoticed.
const WATCH_SECONDS: u32 = 20;

/// What a look found.
#[derive(Debug)]
pub enum Seen<T> {
    /// It is there.
    Yes(T),
    /// Not yet; this instead.
    NotYet(String),
}

/// Look again and again until it is there. An error of a look is what was last seen, not the end:
/// servers come and go in these tests.
pub async fn until<T, F, Fut>(what: &str, limit: Duration, mut look: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Seen<T>>>,
{
    let end = Instant::now() + limit;
    let mut last = "nothing: no look came back".to_owned();
    loop {
        match timeout_at(end, look()).await {
            Ok(Ok(Seen::Yes(it))) => return Ok(it),
            Ok(Ok(Seen::NotYet(instead))) => last = instead,
            Ok(Err(error)) => last = format!("{error:#}"),
            Err(_) => {}
        }
        if Instant::now() + PACE > end {
            bail!("waited {limit:?} for {what}; last seen: {last}");
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Watch one object until `is` finds in it what is waited for. `is` sees `None` while there is no such object.
pub async fn for_object<K, T>(
    api: &Api<K>,
    name: &str,
    what: &str,
    limit: Duration,
    mut is: impl FnMut(Option<&K>) -> Option<T>,
) -> Result<T>
where
    K: Clone + Debug + DeserializeOwned + Serialize,
{
    let mut last = "nothing: the API server did not answer".to_owned();
    let watching = async {
        loop {
            match watch_once(api, name, &mut is, &mut last).await {
                Ok(Some(found)) => return found,
                Ok(None) => {}
                Err(error) => {
                    last = format!("{error}");
                    tokio::time::sleep(PACE).await;
                }
            }
        }
    };
    match timeout(limit, watching).await {
        Ok(found) => Ok(found),
        Err(_) => bail!("waited {limit:?} for {what}; last seen: {last}"),
    }
}

/// List, then watch from there until it is found or the watch ends.
async fn watch_once<K, T>(
    api: &Api<K>,
    name: &str,
    is: &mut impl FnMut(Option<&K>) -> Option<T>,
    last: &mut String,
) -> kube::Result<Option<T>>
where
    K: Clone + Debug + DeserializeOwned + Serialize,
{
    let field = format!("metadata.name={name}");
    let list = api.list(&ListParams::default().fields(&field)).await?;
    let object = list.items.first();
    *last = describe(object);
    if let Some(found) = is(object) {
        return Ok(Some(found));
    }
    let version = list.metadata.resource_version.unwrap_or_default();
    let params = WatchParams::default().fields(&field).timeout(WATCH_SECONDS);
    let events = api.watch(&params, &version).await?;
    pin_mut!(events);
    while let Some(event) = events.next().await {
        let object = match event? {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => Some(object),
            WatchEvent::Deleted(_) => None,
            WatchEvent::Bookmark(_) => continue,
            // Too old a version, say: list again.
            WatchEvent::Error(_) => break,
        };
        *last = describe(object.as_ref());
        if let Some(found) = is(object.as_ref()) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// An object in a few hundred characters: an error must stay readable.
fn describe<K: Serialize>(object: Option<&K>) -> String {
    let Some(object) = object else {
        return "no such object".to_owned();
    };
    let mut value = serde_json::to_value(object).unwrap_or_default();
    if let Some(metadata) = value.get_mut("metadata").and_then(|m| m.as_object_mut()) {
        metadata.remove("managedFields");
    }
    let text = value.to_string();
    text.chars().take(1500).collect()
}

/// Wait until an object is gone.
pub async fn until_gone<K>(api: &Api<K>, name: &str, limit: Duration) -> Result<()>
where
    K: Clone + Debug + DeserializeOwned + Serialize,
{
    let what = format!("{name} to be gone");
    for_object(api, name, &what, limit, |object| {
        object.is_none().then_some(())
    })
    .await
}
