//! Who refers to which Secrets and ConfigMaps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acm_backup_domain::labels::references::References;
use acm_backup_domain::labels::referrers::{Labelled, Reference, Referrer, ReferrerKind};
use acm_backup_hub::kinds::Resource;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use super::contact::Contact;
use super::follow::Store;
use crate::reconcile::queue::{Queue, Target};

/// Where objects of that kind are.
#[must_use]
pub const fn resource(kind: ReferrerKind) -> &'static Resource {
    match kind {
        ReferrerKind::ClusterDeployment => &Resource {
            name: "clusterdeployments.hive.openshift.io",
            version: "v1",
            namespaced: true,
        },
        ReferrerKind::ClusterPool => &Resource {
            name: "clusterpools.hive.openshift.io",
            version: "v1",
            namespaced: true,
        },
    }
}

/// The index of references, kept by one watch a kind. What is newly referred to goes into the queue of what to
/// look at.
pub struct Referrers {
    inner: Mutex<Inner>,
    queue: Arc<Queue>,
    first_list: Notify,
}

#[derive(Default)]
struct Inner {
    references: References,
    /// What came to be referred to under our eyes by something that was there before: namespace, kind and name
    /// of the one, kind and name of the other.
    fresh: BTreeMap<Key, BTreeSet<(Labelled, Box<str>)>>,
    /// The kinds whose first list has been taken in: what comes later is new.
    listed: BTreeSet<ReferrerKind>,
}

type Key = (ReferrerKind, String, String);

/// One kind of them, as a watch feeds it.
pub struct Followed {
    kind: ReferrerKind,
    all: Arc<Referrers>,
    /// How the watch fares.
    pub contact: Arc<Contact>,
}

