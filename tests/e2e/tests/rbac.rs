//! The webhook runs with the rights its manifests give it and no others, and says so where one is missing.

use std::time::Duration;

use acm_backup_bed::wait::{Seen, until};
use acm_backup_e2e::fixtures;
use jiff::SignedDuration;

use crate::support::{GuardedHub, guarded_hub, says};

const ACCOUNT: &str = "system:serviceaccount:acm-backup-system:acm-backup-webhook";
const LIMIT: Duration = Duration::from_secs(60);

fn may(hub: &GuardedHub, what: &str) -> bool {
    let question = ["auth", "can-i", "--as", ACCOUNT, "-A"]
        .into_iter()
        .chain(what.split(' '));
    let answer = hub.hub.kubectl(&question.collect::<Vec<_>>()).unwrap();
    match answer.stdout.trim() {
        "yes" => true,
        "no" => false,
        _ => panic!("{answer}"),
    }
}

#[test]
fn it_may_do_what_it_does_and_nothing_else() {
    guarded_hub(|hub| async move {
        for what in [
            "list restores.cluster.open-cluster-management.io",
            "list backupschedules.cluster.open-cluster-management.io",
            "watch restores.cluster.open-cluster-management.io",
            "watch backups.velero.io",
            "list backupstoragelocations.velero.io",
            "watch clusterdeployments.hive.openshift.io",
            "patch secrets",
            "create subjectaccessreviews.authorization.k8s.io",
        ] {
            assert!(may(&hub, what), "{what}");
        }
        for what in [
            "create secrets",
            "update secrets",
            "delete secrets",
            "create restores.cluster.open-cluster-management.io",
            "patch restores.cluster.open-cluster-management.io",
            "delete restores.cluster.open-cluster-management.io",
            "patch backupschedules.cluster.open-cluster-management.io",
            "delete backups.velero.io",
            "patch managedclusters.cluster.open-cluster-management.io",
            "get pods",
            // In its own namespace alone, which is asked apart.
            "patch leases.coordination.k8s.io",
            "list configmaps",
            "patch validatingwebhookconfigurations.admissionregistration.k8s.io",
            "attest guardrules.acm-backup.dev",
            "impersonate users",
        ] {
            assert!(!may(&hub, what), "{what}");
        }
        for (verb, allowed) in [
            ("get", "yes"),
            ("create", "yes"),
            ("patch", "yes"),
            ("delete", "no"),
        ] {
            let question = [
                "auth",
                "can-i",
                verb,
                "leases.coordination.k8s.io",
                "--as",
                ACCOUNT,
            ];
            let question = [&question[..], &["-n", "acm-backup-system"]].concat();
            let answer = hub.hub.kubectl(&question).unwrap();
            assert_eq!(answer.stdout.trim(), allowed, "{verb}: {answer}");
        }
    });
}

/// Replace the verbs of the rule for Backups, and start the replicas anew: a watch that runs is not cut off.
async fn allow_backups(hub: &GuardedHub, verbs: &str) {
    let role = hub
        .hub
        .kubectl(&["get", "clusterrole", "acm-backup-guards", "-o", "json"])
        .unwrap();
    let role: serde_json::Value = serde_json::from_str(&role.ok().unwrap()).unwrap();
    let rules = role["rules"].as_array().unwrap();
    let number = rules
        .iter()
        .position(|rule| rule["resources"] == serde_json::json!(["backups"]))
        .unwrap();
    let patch = format!(r#"[{{"op":"replace","path":"/rules/{number}/verbs","value":{verbs}}}]"#);
    let patch = [
        "patch",
        "clusterrole",
        "acm-backup-guards",
        "--type=json",
        "-p",
        &patch,
    ];
    hub.hub.kubectl(&patch).unwrap().ok().unwrap();
    for replica in hub.webhook.replicas() {
        replica.process.restart().unwrap();
    }
    for replica in hub.webhook.replicas() {
        until("a replica to live", LIMIT, || async {
            let answer = replica.probe("/livez").await?;
            Ok(match answer.starts_with("HTTP/1.1 200") {
                true => Seen::Yes(()),
                false => Seen::NotYet(answer),
            })
        })
        .await
        .unwrap();
    }
}

#[test]
fn without_the_right_to_see_backups_an_activation_is_refused_and_the_right_is_named() {
    guarded_hub(|hub| async move {
        hub.storage().read(SignedDuration::from_secs(20)).await;
        hub.storage()
            .set(
                SignedDuration::from_hours(24),
                SignedDuration::from_hours(1),
            )
            .await;
        // `create` can do nothing here: a rule must not be empty.
        allow_backups(&hub, r#"["create"]"#).await;
        let activation = fixtures::restore("take-over", "latest", false);
        let answer = until("the refusal", LIMIT, || async {
            let answer = hub.create(&activation, &["--dry-run=server"]);
            assert!(!answer.succeeded(), "an activation passed unseen: {answer}");
            Ok(
                match answer
                    .stderr
                    .contains("could not look up the backups in the storage")
                {
                    true => Seen::Yes(answer),
                    false => Seen::NotYet(answer.to_string()),
                },
            )
        })
        .await
        .unwrap();
        says(
            &answer.stderr,
            &[
                "restore/old-hub-live",
                "backups.velero.io",
                "acm-backup-guards",
            ],
        );

        allow_backups(&hub, r#"["get","list","watch"]"#).await;
        hub.webhook.start_again().await.unwrap();
        let answer = hub.create(&activation, &["--dry-run=server"]);
        says(&answer.stderr, &["is silent"]);
    });
}
