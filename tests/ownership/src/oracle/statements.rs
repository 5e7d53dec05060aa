//! What a person may state, and what refutes it (S1 to S6).

use super::facts::{Facts, Who};
use super::question::Evidence;
use super::readings;
use super::takeovers::Takeover;
use crate::seen::{HOUR, MINUTE, Time};
use acm_backup_domain::names::ATTESTATION;
use std::collections::BTreeMap;

/// What is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It does not run and will not by itself.
    Down,
    /// It neither backs up nor re-imports.
    Fenced,
    /// This hub is it.
    Rebuilt,
    /// This hub reads a copy and reaches no cluster.
    IsolatedCopy,
    /// A location cannot be read.
    Unread,
}

/// The words.
pub const KINDS: [(&str, Kind); 5] = [
    ("down", Kind::Down),
    ("fenced", Kind::Fenced),
    ("rebuilt", Kind::Rebuilt),
    ("isolated-copy", Kind::IsolatedCopy),
    ("unread", Kind::Unread),
];

/// What it is stated of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A hub.
    Hub(Who),
    /// No hub that is known here, or more than one.
    Nobody,
    /// A storage location.
    Location(String),
}

/// A statement (S1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What is stated.
    pub kind: Kind,
    /// Of what.
    pub about: About,
    /// When it was looked at.
    pub at: Time,
}

/// Who asks, and for which object.
#[derive(Clone, Debug)]
pub struct Requester {
    /// The user.
    pub user: String,
    /// Kind and name.
    pub holder: String,
    /// Uid.
    pub uid: String,
    /// Whether the user holds `attest` for the rule; none where that could not be asked.
    pub may_attest: Option<bool>,
    /// The service accounts that configuration names.
    pub accounts: Vec<&'static str>,
}

/// S1: reads one line; none where it states nothing.
pub fn parse(
    line: &str,
    facts: &Facts<'_>,
    others: &BTreeMap<Who, Evidence<'_>>,
) -> Option<Statement> {
    let mut words = line.split_whitespace();
    let kind = words.next()?;
    let (_, kind) = KINDS.into_iter().find(|(word, _)| *word == kind)?;
    let hub = words.next()?;
    let at: jiff::Timestamp = words.next()?.parse().ok()?;
    let reason: Vec<_> = words.collect();
    // S5: what we print in the place of a reason is none.
    if reason.is_empty() || reason == ["REASON"] {
        return None;
    }
    let about = match hub.strip_prefix("location/") {
        Some(name) => About::Location(name.to_owned()),
        None => resolve(hub, facts, others).map_or(About::Nobody, About::Hub),
    };
    let fits = matches!(about, About::Location(_)) == (kind == Kind::Unread);
    fits.then_some(Statement {
        kind,
        about,
        at: at.as_second(),
    })
}

/// S1: an id, or a prefix that fits no other. Our own id means the twin (S2).
fn resolve(word: &str, facts: &Facts<'_>, others: &BTreeMap<Who, Evidence<'_>>) -> Option<Who> {
    if word == "unknown" {
        return Some(Who::Nameless);
    }
    let own = facts.own_id.as_deref().map(|id| (id, Who::Twin));
    let ids: Vec<_> = others
        .keys()
        .filter_map(|who| match who {
            Who::Hub(id) => Some((id.as_str(), who.clone())),
            _ => None,
        })
        .chain(own)
        .collect();
    if let Some((_, who)) = ids.iter().find(|(id, _)| *id == word) {
        return Some(who.clone());
    }
    let mut fitting = ids.into_iter().filter(|(id, _)| id.starts_with(word));
    let (_, who) = fitting.next()?;
    fitting.next().is_none().then_some(who)
}

/// How the record writes what a statement is about.
fn whole(about: &About, facts: &Facts<'_>) -> String {
    match about {
        About::Location(name) => format!("location/{name}"),
        About::Nobody => String::new(),
        About::Hub(Who::Nameless) => "unknown".to_owned(),
        About::Hub(Who::Hub(id)) => id.clone(),
        About::Hub(Who::Twin | Who::Us) => facts.own_id.clone().unwrap_or_default(),
    }
}

/// S3.
fn is_timely(at: Time, now: Time) -> bool {
    at <= now + 5 * MINUTE && now - at <= 4 * HOUR
}

