//! Secrets by their metadata alone.
//!
//! Every call asks for `PartialObjectMetadata`, writes included: no answer carries data. Annotations are
//! not read either, since `last-applied-configuration` repeats what was applied.

use std::collections::BTreeMap;
use std::time::Duration;

use acm_backup_domain::kinds::meta::Meta;
use acm_backup_domain::kinds::secret::SecretMeta;
use acm_backup_domain::names::FIELD_MANAGER;
use acm_backup_domain::upstream::object_label;
use acm_backup_hub::live::escape;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use jiff::Timestamp;
use kube::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

const ONE: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const MANY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Bound of one call; kube has none of its own.
const CALL: Duration = Duration::from_secs(10);

/// Objects a page.
const PAGE: u32 = 500;

/// A Secret's identity and labels. It has no field for anything else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    resource_version: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    creation_timestamp: Option<Timestamp>,
    #[serde(default)]
    deletion_timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
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
struct ListMeta {
    #[serde(default, rename = "continue")]
    next: String,
}

/// A Secret as it was looked at: what decides, and what makes sure it is still the same one.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// What the decision is about.
    pub secret: SecretMeta,
    /// The version that was looked at.
    pub resource_version: String,
}

impl From<Object> for Seen {
    fn from(Object { metadata }: Object) -> Self {
        Self {
            resource_version: metadata.resource_version,
            secret: SecretMeta {
                meta: Meta {
                    name: metadata.name,
                    namespace: metadata.namespace,
                    uid: Some(metadata.uid),
                    labels: metadata.labels,
                    created: metadata.creation_timestamp,
                    deleted: metadata.deletion_timestamp,
                    ..Meta::default()
                },
            },
        }
    }
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labelled {
    /// The label is on.
    Done,
    /// Someone else changed the Secret meanwhile; look again.
    Changed,
    /// It is gone.
    Gone,
}

/// The metadata API of Secrets.
#[derive(Clone)]
pub struct Secrets {
    client: Client,
}

impl Secrets {
    /// Calls through `client`, which must not retry by itself.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// One Secret; none where there is none of that name.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn get(&self, namespace: &str, name: &str) -> kube::Result<Option<Seen>> {
        let url = format!("/api/v1/namespaces/{namespace}/secrets/{}", escape(name));
        let request = Request::get(url).header(ACCEPT, ONE).body(Vec::new());
        match self.call::<Object>(request).await {
            Ok(object) => Ok(Some(object.into())),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The Secrets of a namespace, or of all where `namespace` is none, that a label selector selects: page
    /// by page, so that no more than one is held.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn pages(
        &self,
        namespace: Option<&str>,
        selector: &str,
        mut take: impl FnMut(Vec<Seen>),
    ) -> kube::Result<()> {
        let collection = namespace.map_or_else(
            || "/api/v1/secrets".to_owned(),
            |namespace| format!("/api/v1/namespaces/{namespace}/secrets"),
        );
        let selector = escape(selector);
        let mut next = String::new();
        loop {
            let url = format!("{collection}?limit={PAGE}&labelSelector={selector}&continue={next}");
            let request = Request::get(url).header(ACCEPT, MANY).body(Vec::new());
            let page = self.call::<List>(request).await?;
            take(page.items.into_iter().flatten().map(Seen::from).collect());
            if page.metadata.next.is_empty() {
                return Ok(());
            }
            next = escape(&page.metadata.next);
        }
    }

    /// Adds the backup label to exactly the Secret that was looked at. With its uid in the patch a Secret
    /// that was deleted meanwhile does not come back empty; with its version, a label someone else put
    /// there first is not overwritten.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses.
    pub async fn label(&self, seen: &Seen, value: &str) -> kube::Result<Labelled> {
        let meta = &seen.secret.meta;
        let url = format!(
            "/api/v1/namespaces/{}/secrets/{}?fieldManager={FIELD_MANAGER}",
            meta.namespace,
            escape(&meta.name)
        );
        let patch = json!({"metadata": {
            "uid": meta.uid,
            "resourceVersion": seen.resource_version,
            "labels": {(object_label::BACKUP): value},
        }});
        let request = Request::patch(url)
            .header(ACCEPT, ONE)
            .header(CONTENT_TYPE, "application/merge-patch+json")
            .body(patch.to_string().into_bytes());
        match self.call::<Object>(request).await {
            Ok(_) => Ok(Labelled::Done),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Labelled::Changed),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Labelled::Gone),
            Err(error) => Err(error),
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        request: http::Result<Request<Vec<u8>>>,
    ) -> kube::Result<T> {
        let request = request.map_err(kube::Error::HttpError)?;
        tokio::time::timeout(CALL, self.client.request(request))
            .await
            .unwrap_or_else(|_| Err(kube::Error::Service("no answer in time".into())))
    }
}
