//! What happens to labels while no replica is there, and while it changes which one labels.

use std::time::Duration;

use acm_backup_domain::names::LEFT_ALONE;
use acm_backup_domain::snapshot::Missing;
use acm_backup_domain::upstream::object_label::{BACKUP, EXCLUDE, METAL3_ENVIRONMENT};
use acm_backup_webhook::log;
use acm_backup_webhook::watch::follow::Store;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::Api;
use crate::hub::{Hub, NEW, OLD, RECORDS, deployment};
use crate::quiet::Captured;

/// Longer than any pause but that of the sweep.
const SOON: Duration = Duration::from_secs(60);

/// A cluster that is older than the installation.
fn old() -> Value {
    let mut old = deployment("old", OLD);
    old["spec"]["provisioning"] = json!({
        "sshPrivateKeySecretRef": {"name": "ssh"},
        "installConfigSecretRef": {"name": "config"},
        "manifestsConfigMapRef": {"name": "manifests"},
    });
    old["spec"]["platform"] = json!({"aws": {"credentialsSecretRef": {"name": "cloud"}}});
    old
}

/// That cluster, as it was there when the labels were installed; what is needed was noted.
async fn installed_on(hub: &Hub) {
    for name in ["pull", "cloud", "spare", "host"] {
        hub.api.secret_of(OLD, "old", name, json!({}));
    }
    hub.api
        .secret_of(OLD, "old", "ssh", json!({(BACKUP): "sshkey"}));
    hub.knows_itself();
    hub.lists(&[old()]);
    let running = hub.elect(false);
    hub.noted().await;
    running.abort();
    let _ = running.await;
    for name in ["pull", "cloud", "spare", "host"] {
        assert_eq!(hub.label("old", name), None, "{name}");
    }
}

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

/// The lists of a replica that comes back arrive one by one.
#[tokio::test(start_paused = true)]
async fn what_is_left_alone_stays_so_while_it_is_not_known_who_names_it() {
    let gone = Hub::new();
    installed_on(&gone).await;
    let back = Hub::on(gone.api.clone());
    back.knows_itself();
    back.elect_as("b", false);
    // Sweeps pass: no cluster is known, nothing seems needed.
    tokio::time::sleep(Duration::from_secs(1800)).await;
    back.lists(&[old()]);
    back.deploy(&deployment("new", NEW));
    back.api.secret("new", "pull", json!({}));
    back.labelled("new", "pull", "pullsecret").await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    for name in ["pull", "cloud"] {
        assert_eq!(back.label("old", name), None, "{name}");
    }
}

