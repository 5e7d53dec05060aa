//! What was there before the labels were installed, and is left as it is.
//!
//! To copy the keys of a hub's clusters into a bucket is a decision, so what was needed and in no backup when the
//! labels came is noted then, by uid, and stays out of the backup until somebody asks. Everything else that is
//! needed is due, whenever and by whatever it came to be so: made since, marked since, named since, or in the
//! backup until its label was taken. No history is needed to tell that, and no clock: an outage of ours may
//! last as long as it likes.
//!
//! Times tell old from new only where nobody has been asked yet; both are the API server's.

use super::references::References;
use super::referrers::{Labelled, ReferrerKind};
use super::{Labels, Subject, marker, never_of_itself};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Identity of an object, as the API server gave it out.
pub type Uid = u128;

/// What makes something necessary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// It says itself what it is.
    Mark,
    /// Another object names it.
    Referrer(ReferrerKind),
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 3] = [
        Self::Mark,
        Self::Referrer(ReferrerKind::ClusterDeployment),
        Self::Referrer(ReferrerKind::ClusterPool),
    ];

    /// Its name where the record is kept, with the revision of what it is asked for. A release that labels more by
    /// it raises the revision: of that nobody was asked on the hubs that are there, so it is left alone.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mark => "Mark/1",
            Self::Referrer(ReferrerKind::ClusterDeployment) => "ClusterDeployment/1",
            Self::Referrer(ReferrerKind::ClusterPool) => "ClusterPool/1",
        }
    }
}

/// What is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftAlone {
    /// When the labels were installed. What is younger is never left alone.
    since: Timestamp,
    /// Who has been asked what it needs: what is needed only now is not older than the installation.
    asked: BTreeSet<Source>,
    uids: BTreeSet<Uid>,
}

/// One that Velero does not select.
pub struct Unselected<'a> {
    /// Its uid; none where it cannot be read, which the API server does not give out.
    pub uid: Option<Uid>,
    /// When it was stored.
    pub created: Option<Timestamp>,
    /// What decides whether it is needed.
    pub subject: Subject<'a, dyn Labels + 'a>,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing makes it necessary.
    NotNeeded,
    /// It is needed, and was there before.
    LeftAlone,
    /// It is to be labelled.
    Due,
}

impl LeftAlone {
    /// Nothing is known of an installation but its time; without one, all there is may be older.
    #[must_use]
    pub fn new(since: Option<Timestamp>) -> Self {
        Self {
            since: since.unwrap_or(Timestamp::MAX),
            asked: BTreeSet::new(),
            uids: BTreeSet::new(),
        }
    }

    /// All there is was asked for.
    #[must_use]
    pub fn nothing(since: Option<Timestamp>) -> Self {
        Self {
            asked: Source::ALL.into(),
            ..Self::new(since)
        }
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.uids.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.uids.is_empty()
    }

    /// No longer: it was in the backup meanwhile.
    pub fn forget(&mut self, uid: Option<Uid>) {
        if let Some(uid) = uid {
            self.uids.remove(&uid);
        }
    }

    /// What is to be done about one.
    #[must_use]
    pub fn standing(&self, one: &Unselected<'_>, references: &References) -> Standing {
        let Subject {
            what,
            namespace,
            name,
            ..
        } = one.subject;
        // Whoever takes back what keeps it out asks for it.
        if never_of_itself(&one.subject).is_some() {
            return Standing::NotNeeded;
        }
        let marked = what == Labelled::Secret && marker::of(&one.subject).is_some();
        let is_new = |created: Option<Timestamp>| created.is_some_and(|it| it >= self.since);
        let (mut needed, mut asked) = (marked, marked && self.asked.contains(&Source::Mark));
        for referrer in references.all_to(what, namespace, name) {
            if is_new(referrer.created) {
                return Standing::Due;
            }
            needed = true;
            asked |= self.asked.contains(&Source::Referrer(referrer.by));
        }
        let noted = one.uid.is_some_and(|uid| self.uids.contains(&uid));
        // What cannot be noted is told by its age alone.
        let is_missing = asked && one.uid.is_some() && !noted;
        match needed {
            false => Standing::NotNeeded,
            true if is_missing || is_new(one.created) => Standing::Due,
            true => Standing::LeftAlone,
        }
    }

    /// What is left alone after everything was looked through, and found was to be. `listed` are the kinds whose
    /// objects are known: while one that was asked is not, it cannot be told who is no longer needed.
    #[must_use]
    pub fn after(&self, found: BTreeSet<Uid>, listed: &BTreeSet<ReferrerKind>) -> Self {
        let known = |source: &Source| match source {
            Source::Mark => true,
            Source::Referrer(kind) => listed.contains(kind),
        };
        let mut uids = found;
        if !self.asked.iter().all(known) {
            uids.extend(&self.uids);
        }
        let answered = Source::ALL.into_iter().filter(known);
        Self {
            since: self.since,
            asked: self.asked.iter().copied().chain(answered).collect(),
            uids,
        }
    }

    /// Who was asked, for the record.
    #[must_use]
    pub fn asked(&self) -> String {
        let names: Vec<_> = self.asked.iter().map(|source| source.name()).collect();
        names.join(" ")
    }

    /// The uids, for the record.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.uids.iter().flat_map(|uid| uid.to_be_bytes()).collect()
    }

    /// Reads a record, which is as old as the installation, of so many. One that somebody cut or wrote by hand
    /// says nothing of who was asked: else all that is missing from it were due.
    #[must_use]
    pub fn read(since: Option<Timestamp>, asked: &str, count: &str, bytes: &[u8]) -> Self {
        let (uids, rest) = bytes.as_chunks();
        if !rest.is_empty() || count != uids.len().to_string() {
            return Self::new(since);
        }
        let was_asked = |source: &Source| asked.split_whitespace().any(|it| it == source.name());
        Self {
            asked: Source::ALL.into_iter().filter(was_asked).collect(),
            uids: uids.iter().map(|uid| Uid::from_be_bytes(*uid)).collect(),
            ..Self::new(since)
        }
    }
}

/// Reads a uid as the API server writes one.
#[must_use]
pub fn uid(text: &str) -> Option<Uid> {
    let digits: String = text.split('-').collect();
    let is_one =
        text.len() == 36 && digits.len() == 32 && digits.bytes().all(|it| it.is_ascii_hexdigit());
    is_one.then(|| Uid::from_str_radix(&digits, 16).ok())?
}

#[cfg(test)]
mod tests;
