//! Watches: what is known, how old it is, and how they recover.

use std::sync::Arc;

use acm_backup_domain::snapshot::{Fact, Missing};
use acm_backup_hub::kinds::BACKUPS;
use acm_backup_webhook::service::probes::Dependency;
use acm_backup_webhook::watch::backups::Backups;
use acm_backup_webhook::watch::follow::Follow;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Api;

const COLLECTION: &str = "/apis/velero.io/v1/namespaces/open-cluster-management-backup/backups";

fn follow(api: &Api) -> Arc<Backups> {
    let backups = Arc::new(Backups::default());
    let follow = Follow {
        resource: &BACKUPS,
        namespace: Some("open-cluster-management-backup".to_owned()),
        selector: "",
        store: Arc::clone(&backups),
        contact: Arc::clone(&backups.contact),
    };
    tokio::spawn(follow.run(api.client()));
    backups
}

fn backup(name: &str) -> Value {
    json!({"metadata": {"name": name}, "status": {"phase": "Completed"}})
}

fn names(backups: &Backups) -> Vec<String> {
    let fact = backups.fact(Timestamp::now());
    fact.items()
        .iter()
        .map(|backup| backup.meta.name.clone())
        .collect()
}

async fn until(backups: &Backups, expected: &[&str]) {
    while names(backups) != expected {
        tokio::task::yield_now().await;
    }
}

fn count(api: &Api, part: &str) -> usize {
    api.requests()
        .iter()
        .filter(|line| line.contains(part))
        .count()
}

#[tokio::test]
async fn lists_then_follows_and_goes_on_where_a_watch_ended() {
    let api = Api::default();
    api.put(COLLECTION, backup("a"));
    let backups = follow(&api);
    api.until(|api| count(api, "watch=true") == 1).await;
    assert_eq!(names(&backups), ["a"]);
    assert_eq!(backups.contact.missing(), None);

    let stored = api.put(COLLECTION, backup("b"));
    api.event("ADDED", &stored);
    until(&backups, &["a", "b"]).await;
    api.event("DELETED", &stored);
    until(&backups, &["a"]).await;

    // The time of the call is over: the next begins at the version reached, without a new list.
    api.end_watches();
    api.until(|api| count(api, "watch=true") == 2).await;
    let version = stored["metadata"]["resourceVersion"].as_str().unwrap();
    let last = api.requests().pop().unwrap();
    assert!(
        last.contains(&format!("resourceVersion={version}")),
        "{last}"
    );
    assert_eq!(count(&api, "limit="), 1);
}

#[tokio::test]
async fn falling_behind_takes_a_new_list_and_forgets_what_is_gone() {
    let api = Api::default();
    api.put(COLLECTION, backup("a"));
    let backups = follow(&api);
    api.until(|api| count(api, "watch=true") == 1).await;
    api.delete(COLLECTION, "a");
    api.put(COLLECTION, backup("b"));
    let expired = json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"});
    api.event("ERROR", &expired);
    until(&backups, &["b"]).await;
}

#[tokio::test]
async fn a_kind_that_comes_later_is_found() {
    let api = Api::default();
    let backups = follow(&api);
    api.until(|api| count(api, "limit=") == 1).await;
    while backups.contact.fact(|| (), Timestamp::now())
        != Fact::Missing(Missing::NoKind {
            resource: BACKUPS.name.to_owned(),
        })
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(backups.contact.missing(), None, "nothing to wait for");
    api.put(COLLECTION, backup("a"));
    until(&backups, &["a"]).await;
}

#[tokio::test]
async fn a_refusal_says_which_right_is_missing_and_is_asked_again_without_being_waited_for() {
    let api = Api::default();
    api.put(COLLECTION, backup("a"));
    api.fail_once("backups", 403);
    let backups = follow(&api);
    let forbidden = Missing::Forbidden {
        verb: "watch".to_owned(),
        resource: BACKUPS.name.to_owned(),
        namespace: Some("open-cluster-management-backup".to_owned()),
    };
    while backups.contact.fact(|| (), Timestamp::now()) != Fact::Missing(forbidden.clone()) {
        tokio::task::yield_now().await;
    }
    assert!(backups.contact.told().contains("forbidden"));
    assert_eq!(backups.contact.missing(), None);
    until(&backups, &["a"]).await;
    assert_eq!(backups.contact.missing(), None);
}
