//! Who refers to which Secret and ConfigMap: an index over what can refer to them.

use super::referrers::{Labelled, Reference, Referrer, ReferrerKind};
use super::value::LabelValue;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The index. One entry a referrer: a cluster's namespace has one ClusterDeployment, that of pools has a few
/// ClusterPools.
#[derive(Clone, Debug, Default)]
pub struct References {
    by_namespace: BTreeMap<Box<str>, Vec<Entry>>,
}

#[derive(Clone, Debug)]
struct Entry {
    kind: ReferrerKind,
    name: Box<str>,
    created: Option<Timestamp>,
    claims_prefix: bool,
    references: Box<[Reference]>,
}

/// One who needs a Secret or ConfigMap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needed<'a> {
    /// Its kind.
    pub by: ReferrerKind,
    /// Its name.
    pub name: &'a str,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// The value the label gets.
    pub value: LabelValue,
    /// The field that says so.
    pub field: &'a str,
}

impl std::fmt::Display for Needed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, name) = (self.by.kind(), self.name);
        match self.field {
            // A pool claims by what it is.
            "" => write!(f, "{kind} {name}"),
            field => write!(f, "{kind} {name} ({field})"),
        }
    }
}

impl Entry {
    fn is(&self, kind: ReferrerKind, name: &str) -> bool {
        self.kind == kind && *self.name == *name
    }

    fn names(&self, what: Labelled, name: &str) -> Option<Needed<'_>> {
        let reference = self
            .references
            .iter()
            .find(|reference| reference.what == what && *reference.name == *name)?;
        Some(self.needs(reference.value, &reference.field))
    }

    fn claims(&self, what: Labelled, name: &str) -> Option<Needed<'_>> {
        let field = match self.kind {
            ReferrerKind::ClusterDeployment => "spec.clusterPoolRef",
            ReferrerKind::ClusterPool => "",
        };
        (what == Labelled::Secret && self.claims_prefix && name.starts_with(&*self.name))
            .then(|| self.needs(LabelValue::ClusterPool, field))
    }

    fn needs<'a>(&'a self, value: LabelValue, field: &'a str) -> Needed<'a> {
        Needed {
            by: self.kind,
            name: &self.name,
            created: self.created,
            value,
            field,
        }
    }
}

impl References {
    /// Notes what one refers to; returns what it did before, if it was there: whether it claimed by prefix, and
    /// what it named.
    pub fn insert(&mut self, referrer: Referrer) -> Option<(bool, Box<[Reference]>)> {
        let entry = Entry {
            kind: referrer.kind,
            name: referrer.name.into(),
            created: referrer.created,
            claims_prefix: referrer.claims_prefix,
            references: referrer.references,
        };
        let entries = self
            .by_namespace
            .entry(referrer.namespace.into())
            .or_default();
        match entries
            .iter_mut()
            .find(|known| known.is(entry.kind, &entry.name))
        {
            Some(known) => {
                let before = std::mem::replace(known, entry);
                Some((before.claims_prefix, before.references))
            }
            None => {
                entries.reserve_exact(1);
                entries.push(entry);
                None
            }
        }
    }

    /// Forgets one.
    pub fn remove(&mut self, kind: ReferrerKind, namespace: &str, name: &str) {
        if let Some(entries) = self.by_namespace.get_mut(namespace) {
            entries.retain(|entry| !entry.is(kind, name));
            if entries.is_empty() {
                self.by_namespace.remove(namespace);
            }
        }
    }

    /// Forgets all of a kind that `keep` does not hold for, given namespace and name.
    pub fn retain(&mut self, kind: ReferrerKind, keep: impl Fn(&str, &str) -> bool) {
        self.by_namespace.retain(|namespace, entries| {
            entries.retain(|entry| entry.kind != kind || keep(namespace, &entry.name));
            !entries.is_empty()
        });
    }

    /// Who needs this, and as what. A reference by name goes before a pool's claim on a whole prefix
    /// (operator-facts §4.2).
    #[must_use]
    pub fn to<'a>(&'a self, what: Labelled, namespace: &str, name: &'a str) -> Option<Needed<'a>> {
        self.all_to(what, namespace, name).next()
    }

    /// Everyone who needs this.
    pub fn all_to<'a>(
        &'a self,
        what: Labelled,
        namespace: &str,
        name: &'a str,
    ) -> impl Iterator<Item = Needed<'a>> {
        let entries = self.by_namespace.get(namespace).map_or(&[][..], |it| it);
        let by_name = entries.iter().filter_map(move |it| it.names(what, name));
        by_name.chain(entries.iter().filter_map(move |it| it.claims(what, name)))
    }

    /// Whether anything of this kind is named at all.
    #[must_use]
    pub fn name_any(&self, what: Labelled) -> bool {
        self.by_namespace
            .values()
            .flatten()
            .flat_map(|entry| &entry.references)
            .any(|reference| reference.what == what)
    }
}
