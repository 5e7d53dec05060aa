//! Leases in our own namespace, written by compare-and-swap, with the API server's own time beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use acm_backup_domain::names::FIELD_MANAGER;
use acm_backup_domain::snapshot::Missing;
use acm_backup_domain::upstream::object_label;
use http::header::{CONTENT_TYPE, DATE};
use http::{Request, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

use crate::kinds::LEASES;
use crate::live::answer::{Subject, missing};

/// Largest answer that is read; the API server stores no larger object.
const LIMIT: usize = 4 * 1024 * 1024;

/// Said with a write that is to go the whole way and not be stored.
const DRY_RUN: &str = "&dryRun=All";

/// The Leases of one namespace.
#[derive(Clone)]
pub struct Leases {
    client: Client,
    namespace: String,
    url: String,
}

/// A Lease as far as we use one.
#[derive(Clone, Debug, Deserialize)]
pub struct Lease {
    /// Its metadata.
    pub metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

/// Metadata of a Lease.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    uid: String,
    /// Its version: what a compare-and-swap compares.
    pub resource_version: String,
    /// When it was first made.
    #[serde(default)]
    pub creation_timestamp: Option<Timestamp>,
    /// Its annotations.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    #[serde(default)]
    managed_fields: Vec<ManagedFields>,
}

#[derive(Clone, Debug, Deserialize)]
struct ManagedFields {
    #[serde(default)]
    manager: String,
    #[serde(default)]
    time: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    holder_identity: Option<String>,
    #[serde(default)]
    lease_transitions: Option<i64>,
}

impl Lease {
    /// Who holds it; empty where nobody does.
    #[must_use]
    pub fn holder(&self) -> &str {
        self.spec.holder_identity.as_deref().unwrap_or_default()
    }

    /// How often it has changed hands.
    #[must_use]
    pub fn transitions(&self) -> i64 {
        self.spec.lease_transitions.unwrap_or(0)
    }

    /// When we last changed it, by the clock of the API server that stored the change: it writes the time
    /// into `managedFields` itself. None where someone took that away.
    #[must_use]
    pub fn written(&self) -> Option<Timestamp> {
        let ours = self
            .metadata
            .managed_fields
            .iter()
            .filter(|fields| fields.manager == FIELD_MANAGER);
        ours.filter_map(|fields| fields.time).max()
    }
}

/// A Lease, or that there is none, and when that was so.
#[derive(Clone, Debug)]
pub struct Look {
    /// The Lease.
    pub lease: Option<Lease>,
    /// The API server's clock as it answered, to the second; none where a proxy took it out.
    pub now: Option<Timestamp>,
}

/// What became of a write.
#[derive(Clone, Debug)]
pub enum Written {
    /// Stored, and so it stands.
    Done(Box<Lease>),
    /// Another wrote first: look again.
    Conflict,
}

impl Leases {
    /// Those in `namespace`.
    #[must_use]
    pub fn new(client: Client, namespace: &str) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
            url: format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"),
        }
    }

    /// Looks at one.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses. Takes as long as it takes: bound it.
    pub async fn get(&self, name: &str) -> kube::Result<Look> {
        let request = Request::get(format!("{}/{name}", self.url)).body(Vec::new());
        let answer = self.send(request).await?;
        let now = answer.now;
        let lease = match answer.read::<Lease>() {
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            read => Some(read?),
        };
        Ok(Look { lease, now })
    }

    /// Whether we may do something with all of them, as the API server's authorizer says, where it knows: what it
    /// could not evaluate is no "no".
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn may(&self, verb: &str) -> kube::Result<bool> {
        let (resource, group) = LEASES.name.split_once('.').unwrap_or((LEASES.name, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "group": group, "resource": resource, "verb": verb, "namespace": self.namespace,
            }},
        });
        let request = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            .header(CONTENT_TYPE, "application/json")
            .body(review.to_string().into_bytes());
        let answer = self.send(request).await?.read::<Value>()?;
        let status = |field: &str| answer.pointer(&format!("/status/{field}"));
        let evaluated = status("evaluationError").is_none();
        Ok(!evaluated || status("allowed").and_then(Value::as_bool) != Some(false))
    }

    /// Makes one that was not there. It stays out of every backup: restored, it would be a lie.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn create(
        &self,
        name: &str,
        annotations: &Value,
        spec: &Value,
    ) -> kube::Result<Written> {
        let query = "";
        self.write(self.creation(name, annotations, spec, query))
            .await
    }

    fn creation(
        &self,
        name: &str,
        annotations: &Value,
        spec: &Value,
        query: &str,
    ) -> http::Result<Request<Vec<u8>>> {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": name,
                "labels": {
                    "app.kubernetes.io/part-of": "acm-backup",
                    (object_label::EXCLUDE): "true",
                },
                "annotations": annotations,
            },
            "spec": spec,
        });
        let url = &self.url;
        Request::post(format!("{url}?fieldManager={FIELD_MANAGER}{query}"))
            .header(CONTENT_TYPE, "application/json")
            .body(lease.to_string().into_bytes())
    }

    /// Goes the way of [`Self::create`] as far as it can be gone without anything being stored.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn try_create(&self, name: &str, spec: &Value) -> kube::Result<()> {
        let request = self.creation(name, &json!({}), spec, DRY_RUN);
        self.tried(request).await
    }

    /// The same of [`Self::change`], whether there is such a Lease or not.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn try_change(&self, name: &str, spec: &Value) -> kube::Result<()> {
        let request = self.patch(name, &json!({ "spec": spec }), DRY_RUN);
        self.tried(request).await
    }

    async fn tried(&self, request: http::Result<Request<Vec<u8>>>) -> kube::Result<()> {
        // What comes back has no version, as nothing was stored.
        match self.send(request).await?.read::<IgnoredAny>() {
            Ok(_) => Ok(()),
            // It exists already, or does not: that is asked last.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Changes one if it is still the one that was looked at. `null` takes a field away.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn change(
        &self,
        name: &str,
        lease: &Lease,
        annotations: &Value,
        spec: &Value,
    ) -> kube::Result<Written> {
        let patch = json!({
            "metadata": {
                "uid": lease.metadata.uid,
                "resourceVersion": lease.metadata.resource_version,
                "annotations": annotations,
            },
            "spec": spec,
        });
        match self.write(self.patch(name, &patch, "")).await {
            // Deleted since: as good as changed.
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Written::Conflict),
            written => written,
        }
    }

    fn patch(&self, name: &str, patch: &Value, query: &str) -> http::Result<Request<Vec<u8>>> {
        let url = &self.url;
        Request::patch(format!("{url}/{name}?fieldManager={FIELD_MANAGER}{query}"))
            .header(CONTENT_TYPE, "application/merge-patch+json")
            .body(patch.to_string().into_bytes())
    }

    /// What a failed call says: `verb` is what was tried.
    #[must_use]
    pub fn missing(&self, verb: &str, error: &kube::Error) -> Missing {
        match error {
            // Not the kind, which every API server has, but the namespace.
            kube::Error::Api(status) if status.code == 404 => Missing::Failed {
                resource: LEASES.name.to_owned(),
                why: status.message.clone(),
            },
            kube::Error::Api(status) if status.code == 403 && !is_of_a_right(&status.message) => {
                Missing::Failed {
                    resource: LEASES.name.to_owned(),
                    why: status.message.clone(),
                }
            }
            _ => missing(
                &Subject::new(verb, &LEASES, &self.namespace, Duration::ZERO),
                error,
            ),
        }
    }

    async fn write(&self, request: http::Result<Request<Vec<u8>>>) -> kube::Result<Written> {
        match self.send(request).await?.read() {
            Ok(lease) => Ok(Written::Done(Box::new(lease))),
            // Of a change: another version. Of a creation: it exists.
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Written::Conflict),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, request: http::Result<Request<Vec<u8>>>) -> kube::Result<Answer> {
        let request = request.map_err(kube::Error::HttpError)?;
        let response = self.client.send(request.map(Body::from)).await?;
        let (head, body) = response.into_parts();
        let now = head
            .headers
            .get(DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(date);
        let body = http_body_util::Limited::new(body, LIMIT);
        let body = http_body_util::BodyExt::collect(body)
            .await
            .map_err(kube::Error::Service)?
            .to_bytes();
        Ok(Answer {
            status: head.status,
            now,
            body: body.into(),
        })
    }
}

