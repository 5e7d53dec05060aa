//! What happened while no call reached us is made good when we are back, and not by the sweep alone, which comes
//! every ten minutes.

use acm_backup_bed::wait::{Seen, until};
use acm_backup_bed::{Part, Webhook};
use acm_backup_domain::names::{LEFT_ALONE, NAMESPACE};
use acm_backup_domain::upstream::object_label;
use acm_backup_e2e::fixtures;
use serde_json::{Value, json};

use super::{LIMIT, create, until_labelled};
use crate::support::{GuardedHub, guarded_hub};

/// Made or changed while nobody of ours is called: a Secret that says itself what it is, one that is referred to,
/// one that loses its label.
async fn meanwhile(hub: &GuardedHub, cluster: &str, lost: &str) {
    create(hub, fixtures::token_secret(cluster)).await;
    let ssh = format!("{cluster}-ssh-key");
    create(hub, fixtures::secret(cluster, &ssh, Value::Null)).await;
    let gone = format!("{}-", object_label::BACKUP);
    let label = ["-n", cluster, "label", "secret", lost, &gone];
    hub.hub.kubectl(&label).unwrap().ok().unwrap();
    for name in ["auto-import-account", &ssh, lost] {
        assert_eq!(hub.label_of(cluster, name).await, None, "{name}");
    }
}

async fn prepared(hub: &GuardedHub, cluster: &str) -> String {
    hub.hub.create_namespace(cluster).await.unwrap();
    create(hub, fixtures::cluster_deployment(cluster)).await;
    let pull = format!("{cluster}-pull-secret");
    create(hub, fixtures::secret(cluster, &pull, Value::Null)).await;
    until_labelled(hub, cluster, &pull, "pullsecret").await;
    pull
}

async fn made_good(hub: &GuardedHub, cluster: &str, lost: &str) {
    until_labelled(hub, cluster, "auto-import-account", "msa").await;
    until_labelled(hub, cluster, &format!("{cluster}-ssh-key"), "sshkey").await;
    until_labelled(hub, cluster, lost, "pullsecret").await;
}

#[test]
fn after_every_replica_was_dead() {
    guarded_hub(|hub| async move {
        let pull = prepared(&hub, "while-dead").await;
        hub.webhook.kill();
        meanwhile(&hub, "while-dead", &pull).await;
        hub.webhook.start_again().await.unwrap();
        made_good(&hub, "while-dead", &pull).await;
    });
}

#[test]
fn after_every_replica_stood_still() {
    guarded_hub(|hub| async move {
        let pull = prepared(&hub, "while-still").await;
        for replica in hub.webhook.replicas() {
            replica.process.pause();
        }
        meanwhile(&hub, "while-still", &pull).await;
        for replica in hub.webhook.replicas() {
            replica.process.resume();
        }
        made_good(&hub, "while-still", &pull).await;
    });
}

/// Puts the configuration back, also when a test fails: the hub is kept for the next.
struct Back<'a>(&'a Webhook);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.0.apply(Part::Labels).unwrap();
    }
}

/// Until the API server knows whether it is to call us.
async fn until_called(hub: &GuardedHub, called: bool) {
    until(
        "the API server to know the configuration",
        LIMIT,
        || async {
            let probe = fixtures::token_secret("default").to_string();
            let args = ["create", "--dry-run=server", "-f", "-", "-o", "json"];
            let admin = hub.hub.admin_kubeconfig();
            let made = hub.hub.kubectl_with_input(&admin, &args, &probe)?.ok()?;
            Ok(match made.contains(object_label::BACKUP) == called {
                true => Seen::Yes(()),
                false => Seen::NotYet(made),
            })
        },
    )
    .await
    .unwrap();
}

/// The replicas are well and see the API server, and it does not call them: a certificate, a network policy, a
/// configuration somebody removed.
#[test]
fn while_no_call_comes_at_all() {
    guarded_hub(|hub| async move {
        let pull = prepared(&hub, "uncalled").await;
        let configuration = "mutatingwebhookconfiguration/acm-backup-labels";
        let back = Back(&hub.webhook);
        let delete = ["delete", configuration];
        hub.hub.kubectl(&delete).unwrap().ok().unwrap();
        until_called(&hub, false).await;
        // Nobody of ours is gone: what is done here may be made good before the next line looks.
        create(&hub, fixtures::token_secret("uncalled")).await;
        create(
            &hub,
            fixtures::secret("uncalled", "uncalled-ssh-key", Value::Null),
        )
        .await;
        let gone = format!("{}-", object_label::BACKUP);
        let label = ["-n", "uncalled", "label", "secret", &pull, &gone];
        hub.hub.kubectl(&label).unwrap().ok().unwrap();
        made_good(&hub, "uncalled", &pull).await;
        drop(back);
        until_called(&hub, true).await;
    });
}

