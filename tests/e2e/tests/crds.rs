//! Our CRDs store everything any version of the operator wrote, and give it back unchanged.

use std::collections::BTreeMap;

use acm_backup_bed::{BACKUP_NAMESPACE, Hub, HubOptions};
use acm_backup_e2e::{install_crds, look};
use acm_backup_operator::recording::{Change, HUBS, RECORDINGS, Recording};
use kube::Api;
use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};

use crate::support::alone;

/// Every form a Restore or BackupSchedule had, once.
fn recorded() -> BTreeMap<String, Value> {
    let mut forms = BTreeMap::new();
    for recording in RECORDINGS {
        for (hub, _) in HUBS {
            for event in Recording::open(recording, hub).unwrap().events {
                let object = event.object;
                if event.change == Change::Step || object["apiVersion"] != look::ACM {
                    continue;
                }
                let form = json!({
                    "apiVersion": object["apiVersion"],
                    "kind": object["kind"],
                    "metadata": {
                        "labels": object["metadata"]["labels"],
                        "annotations": object["metadata"]["annotations"],
                        "finalizers": object["metadata"]["finalizers"],
                    },
                    "spec": object["spec"],
                    "status": object["status"],
                });
                forms.insert(form.to_string(), form);
            }
        }
    }
    forms
}

#[test]
fn every_recorded_object_survives_a_round_trip_unchanged() {
    alone(async {
        let options = HubOptions {
            controllers: false,
            ..HubOptions::default()
        };
        let hub = Hub::start_with("crds", options).await.unwrap();
        install_crds(&hub).await.unwrap();
        hub.create_namespace(BACKUP_NAMESPACE).await.unwrap();
        let client = hub.client().await.unwrap();

        let recorded = recorded();
        let kinds = |kind: &str| {
            recorded
                .values()
                .filter(|form| form["kind"] == kind)
                .count()
        };
        assert!(
            kinds("Restore") > 50 && kinds("BackupSchedule") > 10,
            "{} forms",
            recorded.len()
        );
        for (number, form) in recorded.into_values().enumerate() {
            let name = format!("recorded-{number}");
            let kind = look::resource(look::ACM, form["kind"].as_str().unwrap());
            let api: Api<DynamicObject> =
                Api::namespaced_with(client.clone(), BACKUP_NAMESPACE, &kind);
            let mut object = form.clone();
            object["metadata"]["name"] = json!(name);
            let object: DynamicObject = serde_json::from_value(object).unwrap();
            let strict = PostParams::default();
            let mut stored = api.create(&strict, &object).await.unwrap();
            if !form["status"].is_null() {
                stored.data["status"] = form["status"].clone();
                api.replace_status(&name, &strict, &stored).await.unwrap();
            }

            let back = serde_json::to_value(api.get(&name).await.unwrap()).unwrap();
            assert_eq!(back["spec"], form["spec"]);
            assert_eq!(back["status"], form["status"]);
            for part in ["labels", "annotations", "finalizers"] {
                assert_eq!(back["metadata"][part], form["metadata"][part], "{form}");
            }
        }
    });
}

/// Fields nobody has declared must not be refused either: a newer operator may write them.
#[test]
fn an_object_without_spec_and_one_with_odd_values_are_stored() {
    alone(async {
        let options = HubOptions {
            controllers: false,
            ..HubOptions::default()
        };
        let hub = Hub::start_with("crds", options).await.unwrap();
        install_crds(&hub).await.unwrap();
        hub.create_namespace(BACKUP_NAMESPACE).await.unwrap();
        for (name, kind, spec) in [
            ("no-spec", "Restore", Value::Null),
            ("no-spec", "BackupSchedule", Value::Null),
            // The API server takes it; the operator never sees the object (2.17-traps).
            (
                "days",
                "BackupSchedule",
                json!({ "veleroSchedule": "0 */2 * * *", "veleroTtl": "5d" }),
            ),
        ] {
            let mut object = json!({
                "apiVersion": look::ACM, "kind": kind,
                "metadata": { "namespace": BACKUP_NAMESPACE, "name": name },
            });
            if !spec.is_null() {
                object["spec"] = spec.clone();
            }
            let stored = hub.create(&object).await.unwrap();
            assert_eq!(stored.data["spec"], spec);
        }
    });
}
