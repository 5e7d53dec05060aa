//! Who takes the label off, and who never had it on.

use std::time::Duration;

use acm_backup_domain::upstream::object_label::{BACKUP, EXCLUDE};
use serde_json::{Value, json};

use crate::api::Api;
use crate::hub::{Hub, NEW, OLD, deployment};
use crate::left_alone::old;
use crate::quiet::Captured;

/// Another writer that sets its object right each time: failed before, with a write a second for ever.
#[tokio::test(start_paused = true)]
async fn who_takes_the_label_off_each_time_gets_it_back_more_and_more_slowly() {
    let (captured, _guard) = Captured::from_now("info");
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
    let (captured, _guard) = Captured::from_now("info");
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

/// What is not to be labelled is no fight, however often it is written; and whoever takes that back asks for the
/// label, also of what was there before.
#[tokio::test(start_paused = true)]
async fn what_is_kept_out_is_not_fought_over_and_comes_in_when_asked_for() {
    let (captured, _guard) = Captured::from_now("info");
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

/// A policy that refuses our write, of a Secret that somebody else goes on writing. Failed before: it was told as a right
/// that is missing, with a word of information, and then as a fight over the label.
#[tokio::test(start_paused = true)]
async fn a_write_that_a_policy_refuses_is_told_as_that_and_is_no_fight() {
    let (captured, _guard) = Captured::from_now("info");
    let hub = Hub::new();
    hub.knows_itself();
    hub.lists(&[deployment("c1", NEW)]);
    hub.api.secret("c1", "pull", json!({}));
    const WRITE: &str = "PATCH /api/v1/namespaces/c1/secrets";
    const SAID: &str = "admission webhook \"policies.example\" denied the request: [c] no labels";
    hub.api.deny(WRITE, SAID);
    hub.elect(false);
    hub.settled("failed").await;
    for turn in 0..20 {
        let turn = json!(turn.to_string());
        hub.api.relabel("c1", "pull", "turn", turn, "MODIFIED");
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let text = captured.text();
    assert!(!text.contains("until the rights of"), "{text}");
    assert!(!text.contains("again and again"), "{text}");
    let told: Vec<_> = text
        .lines()
        .filter(|line| line.contains("policies.example"))
        .collect();
    assert_eq!(told.len(), 1, "{text}");
    assert!(told.concat().contains("WARN"), "{text}");
    let metrics = hub.metrics.encode().unwrap();
    assert!(metrics.contains("labels_fought 0\n"), "{metrics}");
    hub.api.allow(WRITE);
    let turn = json!("last");
    hub.api.relabel("c1", "pull", "turn", turn, "MODIFIED");
    hub.labelled("c1", "pull", "pullsecret").await;
}
