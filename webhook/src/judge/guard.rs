//! `/validate`: may this Restore or BackupSchedule be applied?

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::backup_schedule::BackupSchedule;
use acm_backup_domain::kinds::restore::Restore;
use acm_backup_domain::project::{Projection, Shape, TooLong};
use acm_backup_domain::rules;
use acm_backup_domain::rules::Judgement;
use acm_backup_domain::rules::review::{Operation, Origin, Review, Subject};
use acm_backup_domain::slot;
use acm_backup_domain::snapshot::{Fact, Need, Snapshot};
use acm_backup_domain::upstream::resource;
use acm_backup_hub::live::{self, Asker, User};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;
use kube::Client;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::admission::answer::{Answer, Verdict};
use crate::admission::endpoint::Judge;
use crate::admission::object;
use crate::admission::review::{self, Request};
use crate::judge::apart::Apart;
use crate::judge::slot::{Asked, Refused, Slots};

/// Kept back of the deadline for the judgement itself.
const RESERVE: Duration = Duration::from_millis(100);

/// What passes while the guards are removed is told.
const UNINSTALLED: &str = "acm-backup: not looked at by the guards: their Role or RoleBinding is gone, and with it \
     they are not asked any more";

/// Longest uid that goes on record. An API server's have 36 characters; a stranger's would fill the Lease.
const LONGEST_UID: usize = 64;

/// Judges by the domain's rules, on what it looks up for each review.
pub struct Guard {
    /// For live look-ups.
    pub client: Client,
    /// Where the rules are asked.
    pub apart: Arc<Apart>,
    /// Who may start something.
    pub slots: Arc<Slots>,
    /// Who is never refused.
    pub operator_user: String,
    /// Service accounts that may attest where they hold the right.
    pub attesting_accounts: BTreeSet<String>,
}

/// What is judged, and nothing of the rest of the request.
struct Asking {
    review: Review,
    /// The request's uid.
    uid: String,
    /// On an update, the resourceVersion of the stored object.
    version: Option<String>,
    user: Person,
    needs: BTreeSet<Need>,
}

/// Who asks; groups and claims only where somebody is asked about them.
struct Person {
    name: String,
    uid: String,
    groups: Option<Box<RawValue>>,
    extra: Option<Box<RawValue>>,
}

impl Person {
    fn of(user: &review::User<'_>, is_asked_about: bool) -> Self {
        let kept = |raw: Option<&RawValue>| raw.filter(|_| is_asked_about).map(ToOwned::to_owned);
        Self {
            name: user.username.to_string(),
            uid: user.uid.to_string(),
            groups: kept(user.groups),
            extra: kept(user.extra),
        }
    }
}

impl Judge for Guard {
    fn judge(
        self: Arc<Self>,
        request: &Request<'_>,
        peer: Option<IpAddr>,
        deadline: Instant,
    ) -> BoxFuture<'static, Answer> {
        let asking = match self.asking(request) {
            Ok(Some(asking)) => asking,
            Ok(None) => return ready(Answer::allowed()).boxed(),
            Err(why) => {
                let unreadable = Answer {
                    decision: "unreadable",
                    ..Answer::denied("none", Verdict::invalid(format!("acm-backup: {why}")))
                };
                return ready(unreadable).boxed();
            }
        };
        async move { self.decide(asking, peer, deadline).await }.boxed()
    }
}

impl Guard {
    fn asking(&self, request: &Request<'_>) -> Result<Option<Asking>, String> {
        let Some(review) = self.review(request)? else {
            return Ok(None);
        };
        let needs: BTreeSet<Need> = rules::needs(&review).into_iter().collect();
        let about_a_right = |need: &Need| matches!(need, Need::Permission(_));
        let user = Person::of(&request.user_info, needs.iter().any(about_a_right));
        Ok(Some(Asking {
            uid: request.uid.to_string(),
            version: request.old_object.and_then(object::version),
            review,
            user,
            needs,
        }))
    }

