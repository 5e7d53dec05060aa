//! Which replica labels: a Lease, taken and kept by compare-and-swap.
//!
//! As in client-go, a holder is judged by our own clock: it is gone when its Lease has not *changed* for
//! the Lease's duration, whatever times are written in it.

use std::time::Duration;

use acm_backup_domain::names::{FIELD_MANAGER, LABELLER_LEASE};
use http::Request;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use kube::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

/// How long a Lease holds without being renewed.
pub const DURATION: Duration = Duration::from_secs(15);
/// How often it is renewed, and looked at by those who wait.
pub const RENEW: Duration = Duration::from_secs(3);
/// A holder that could not renew for so long stops by itself, well before another may begin.
pub const GIVE_UP: Duration = Duration::from_secs(10);
/// Bound of one call.
const CALL: Duration = Duration::from_secs(3);

#[derive(Clone, Debug, Deserialize)]
struct Lease {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    uid: String,
    resource_version: String,
    #[serde(default)]
    creation_timestamp: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    holder_identity: Option<String>,
    #[serde(default)]
    lease_transitions: Option<i64>,
}

/// What a look at the Lease came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// We hold it.
    Leader {
        /// When the Lease was first created, which is when the webhook was installed.
        installed: Option<Timestamp>,
    },
    /// Another does, or was quicker.
    Follower,
}

/// Our side of the election.
pub struct Election {
    client: Client,
    url: String,
    identity: String,
    duration: Duration,
    /// The version last seen of another's Lease, and since when.
    observed: Option<(String, Instant)>,
}

impl Election {
    /// Takes part as `identity`, with the Lease in `namespace`.
    #[must_use]
    pub fn new(client: Client, namespace: &str, identity: &str) -> Self {
        Self {
            client,
            url: format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"),
            identity: identity.to_owned(),
            duration: DURATION,
            observed: None,
        }
    }

    /// Lets a Lease hold for another time than [`DURATION`].
    #[must_use]
    pub fn holding_for(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Takes the Lease if it is free, renews it if it is ours.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses; nothing is known then, and a leader stays one
    /// until [`GIVE_UP`].
    pub async fn round(&mut self) -> kube::Result<Standing> {
        let lease = match self.get().await {
            Ok(lease) => lease,
            Err(kube::Error::Api(status)) if status.code == 404 => {
                return self.standing(self.create().await);
            }
            Err(error) => return Err(error),
        };
        let holder = lease.spec.holder_identity.as_deref().unwrap_or_default();
        if holder != self.identity && !holder.is_empty() && !self.has_lapsed(&lease) {
            return Ok(Standing::Follower);
        }
        let taken = holder != self.identity;
        self.standing(self.take(&lease, taken).await)
    }

    /// Gives the Lease up, so that the next replica need not wait for it to lapse.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses; the Lease then lapses by itself.
    pub async fn release(&self) -> kube::Result<()> {
        let lease = self.get().await?;
        if lease.spec.holder_identity.as_deref() == Some(self.identity.as_str()) {
            let spec = json!({"holderIdentity": "", "leaseDurationSeconds": 1});
            self.patch(&lease, spec).await?;
        }
        Ok(())
    }

    fn standing(&self, written: kube::Result<Lease>) -> kube::Result<Standing> {
        match written {
            Ok(lease) => Ok(Standing::Leader {
                installed: lease.metadata.creation_timestamp,
            }),
            // Another wrote first.
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Standing::Follower),
            Err(error) => Err(error),
        }
    }

    fn has_lapsed(&mut self, lease: &Lease) -> bool {
        let version = &lease.metadata.resource_version;
        match &self.observed {
            Some((seen, since)) if seen == version => since.elapsed() >= self.duration,
            _ => {
                self.observed = Some((version.clone(), Instant::now()));
                false
            }
        }
    }

    async fn get(&self) -> kube::Result<Lease> {
        let url = format!("{}/{LABELLER_LEASE}", self.url);
        self.call(Request::get(url).body(Vec::new())).await
    }

    async fn create(&self) -> kube::Result<Lease> {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": LABELLER_LEASE,
                "labels": {
                    "app.kubernetes.io/part-of": "acm-backup",
                    "velero.io/exclude-from-backup": "true",
                },
            },
            "spec": self.spec(Some(0)),
        });
        let url = format!("{}?fieldManager={FIELD_MANAGER}", self.url);
        let request = Request::post(url).header(CONTENT_TYPE, "application/json");
        self.call(request.body(lease.to_string().into_bytes()))
            .await
    }

    async fn take(&self, lease: &Lease, taken: bool) -> kube::Result<Lease> {
        let transitions =
            taken.then(|| lease.spec.lease_transitions.unwrap_or(0).saturating_add(1));
        self.patch(lease, self.spec(transitions)).await
    }

    fn spec(&self, transitions: Option<i64>) -> Value {
        // MicroTime takes exactly six digits.
        let now = Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
            .to_string();
        let mut spec = json!({
            "holderIdentity": self.identity,
            "leaseDurationSeconds": self.duration.as_secs().max(1),
            "renewTime": now,
        });
        if let (Some(transitions), Some(fields)) = (transitions, spec.as_object_mut()) {
            fields.insert("leaseTransitions".to_owned(), json!(transitions));
            fields.insert("acquireTime".to_owned(), json!(now));
        }
        spec
    }

    /// Changes the Lease only if it is still the one that was looked at.
    async fn patch(&self, lease: &Lease, spec: Value) -> kube::Result<Lease> {
        let patch = json!({
            "metadata": {
                "uid": lease.metadata.uid,
                "resourceVersion": lease.metadata.resource_version,
            },
            "spec": spec,
        });
        let url = format!("{}/{LABELLER_LEASE}?fieldManager={FIELD_MANAGER}", self.url);
        let request = Request::patch(url).header(CONTENT_TYPE, "application/merge-patch+json");
        self.call(request.body(patch.to_string().into_bytes()))
            .await
    }

    async fn call(&self, request: http::Result<Request<Vec<u8>>>) -> kube::Result<Lease> {
        let request = request.map_err(kube::Error::HttpError)?;
        tokio::time::timeout(CALL, self.client.request(request))
            .await
            .unwrap_or_else(|_| Err(kube::Error::Service("no answer in time".into())))
    }
}