/// A record that somebody took away, or that an older installation never had.
#[tokio::test(start_paused = true)]
async fn without_a_record_age_decides_and_it_is_said() {
    let captured = Captured::default();
    let subscriber = log::subscriber("info", captured.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    let hub = Hub::without_record();
    hub.api.secret_of(OLD, "old", "pull", json!({}));
    hub.api.secret_of(NEW, "old", "config", json!({}));
    hub.knows_itself();
    hub.lists(&[old()]);
    hub.elect(false);
    hub.labelled("old", "config", "installconfig").await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    assert_eq!(hub.label("old", "pull"), None);
    let said = "there is no ConfigMap acm-backup-left-alone";
    assert_eq!(
        captured.text().matches(said).count(),
        1,
        "{}",
        captured.text()
    );
    // It comes, with the labels that are applied anew: what is there by then is left.
    hub.api.put(
        RECORDS,
        json!({"metadata": {"name": LEFT_ALONE, "creationTimestamp": NEW}}),
    );
    hub.noted().await;
    assert_eq!(hub.label("old", "pull"), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_once_is_never_left_alone_again() {
    let gone = Hub::new();
    installed_on(&gone).await;
    let asked = Hub::on(gone.api.clone());
    asked.knows_itself();
    asked.lists(&[old()]);
    let running = asked.elect_as("b", true);
    asked.labelled("old", "pull", "pullsecret").await;
    asked.labelled("old", "cloud", "platformcredentials").await;
    let empty = |api: &Api| api.get(RECORDS, LEFT_ALONE).unwrap()["binaryData"]["uids"] == "";
    asked.api.until(empty).await;
    running.abort();
    let _ = running.await;
    asked
        .api
        .relabel("old", "pull", BACKUP, Value::Null, "ADDED");
    let back = Hub::on(gone.api.clone());
    back.knows_itself();
    back.lists(&[old()]);
    back.elect_as("c", false);
    back.labelled("old", "pull", "pullsecret").await;
}

/// A new pool claims by its name's beginning what is in its namespace: not what another's is and was left.
#[tokio::test(start_paused = true)]
async fn a_new_pool_in_an_old_namespace_takes_nothing_of_an_old_pool() {
    let hub = Hub::new();
    hub.api.secret_of(OLD, "pools", "blue-1", json!({}));
    hub.knows_itself();
    hub.deployments.replace(Vec::new());
    let pool = |name: &str, created: &str| {
        let object =
            json!({"metadata": {"name": name, "namespace": "pools", "creationTimestamp": created}});
        hub.pools.project(&object)
    };
    hub.pools.replace(vec![pool("blue", OLD)]);
    hub.elect(false);
    hub.noted().await;
    hub.api.secret_of(OLD, "pools", "green-1", json!({}));
    hub.pools.apply(pool("green", NEW));
    hub.labelled("pools", "green-1", "clusterpool").await;
    assert_eq!(hub.label("pools", "blue-1"), None);
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

/// The rest of a list that took too long is refused: what was seen of it is not the whole.
#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_in_the_middle_forgets_nothing() {
    let gone = Hub::new();
    installed_on(&gone).await;
    let api = &gone.api;
    for number in 0..600 {
        api.secret("aaa", &format!("nobodys-{number}"), json!({}));
    }
    let before = api.get(RECORDS, LEFT_ALONE);
    api.fail_once("continue=500", 410);
    let back = Hub::on(api.clone());
    back.knows_itself();
    back.lists(&[old()]);
    back.elect_as("b", false);
    let whole = |api: &Api| {
        let lines = api.requests();
        lines
            .iter()
            .filter(|it| it.contains("continue=500"))
            .count()
            == 2
    };
    api.until(whole).await;
    tokio::time::sleep(SOON).await;
    assert_eq!(api.get(RECORDS, LEFT_ALONE), before);
    assert_eq!(back.label("old", "pull"), None);
}

/// Another writer that sets its object right each time: failed before, with a write a second for ever.
#[tokio::test(start_paused = true)]
async fn who_takes_the_label_off_each_time_gets_it_back_more_and_more_slowly() {
    let captured = Captured::default();
    let subscriber = log::subscriber("info", captured.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    let hub = Hub::new();
    hub.knows_itself();
    hub.lists(&[deployment("openshift-c1", NEW)]);
    hub.api.secret("openshift-c1", "pull", json!({}));
    hub.elect(false);
    let api = hub.api.clone();
    tokio::spawn(async move {
        loop {
            let is_on = |api: &Api| api.label_of("openshift-c1", "pull", BACKUP).is_some();
            api.until(is_on).await;
            api.relabel("openshift-c1", "pull", BACKUP, Value::Null, "ADDED");
        }
    });
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let writes = hub.api.requests();
    let writes = writes
        .iter()
        .filter(|line| line.starts_with("PATCH") && line.contains("/secrets/pull"));
    let writes = writes.count();
    assert!((10..=25).contains(&writes), "{writes} in an hour");
    let text = captured.text();
    let said = "something takes the backup label off again and again";
    assert_eq!(text.matches(said).count(), 1, "{text}");
    let metrics = hub.metrics.encode().unwrap();
    assert!(metrics.contains("labels_fought 1\n"), "{metrics}");
}

/// Failed before: it counted as labelled, and was written again with every sweep, without a word.
#[tokio::test(start_paused = true)]
async fn a_label_that_another_webhook_takes_off_in_the_same_write_is_not_said_to_be_on() {
    let captured = Captured::default();
    let subscriber = log::subscriber("info", captured.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    let hub = Hub::new();
    hub.knows_itself();
    hub.lists(&[deployment("c1", NEW)]);
    hub.api.secret("c1", "pull", json!({}));
    hub.api.take_off(BACKUP);
    hub.elect(false);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let text = captured.text();
    assert_eq!(
        text.matches("another admission webhook").count(),
        1,
        "{text}"
    );
    assert!(!text.contains("\"labelled\""), "{text}");
    let metrics = hub.metrics.encode().unwrap();
    assert!(!metrics.contains(r#"outcome="labelled""#), "{metrics}");
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

/// A hub whose record has no room in a ConfigMap, or where somebody took the right away.
#[tokio::test(start_paused = true)]
async fn a_record_that_is_refused_is_sent_with_every_sweep_and_no_more_often() {
    let hub = Hub::new();
    hub.api.secret_of(OLD, "old", "pull", json!({}));
    hub.api
        .refuse("PATCH /api/v1/namespaces/acm-backup-system/configmaps", 422);
    hub.knows_itself();
    hub.lists(&[old()]);
    hub.elect(false);
    tokio::time::sleep(Duration::from_secs(3590)).await;
    let lines = hub.api.requests();
    let sent = lines
        .iter()
        .filter(|line| line.contains("PATCH") && line.contains(LEFT_ALONE));
    assert_eq!(sent.count(), 6);
    assert_eq!(hub.label("old", "pull"), None);
    // As soon as it is taken it is there for the next replica.
    hub.api
        .allow("PATCH /api/v1/namespaces/acm-backup-system/configmaps");
    hub.noted().await;
}

/// Somebody edits it, or a tool puts back half of it: what is missing from it is not due for that.
#[tokio::test(start_paused = true)]
async fn a_record_that_lost_a_part_is_made_anew_and_nothing_is_labelled_for_it() {
    for damage in [
        json!({"binaryData": null}),
        json!({"binaryData": {"uids": "AAAA"}}),
        json!({"binaryData": {"uids": "?"}}),
        json!({"data": null}),
    ] {
        let gone = Hub::new();
        installed_on(&gone).await;
        let whole = gone.api.get(RECORDS, LEFT_ALONE).unwrap();
        let mut record = whole.clone();
        json_patch::merge(&mut record, &damage);
        gone.api.put(RECORDS, record);
        let back = Hub::on(gone.api.clone());
        back.knows_itself();
        back.lists(&[old()]);
        back.elect_as("b", false);
        let mended = |api: &Api| {
            let record = api.get(RECORDS, LEFT_ALONE).unwrap();
            record["data"] == whole["data"] && record["binaryData"] == whole["binaryData"]
        };
        back.api.until(mended).await;
        for name in ["pull", "cloud"] {
            assert_eq!(back.label("old", name), None, "{damage}");
        }
    }
}

/// Who begins with the guards has a Lease of that day. Failed before: clusters that were made between the guards
/// and the labels counted as younger than the installation, and their keys were copied unasked.
#[tokio::test(start_paused = true)]
async fn labels_that_come_long_after_the_guards_leave_what_is_there_by_then() {
    let hub = Hub::without_record();
    hub.api.refuse("/secrets", 403);
    hub.api.refuse("/configmaps", 403);
    hub.knows_itself();
    hub.lists(&[deployment("between", NEW)]);
    hub.api.secret_of(NEW, "between", "pull", json!({}));
    hub.elect(false);
    tokio::time::sleep(Duration::from_secs(1800)).await;
    let labels_came = "2026-12-24T12:00:00Z";
    hub.api.put(
        RECORDS,
        json!({"metadata": {"name": LEFT_ALONE, "creationTimestamp": labels_came}}),
    );
    hub.api.allow("/configmaps");
    hub.api.allow("/secrets");
    hub.noted().await;
    hub.deploy(&deployment("after", "2026-12-24T13:00:00Z"));
    hub.api.secret("after", "pull", json!({}));
    hub.labelled("after", "pull", "pullsecret").await;
    tokio::time::sleep(Duration::from_secs(1800)).await;
    assert_eq!(hub.label("between", "pull"), None);
}

/// What is not to be labelled is no fight, however often it is written; and whoever takes that back asks for the
/// label, also of what was there before.
#[tokio::test(start_paused = true)]
async fn what_is_kept_out_is_not_fought_over_and_comes_in_when_asked_for() {
    let captured = Captured::default();
    let subscriber = log::subscriber("info", captured.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    let hub = Hub::new();
    hub.knows_itself();
    hub.lists(&[old(), deployment("local-cluster", NEW)]);
    let out = json!({(EXCLUDE): "true"});
    hub.api.secret_of(OLD, "old", "pull", out);
    hub.api.secret("local-cluster", "pull", json!({}));
    hub.elect(false);
    hub.noted().await;
    let watching = |api: &Api| {
        api.requests()
            .iter()
            .any(|it| it.contains("secrets?watch=true"))
    };
    hub.api.until(watching).await;
    for turn in 0..20 {
        for namespace in ["old", "local-cluster"] {
            hub.api.relabel(
                namespace,
                "pull",
                "turn",
                json!(turn.to_string()),
                "MODIFIED",
            );
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let looked = |api: &Api| {
        let lines = api.requests();
        lines
            .iter()
            .filter(|it| it.contains("/secrets/pull"))
            .count()
    };
    assert_eq!(looked(&hub.api), 0);
    let metrics = hub.metrics.encode().unwrap();
    assert!(metrics.contains("labels_fought 0\n"), "{metrics}");
    assert!(!captured.text().contains("again and again"));
    hub.api
        .relabel("old", "pull", EXCLUDE, Value::Null, "MODIFIED");
    hub.labelled("old", "pull", "pullsecret").await;
    assert_eq!(hub.label("local-cluster", "pull"), None);
}
