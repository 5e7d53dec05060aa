//! Taking the slot: the last thing before a yes that lets something start.
//!
//! The rules have passed on what was looked up a moment ago. Between that look and the API server's
//! storing, another request may do the same. So the slot is taken by compare-and-swap on a Lease, and
//! what is stored is looked up and judged once more *under* it: whoever was stored before is seen now,
//! and whoever comes later finds the slot taken. See [`acm_backup_domain::slot`] for what ends it.

mod lease;
mod taken;

use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::hub::record::Accepted;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::backup_schedule::BackupSchedule;
use acm_backup_domain::kinds::restore::Restore;
use acm_backup_domain::names;
use acm_backup_domain::rules::Judgement;
use acm_backup_domain::rules::review::{Operation, Review, Subject};
use acm_backup_domain::slot::{self, Entry, text};
use acm_backup_domain::snapshot::{Fact, Missing, Snapshot};
use acm_backup_domain::time::Waited;
use acm_backup_hub::kinds::{BACKUP_SCHEDULES, LEASES, RESTORES, Resource};
use acm_backup_hub::lease::Leases;
use acm_backup_hub::live::Lister;
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::judge::apart::Apart;
use crate::watch::stored::Stored;
use lease::Attempt;
use taken::Taken;

/// How long whoever comes second waits for the first to be stored, which takes milliseconds; then it is
/// told by the rule what is there.
const PATIENCE: Duration = Duration::from_millis(1500);

/// A reservation older than this is not waited for: what was not stored by then was refused, or hangs.
const YOUNG: SignedDuration = SignedDuration::from_secs(3);

/// Pauses between two looks: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(15), Duration::from_millis(120));

/// Kept back of the deadline for the answer.
const RESERVE: Duration = Duration::from_millis(100);

/// The slots of all namespaces.
pub struct Slots {
    /// For live look-ups.
    pub client: Client,
    /// Where the Leases are.
    pub leases: Leases,
    /// How long after its review an object may still be stored: the API server's request timeout, and
    /// what its clocks may differ by.
    pub bound: SignedDuration,
    /// What was seen stored.
    pub stored: Arc<Stored>,
    /// Where the rules are asked. It has all Backups of the operator's namespace, of which the markers keep a
    /// `fenced` on record.
    pub apart: Arc<Apart>,
}

/// A review that passed and wants to start something.
pub struct Asked<'a> {
    /// The review.
    pub review: &'a Review,
    /// The command that is at hand on this hub, for what is printed.
    pub cli: &'static str,
    /// Its uid.
    pub request: &'a str,
    /// On an update, the resourceVersion of the stored object.
    pub version: Option<String>,
    /// When the answer must be there.
    pub deadline: Instant,
}

/// Why it may not.
pub enum Refused {
    /// By what was found under the slot, or because others have it.
    Judged(Judgement),
    /// Because something could not be looked up or written.
    Blind(Judgement, Missing),
    /// An object of this name exists, so the API server would refuse it: its own answer, given early.
    Exists(String),
    /// What is to be changed is not there, or where it is to go is not: no API server asks so. Nothing may be
    /// held for it, nor go on record.
    Missing(String),
}

/// What one live look under the slot found.
struct Found {
    restores: Vec<Versioned<Restore>>,
    schedules: Vec<Versioned<BackupSchedule>>,
    no_schedules: Option<Missing>,
}

/// An object with the version it was read at.
struct Versioned<K> {
    object: K,
    version: String,
}

