//! Whether the armed guard is asked at all: a condition in the API server says so, and `status` tells.

use acm_backup_bed::wait::{Seen, until};
use acm_backup_bed::{HubOptions, K8s};
use acm_backup_domain::names;
use serde_json::{Value, json};

use super::{Desk, IS_NOT_ASKED, LIMIT, NOBODY_ANSWERS, REFUSES};
use crate::support::{Prober, a_restore_can_be_created, alone, restores, says};

impl Desk {
    /// Until a Restore that nothing speaks against is refused, for want of an answer.
    async fn until_nobody_answers(&self) {
        let restores = restores(&self.hub).await;
        until("the guard to be asked", LIMIT, || async {
            Ok(match a_restore_can_be_created(&restores).await {
                Err(refused)
                    if NOBODY_ANSWERS
                        .iter()
                        .all(|word| refused.to_string().contains(word)) =>
                {
                    Seen::Yes(())
                }
                other => Seen::NotYet(format!("{other:?}")),
            })
        })
        .await
        .unwrap();
    }

    async fn until_a_restore_passes(&self, why: &str) {
        let restores = restores(&self.hub).await;
        until(&format!("a Restore after {why}"), LIMIT, || async {
            Ok(match a_restore_can_be_created(&restores).await {
                Ok(()) => Seen::Yes(()),
                Err(refused) => Seen::NotYet(refused.to_string()),
            })
        })
        .await
        .unwrap();
    }

    /// What `status` says of the guard: its state, and the findings about it.
    async fn guard(&self) -> (String, Vec<String>) {
        let finished = self.types("kubectl acm-backup status -o json").await;
        let status: Value = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("{error}: {finished}"));
        let findings = status["findings"].as_array().unwrap().iter();
        let ids = findings.map(|one| one["id"].as_str().unwrap().to_owned());
        let told = status["guard"].as_str().unwrap_or("not known");
        (
            told.to_owned(),
            ids.filter(|id| id.starts_with("guard/")).collect(),
        )
    }
}

/// Whoever forgets the armed configuration is left with a hub that can restore.
#[test]
fn an_armed_guard_whose_namespace_is_gone_refuses_nothing() {
    alone(async {
        let desk = Desk::new("forgotten").await;
        desk.pods_come_up().await;
        for removal in [
            "kubectl -n acm-backup-system delete rolebinding acm-backup-webhook",
            "kubectl delete -k $OVERLAY/workload",
            "kubectl delete namespace acm-backup-system",
        ] {
            desk.ok("kubectl apply -k $OVERLAY/workload").await;
            desk.ok("kubectl apply -k $OVERLAY/deny").await;
            desk.webhook.kill();
            desk.until_nobody_answers().await;
            desk.ok(removal).await;
            desk.until_a_restore_passes(removal).await;
            assert_eq!(desk.policies().await, ["Fail", "Fail"], "{removal}");
            // Nothing but status shows it.
            let disarmed = ("disarmed".to_owned(), vec!["guard/disarmed".to_owned()]);
            assert_eq!(desk.guard().await, disarmed, "{removal}");
            let shown = desk.types("kubectl acm-backup status").await;
            assert_eq!(shown.code, Some(3), "{shown}");
        }
    });
}

#[test]
fn status_tells_how_the_guard_stands() {
    alone(async {
        let desk = Desk::new("standing").await;
        let stands = |state: &str| (state.to_owned(), Vec::<String>::new());
        let critical = |state: &str, id: &str| (state.to_owned(), vec![id.to_owned()]);
        assert_eq!(desk.guard().await, stands("notInstalled"));
        desk.ok("kubectl apply -k $OVERLAY/guards").await;
        assert_eq!(desk.guard().await, stands("warn"));
        desk.ok("kubectl apply -k $OVERLAY/deny").await;
        // An image that cannot be pulled looks the same.
        let unanswered = critical("unanswered", "guard/unanswered");
        assert_eq!(desk.guard().await, unanswered);
        desk.pods_come_up().await;
        assert_eq!(desk.guard().await, stands("deny"));
        for (kind, told) in [
            ("role", critical("disarmed", "guard/disarmed")),
            ("rolebinding", critical("disarmed", "guard/disarmed")),
            ("service", critical("unanswered", "guard/unanswered")),
            ("serviceaccount", critical("unanswered", "guard/unanswered")),
        ] {
            desk.ok(&format!(
                "kubectl -n acm-backup-system delete {kind} acm-backup-webhook"
            ))
            .await;
            assert_eq!(desk.guard().await, told, "{kind}");
            let shown = desk.types("kubectl acm-backup status -o wide").await;
            says(&shown.stdout, &["GUARD     in mode deny, ", &told.1[0]]);
            // As it says.
            desk.ok("kubectl apply -k $OVERLAY/workload").await;
            assert_eq!(desk.guard().await, stands("deny"), "{kind}");
        }
        let lift = format!(
            "kubectl label namespace open-cluster-management-backup {}=lifted",
            names::GUARD
        );
        desk.ok(&lift).await;
        assert_eq!(desk.guard().await, critical("lifted", "guard/lifted"));
    });
}

