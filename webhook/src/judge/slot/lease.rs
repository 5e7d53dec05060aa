//! One look at the Lease, and one attempt to write it.

use super::*;
use acm_backup_domain::kinds::backup::Backup;
use acm_backup_domain::kinds::secret::SecretMeta;
use acm_backup_domain::slot::record::{self, Fate};
use acm_backup_domain::time::Waited;
use acm_backup_domain::time::saturating::Saturating;
use acm_backup_domain::upstream::{MARKER_PREFIX, backup_label};
use acm_backup_hub::kinds::NAMESPACES;
use acm_backup_hub::lease::{Lease, Look, Written};
use serde_json::json;

use crate::watch::stored::SILENCE;

/// The statement whose marker keeps it on record.
const FENCED: &str = "fenced";

/// What the clock that names a marker may be behind the API server's.
const MARKER_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What the Lease says.
pub(super) struct Reading {
    pub(super) lease: Option<Lease>,
    pub(super) now: Option<Timestamp>,
    pub(super) entries: Vec<Entry>,
    /// The record as it counts now, or why it cannot be read.
    pub(super) record: Result<Vec<Accepted>, Missing>,
}

impl Reading {
    pub(super) fn look<'a>(
        &self,
        bound: SignedDuration,
        stored: Option<&'a [slot::Stored]>,
        seen: &'a (dyn Fn(&str) -> bool + Sync),
    ) -> slot::Look<'a> {
        slot::Look {
            now: self.now,
            written: self.lease.as_ref().and_then(Lease::written),
            bound,
            stored,
            seen,
        }
    }
}

/// What one attempt came to.
pub(super) enum Attempt {
    /// The slot is ours.
    Taken(Taken),
    /// What those who had it before have stored stands in the way.
    Refused(Judgement),
    /// Others have it.
    Held(Reading, Vec<Entry>),
    /// There is no such namespace, so no object of it can be stored.
    Nowhere,
    /// Another wrote first.
    Again,
}

impl Slots {
    pub(super) async fn look(&self, name: &str, deadline: Instant) -> Result<Look, Missing> {
        self.in_time("get", deadline, self.leases.get(name)).await
    }

    pub(super) fn reading(&self, namespace: &str, look: &Look) -> Reading {
        let lease = look.lease.clone();
        let annotation = |key: &str| {
            let annotations = lease.as_ref().map(|lease| &lease.metadata.annotations);
            annotations.and_then(|all| all.get(key)).map(String::as_str)
        };
        let entries = slot::read(annotation(names::SLOT));
        let record = record::read(annotation(names::ACCEPTED))
            .map(|record| {
                record::settle(record, look.now, |entry| self.fate(namespace, entry, look))
            })
            .map_err(|why| Missing::Failed {
                resource: LEASES.name.to_owned(),
                why: format!(
                    "annotation {} of Lease {}: {why}",
                    names::ACCEPTED,
                    names::slot_lease(namespace)
                ),
            });
        Reading {
            now: look.now,
            entries,
            record,
            lease,
        }
    }

    pub(super) async fn attempt(
        self: &Arc<Self>,
        asked: &Asked<'_>,
        me: &Entry,
        snapshot: &mut Snapshot,
        accepted: &[Accepted],
    ) -> Result<Attempt, Missing> {
        let namespace = &asked.review.subject.meta().namespace;
        let name = names::slot_lease(namespace);
        let look = self.look(&name, asked.deadline).await?;
        let reading = self.reading(namespace, &look);
        // Else whoever makes up namespaces fills the API server with Leases that nobody removes.
        if reading.lease.is_none() && !self.is_there(asked, namespace).await? {
            return Ok(Attempt::Nowhere);
        }
        let seen = |uid: &str| self.stored.has_seen(uid);
        let entered =
            match slot::enter(&reading.entries, me, &reading.look(self.bound, None, &seen)) {
                Ok(entries) => Ok(entries),
                // Asked only now: what this shows is younger than the Lease.
                Err(_) => {
                    let found = self.found(asked).await?;
                    let stored = found.stored();
                    let judgement = found.judge(asked.review, snapshot, &self.apart).await;
                    if judgement.is_denied() {
                        return Ok(Attempt::Refused(judgement));
                    }
                    let look = reading.look(self.bound, Some(&stored), &seen);
                    slot::enter(&reading.entries, me, &look)
                }
            };
        let entries = match entered {
            Ok(entries) => entries,
            Err(others) => return self.held(asked, &name, reading, others).await,
        };
        let (record, added) = self.recorded(namespace, &reading, me, accepted)?;
        let annotations = match &record {
            None => json!({(names::SLOT): slot::write(&entries)}),
            Some(text) => json!({(names::SLOT): slot::write(&entries), (names::ACCEPTED): text}),
        };
        let spec = self.spec(&me.holder, reading.now);
        // Made before the write: one that was cut off may have been stored all the same.
        let taken = Taken {
            slots: Arc::clone(self),
            name,
            request: me.request.clone(),
            added,
            record: reading.record.ok(),
            kept: false,
        };
        let written = match &reading.lease {
            None => {
                let call = self.leases.create(&taken.name, &annotations, &spec);
                self.in_time("create", asked.deadline, call).await?
            }
            Some(lease) => {
                let call = self.leases.change(&taken.name, lease, &annotations, &spec);
                self.in_time("patch", asked.deadline, call).await?
            }
        };
        Ok(match written {
            Written::Done(_) => Attempt::Taken(taken),
            Written::Conflict => {
                taken.keep();
                Attempt::Again
            }
        })
    }