impl<K: Kind> Kind for Versioned<K> {
    fn read(object: &Value) -> Self {
        let version = object.pointer("/metadata/resourceVersion");
        Self {
            object: K::read(object),
            version: version
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

impl Slots {
    /// Takes the slot and judges again under it; what was known otherwise is in `snapshot`. `accepted` is
    /// what the first judgement accepted, and goes on record with the slot.
    ///
    /// # Errors
    /// Why the review must be refused. Nothing is held then.
    pub async fn enter(
        self: &Arc<Self>,
        asked: &Asked<'_>,
        mut snapshot: Snapshot,
        accepted: &[Accepted],
    ) -> Result<Judgement, Refused> {
        let taken = self.take(asked, &mut snapshot, accepted).await?;
        let found = self
            .found(asked)
            .await
            .map_err(|missing| asked.blind("look again at what runs", missing))?;
        if let Some(exists) = asked.exists(&found) {
            return Err(Refused::Exists(exists));
        }
        if let Some(missing) = asked.is_of_nothing(&found) {
            return Err(Refused::Missing(missing));
        }
        if let Some(record) = &taken.record {
            snapshot.accepted = Fact::known(record.clone(), Timestamp::now());
        }
        let judgement = found.judge(asked.review, &mut snapshot, &self.apart).await;
        if judgement.is_denied() {
            return Err(Refused::Judged(judgement));
        }
        taken.keep();
        Ok(judgement)
    }

    /// Tries whether the slot could be taken, by writes that store nothing. Whether others have it now is not asked.
    ///
    /// # Errors
    /// Why a review that wants it would be refused whatever it says.
    pub async fn try_out(&self, asked: &Asked<'_>) -> Result<(), Refused> {
        let name = names::slot_lease(&asked.review.subject.meta().namespace);
        let tried = async {
            let look = self.look(&name, asked.deadline).await?;
            let spec = self.spec(&slot::holder(&asked.review.subject), look.now);
            // One that is there is never made again, as long as nobody deletes it.
            if look.lease.is_none() {
                let call = self.leases.try_create(&name, &spec);
                self.in_time("create", asked.deadline, call).await?;
            }
            let call = self.leases.try_change(&name, &spec);
            self.in_time("patch", asked.deadline, call).await
        };
        let tried: Result<(), Missing> = tried.await;
        tried.map_err(|missing| asked.blind("reserve this hub for it", missing))
    }

    /// Whether the right is gone by which the API server asks the guards at all
    /// ([`names::INSTALLED_CONDITION`]), so that it would not ask them any more. A request that was under way as the
    /// right was taken away must not be refused for want of it: that is how the guards are removed.
    pub async fn is_uninstalled(&self, missing: &Missing, deadline: Instant) -> bool {
        let of_leases = matches!(missing, Missing::Forbidden { resource, namespace, .. }
            if *resource == LEASES.name && namespace.as_deref() == Some(names::NAMESPACE));
        of_leases
            && self
                .in_time("create", deadline, self.leases.may(names::INSTALLED_VERB))
                .await
                .is_ok_and(|may| !may)
    }

    /// The record of accepted statements as it counts now.
    pub async fn accepted(&self, namespace: &str, deadline: Instant) -> Fact<Vec<Accepted>> {
        let asked = Timestamp::now();
        let name = names::slot_lease(namespace);
        let record = match self.look(&name, deadline).await {
            Ok(look) => self.reading(namespace, &look).record,
            Err(missing) => Err(missing),
        };
        match record {
            Ok(record) => Fact::known(record, asked),
            Err(missing) => Fact::Missing(missing),
        }
    }

    /// Takes the slot, or says who has it. Ends at the deadline, however many others write.
    async fn take(
        self: &Arc<Self>,
        asked: &Asked<'_>,
        snapshot: &mut Snapshot,
        accepted: &[Accepted],
    ) -> Result<Taken, Refused> {
        let me = asked.entry();
        let began = Instant::now();
        let mut pause = PAUSES.0;
        loop {
            let attempt = self
                .attempt(asked, &me, snapshot, accepted)
                .await
                .map_err(|missing| asked.blind("reserve this hub for it", missing))?;
            match attempt {
                Attempt::Taken(taken) => return Ok(taken),
                Attempt::Refused(judgement) => return Err(Refused::Judged(judgement)),
                Attempt::Nowhere => {
                    let namespace = &asked.review.subject.meta().namespace;
                    let what = format!("there is no namespace {namespace}");
                    return Err(Refused::Missing(what));
                }
                Attempt::Again => {}
                Attempt::Held(reading, others) => {
                    let look = reading.look(self.bound, None, &|_| false);
                    let young = others.iter().any(|entry| {
                        let age = look.now.zip(entry.since(&look));
                        age.is_none_or(|(now, since)| now.duration_since(since) <= YOUNG)
                    });
                    if !young
                        || began.elapsed() >= PATIENCE
                        || asked.left() <= RESERVE.saturating_mul(3)
                    {
                        return Err(Refused::Judged(asked.held(&others, &look)));
                    }
                }
            }
            // Another look after the pause must have time to be answered.
            if asked.left() <= RESERVE.saturating_mul(2).saturating_add(pause) {
                let missing = Missing::TimedOut {
                    resource: LEASES.name.to_owned(),
                    seconds: Waited::about(began.elapsed()),
                };
                return Err(asked.blind("reserve this hub for it", missing));
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSES.1);
        }
    }

    /// What is stored now, both kinds at once. A kind that is not installed has no objects; anything else
    /// that cannot be looked at is not fine.
    async fn found(&self, asked: &Asked<'_>) -> Result<Found, Missing> {
        let namespace = &asked.review.subject.meta().namespace;
        let left = asked.left().saturating_sub(RESERVE);
        let lister = Lister::new(self.client.clone(), namespace, left);
        let (restores, schedules) = tokio::join!(
            list::<Restore>(&lister, &RESTORES),
            list::<BackupSchedule>(&lister, &BACKUP_SCHEDULES)
        );
        let (restores, _) = restores?;
        let (schedules, no_schedules) = schedules?;
        Ok(Found {
            restores,
            schedules,
            no_schedules,
        })
    }
}

impl Found {
    /// Judges again, on what is stored now and what was known otherwise.
    async fn judge(self, review: &Review, snapshot: &mut Snapshot, apart: &Apart) -> Judgement {
        let now = Timestamp::now();
        snapshot.now = now.into();
        snapshot.restores = Fact::known(objects(self.restores), now);
        snapshot.backup_schedules = match self.no_schedules {
            None => Fact::known(objects(self.schedules), now),
            Some(missing) => Fact::Missing(missing),
        };
        apart.judge(review, snapshot).await
    }

    fn stored(&self) -> Vec<slot::Stored> {
        let restores = self.restores.iter().map(|one| {
            let subject = Subject::Restore(one.object.clone());
            (subject, &one.version)
        });
        let schedules = self.schedules.iter().map(|one| {
            let subject = Subject::BackupSchedule(one.object.clone());
            (subject, &one.version)
        });
        restores
            .chain(schedules)
            .map(|(subject, version)| slot::Stored {
                holder: slot::holder(&subject),
                uid: subject.meta().uid.clone().unwrap_or_default(),
                version: version.clone(),
            })
            .collect()
    }
}

async fn list<K: Kind>(
    lister: &Lister,
    resource: &Resource,
) -> Result<(Vec<Versioned<K>>, Option<Missing>), Missing> {
    match lister.list(resource).await {
        Ok(found) => Ok((found, None)),
        Err(missing @ Missing::NoKind { .. }) => Ok((Vec::new(), Some(missing))),
        Err(missing) => Err(missing),
    }
}

fn objects<K>(found: Vec<Versioned<K>>) -> Vec<K> {
    found.into_iter().map(|one| one.object).collect()
}

impl Asked<'_> {
    fn entry(&self) -> Entry {
        Entry {
            holder: slot::holder(&self.review.subject),
            uid: self.review.subject.meta().uid.clone(),
            version: self.version.clone(),
            request: self.request.to_owned(),
            since: None,
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn held(&self, others: &[Entry], look: &slot::Look<'_>) -> Judgement {
        // The one that is over last is the one to wait for.
        let last = others.iter().max_by_key(|entry| entry.until(look));
        let finding = last.map(|entry| text::held(self.review, self.cli, entry, look));
        Judgement {
            findings: finding.into_iter().collect(),
            ..Judgement::default()
        }
    }

    fn blind(&self, what: &str, missing: Missing) -> Refused {
        let judgement = Judgement {
            findings: vec![text::blind(self.review, self.cli, what, &missing)],
            ..Judgement::default()
        };
        Refused::Blind(judgement, missing)
    }

    /// Whether an update is of an object that is not stored.
    fn is_of_nothing(&self, found: &Found) -> Option<String> {
        let me = self.entry();
        let there = found
            .stored()
            .into_iter()
            .any(|one| one.holder == me.holder && Some(&one.uid) == me.uid.as_ref());
        (self.review.operation == Operation::Update && !there)
            .then(|| format!("{} is not there any more", me.holder.replacen('/', " ", 1)))
    }

    /// Whether the API server will refuse a creation because there is one of that name. Said before the
    /// slot is held for nothing, by every turn of whoever tries again and again.
    fn exists(&self, found: &Found) -> Option<String> {
        let me = self.entry();
        let there = found
            .stored()
            .into_iter()
            .any(|one| one.holder == me.holder && Some(&one.uid) != me.uid.as_ref());
        (self.review.operation == Operation::Create && there)
            .then(|| format!("{} already exists", me.holder.replacen('/', " ", 1)))
    }
}
