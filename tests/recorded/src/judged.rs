//! Every request of a recording, judged by the rules on what was to be seen when it was made.

use crate::object;
use crate::requests::{self, Now, Row};
use crate::view::View;
use acm_backup_domain::hub::record::Accepted;
use acm_backup_domain::kinds::backup::Backup;
use acm_backup_domain::rules::review::Review;
use acm_backup_domain::rules::{self, Judgement};
use acm_backup_domain::snapshot::{Fact, Need, Snapshot};
use acm_backup_operator::recording::{Change, Event, HUBS, Recording};
use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// How much later than the change of one kind an older change of another may be seen: each kind has a
/// watch of its own.
const WATCH_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// A request with what the rules say.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The row.
    pub row: Row,
    /// The request as an API server would send it; none where no webhook is asked.
    pub review: Option<Review>,
    /// What it rested on.
    pub snapshot: Snapshot,
    /// What the rules say.
    pub judgement: Judgement,
    /// The object as it was stored before.
    pub before: Option<Value>,
    /// The object as the request would have it.
    pub asked: Option<Value>,
    /// The object as the recording shows it after the change the request made.
    pub recorded: Option<Value>,
}

impl Judged {
    /// What is not as the row says it must be.
    pub fn fault(&self) -> Option<String> {
        let denials: Vec<_> = self
            .judgement
            .denials()
            .map(|finding| (finding.rule, finding.headline.as_str()))
            .collect();
        let named = denials.iter().any(|(rule, _)| self.row.names(rule));
        let said = match (self.row.now, denials.as_slice()) {
            (Now::Allowed | Now::NotAsked, []) => return None,
            (Now::Refused, [_, ..]) if named => return None,
            (Now::Refused, []) => "passes".to_owned(),
            (_, denials) => denials
                .iter()
                .map(|(rule, headline)| format!("{rule}: {headline}"))
                .collect::<Vec<_>>()
                .join("; "),
        };
        let row = &self.row;
        Some(format!(
            "{} {} {} must be {:?} {:?}: {}\n    but: {said}",
            row.at, row.hub, row.what, row.now, row.by, row.why
        ))
    }
}

/// One recording, both sides.
pub struct Site {
    /// Its name.
    pub name: &'static str,
    /// The hubs.
    pub hubs: Vec<(&'static str, Recording)>,
}

impl Site {
    /// Reads both sides.
    ///
    /// # Errors
    /// When a side cannot be read.
    pub fn open(name: &'static str) -> Result<Self> {
        let open = |hub| Ok((hub, Recording::open(name, hub)?));
        let hubs = HUBS
            .iter()
            .map(|(hub, _)| open(*hub))
            .collect::<Result<_>>()?;
        Ok(Self { name, hubs })
    }

    /// One side.
    ///
    /// # Errors
    /// When there is no such hub.
    pub fn hub(&self, hub: &str) -> Result<&Recording> {
        let side = self.hubs.iter().find(|(name, _)| *name == hub);
        side.map(|(_, recording)| recording)
            .with_context(|| format!("{} has no {hub}", self.name))
    }

    /// Judges every request of it, in order.
    ///
    /// # Errors
    /// When a row does not fit the recording.
    pub fn judge(&self) -> Result<Vec<Judged>> {
        let mut judged: Vec<Judged> = Vec::new();
        for row in requests::of(self.name)? {
            let accepted = record(&judged, &row.hub);
            let of = self
                .judge_one(&row, accepted)
                .with_context(|| format!("{} {} {}", self.name, row.at, row.hub))?;
            judged.push(of);
        }
        Ok(judged)
    }

