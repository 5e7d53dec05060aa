//! Reading objects of an API server, page by page.

use super::answer::{Subject, missing};
use crate::deadline::Deadline;
use crate::kinds::Resource;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::secret::SecretMeta;
use acm_backup_domain::snapshot::Missing;
use http::Request;
use kube::Client;
use serde::de::{DeserializeOwned, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// Objects a page. A large hub's ManagedClusters are some 10 KB each; a page is kept only until its
/// projections are read.
const PAGE: usize = 500;

/// How often a read is tried again when the server says it is busy.
const RETRIES: u32 = 2;

/// How long to wait before that.
const PAUSE: Duration = Duration::from_millis(250);

/// Reads from one API server, everything before one deadline.
pub struct Lister {
    client: Client,
    namespace: String,
    deadline: Deadline,
}

/// One page of a list.
#[derive(Deserialize)]
#[serde(bound = "K: Kind")]
struct Page<K> {
    #[serde(default)]
    metadata: PageMeta,
    #[serde(default)]
    items: Items<K>,
}

#[derive(Default, Deserialize)]
struct PageMeta {
    #[serde(default, rename = "continue")]
    token: Option<String>,
}

/// The items of a page, each read as it is met: of 500 objects of 12 KB, one is in memory at a time.
struct Items<K>(Vec<K>);

impl<K> Default for Items<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, K: Kind> Deserialize<'de> for Items<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<K>(PhantomData<K>);
        impl<'de, K: Kind> Visitor<'de> for Visit<K> {
            type Value = Items<K>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Items<K>, A::Error> {
                let mut read = Vec::new();
                while let Some(object) = items.next_element::<Value>()? {
                    read.push(K::read(&object));
                }
                Ok(Items(read))
            }

            // Go writes an empty list as null.
            fn visit_unit<E>(self) -> Result<Items<K>, E> {
                Ok(Items::default())
            }
        }
        deserializer.deserialize_any(Visit(PhantomData))
    }
}

impl Lister {
    /// A reader that is done by the deadline; one of a length only starts now.
    pub fn new(client: Client, namespace: &str, deadline: impl Into<Deadline>) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
            deadline: deadline.into(),
        }
    }

    /// The namespace it reads.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The same deadline for another namespace.
    pub(super) fn elsewhere(&self, namespace: &str) -> Self {
        Self {
            client: self.client.clone(),
            namespace: namespace.to_owned(),
            ..*self
        }
    }

    /// All objects of a kind, in the order the server lists them (by name).
    pub async fn list<K: Kind>(&self, resource: &Resource) -> Result<Vec<K>, Missing> {
        let subject = Subject::new("list", resource, &self.namespace, self.deadline.length());
        self.in_time(&subject, async {
            match self.pages(resource).await {
                // The token of a later page has expired: only the beginning is still to be had.
                Err(kube::Error::Api(status)) if status.code == 410 => self.pages(resource).await,
                other => other,
            }
        })
        .await
    }

    /// One object by name, `None` where there is none.
    pub async fn get<K: Kind>(
        &self,
        resource: &Resource,
        name: &str,
    ) -> Result<Option<K>, Missing> {
        let subject = Subject::new("get", resource, &self.namespace, self.deadline.length());
        let url = format!("{}/{}", resource.url(&self.namespace), escape(name));
        let found = self.in_time(&subject, self.read::<Value>(&url)).await;
        match found {
            Ok(object) => Ok(Some(K::read(&object))),
            // A 404 does not say whether the object or its kind is missing; only a kind that is
            // served can be listed.
            Err(Missing::NoKind { .. }) => {
                let kind = format!("{}?limit=1", resource.url(&self.namespace));
                let subject =
                    Subject::new("list", resource, &self.namespace, self.deadline.length());
                match self.in_time(&subject, self.read::<Value>(&kind)).await {
                    // Whoever may not list has still been told "not found" when asking by name.
                    Ok(_) | Err(Missing::Forbidden { .. }) => Ok(None),
                    Err(missing) => Err(missing),
                }
            }
            Err(missing) => Err(missing),
        }
    }

    /// Whether the namespace holds at least one object of a kind.
    pub async fn any(&self, resource: &Resource) -> Result<bool, Missing> {
        let subject = Subject::new("list", resource, &self.namespace, self.deadline.length());
        let url = format!("{}?limit=1", resource.url(&self.namespace));
        let page: Page<SecretMeta> = self.in_time(&subject, self.read(&url)).await?;
        Ok(!page.items.0.is_empty())
    }

    /// The API server's version.
    pub(super) async fn version(&self) -> Result<String, Missing> {
        let answer: Value = self
            .in_time(&self.subject("get", "/version"), self.read("/version"))
            .await?;
        let version = answer.get("gitVersion").and_then(Value::as_str);
        version.map(str::to_owned).ok_or_else(|| Missing::Failed {
            resource: "/version".to_owned(),
            why: "the answer has no gitVersion".to_owned(),
        })
    }

    /// Sends `body` and reads the answer; never sent twice.
    pub(super) async fn create(
        &self,
        url: &str,
        body: serde_json::Result<Vec<u8>>,
        subject: &Subject,
    ) -> Result<Value, Missing> {
        let request = body.map_err(kube::Error::SerdeError).and_then(|body| {
            Request::post(url)
                .header("content-type", "application/json")
                .body(body)
                .map_err(kube::Error::HttpError)
        });
        self.in_time(subject, async { self.client.request(request?).await })
            .await
    }

    /// What access reviews are about, in the words of [`Missing`].
    pub(super) fn subject(&self, verb: &str, resource: &str) -> Subject {
        Subject {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            namespace: None,
            deadline: self.deadline.length(),
        }
    }

    async fn pages<K: Kind>(&self, resource: &Resource) -> kube::Result<Vec<K>> {
        let collection = resource.url(&self.namespace);
        let mut found = Vec::new();
        let mut url = format!("{collection}?limit={PAGE}");
        loop {
            let page: Page<K> = self.read(&url).await?;
            found.extend(page.items.0);
            match page.metadata.token.filter(|token| !token.is_empty()) {
                Some(token) => {
                    url = format!("{collection}?limit={PAGE}&continue={}", escape(&token))
                }
                None => return Ok(found),
            }
        }
    }

    /// A GET; tried again a few times when the server says it is busy, which a read may be.
    async fn read<T: DeserializeOwned>(&self, url: &str) -> kube::Result<T> {
        let mut left = 0..RETRIES;
        loop {
            let request = Request::get(url)
                .body(Vec::new())
                .map_err(kube::Error::HttpError)?;
            match self.client.request(request).await {
                Err(kube::Error::Api(status))
                    if matches!(status.code, 429 | 503 | 504) && left.next().is_some() =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    async fn in_time<T>(
        &self,
        subject: &Subject,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, Missing> {
        match self.deadline.bound(call).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(missing(subject, &error)),
            Err(_) => Err(subject.timed_out()),
        }
    }
}

/// Percent-encodes what may not stand in a path segment or query value.
#[must_use]
pub fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn tokens_and_names_survive_a_url() {
        assert_eq!(
            escape("acm-resources-schedule-1"),
            "acm-resources-schedule-1"
        );
        assert_eq!(escape("a/b?c=d&e"), "a%2Fb%3Fc%3Dd%26e");
    }
}