    /// Whether a namespace is there; the operator's own is never asked for.
    async fn is_there(&self, asked: &Asked<'_>, namespace: &str) -> Result<bool, Missing> {
        if self.apart.watches(namespace) {
            return Ok(true);
        }
        let left = asked.left().saturating_sub(RESERVE);
        let lister = Lister::new(self.client.clone(), namespace, left);
        let found = lister.get::<SecretMeta>(&NAMESPACES, namespace).await?;
        Ok(found.is_some())
    }

    /// Others hold it. A reservation without a time, because someone took it away, gets one: it would
    /// never end.
    async fn held(
        &self,
        asked: &Asked<'_>,
        name: &str,
        reading: Reading,
        others: Vec<Entry>,
    ) -> Result<Attempt, Missing> {
        let look = reading.look(self.bound, None, &|_| false);
        let timeless = others.iter().any(|entry| entry.until(&look).is_none());
        if let (true, Some(now), Some(lease)) = (timeless, reading.now, &reading.lease) {
            let stamped: Vec<_> = reading
                .entries
                .iter()
                .map(|entry| Entry {
                    since: Some(entry.since(&look).unwrap_or(now)),
                    ..entry.clone()
                })
                .collect();
            let annotations = json!({(names::SLOT): slot::write(&stamped)});
            let nothing = json!({});
            let call = self.leases.change(name, lease, &annotations, &nothing);
            self.in_time("patch", asked.deadline, call).await?;
            return Ok(Attempt::Again);
        }
        Ok(Attempt::Held(reading, others))
    }

    /// The record to write, with what is accepted now: nothing where there is nothing to write, nor to
    /// forget. A record that cannot be read is left alone, and nothing is added to it.
    fn recorded(
        &self,
        namespace: &str,
        reading: &Reading,
        me: &Entry,
        accepted: &[Accepted],
    ) -> Result<(Option<String>, Vec<Accepted>), Missing> {
        let failed = |why: String| Missing::Failed {
            resource: LEASES.name.to_owned(),
            why,
        };
        let record = match (&reading.record, accepted.is_empty()) {
            (Ok(record), _) => record.clone(),
            (Err(_), true) => return Ok((None, Vec::new())),
            (Err(missing), false) => return Err(missing.clone()),
        };
        let Some(now) = reading.now else {
            return match accepted.is_empty() {
                true => Ok((None, Vec::new())),
                false => Err(failed(
                    "the API server's answer has no Date, so nobody knows when the statement was accepted".to_owned(),
                )),
            };
        };
        let mut record = record::forget(record, now, |entry| self.has_marker(namespace, entry));
        let open = || {
            let heard = SignedDuration::try_from(SILENCE).unwrap_or(SignedDuration::MAX);
            now.plus(self.bound.plus(heard))
        };
        let known = |entry: &&Accepted| {
            let same =
                |one: &Accepted| one.meaning == entry.meaning && Some(&one.uid) == me.uid.as_ref();
            // Presented again by the object it was accepted for.
            !record.iter().any(same)
        };
        let added: Vec<_> = accepted
            .iter()
            .filter(known)
            .map(|entry| Accepted {
                holder: me.holder.clone(),
                uid: me.uid.clone().unwrap_or_default(),
                accepted: now,
                // An object that is there may present its statement again as it is.
                open_until: me.version.is_none().then(open),
                ..entry.clone()
            })
            .collect();
        record.extend(added.iter().cloned());
        let was_there = reading
            .lease
            .as_ref()
            .is_some_and(|lease| lease.metadata.annotations.contains_key(names::ACCEPTED));
        if record.is_empty() && !was_there {
            return Ok((None, added));
        }
        let text = record::write(&record).map_err(failed)?;
        Ok((Some(text), added))
    }

    fn fate(&self, namespace: &str, entry: &Accepted, look: &Look) -> Fate {
        let age = look.now.map(|now| now.duration_since(entry.accepted));
        match age.and_then(|age| Duration::try_from(age).ok()) {
            Some(age) if self.apart.watches(namespace) => {
                self.stored.fate_of_restore(&entry.uid, age)
            }
            _ => Fate::Unknown,
        }
    }

    /// Whether a marker of its activation is in the storage, or nobody can tell.
    fn has_marker(&self, namespace: &str, entry: &Accepted) -> bool {
        if entry.kind != FENCED || !self.apart.watches(namespace) {
            return false;
        }
        let name = entry.holder.split_once('/').map_or("", |(_, name)| name);
        let is_marker = |backup: &Backup| {
            backup.meta.name.starts_with(MARKER_PREFIX)
                && backup.meta.label(backup_label::RESTORE_NAME) == Some(name)
                // The name's time is of Velero's clock, the record's of the API server's.
                && backup.run().is_some_and(|at| at.plus(MARKER_SKEW) >= entry.accepted)
        };
        let has = self.apart.backups.any(Timestamp::now(), is_marker);
        has.value().copied().unwrap_or(true)
    }

    /// For whoever looks at the Lease with kubectl; nothing is judged by it.
    pub(super) fn spec(&self, holder: &str, now: Option<Timestamp>) -> Value {
        // MicroTime takes exactly six digits.
        let now = now.map(|now| now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
        json!({
            "holderIdentity": holder,
            "leaseDurationSeconds": self.bound.as_secs().clamp(1, i64::from(i32::MAX)),
            "acquireTime": now,
            "renewTime": now,
        })
    }

    pub(super) async fn in_time<T>(
        &self,
        verb: &str,
        deadline: Instant,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, Missing> {
        let began = Instant::now();
        let until = deadline.checked_sub(RESERVE).unwrap_or(deadline);
        match timeout_at(until, call).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.leases.missing(verb, &error)),
            Err(_) => Err(Missing::TimedOut {
                resource: LEASES.name.to_owned(),
                seconds: Waited::about(began.elapsed()),
            }),
        }
    }
}