    fn judge_one(&self, row: &Row, accepted: Vec<Accepted>) -> Result<Judged> {
        let recording = self.hub(&row.hub)?;
        let at = row.time(self.name)?;
        let step = recording
            .events
            .iter()
            .find(|event| event.change == Change::Step && event.at == at);
        let command = row.command(step.map(|event| event.step.as_str()))?;
        let name = command.name.clone().unwrap_or_default();
        let change = row
            .stored_at(self.name)?
            .map(|stored| find_change(recording, stored, command.kind, &name))
            .transpose()?;
        let now = change.map_or(at, |change| change.at);
        let view = match change {
            Some(change) => before_change(self.name, &row.hub, recording, change)?,
            None => before_time(self.name, &row.hub, recording, now)?,
        };
        let stored = view.stored(command.kind, &name).cloned();
        let uid = change
            .map(|change| object::text(&change.object, "/metadata/uid"))
            .filter(|uid| !uid.is_empty())
            .map_or_else(|| format!("asked-at-{}", row.at), str::to_owned);
        let asked = command.outcome(stored.as_ref(), &uid)?;
        let review = match row.now {
            Now::NotAsked => None,
            _ => command.reviews(&view, &uid)?.into_iter().next(),
        };
        let mut snapshot = view.snapshot(now, accepted);
        let judgement = match &review {
            Some(review) => {
                look_up(&mut snapshot, review);
                rules::judge(review, &snapshot)
            }
            None => Judgement::default(),
        };
        Ok(Judged {
            row: row.clone(),
            review,
            snapshot,
            judgement,
            before: stored,
            asked: Some(asked),
            recorded: change.map(|change| change.object.clone()),
        })
    }
}

/// What a live hub is asked besides its lists: named Backups, and the rights of whoever asks. Everybody
/// whose request is recorded was an administrator.
pub fn look_up(snapshot: &mut Snapshot, review: &Review) {
    let now = snapshot.now;
    for need in rules::needs(review) {
        match need {
            Need::BackupNamed(name) => {
                let found: Option<Backup> = snapshot
                    .backups
                    .items()
                    .iter()
                    .find(|backup| backup.meta.name == name)
                    .cloned();
                let fact = match snapshot.backups.get() {
                    Ok(_) => Fact::known(found, now),
                    Err(missing) => Fact::Missing(missing.clone()),
                };
                snapshot.named_backups.insert(name, fact);
            }
            Need::Permission(permission) => {
                snapshot
                    .permissions
                    .insert(permission, Fact::known(true, now));
            }
            _ => {}
        }
    }
}

/// The record of accepted statements as it would stand on a hub: each that a request carried which was
/// stored then and passes now.
pub fn record(judged: &[Judged], hub: &str) -> Vec<Accepted> {
    judged
        .iter()
        .filter(|judged| judged.row.hub == hub && judged.recorded.is_some())
        .filter(|judged| !judged.judgement.is_denied())
        .flat_map(|judged| &judged.judgement.findings)
        .flat_map(|finding| finding.accepted.iter().cloned())
        .collect()
}

/// The change a request made.
fn find_change<'a>(
    recording: &'a Recording,
    at: Timestamp,
    kind: &str,
    name: &str,
) -> Result<&'a Event> {
    recording
        .events
        .iter()
        .find(|event| {
            event.at == at
                && matches!(event.change, Change::Added | Change::Modified)
                && object::is_guarded(&event.object)
                && object::text(&event.object, "/kind") == kind
                && object::name(&event.object) == name
        })
        .with_context(|| format!("{kind} {name} did not change at {at}"))
}

/// A hub as it was when a change was asked for: everything its store had before.
fn before_change(name: &str, hub: &str, recording: &Recording, change: &Event) -> Result<View> {
    let version = object::stored_as(&change.object).context("a change without a version")?;
    let mut view = View::new(name, hub, recording)?;
    for event in &recording.events {
        let older = object::stored_as(&event.object).is_some_and(|stored| stored < version);
        if older && event.at <= change.at + WATCH_SKEW {
            view.see(event);
        }
    }
    Ok(view)
}

/// A hub as it had been seen by a moment.
fn before_time(name: &str, hub: &str, recording: &Recording, at: Timestamp) -> Result<View> {
    let mut view = View::new(name, hub, recording)?;
    for event in recording.events.iter().filter(|event| event.at <= at) {
        view.see(event);
    }
    Ok(view)
}