/// Whether a refusal is for want of a right; a quota, a namespace on its way out and others' webhooks refuse with the
/// same code.
fn is_of_a_right(message: &str) -> bool {
    match message.split_once(" is forbidden: ") {
        Some((_, why)) => why.starts_with("User "),
        None => !message.starts_with("admission webhook "),
    }
}

/// An HTTP date (`Sun, 06 Nov 1994 08:49:37 GMT`).
fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

struct Answer {
    status: StatusCode,
    now: Option<Timestamp>,
    body: Vec<u8>,
}

impl Answer {
    fn read<T: DeserializeOwned>(&self) -> kube::Result<T> {
        if self.status.is_success() {
            return serde_json::from_slice(&self.body).map_err(kube::Error::SerdeError);
        }
        let code = self.status.as_u16();
        let status = serde_json::from_slice::<Status>(&self.body).unwrap_or_else(|_| {
            Status::failure(&format!("answered with {code}"), "Unknown").with_code(code)
        });
        Err(kube::Error::Api(status.boxed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_time_is_read_as_http_writes_it() {
        let read = date("Wed, 25 Nov 2026 12:00:07 GMT").map(|at| at.to_string());
        assert_eq!(read.as_deref(), Some("2026-11-25T12:00:07Z"));
        for text in [
            "",
            "now",
            "2026-11-25T12:00:07Z",
            "Wed, 99 Nov 2026 12:00:07 GMT",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    /// Failed before: the advice was to give the webhook a right it had.
    #[test]
    fn not_every_refusal_is_for_want_of_a_right() {
        for (message, of_a_right) in [
            (
                r#"leases.coordination.k8s.io "a" is forbidden: User "system:serviceaccount:n:w" cannot create resource "leases" in API group "coordination.k8s.io" in the namespace "n""#,
                true,
            ),
            ("forbidden", true),
            (
                r#"leases.coordination.k8s.io "a" is forbidden: exceeded quota: q, requested: count/leases.coordination.k8s.io=1, used: count/leases.coordination.k8s.io=0, limited: count/leases.coordination.k8s.io=0"#,
                false,
            ),
            (
                r#"leases.coordination.k8s.io "a" is forbidden: unable to create new content in namespace n because it is being terminated"#,
                false,
            ),
            (
                r#"admission webhook "policy" denied the request: no"#,
                false,
            ),
        ] {
            assert_eq!(is_of_a_right(message), of_a_right, "{message}");
        }
    }

    #[test]
    fn a_lease_was_written_when_the_api_server_says_we_last_did() {
        let lease = |managed: Value| -> Lease {
            serde_json::from_value(json!({
                "metadata": {"uid": "1", "resourceVersion": "2", "managedFields": managed},
            }))
            .unwrap()
        };
        let ours = |time: &str| json!({"manager": FIELD_MANAGER, "time": time});
        let others = json!({"manager": "kubectl-edit", "time": "2027-01-01T00:00:00Z"});
        for (managed, written) in [
            (json!([]), None),
            (json!([others.clone()]), None),
            (
                json!([ours("2026-11-25T12:00:00Z"), others]),
                Some("2026-11-25T12:00:00Z"),
            ),
            (json!([{"manager": FIELD_MANAGER}]), None),
        ] {
            let expected = written.map(|at| at.parse().unwrap());
            assert_eq!(lease(managed).written(), expected);
        }
    }
}