    /// The review in the rules' terms; none for what they do not judge.
    fn review(&self, request: &Request<'_>) -> Result<Option<Review>, String> {
        let operation = match &*request.operation {
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            _ => return Ok(None),
        };
        let full_name = format!("{}.{}", request.resource.resource, request.resource.group);
        // A status can take a Restore out of its end, and a BackupSchedule out of its collision; no other
        // sub-resource starts anything.
        match &*request.sub_resource {
            "" => {}
            "status" if [resource::RESTORES, resource::BACKUP_SCHEDULES].contains(&&*full_name) => {
            }
            _ => return Ok(None),
        }
        type Read = fn(&Value) -> Subject;
        let (shape, read): (&Shape, Read) = match full_name.as_str() {
            resource::RESTORES => (&Restore::JUDGED, |object| {
                Subject::Restore(Restore::read(object))
            }),
            resource::BACKUP_SCHEDULES => (&BackupSchedule::JUDGED, |object| {
                Subject::BackupSchedule(BackupSchedule::read(object))
            }),
            _ => return Ok(None),
        };
        if !is_dns_label(&request.namespace) {
            return Err("the review names no namespace that can exist".to_owned());
        }
        let by_operator = request.user_info.username == self.operator_user;
        let projected = |raw: &RawValue| {
            object::judged(raw, shape)
                .map_err(|error| format!("the object in the review cannot be read: {error}"))
        };
        let subject = |projection: &Projection| self.named(read(&projection.object), request);
        let object = request.object.ok_or(
            "the review holds no object, which the API server sends with every create and update",
        )?;
        let object = projected(object)?;
        // What the operator says of it may be cut; what is asked of it must be known.
        let asked = |one: &&TooLong| !one.field.starts_with("status.");
        if let Some(too_long) = object.too_long.iter().find(asked).filter(|_| !by_operator) {
            return Err(format!("{too_long}, the most that is read of it"));
        }
        let previous = request.old_object.map(projected).transpose()?;
        let subject_now = subject(&object);
        let uid = subject_now.meta().uid.as_deref().unwrap_or_default();
        if uid.len() > LONGEST_UID {
            return Err("metadata.uid is longer than any an API server gives".to_owned());
        }
        Ok(Some(Review {
            operation,
            subject: subject_now,
            previous: previous.as_ref().map(subject),
            origin: Origin::Admission {
                user: request.user_info.username.to_string(),
                dry_run: request.dry_run.unwrap_or(false),
            },
            by_operator,
        }))
    }

    /// What starts something must hold the slot as well, taken last. A dry run of it holds nothing, and is told where
    /// it could not be taken: the first thing that is in the way of everything.
    async fn decide(&self, asking: Asking, peer: Option<IpAddr>, deadline: Instant) -> Answer {
        let Asking {
            review,
            uid,
            version,
            user,
            needs,
        } = asking;
        let mut snapshot = self.look_up(&review, &user, needs, peer, deadline).await;
        let asked = Asked {
            review: &review,
            cli: snapshot.cli(),
            request: &uid,
            version,
            deadline,
        };
        if slot::tried(&review)
            && let Err(refused) = self.slots.try_out(&asked).await
        {
            return self.refused(refused, deadline).await;
        }
        let judgement = self.apart.judge(&review, &mut snapshot).await;
        if judgement.is_denied() || !slot::wanted(&review) {
            return answer(&judgement);
        }
        match self
            .slots
            .enter(&asked, snapshot, &judgement.accepted)
            .await
        {
            Ok(judgement) => answer(&judgement),
            Err(refused) => self.refused(refused, deadline).await,
        }
    }

