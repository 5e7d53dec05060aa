//! Secrets are labelled by all three ways in: they say it themselves, something that exists names
//! them, something that is created later does.

mod kept;
mod missed;
mod passive;
mod referred;

use std::time::Duration;

use acm_backup_bed::wait::{Seen, until};
use acm_backup_e2e::fixtures;
use serde_json::{Value, json};

use crate::support::{GuardedHub, guarded_hub};

/// The targets speak of a second; this is how long a slow machine may take to get there.
const LIMIT: Duration = Duration::from_secs(30);

async fn until_labelled(hub: &GuardedHub, namespace: &str, name: &str, value: &str) {
    until(&format!("{name} to be labelled {value}"), LIMIT, || async {
        let label = hub.label_of(namespace, name).await;
        Ok(match label.as_deref() == Some(value) {
            true => Seen::Yes(()),
            false => Seen::NotYet(format!("{label:?}")),
        })
    })
    .await
    .unwrap();
}

async fn create(hub: &GuardedHub, object: Value) {
    hub.hub.create(&object).await.unwrap();
}

#[test]
fn a_secret_that_says_itself_what_it_is() {
    guarded_hub(|hub| async move {
        let namespace = "says-itself";
        hub.hub.create_namespace(namespace).await.unwrap();
        create(&hub, fixtures::token_secret(namespace)).await;
        let assisted = json!({ "agent-install.openshift.io/watch": "true" });
        create(&hub, fixtures::secret(namespace, "assisted", assisted)).await;
        let host = json!({ "environment.metal3.io": "baremetal" });
        create(&hub, fixtures::secret(namespace, "host", host)).await;
        // In the answer to the request itself: at once.
        for (name, value) in [
            ("auto-import-account", "msa"),
            ("assisted", "agent-install"),
            ("host", "baremetal"),
        ] {
            assert_eq!(
                hub.label_of(namespace, name).await.as_deref(),
                Some(value),
                "{name}"
            );
        }
    });
}

#[test]
fn a_secret_that_is_named_before_it_exists_and_one_that_is_named_later() {
    guarded_hub(|hub| async move {
        let cluster = "named";
        hub.hub.create_namespace(cluster).await.unwrap();
        let [(first, first_value), (second, second_value), rest @ ..] = fixtures::NAMED;
        // Before: nothing says what it is.
        create(
            &hub,
            fixtures::secret(cluster, &format!("{cluster}-{first}"), Value::Null),
        )
        .await;
        assert_eq!(
            hub.label_of(cluster, &format!("{cluster}-{first}")).await,
            None
        );
        create(&hub, fixtures::cluster_deployment(cluster)).await;
        until_labelled(&hub, cluster, &format!("{cluster}-{first}"), first_value).await;
        // After: the replicas know the reference by now or hear of it with the Secret.
        create(
            &hub,
            fixtures::secret(cluster, &format!("{cluster}-{second}"), Value::Null),
        )
        .await;
        until_labelled(&hub, cluster, &format!("{cluster}-{second}"), second_value).await;
        for (name, value) in rest {
            create(
                &hub,
                fixtures::secret(cluster, &format!("{cluster}-{name}"), Value::Null),
            )
            .await;
            until_labelled(&hub, cluster, &format!("{cluster}-{name}"), value).await;
        }
    });
}

#[test]
fn what_is_selected_already_or_excluded_or_nobodys_is_left_alone() {
    guarded_hub(|hub| async move {
        let cluster = "left-alone";
        hub.hub.create_namespace(cluster).await.unwrap();
        create(&hub, fixtures::cluster_deployment(cluster)).await;
        let pull_secret = format!("{cluster}-pull-secret");
        let keep_out = json!({ "velero.io/exclude-from-backup": "true", "environment.metal3.io": "baremetal" });
        let users_choice = json!({ "cluster.open-cluster-management.io/backup": "", "agent-install.openshift.io/watch": "true" });
        create(&hub, fixtures::kubeconfig_secret(cluster)).await;
        create(&hub, fixtures::secret(cluster, "excluded", keep_out)).await;
        create(&hub, fixtures::secret(cluster, "chosen", users_choice)).await;
        create(&hub, fixtures::secret(cluster, "nobodys", Value::Null)).await;
        create(&hub, fixtures::secret(cluster, &pull_secret, Value::Null)).await;
        // The last of them is labelled: those before it were looked at.
        until_labelled(&hub, cluster, &pull_secret, "pullsecret").await;
        assert_eq!(
            hub.label_of(cluster, &format!("{cluster}-admin-kubeconfig"))
                .await,
            None
        );
        assert_eq!(hub.label_of(cluster, "excluded").await, None);
        assert_eq!(hub.label_of(cluster, "chosen").await.as_deref(), Some(""));
        assert_eq!(hub.label_of(cluster, "nobodys").await, None);
    });
}

#[test]
fn no_log_and_no_metric_holds_what_a_secret_holds() {
    guarded_hub(|hub| async move {
        let namespace = "canaries";
        hub.hub.create_namespace(namespace).await.unwrap();
        create(&hub, fixtures::token_secret(namespace)).await;
        assert_eq!(
            hub.label_of(namespace, "auto-import-account")
                .await
                .as_deref(),
            Some("msa")
        );
        for replica in hub.webhook.replicas() {
            let log = std::fs::read_to_string(replica.process.log()).unwrap();
            assert!(
                log.contains("\"hook\""),
                "an empty log proves nothing: {log}"
            );
            let metrics = replica.probe("/metrics").await.unwrap();
            // As applied, and as the API server encodes it.
            for canary in ["canary-", "Y2FuYXJ5"] {
                assert!(!log.contains(canary) && !metrics.contains(canary));
            }
        }
    });
}
