//! Secrets and ConfigMaps by their metadata alone.
//!
//! Every call asks for `PartialObjectMetadata`, writes included: no answer carries data. Annotations are
//! not read either, since `last-applied-configuration` repeats what was applied.

use std::collections::BTreeMap;
use std::time::Duration;

use acm_backup_domain::labels::left_alone::{Unselected, uid};
use acm_backup_domain::labels::referrers::Labelled;
use acm_backup_domain::labels::{ASKED_FOR, Labels, Subject};
use acm_backup_domain::names::FIELD_MANAGER;
use acm_backup_domain::upstream::object_label;
use acm_backup_hub::live::escape;
use futures::{Stream, StreamExt, TryStreamExt};
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use jiff::Timestamp;
use kube::Client;
use kube::core::WatchEvent;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;

use super::in_time::in_time;

const ONE: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const MANY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Bound of one call; kube has none of its own.
const CALL: Duration = Duration::from_secs(10);

/// Objects a page.
const PAGE: u32 = 500;

/// Identity and labels. It has no field for anything else.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    resource_version: String,
    #[serde(default)]
    labels: AskedFor,
    #[serde(default)]
    creation_timestamp: Option<Timestamp>,
    #[serde(default)]
    deletion_timestamp: Option<IgnoredAny>,
}