/// S2: what the hub did since refutes it.
pub fn is_refuted(
    kind: Kind,
    who: &Who,
    at: Time,
    facts: &Facts<'_>,
    evidence: &Evidence<'_>,
    set_is_read_only: bool,
) -> bool {
    let wrote = &evidence.wrote;
    let made_later = || wrote.iter().filter_map(|it| it.made).any(|made| made > at);
    match kind {
        // reading: what is made later begins later, whatever else it says.
        Kind::Down => {
            made_later()
                || wrote
                    .iter()
                    .filter(|it| readings::S2_MARKERS_BEGIN_AND_END || it.marker.is_none())
                    .flat_map(|it| [it.begun, it.ended])
                    .flatten()
                    .any(|time| time > at)
        }
        Kind::Fenced => made_later(),
        Kind::Rebuilt => made_later() || !may_be_rebuilt(who, facts, evidence),
        Kind::IsolatedCopy => !set_is_read_only && made_later(),
        Kind::Unread => false,
    }
}

/// S2: of another id it is believed only where that hub began nothing since this cluster was made.
fn may_be_rebuilt(who: &Who, facts: &Facts<'_>, evidence: &Evidence<'_>) -> bool {
    if *who == Who::Twin {
        return true;
    }
    let Some(born) = facts.snapshot.kube_system_created.value() else {
        return false;
    };
    let born = born.as_second();
    evidence
        .wrote
        .iter()
        .filter(|it| readings::S2_MARKERS_BEGIN_AND_END || it.marker.is_none())
        .filter_map(|it| it.begun)
        .all(|begun| begun < born)
}

/// Everything S1 to S5 ask, in one place.
pub struct Court<'f, 'a, 's> {
    /// The evidence.
    pub facts: &'f Facts<'s>,
    /// The other hubs.
    pub others: &'f BTreeMap<Who, Evidence<'a>>,
    /// Takeovers of any kind.
    pub takeovers: &'f [Takeover<'a>],
    /// Who asks.
    pub requester: &'f Requester,
    /// The set lies in a location that is ReadOnly.
    pub set_is_read_only: bool,
}

impl Court<'_, '_, '_> {
    /// The statements of an annotation that stand.
    ///
    /// reading: where one line cannot be read, the whole annotation states nothing.
    pub fn standing(&self, annotation: &str) -> Vec<Statement> {
        if !self.may_attest() {
            return Vec::new();
        }
        let read: Option<Vec<_>> = annotation
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| parse(line, self.facts, self.others))
            .collect();
        read.unwrap_or_default()
            .into_iter()
            .filter(|statement| self.stands(statement))
            .collect()
    }

    /// S5.
    fn may_attest(&self) -> bool {
        let user = self.requester.user.as_str();
        let account = user.starts_with("system:serviceaccount:");
        let named = self.requester.accounts.contains(&user);
        (!account || named) && self.requester.may_attest == Some(true)
    }

    fn stands(&self, statement: &Statement) -> bool {
        let refuted = match &statement.about {
            About::Location(_) | About::Nobody => false,
            About::Hub(who) => {
                let none = Evidence::default();
                is_refuted(
                    statement.kind,
                    who,
                    statement.at,
                    self.facts,
                    self.others.get(who).unwrap_or(&none),
                    self.set_is_read_only,
                )
            }
        };
        is_timely(statement.at, self.facts.now)
            && !refuted
            && !self.is_used(statement)
            && !self.is_copied(statement)
    }

    /// S4.
    fn is_used(&self, statement: &Statement) -> bool {
        let word = KINDS.into_iter().find(|(_, kind)| *kind == statement.kind);
        let about = whole(&statement.about, self.facts);
        let recorded = self.facts.snapshot.accepted.items().iter().any(|record| {
            word.is_some_and(|(word, _)| word == record.kind)
                && record.about == about
                && record.at.as_second() == statement.at
                && (record.holder != self.requester.holder || record.uid != self.requester.uid)
        });
        let before_a_takeover = self
            .takeovers
            .iter()
            .any(|takeover| takeover.at.is_some_and(|at| statement.at < at));
        recorded || before_a_takeover
    }

    /// S4.
    fn is_copied(&self, statement: &Statement) -> bool {
        self.facts
            .snapshot
            .restores
            .items()
            .iter()
            .filter(|other| other.meta.uid.as_deref() != Some(&self.requester.uid))
            .filter_map(|other| other.meta.annotation(ATTESTATION))
            .flat_map(str::lines)
            .filter_map(|line| parse(line, self.facts, self.others))
            .any(|other| other == *statement)
    }
}
