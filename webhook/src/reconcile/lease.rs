//! Which replica labels: a Lease, taken and kept by compare-and-swap.
//!
//! As in client-go, a holder is judged by our own clock: it is gone when its Lease has not *changed* for
//! the Lease's duration, whatever times are written in it. After a long outage nobody waits for that: when the API
//! server says itself that the Lease was last written long ago, it is free.

use std::time::Duration;

use acm_backup_domain::names::LABELLER_LEASE;
use acm_backup_hub::lease::{Lease, Leases, Look, Written};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::in_time::in_time;

/// How long a Lease holds without being renewed.
pub const DURATION: Duration = Duration::from_secs(15);
/// How often it is renewed, and looked at by those who wait.
pub const RENEW: Duration = Duration::from_secs(3);
/// A holder that could not renew for so long stops by itself, well before another may begin.
pub const GIVE_UP: Duration = Duration::from_secs(10);
/// A Lease that was last written so long before the API server's own time has no holder: several times as long as
/// it holds, since API servers' clocks differ. Were it wrong, the holder would learn so when it next renews.
const LONG_AGO: SignedDuration = SignedDuration::from_secs(60);
/// Bound of one call.
const CALL: Duration = Duration::from_secs(3);

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
    leases: Leases,
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
            leases: Leases::new(client, namespace),
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
        let Look { lease, now } = in_time(CALL, self.leases.get(LABELLER_LEASE)).await?;
        let Some(lease) = lease else {
            let (annotations, spec) = (json!({}), self.spec(Some(0)));
            let created = self.leases.create(LABELLER_LEASE, &annotations, &spec);
            return Ok(standing(in_time(CALL, created).await?));
        };
        let holder = lease.holder();
        let is_free = holder.is_empty() || written_long_ago(&lease, now);
        if holder != self.identity && !is_free && !self.has_lapsed(&lease) {
            return Ok(Standing::Follower);
        }
        let transitions = (holder != self.identity).then(|| lease.transitions().saturating_add(1));
        let spec = self.spec(transitions);
        Ok(standing(self.change(&lease, &spec).await?))
    }

    /// Gives the Lease up, so that the next replica need not wait for it to lapse.
    ///
    /// # Errors
    /// When the API server cannot be asked or refuses; the Lease then lapses by itself.
    pub async fn release(&self) -> kube::Result<()> {
        let look = in_time(CALL, self.leases.get(LABELLER_LEASE)).await?;
        if let Some(lease) = look.lease.filter(|lease| lease.holder() == self.identity) {
            let spec = json!({"holderIdentity": "", "leaseDurationSeconds": 1});
            self.change(&lease, &spec).await?;
        }
        Ok(())
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

    async fn change(&self, lease: &Lease, spec: &Value) -> kube::Result<Written> {
        in_time(
            CALL,
            self.leases.change(LABELLER_LEASE, lease, &json!({}), spec),
        )
        .await
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
}

fn written_long_ago(lease: &Lease, now: Option<Timestamp>) -> bool {
    let age = |written: Timestamp| now.map(|now| now.duration_since(written));
    lease.written().and_then(age) >= Some(LONG_AGO)
}

fn standing(written: Written) -> Standing {
    match written {
        Written::Done(lease) => Standing::Leader {
            installed: lease.metadata.creation_timestamp,
        },
        // Another wrote first.
        Written::Conflict => Standing::Follower,
    }
}