/// Armed before anything can answer, as the document warns of: the guard is in the way from the moment the workload
/// is there until its first pod is, and not before.
#[test]
fn armed_before_the_workload_it_waits_for_the_first_pod() {
    alone(async {
        let desk = Desk::new("too-early").await;
        desk.ok("kubectl delete -k $OVERLAY/workload").await;
        desk.ok("kubectl apply -k $OVERLAY/deny").await;
        desk.until_a_restore_passes("deny alone").await;
        desk.ok("kubectl apply -k $OVERLAY/workload").await;
        desk.until_nobody_answers().await;
    });
}

/// Argo CD's waves: the right by which the guards are asked comes when the replicas are ready. Armed from the
/// beginning, they are in nobody's way.
#[test]
fn in_argo_cds_order_an_armed_guard_waits_for_those_who_answer() {
    alone(async {
        let desk = Desk::new("waves").await;
        let binding = "kubectl -n acm-backup-system delete rolebinding acm-backup-webhook";
        desk.ok(binding).await;
        let prober = Prober::start(&desk.hub).await;
        desk.ok("kubectl apply -k $OVERLAY/deny").await;
        prober.again().await;
        desk.pods_come_up().await;
        prober.again().await;
        desk.ok("kubectl apply -k $OVERLAY/workload").await;
        desk.until_checked(REFUSES).await;
        prober.again().await;
        // And back: the right goes first.
        desk.ok(binding).await;
        desk.until_checked(IS_NOT_ASKED).await;
        desk.webhook.kill();
        desk.ok("kubectl -n acm-backup-system delete service,deployment acm-backup-webhook")
            .await;
        prober.again().await;
        prober.never_refused().await;
    });
}

/// The API server asks this one first. It is about the webhook's account alone, and nobody listens there.
fn dead_authorizer(directory: &std::path::Path) -> String {
    let path = |name: &str| directory.join(name);
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{ "name": "it", "cluster": { "server": "https://127.0.0.1:1" } }],
        "users": [{ "name": "it", "user": {} }],
        "contexts": [{ "name": "it", "context": { "cluster": "it", "user": "it" } }],
    });
    std::fs::write(path("kubeconfig"), kubeconfig.to_string()).unwrap();
    let version = match K8s::from_env().unwrap() {
        K8s::V1_30 => "v1beta1",
        K8s::V1_36 => "v1",
    };
    let configuration = json!({
        "apiVersion": format!("apiserver.config.k8s.io/{version}"),
        "kind": "AuthorizationConfiguration",
        "authorizers": [
            { "type": "Webhook", "name": "dead", "webhook": {
                "authorizedTTL": "0s", "unauthorizedTTL": "0s", "timeout": "1s",
                "subjectAccessReviewVersion": "v1",
                "matchConditionSubjectAccessReviewVersion": "v1",
                "failurePolicy": "Deny",
                "connectionInfo": { "type": "KubeConfigFile", "kubeConfigFile": path("kubeconfig") },
                "matchConditions": [
                    { "expression": format!("request.user == '{}'", names::SERVICE_ACCOUNT) },
                    { "expression": "has(request.resourceAttributes) && request.resourceAttributes.resource == 'leases'" },
                ],
            } },
            { "type": "RBAC", "name": "rbac" },
        ],
    });
    let file = path("authorization.json");
    std::fs::write(&file, configuration.to_string()).unwrap();
    format!("--authorization-config={}", file.display())
}

#[test]
fn an_authorizer_that_fails_is_not_taken_for_a_webhook_that_is_gone() {
    alone(async {
        let directory = tempfile::tempdir().unwrap();
        let options = HubOptions {
            apiserver_args: vec![dead_authorizer(directory.path())],
            ..HubOptions::default()
        };
        let desk = Desk::on("authorizer", options).await;
        desk.pods_come_up().await;
        let may = format!(
            "kubectl -n {} auth can-i patch leases.coordination.k8s.io --as {}",
            names::NAMESPACE,
            names::SERVICE_ACCOUNT
        );
        assert!(!desk.types(&may).await.succeeded());
        // The replicas live: they are asked, and object, as they may not have the slot.
        desk.ok("kubectl apply -k $OVERLAY/deny").await;
        desk.until_checked(&[
            "guards.acm-backup.dev\" denied",
            "could not reserve this hub",
        ])
        .await;
        assert_eq!(desk.guard().await.0, "deny");
        // They are dead: nothing passes unasked, and the way out works.
        desk.webhook.kill();
        desk.until_nobody_answers().await;
        desk.ok(
            "kubectl label namespace open-cluster-management-backup acm-backup.dev/guard=lifted",
        )
        .await;
        desk.until_checked(IS_NOT_ASKED).await;
    });
}
