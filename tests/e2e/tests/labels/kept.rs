//! Whoever takes the label away by the way keeps it: in the same write, however it is made.

use acm_backup_bed::Finished;
use acm_backup_domain::upstream::object_label;
use acm_backup_e2e::fixtures;
use serde_json::{Value, json};

use super::{create, until_labelled};
use crate::support::{GuardedHub, guarded_hub, says};

/// Labels of the object a command printed as JSON: what that very request stored.
fn labels(finished: &Finished) -> Value {
    assert!(finished.succeeded(), "{finished}");
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    object["metadata"]["labels"].clone()
}

fn backup(finished: &Finished) -> Value {
    labels(finished)[object_label::BACKUP].clone()
}

fn kubectl(hub: &GuardedHub, args: &[&str], input: &Value) -> Finished {
    let admin = hub.hub.admin_kubeconfig();
    let input = input.to_string();
    hub.hub.kubectl_with_input(&admin, args, &input).unwrap()
}

/// Set and unset labels as `kubectl label` does, which itself prints what it asked for and not what was stored.
fn relabel(hub: &GuardedHub, namespace: &str, name: &str, labels: &Value) -> Finished {
    let patch = json!({ "metadata": { "labels": labels } }).to_string();
    let args = [
        "-n",
        namespace,
        "patch",
        "secret",
        name,
        "--type=merge",
        "-p",
        &patch,
    ];
    hub.hub.kubectl(&[&args[..], &PRINT].concat()).unwrap()
}

/// A cluster with its pull secret, labelled.
async fn with_pull_secret(hub: &GuardedHub, cluster: &str) -> String {
    hub.hub.create_namespace(cluster).await.unwrap();
    create(hub, fixtures::cluster_deployment(cluster)).await;
    let pull = format!("{cluster}-pull-secret");
    create(hub, fixtures::secret(cluster, &pull, Value::Null)).await;
    until_labelled(hub, cluster, &pull, "pullsecret").await;
    pull
}

const PRINT: [&str; 2] = ["-o", "json"];

#[test]
fn by_every_kind_of_write() {
    guarded_hub(|hub| async move {
        let cluster = "kept";
        let pull = with_pull_secret(&hub, cluster).await;
        let plain = fixtures::secret(cluster, &pull, Value::Null);
        let mut other = fixtures::secret(cluster, &pull, json!({ "team": "a" }));
        other["stringData"]["value"] = json!("canary-turned");
        let null = json!({ "metadata": { "labels": null } }).to_string();
        let one = json!({ "metadata": { "labels": { object_label::BACKUP: null } } }).to_string();
        let remove = json!([{ "op": "remove", "path": "/metadata/labels" }]).to_string();
        let on = ["-n", cluster, "secret", &pull];
        let patch = |kind: &'static str, body: &str| {
            let args = ["patch", on[0], on[1], on[2], on[3], kind, "-p", body];
            let args: Vec<_> = args.iter().chain(&PRINT).copied().collect();
            hub.hub.kubectl(&args).unwrap()
        };
        // The whole Secret, as its owner made it: without labels, and with others.
        let put = [&["replace", "-f", "-"][..], &PRINT].concat();
        let mut writes = vec![
            ("PUT", kubectl(&hub, &put, &plain)),
            ("PUT with labels", kubectl(&hub, &put, &other)),
            ("strategic, all", patch("--type=strategic", &null)),
            ("strategic, one", patch("--type=strategic", &one)),
            ("merge, all", patch("--type=merge", &null)),
            ("merge, one", patch("--type=merge", &one)),
            ("JSON patch", patch("--type=json", &remove)),
        ];
        // Server-side apply by one who owned the label, and owns it no more.
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
        let apply = [&apply[..], &PRINT].concat();
        let labelled = json!({ object_label::BACKUP: "pullsecret" });
        let owner = fixtures::secret(cluster, &pull, labelled);
        assert_eq!(backup(&kubectl(&hub, &apply, &owner)), "pullsecret");
        writes.push(("server-side apply", kubectl(&hub, &apply, &plain)));
        writes.push(("server-side apply again", kubectl(&hub, &apply, &plain)));
        for (how, finished) in writes {
            assert_eq!(backup(&finished), "pullsecret", "{how}: {finished}");
            // Told where something was taken away; a second apply owns nothing of it any more.
            if how != "server-side apply again" {
                says(
                    &finished.stderr,
                    &["spec.pullSecretRef", "velero.io/exclude-from-backup=true"],
                );
            }
        }
        assert_eq!(
            hub.label_of(cluster, &pull).await.as_deref(),
            Some("pullsecret")
        );
    });
}