    async fn refused(&self, refused: Refused, deadline: Instant) -> Answer {
        match refused {
            Refused::Blind(judgement, missing)
                if self.slots.is_uninstalled(&missing, deadline).await =>
            {
                // Who has not removed them on purpose reads which right it is.
                let Answer { verdict, .. } = answer(&judgement);
                let right = match verdict {
                    Verdict::Denied { message, .. } => message,
                    Verdict::Allowed => String::new(),
                };
                Answer {
                    warnings: vec![format!("{UNINSTALLED}\n{right}")],
                    audit: BTreeMap::from([("decision", "uninstalled".to_owned())]),
                    decision: "uninstalled",
                    ..Answer::allowed()
                }
            }
            Refused::Judged(judgement) | Refused::Blind(judgement, _) => answer(&judgement),
            Refused::Exists(what) => Answer::denied("none", Verdict::exists(what)),
            Refused::Missing(what) => Answer::denied("none", Verdict::missing(what)),
        }
    }

    /// The request says where the object goes, whatever the object says: its namespace is looked at, and gets
    /// into the paths of look-ups.
    fn named(&self, mut subject: Subject, request: &Request<'_>) -> Subject {
        let meta = match &mut subject {
            Subject::Restore(restore) => &mut restore.meta,
            Subject::BackupSchedule(schedule) => &mut schedule.meta,
        };
        meta.namespace = request.namespace.to_string();
        if meta.name.is_empty() {
            meta.name = request.name.to_string();
        }
        subject
    }

    async fn look_up(
        &self,
        review: &Review,
        user: &Person,
        mut needs: BTreeSet<Need>,
        peer: Option<IpAddr>,
        deadline: Instant,
    ) -> Snapshot {
        let namespace = &review.subject.meta().namespace;
        if needs.is_empty() {
            return Snapshot::empty(Timestamp::now(), namespace);
        }
        let record = needs.remove(&Need::Accepted);
        // The watch covers the operator's namespace; in any other, few Backups are expected.
        if self.apart.watches(namespace) {
            needs.remove(&Need::Backups);
        }
        let asker = Asker::User(User {
            name: &user.name,
            uid: &user.uid,
            groups: user.groups.as_deref(),
            extra: user.extra.as_deref(),
        });
        // Whoever waits for a turn in vain has not looked, and that refuses.
        let waits = deadline
            .saturating_duration_since(Instant::now())
            .mul_f64(0.4);
        let until = Instant::now().checked_add(waits).unwrap_or(deadline);
        let Ok(_turn) = self.apart.turn(&needs, peer, until).await else {
            return Snapshot::empty(Timestamp::now(), namespace);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let share = match slot::wanted(review) || slot::tried(review) {
            // The slot takes a look of its own, and without it nothing is let through.
            true => left.mul_f64(0.6),
            false => left.saturating_sub(RESERVE),
        };
        let live = live::collect(&self.client, namespace, &needs, share, &asker);
        let accepted = async {
            match record {
                true => {
                    let until = Instant::now().checked_add(share).unwrap_or(deadline);
                    self.slots.accepted(namespace, until).await
                }
                false => Fact::unasked(),
            }
        };
        let (mut snapshot, accepted) = tokio::join!(live, accepted);
        snapshot.accepted = accepted;
        snapshot
            .attesting_accounts
            .clone_from(&self.attesting_accounts);
        snapshot
    }
}

/// Whether a text can be a namespace's name. Look-ups put it into paths, with our rights: whoever reaches
/// our port must not choose the path.
fn is_dns_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The judgement as an answer: the refusal in one text, all warnings beside it.
fn answer(judgement: &Judgement) -> Answer {
    let warnings: Vec<_> = judgement.warnings().map(ToString::to_string).collect();
    let mut answer = match (judgement.findings.first(), judgement.refusal()) {
        (None, _) => Answer::allowed(),
        (Some(first), None) => Answer {
            rule: first.rule.to_owned(),
            decision: "warned",
            ..Answer::allowed()
        },
        (Some(first), Some(refusal)) => Answer::denied(
            first.rule,
            Verdict::forbidden(format!("acm-backup: {refusal}")),
        ),
    };
    if let Some(first) = judgement.findings.first() {
        answer.audit.insert("decision", answer.decision.to_owned());
        answer.audit.insert("rule", first.rule.to_owned());
        answer.audit.insert("finding", first.headline.clone());
    }
    answer.warnings = warnings;
    answer
}