/// The labels a decision asks for.
#[derive(Clone, Debug, Default)]
struct AskedFor(BTreeMap<&'static str, String>);

impl<'de> Deserialize<'de> for AskedFor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = AskedFor;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("labels")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<AskedFor, A::Error> {
                let mut found = BTreeMap::new();
                while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
                    match ASKED_FOR.into_iter().find(|asked| *asked == key) {
                        Some(asked) => {
                            found.insert(asked, map.next_value()?);
                        }
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(AskedFor(found))
            }

            fn visit_unit<E>(self) -> Result<AskedFor, E> {
                Ok(AskedFor::default())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[derive(Clone, Debug, Deserialize)]
struct Object {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct List {
    /// The metadata API says `null` where nothing matches.
    #[serde(default)]
    items: Option<Vec<Object>>,
    #[serde(default)]
    metadata: ListMeta,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    #[serde(default)]
    resource_version: String,
    #[serde(default, rename = "continue")]
    next: String,
}

/// A Secret or ConfigMap as it was looked at: what decides, and what makes sure it is still the same one.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which of the two.
    pub what: Labelled,
    metadata: Metadata,
}

impl Seen {
    /// What the decision is about.
    #[must_use]
    pub fn subject(&self) -> Subject<'_, dyn Labels> {
        Subject {
            what: self.what,
            namespace: self.namespace(),
            name: self.name(),
            labels: &self.metadata.labels,
        }
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.metadata.namespace
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// What tells whether it is to be left alone.
    #[must_use]
    pub fn unselected(&self) -> Unselected<'_> {
        Unselected {
            uid: uid(&self.metadata.uid),
            created: self.metadata.creation_timestamp,
            subject: self.subject(),
        }
    }

    /// It is on its way out.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }
}

impl Labels for AskedFor {
    fn label(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The label is on.
    Done,
    /// Someone else changed it meanwhile; look again.
    Changed,
    /// It is gone.
    Gone,
    /// It was stored without the label: something else at admission takes it off.
    TakenOff,
}

/// What a watch heard of something nothing selects.
#[derive(Clone, Debug)]
pub struct Heard {
    /// It was made, or has just lost the label that selected it.
    pub anew: bool,
    /// It.
    pub seen: Seen,
}

/// The metadata API of Secrets and ConfigMaps.
#[derive(Clone)]
pub struct Metadatas {
    client: Client,
}

impl Metadatas {
    /// Calls through `client`, which must not retry by itself.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// One by name; none where there is none of that name.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn get(
        &self,
        what: Labelled,
        namespace: &str,
        name: &str,
    ) -> kube::Result<Option<Seen>> {
        let url = one(what, namespace, name);
        let request = Request::get(url).header(ACCEPT, ONE).body(Vec::new());
        match self.call::<Object>(request).await {
            Ok(Object { metadata }) => Ok(Some(Seen { what, metadata })),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Those of a namespace, or of all where `namespace` is none, that a label selector selects: page
    /// by page, so that no more than one is held. Returns the version of the whole.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn pages(
        &self,
        what: Labelled,
        namespace: Option<&str>,
        selector: &str,
        mut take: impl FnMut(Vec<Seen>),
    ) -> kube::Result<String> {
        let collection = match namespace {
            None => format!("/api/v1/{}", what.plural()),
            Some(namespace) => format!("/api/v1/namespaces/{namespace}/{}", what.plural()),
        };
        let selector = escape(selector);
        let mut next = String::new();
        loop {
            let url = format!("{collection}?limit={PAGE}&labelSelector={selector}&continue={next}");
            let request = Request::get(url).header(ACCEPT, MANY).body(Vec::new());
            let page = self.call::<List>(request).await?;
            let seen = |Object { metadata }| Seen { what, metadata };
            take(page.items.into_iter().flatten().map(seen).collect());
            if page.metadata.next.is_empty() {
                return Ok(page.metadata.resource_version);
            }
            next = escape(&page.metadata.next);
        }
    }

    /// What happens to those in all namespaces that a label selector selects, from a version on, until the API
    /// server ends the call. One that comes to be selected is heard of as made anew; bookmarks and those that are
    /// gone are not heard of. Beside each, the version it brings.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn watch(
        &self,
        what: Labelled,
        selector: &str,
        version: &str,
        seconds: u32,
    ) -> kube::Result<impl Stream<Item = kube::Result<(String, Option<Heard>)>> + use<>> {
        let url = format!(
            "/api/v1/{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&labelSelector={}\
             &resourceVersion={version}",
            what.plural(),
            escape(selector)
        );
        let request = Request::get(url)
            .header(ACCEPT, ONE)
            .body(Vec::new())
            .map_err(kube::Error::HttpError)?;
        let events = in_time(CALL, self.client.request_events::<Object>(request)).await?;
        Ok(events.boxed().and_then(move |event| async move {
            let heard = |anew, Object { metadata }| {
                let version = metadata.resource_version.clone();
                (
                    version,
                    Some(Heard {
                        anew,
                        seen: Seen { what, metadata },
                    }),
                )
            };
            match event {
                WatchEvent::Added(object) => Ok(heard(true, object)),
                WatchEvent::Modified(object) => Ok(heard(false, object)),
                WatchEvent::Deleted(object) => Ok((object.metadata.resource_version, None)),
                WatchEvent::Bookmark(bookmark) => Ok((bookmark.metadata.resource_version, None)),
                WatchEvent::Error(status) => Err(kube::Error::Api(status)),
            }
        }))
    }

    /// Adds the backup label to exactly what was looked at. With its uid in the patch, one that was deleted
    /// meanwhile does not come back empty; with its version, a label someone else put there first is not
    /// overwritten.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn label(&self, seen: &Seen, value: &str) -> kube::Result<Written> {
        let meta = &seen.metadata;
        let url = format!(
            "{}?fieldManager={FIELD_MANAGER}",
            one(seen.what, &meta.namespace, &meta.name)
        );
        let patch = json!({"metadata": {
            "uid": meta.uid,
            "resourceVersion": meta.resource_version,
            "labels": {(object_label::BACKUP): value},
        }});
        let request = Request::patch(url)
            .header(ACCEPT, ONE)
            .header(CONTENT_TYPE, "application/merge-patch+json")
            .body(patch.to_string().into_bytes());
        match self.call::<Object>(request).await {
            Ok(stored) => Ok(match stored.metadata.labels.label(object_label::BACKUP) {
                Some(_) => Written::Done,
                None => Written::TakenOff,
            }),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Written::Changed),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Written::Gone),
            Err(error) => Err(error),
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        request: http::Result<Request<Vec<u8>>>,
    ) -> kube::Result<T> {
        in_time(
            CALL,
            self.client
                .request(request.map_err(kube::Error::HttpError)?),
        )
        .await
    }
}

fn one(what: Labelled, namespace: &str, name: &str) -> String {
    let (plural, name) = (what.plural(), escape(name));
    format!("/api/v1/namespaces/{namespace}/{plural}/{name}")
}
