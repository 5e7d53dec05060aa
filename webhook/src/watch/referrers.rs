//! Who refers to which Secrets and ConfigMaps.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acm_backup_domain::labels::references::References;
use acm_backup_domain::labels::referrers::{Labelled, Reference, Referrer, ReferrerKind};
use acm_backup_hub::kinds::Resource;
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
    /// The kinds whose first list has been taken in, and that were not out of sight since: what comes later is new.
    listed: BTreeSet<ReferrerKind>,
}

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

    /// The kinds whose objects are known.
    #[must_use]
    pub fn listed(&self) -> BTreeSet<ReferrerKind> {
        self.lock().listed.clone()
    }
}

impl Inner {
    /// Takes one in; returns what it newly refers to, once what was there at first is known.
    fn take(&mut self, referrer: Referrer) -> BTreeSet<Target> {
        if !self.listed.contains(&referrer.kind) {
            self.references.insert(referrer);
            return BTreeSet::new();
        }
        let namespace = referrer.namespace.clone();
        let claims_prefix = referrer.claims_prefix;
        let now = named(&referrer.references);
        let (claimed, before) = match self.references.insert(referrer) {
            Some((claimed, before)) => (claimed, named(&before)),
            None => (false, BTreeSet::new()),
        };
        let new = now.difference(&before).cloned();
        let mut targets: BTreeSet<_> = new
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

    /// What their next list has is what was there before, as with the first.
    fn refused(&self) {
        self.all.lock().listed.remove(&self.kind);
    }

    fn remove(&self, referrer: Referrer) {
        let mut inner = self.all.lock();
        let (namespace, name) = (referrer.namespace, referrer.name);
        inner.references.remove(self.kind, &namespace, &name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::queue::Open;
    use serde_json::json;

    fn object(name: &str, pull: &str) -> Value {
        json!({
            "metadata": {"name": name, "namespace": name},
            "spec": {"pullSecretRef": {"name": pull}}
        })
    }

    struct Hub {
        queue: Arc<Queue>,
        all: Arc<Referrers>,
        deployments: Arc<Followed>,
        pools: Arc<Followed>,
    }

    impl Hub {
        fn is_needed(&self, namespace: &str, name: &str) -> bool {
            self.all
                .with_references(|all| all.to(Labelled::Secret, namespace, name).is_some())
        }

        /// As on the elected replica.
        fn elected(&self) -> Open<'_> {
            self.queue.open()
        }
    }

    fn followed() -> Hub {
        let queue = Arc::new(Queue::default());
        let all = Referrers::new(Arc::clone(&queue));
        Hub {
            deployments: all.followed(ReferrerKind::ClusterDeployment),
            pools: all.followed(ReferrerKind::ClusterPool),
            queue,
            all,
        }
    }

    fn with_clusters() -> Hub {
        let hub = followed();
        let list = ["old", "new"].map(|name| hub.deployments.project(&object(name, "pull")));
        hub.deployments.replace(list.into());
        hub
    }

    #[test]
    fn what_is_there_at_first_is_known_and_asks_for_nothing() {
        let hub = followed();
        let _open = hub.elected();
        assert!(hub.all.listed().is_empty());
        // Heard of before the list is complete: nobody can tell what is new.
        hub.deployments
            .apply(hub.deployments.project(&object("early", "pull")));
        let list = vec![hub.deployments.project(&object("c1", "pull"))];
        hub.deployments.replace(list);
        assert!(hub.queue.is_empty() && hub.is_needed("c1", "pull"));
        let listed = BTreeSet::from([ReferrerKind::ClusterDeployment]);
        assert_eq!(hub.all.listed(), listed);
    }

    #[test]
    fn a_reference_made_under_our_eyes_is_looked_at() {
        let hub = with_clusters();
        let _open = hub.elected();
        // A change that refers to nothing new asks for nothing.
        let apply = |pull| {
            let one = hub.deployments.project(&object("old", pull));
            hub.deployments.apply(one);
        };
        apply("pull");
        assert!(hub.queue.is_empty());
        apply("pull-2");
        let expected = BTreeSet::from([Target::one(Labelled::Secret, "old", "pull-2")]);
        assert_eq!(hub.queue.waiting(), expected);
        // It ends with the reference.
        apply("pull");
        assert!(!hub.is_needed("old", "pull-2") && hub.is_needed("old", "pull"));
    }

    #[test]
    fn a_new_list_finds_what_was_missed_and_forgets_what_is_gone() {
        let hub = with_clusters();
        let _open = hub.elected();
        let third = || hub.deployments.project(&object("third", "pull"));
        hub.deployments.replace(vec![third()]);
        assert_eq!(
            hub.queue.waiting(),
            BTreeSet::from([Target::one(Labelled::Secret, "third", "pull")])
        );
        assert!(!hub.is_needed("new", "pull"));
        hub.deployments.remove(third());
        assert!(!hub.is_needed("third", "pull"));
    }

    /// Failed before: all that was made while the labels were not installed was looked at as if made under our eyes.
    #[test]
    fn what_came_while_they_were_out_of_sight_is_what_was_there_before() {
        let hub = with_clusters();
        let _open = hub.elected();
        hub.deployments.refused();
        assert!(hub.all.listed().is_empty());
        let list = ["old", "unseen"].map(|name| hub.deployments.project(&object(name, "pull")));
        hub.deployments.replace(list.into());
        assert!(hub.queue.is_empty() && hub.is_needed("unseen", "pull"));
        let listed = BTreeSet::from([ReferrerKind::ClusterDeployment]);
        assert_eq!(hub.all.listed(), listed);
        hub.deployments
            .apply(hub.deployments.project(&object("seen", "pull")));
        let seen = Target::one(Labelled::Secret, "seen", "pull");
        assert_eq!(hub.queue.waiting(), BTreeSet::from([seen]));
    }

    #[test]
    fn the_lists_of_two_kinds_do_not_mix() {
        let hub = with_clusters();
        let pool = hub.pools.project(&object("new", "registries"));
        hub.pools.replace(vec![pool]);
        assert!(hub.is_needed("new", "registries"));
        hub.deployments.replace(Vec::new());
        assert!(!hub.is_needed("new", "pull") && hub.is_needed("new", "registries"));
        hub.pools.replace(Vec::new());
        assert!(!hub.is_needed("new", "registries"));
    }

    #[test]
    fn a_pool_and_a_cluster_from_one_claim_their_namespace_once() {
        let hub = with_clusters();
        let _open = hub.elected();
        hub.pools.replace(Vec::new());
        let mut pooled = object("pooled", "pull");
        pooled["spec"]["clusterPoolRef"] = json!({"poolName": "pool"});
        hub.deployments.apply(hub.deployments.project(&pooled));
        hub.pools.apply(hub.pools.project(&object("pool", "pull")));
        for namespace in ["pooled", "pool"] {
            assert!(hub.queue.waiting().contains(&Target::namespace(namespace)));
        }
        assert!(hub.is_needed("pooled", "pooled-0-x") && hub.is_needed("pool", "pool-x"));
    }
}