/// What the elected replica has noted.
fn record(hub: &GuardedHub) -> Value {
    let get = [
        "-n",
        NAMESPACE,
        "get",
        "configmap",
        LEFT_ALONE,
        "-o",
        "json",
    ];
    let stored = hub.hub.kubectl(&get).unwrap().ok().unwrap();
    serde_json::from_str(&stored).unwrap()
}

fn created(object: &Value) -> &str {
    object["metadata"]["creationTimestamp"].as_str().unwrap()
}

/// The labels come to a hub whose clusters are there: every replica starts on it for the first time.
async fn installed_after(hub: &GuardedHub, youngest: &Value) {
    let delete = ["-n", NAMESPACE, "delete", "configmap", LEFT_ALONE];
    // The API server notes ages in whole seconds.
    until("a second to pass", LIMIT, || async {
        hub.hub.kubectl(&delete)?.ok()?;
        hub.webhook.apply(Part::Labels)?;
        let record = record(hub);
        Ok(match created(&record) > created(youngest) {
            true => Seen::Yes(()),
            false => Seen::NotYet(record.to_string()),
        })
    })
    .await
    .unwrap();
    hub.webhook.start_again().await.unwrap();
    until("what was there to be noted", LIMIT, || async {
        let record = record(hub);
        let asked = &record["data"]["asked"];
        Ok(match asked == "Mark/1 ClusterDeployment/1 ClusterPool/1" {
            true => Seen::Yes(()),
            false => Seen::NotYet(record.to_string()),
        })
    })
    .await
    .unwrap();
}

fn get(hub: &GuardedHub, namespace: &str, kind: &str, name: &str) -> Value {
    let get = ["-n", namespace, "get", kind, name, "-o", "json"];
    let stored = hub.hub.kubectl(&get).unwrap().ok().unwrap();
    serde_json::from_str(&stored).unwrap()
}

/// Failed before: of what happened in an outage to a cluster that was there before the installation, nothing
/// was made good, and a Secret that was only marked neither.
#[test]
fn on_a_cluster_that_was_there_before_the_labels() {
    guarded_hub(|hub| async move {
        let cluster = "there-before";
        let name = |what: &str| format!("{cluster}-{what}");
        hub.webhook.kill();
        hub.hub.create_namespace(cluster).await.unwrap();
        create(&hub, fixtures::cluster_deployment(cluster)).await;
        for what in ["pull-secret", "spare", "host"] {
            create(&hub, fixtures::secret(cluster, &name(what), Value::Null)).await;
        }
        let labelled = json!({ object_label::BACKUP: "mine" });
        create(
            &hub,
            fixtures::secret(cluster, &name("aws-creds"), labelled),
        )
        .await;
        installed_after(&hub, &get(&hub, cluster, "secret", &name("aws-creds"))).await;
        assert_eq!(hub.label_of(cluster, &name("pull-secret")).await, None);

        hub.webhook.kill();
        // Made, marked, stripped, and named in the place of another.
        create(
            &hub,
            fixtures::secret(cluster, &name("ssh-key"), Value::Null),
        )
        .await;
        for (what, label) in [
            (
                "host",
                format!("{}=baremetal", object_label::METAL3_ENVIRONMENT),
            ),
            ("aws-creds", format!("{}-", object_label::BACKUP)),
        ] {
            let label = ["-n", cluster, "label", "secret", &name(what), &label];
            hub.hub.kubectl(&label).unwrap().ok().unwrap();
        }
        let moved = json!({ "spec": { "pullSecretRef": { "name": name("spare") } } }).to_string();
        let patch = [
            "-n",
            cluster,
            "patch",
            "clusterdeployment",
            cluster,
            "--type=merge",
            "-p",
            &moved,
        ];
        hub.hub.kubectl(&patch).unwrap().ok().unwrap();
        hub.webhook.start_again().await.unwrap();
        for (what, value) in [
            ("ssh-key", "sshkey"),
            ("host", "baremetal"),
            ("aws-creds", "platformcredentials"),
            ("spare", "pullsecret"),
        ] {
            until_labelled(&hub, cluster, &name(what), value).await;
        }
        // Named no more, and left when it was.
        assert_eq!(hub.label_of(cluster, &name("pull-secret")).await, None);
    });
}
