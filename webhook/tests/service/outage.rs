//! What happens to labels while no replica is there, and while it changes which one labels.

use std::time::Duration;

use acm_backup_domain::snapshot::Missing;
use acm_backup_domain::upstream::object_label::{BACKUP, METAL3_ENVIRONMENT};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::Api;
use crate::hub::{Hub, NEW, OLD, deployment};
use crate::left_alone::{SOON, installed_on, old};

/// Failed before: of an old cluster's Secrets none was labelled, however it came to be needed.
#[tokio::test(start_paused = true)]
async fn all_that_came_to_be_needed_while_nobody_was_there_is_labelled_at_once() {
    let gone = Hub::new();
    installed_on(&gone).await;
    // Made; marked; named in the place of another; stripped of the label it had.
    let api = &gone.api;
    api.secret_of(NEW, "old", "config", json!({}));
    api.config_map("old", "manifests");
    api.relabel(
        "old",
        "host",
        METAL3_ENVIRONMENT,
        json!("baremetal"),
        "MODIFIED",
    );
    api.relabel("old", "ssh", BACKUP, Value::Null, "ADDED");
    let mut moved = old();
    moved["spec"]["pullSecretRef"]["name"] = json!("spare");
    // Another replica comes back, hours later.
    let back = Hub::on(api.clone());
    back.knows_itself();
    back.lists(&[moved]);
    let begun = Instant::now();
    back.elect_as("b", false);
    for (name, value) in [
        ("config", "installconfig"),
        ("host", "baremetal"),
        ("spare", "pullsecret"),
        ("ssh", "sshkey"),
    ] {
        back.labelled("old", name, value).await;
    }
    let is = |api: &Api| {
        api.label("configmaps", "old", "manifests", BACKUP)
            .is_some()
    };
    api.until(is).await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    // What was there is left as it was, also by the next sweeps.
    tokio::time::sleep(Duration::from_secs(1800)).await;
    for name in ["cloud", "pull"] {
        assert_eq!(back.label("old", name), None, "{name}");
    }
    let metrics = back.metrics.encode().unwrap();
    assert!(metrics.contains("secrets_left_alone 1\n"), "{metrics}");
}

/// Failed before: it was tried five times in a minute and a half, and then left to the sweep.
#[tokio::test(start_paused = true)]
async fn what_waits_for_the_hubs_own_clusters_is_labelled_as_soon_as_they_are_known() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.lists(&[]);
    hub.api.secret("c1", "pull", json!({}));
    hub.elect(false);
    hub.noted().await;
    hub.local_clusters.contact.failed(Missing::Forbidden {
        verb: "watch".to_owned(),
        resource: "managedclusters.cluster.open-cluster-management.io".to_owned(),
        namespace: None,
    });
    hub.deploy(&deployment("c1", NEW));
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(hub.label("c1", "pull"), None);
    let begun = Instant::now();
    hub.knows_itself();
    hub.labelled("c1", "pull", "pullsecret").await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

/// Failed before: every replica queued what only one looks at.
#[tokio::test(start_paused = true)]
async fn a_follower_keeps_no_list_and_takes_over_where_the_leader_ended() {
    let leader = Hub::new();
    let follower = Hub::on(leader.api.clone());
    for replica in [&leader, &follower] {
        replica.knows_itself();
        replica.lists(&[]);
    }
    let running = leader.elect_as("a", false);
    leader.noted().await;
    follower.elect_as("b", false);
    leader.api.secret("c1", "pull", json!({}));
    // The leader is gone in the middle of its write.
    let (handle, api) = (running.abort_handle(), leader.api.clone());
    leader.api.before_write(move |_| {
        // The Lease may be renewed first.
        let handle = handle.clone();
        api.before_write(move |_| handle.abort());
    });
    for replica in [&leader, &follower] {
        replica.deploy(&deployment("c1", NEW));
    }
    assert!(follower.queue.is_empty());
    let begun = Instant::now();
    let _ = running.await;
    follower.labelled("c1", "pull", "pullsecret").await;
    assert!(leader.queue.is_empty());
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let writes = leader.api.requests();
    let writes = writes
        .iter()
        .filter(|line| line.starts_with("PATCH") && line.contains("/secrets/"));
    assert!(writes.count() <= 2);
}

#[tokio::test]
async fn a_secret_made_anew_in_between_is_labelled_as_itself() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.lists(&[]);
    hub.elect(false);
    hub.noted().await;
    hub.api.secret("c1", "pull", json!({"made": "first"}));
    hub.api.before_write(|api| {
        api.before_write(|api| {
            api.delete("/api/v1/namespaces/c1/secrets", "pull");
            api.secret("c1", "pull", json!({"made": "second"}));
        });
        api.delete("/api/v1/namespaces/c1/secrets", "pull");
        api.secret("c1", "pull", json!({"made": "second"}));
    });
    hub.deploy(&deployment("c1", NEW));
    hub.labelled("c1", "pull", "pullsecret").await;
    assert_eq!(
        hub.api.label_of("c1", "pull", "made").as_deref(),
        Some("second")
    );
}

/// A clock of ours that is an hour out: ages are compared among themselves, never with it.
#[tokio::test(start_paused = true)]
async fn our_own_clock_decides_nothing() {
    for shift in [-3600, 3600] {
        let hub = Hub::new();
        let by_us = Timestamp::now() + jiff::SignedDuration::from_secs(shift);
        hub.local_clusters.contact.heard(by_us);
        hub.lists(&[deployment("old", OLD)]);
        hub.api.secret_of(OLD, "old", "pull", json!({}));
        hub.api.secret("old", "config", json!({}));
        hub.elect(false);
        if shift < 0 {
            // Silent for an hour, as it seems: nothing is labelled by it.
            tokio::time::sleep(SOON).await;
            hub.knows_itself();
        }
        hub.deploy(&deployment("c1", NEW));
        hub.api.secret("c1", "pull", json!({}));
        hub.labelled("c1", "pull", "pullsecret").await;
        assert_eq!(hub.label("old", "pull"), None);
    }
}

/// Failed before: everything was listed again at once, for as long as that went on.
#[tokio::test(start_paused = true)]
async fn an_api_server_that_never_knows_what_happened_is_not_asked_for_everything_all_the_time() {
    let hub = Hub::new();
    hub.knows_itself();
    hub.lists(&[]);
    hub.api.refuse("/api/v1/secrets?watch=true", 410);
    hub.elect(false);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let lines = hub.api.requests();
    let lists = lines
        .iter()
        .filter(|line| line.contains("/api/v1/secrets?limit"));
    let lists = lists.count();
    assert!((10..=70).contains(&lists), "{lists} in ten minutes");
}