#[test]
fn with_the_value_someone_chose_and_never_against_a_choice() {
    guarded_hub(|hub| async move {
        let cluster = "chosen";
        let pull = with_pull_secret(&hub, cluster).await;
        let set = |labels: Value| relabel(&hub, cluster, &pull, &labels);
        let gone = || json!({ object_label::BACKUP: null });
        for value in ["mine", ""] {
            let finished = set(json!({ object_label::BACKUP: value }));
            assert_eq!(backup(&finished), value);
            assert_eq!(finished.stderr, "", "a choice is nothing to warn of");
            assert_eq!(backup(&set(gone())), value, "put back as it was");
        }
        // The way out of the backup.
        let excluded = set(json!({ object_label::BACKUP: null, object_label::EXCLUDE: "true" }));
        assert_eq!(labels(&excluded), json!({ object_label::EXCLUDE: "true" }));
        assert_eq!(excluded.stderr, "");
        // And back: nothing was lost by this write; who needs it says so.
        let back = set(json!({ object_label::EXCLUDE: null }));
        assert!(backup(&back).is_null(), "{back}");
        until_labelled(&hub, cluster, &pull, "pullsecret").await;
    });
}

#[test]
fn another_label_that_selected_it_and_one_that_nobody_needs() {
    guarded_hub(|hub| async move {
        let cluster = "lost";
        let pull = with_pull_secret(&hub, cluster).await;
        let set = |name: &str, labels: Value| relabel(&hub, cluster, name, &labels);
        // The console's label took the place of ours, and goes.
        let by_type = json!({ object_label::BACKUP: null, object_label::CREDENTIAL_TYPE: "aws" });
        assert_eq!(
            labels(&set(&pull, by_type)),
            json!({ object_label::CREDENTIAL_TYPE: "aws" })
        );
        let back = set(&pull, json!({ object_label::CREDENTIAL_TYPE: null }));
        assert_eq!(backup(&back), "pullsecret", "{back}");
        says(&back.stderr, &[object_label::CREDENTIAL_TYPE]);
        // A person's own label on what nobody needs is that person's.
        let labelled = json!({ object_label::BACKUP: "mine" });
        create(&hub, fixtures::secret(cluster, "nobodys", labelled)).await;
        let finished = set("nobodys", json!({ object_label::BACKUP: null }));
        assert!(backup(&finished).is_null(), "{finished}");
        assert_eq!(finished.stderr, "");
    });
}

/// Another controller that sets its Secret right whenever it hears of a change: what is put back in the same write
/// is no change, so it hears of nothing, and no fight goes on between the two.
#[test]
fn without_a_change_that_wakes_who_took_it_away() {
    guarded_hub(|hub| async move {
        let cluster = "unfought";
        let pull = with_pull_secret(&hub, cluster).await;
        let plain = fixtures::secret(cluster, &pull, Value::Null);
        let put = [&["replace", "-f", "-"][..], &PRINT].concat();
        let version = |finished: &Finished| {
            assert_eq!(backup(finished), "pullsecret", "{finished}");
            let object: Value = serde_json::from_str(&finished.stdout).unwrap();
            object["metadata"]["resourceVersion"].clone()
        };
        // The first write changes who owns the label.
        let first = version(&kubectl(&hub, &put, &plain));
        for _ in 0..3 {
            assert_eq!(version(&kubectl(&hub, &put, &plain)), first);
        }
    });
}

/// In the namespaces of the platform no write waits for us: the label comes back after it, each time.
#[test]
fn after_the_write_where_no_write_waits_for_us() {
    guarded_hub(|hub| async move {
        let cluster = "openshift-unasked";
        let pull = with_pull_secret(&hub, cluster).await;
        for _ in 0..2 {
            let gone = json!({ object_label::BACKUP: null });
            let finished = relabel(&hub, cluster, &pull, &gone);
            assert!(backup(&finished).is_null(), "{finished}");
            until_labelled(&hub, cluster, &pull, "pullsecret").await;
        }
    });
}