impl Referrers {
    /// An empty index that feeds `queue`.
    #[must_use]
    pub fn new(queue: Arc<Queue>) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::default(),
            queue,
            first_list: Notify::new(),
        })
    }

    /// Where a watch of that kind puts what it hears.
    #[must_use]
    pub fn followed(self: &Arc<Self>, kind: ReferrerKind) -> Arc<Followed> {
        Arc::new(Followed {
            kind,
            all: Arc::clone(self),
            contact: Arc::new(Contact::new(resource(kind))),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the index.
    pub fn with_references<T>(&self, ask: impl FnOnce(&References) -> T) -> T {
        ask(&self.lock().references)
    }

    /// Returns when a kind's first list has been taken in; it may come long after the start, if Hive is
    /// installed later.
    pub async fn first_list(&self) {
        self.first_list.notified().await;
    }

    /// Whether this is referred to, and may be labelled unasked: by something that is not older than
    /// `installed`, or that came to refer to it under our eyes. None where nothing refers to it.
    pub fn unasked(
        &self,
        what: Labelled,
        namespace: &str,
        name: &str,
        installed: Option<Timestamp>,
    ) -> Option<bool> {
        let inner = self.lock();
        let mut referred = None;
        for needed in inner.references.all_to(what, namespace, name) {
            let new = matches!((needed.created, installed), (Some(created), Some(installed)) if created >= installed);
            let fresh = || {
                let key = (needed.by, namespace.to_owned(), needed.name.to_owned());
                let fresh = inner.fresh.get(&key);
                fresh.is_some_and(|fresh| fresh.contains(&(what, name.into())))
            };
            if new || fresh() {
                return Some(true);
            }
            referred = Some(false);
        }
        referred
    }
}

impl Inner {
    /// Takes one in; returns what it newly refers to, once what was there at first is known.
    fn take(&mut self, referrer: Referrer) -> BTreeSet<Target> {
        if !self.listed.contains(&referrer.kind) {
            self.references.insert(referrer);
            return BTreeSet::new();
        }
        let (kind, namespace) = (referrer.kind, referrer.namespace.clone());
        let key = (kind, namespace.clone(), referrer.name.clone());
        let claims_prefix = referrer.claims_prefix;
        let now = named(&referrer.references);
        let before = self.references.insert(referrer);
        let known = before.is_some();
        let (claimed, before) = before.map_or_else(Default::default, |(claimed, before)| {
            (claimed, named(&before))
        });
        let new: BTreeSet<_> = now.difference(&before).cloned().collect();
        if known && !new.is_empty() {
            let fresh = self.fresh.entry(key.clone()).or_default();
            fresh.extend(new.iter().cloned());
        }
        if let Some(fresh) = self.fresh.get_mut(&key) {
            fresh.retain(|one| now.contains(one));
            if fresh.is_empty() {
                self.fresh.remove(&key);
            }
        }
        let mut targets: BTreeSet<_> = new
            .into_iter()
            .map(|(what, name)| Target::one(what, &namespace, &name))
            .collect();
        if claims_prefix && !claimed {
            targets.insert(Target::namespace(&namespace));
        }
        targets
    }
}

fn named(references: &[Reference]) -> BTreeSet<(Labelled, Box<str>)> {
    let all = references.iter();
    all.map(|one| (one.what, one.name.clone())).collect()
}

impl Store for Followed {
    type Item = Referrer;

    fn project(&self, object: &Value) -> Referrer {
        Referrer::read(self.kind, object)
    }

    fn replace(&self, objects: Vec<Referrer>) {
        let mut inner = self.all.lock();
        {
            let present: BTreeSet<_> = objects
                .iter()
                .map(|one| (&*one.namespace, &*one.name))
                .collect();
            let here = |namespace: &str, name: &str| present.contains(&(namespace, name));
            inner.references.retain(self.kind, here);
            inner
                .fresh
                .retain(|(kind, namespace, name), _| *kind != self.kind || here(namespace, name));
        }
        let mut new = BTreeSet::new();
        for one in objects {
            new.extend(inner.take(one));
        }
        // The first list is what was there before: the leader looks through it once it is here.
        match inner.listed.insert(self.kind) {
            true => self.all.first_list.notify_one(),
            false => self.all.queue.add(new),
        }
    }

    fn apply(&self, referrer: Referrer) {
        let new = self.all.lock().take(referrer);
        self.all.queue.add(new);
    }

    fn remove(&self, referrer: Referrer) {
        let mut inner = self.all.lock();
        let (namespace, name) = (referrer.namespace, referrer.name);
        inner.references.remove(self.kind, &namespace, &name);
        inner.fresh.remove(&(self.kind, namespace, name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(name: &str, created: &str, pull: &str) -> Value {
        json!({
            "metadata": {"name": name, "namespace": name, "creationTimestamp": created},
            "spec": {"pullSecretRef": {"name": pull}}
        })
    }

    const OLD: &str = "2026-01-01T00:00:00Z";
    const NEW: &str = "2026-11-22T16:00:00Z";

    fn installed() -> Option<Timestamp> {
        "2026-11-22T12:00:00Z".parse().ok()
    }

    struct Hub {
        queue: Arc<Queue>,
        all: Arc<Referrers>,
        deployments: Arc<Followed>,
        pools: Arc<Followed>,
    }

    impl Hub {
        fn unasked(&self, namespace: &str, name: &str, since: Option<Timestamp>) -> Option<bool> {
            self.all.unasked(Labelled::Secret, namespace, name, since)
        }
    }

    fn followed() -> Hub {
        let queue = Arc::new(Queue::default());
        let all = Referrers::new(Arc::clone(&queue));
        let deployments = all.followed(ReferrerKind::ClusterDeployment);
        deployments.replace(vec![
            deployments.project(&object("old", OLD, "pull")),
            deployments.project(&object("new", NEW, "pull")),
        ]);
        Hub {
            pools: all.followed(ReferrerKind::ClusterPool),
            queue,
            all,
            deployments,
        }
    }

    #[test]
    fn clusters_older_than_the_installation_are_left() {
        let hub = followed();
        assert!(hub.queue.is_empty());
        assert_eq!(hub.unasked("new", "pull", installed()), Some(true));
        assert_eq!(hub.unasked("old", "pull", installed()), Some(false));
        assert_eq!(hub.unasked("old", "other", installed()), None);
        assert_eq!(hub.unasked("new", "pull", None), Some(false));
        assert_eq!(hub.unasked("old", "pull", Some(Timestamp::MIN)), Some(true));
    }

    #[test]
    fn a_reference_made_under_our_eyes_is_new_even_on_an_old_cluster() {
        let hub = followed();
        // A change that refers to nothing new asks for nothing.
        let apply = |pull| {
            let one = hub.deployments.project(&object("old", OLD, pull));
            hub.deployments.apply(one);
        };
        apply("pull");
        assert!(hub.queue.is_empty());
        apply("pull-2");
        let expected = BTreeSet::from([Target::one(Labelled::Secret, "old", "pull-2")]);
        assert_eq!(hub.queue.waiting(), expected);
        assert_eq!(hub.unasked("old", "pull-2", installed()), Some(true));
        // It ends with the reference.
        apply("pull");
        assert_eq!(hub.unasked("old", "pull-2", installed()), None);
        assert_eq!(hub.unasked("old", "pull", installed()), Some(true));
    }

    #[test]
    fn a_new_list_finds_what_was_missed_and_forgets_what_is_gone() {
        let hub = followed();
        let third = || hub.deployments.project(&object("third", NEW, "pull"));
        hub.deployments.replace(vec![third()]);
        assert_eq!(
            hub.queue.waiting(),
            BTreeSet::from([Target::one(Labelled::Secret, "third", "pull")])
        );
        assert_eq!(hub.unasked("new", "pull", Some(Timestamp::MIN)), None);
        hub.deployments.remove(third());
        assert_eq!(hub.unasked("third", "pull", installed()), None);
    }

    #[test]
    fn the_lists_of_two_kinds_do_not_mix() {
        let hub = followed();
        let pool = hub.pools.project(&object("new", NEW, "registries"));
        hub.pools.replace(vec![pool]);
        assert_eq!(hub.unasked("new", "registries", installed()), Some(true));
        hub.deployments.replace(Vec::new());
        assert_eq!(hub.unasked("new", "pull", installed()), None);
        assert_eq!(hub.unasked("new", "registries", installed()), Some(true));
        hub.pools.replace(Vec::new());
        assert_eq!(hub.unasked("new", "registries", installed()), None);
    }

    #[test]
    fn a_pool_and_a_cluster_from_one_claim_their_namespace_once() {
        let hub = followed();
        hub.pools.replace(Vec::new());
        let mut pooled = object("pooled", NEW, "pull");
        pooled["spec"]["clusterPoolRef"] = json!({"poolName": "pool"});
        hub.deployments.apply(hub.deployments.project(&pooled));
        hub.pools
            .apply(hub.pools.project(&object("pool", NEW, "pull")));
        for namespace in ["pooled", "pool"] {
            assert!(hub.queue.waiting().contains(&Target::namespace(namespace)));
        }
        assert_eq!(hub.unasked("pooled", "pooled-0-x", installed()), Some(true));
        assert_eq!(hub.unasked("pool", "pool-x", installed()), Some(true));
    }
}
