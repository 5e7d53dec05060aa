//! Pruned by a person or a GitOps tool, in whatever order.

use acm_backup_bed::wait::{Seen, until};
use serde_json::Value;

use super::{Desk, LIMIT, NOBODY_ANSWERS, REFUSES, WARNS};
use crate::support::{Prober, a_restore_can_be_created, restores};

/// Everything the three parts hold, as `kubectl delete` wants it, in the order they are applied.
async fn installed(desk: &Desk, guards: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for part in ["workload", "labels", guards] {
        let rendered = desk.ok(&format!("kubectl kustomize $OVERLAY/{part}")).await;
        all.extend(serde_saphyr::from_multiple::<Value>(&rendered).unwrap());
    }
    assert!(all.len() >= 15, "{}", all.len());
    all
}

async fn install(desk: &Desk, guards: &str) {
    for part in ["workload", "labels", guards] {
        desk.ok(&format!("kubectl apply -k $OVERLAY/{part}")).await;
    }
}

fn delete(desk: &Desk, object: &Value) {
    let kubeconfig = desk.hub.admin_kubeconfig();
    let delete = ["delete", "--ignore-not-found", "-f", "-"];
    let deleted = desk
        .hub
        .kubectl_with_input(&kubeconfig, &delete, &object.to_string())
        .unwrap();
    assert!(deleted.succeeded(), "{object}\n{deleted}");
}

/// The same every time, and in no order anybody had in mind.
fn shuffled(objects: &[Value], seed: &str) -> Vec<Value> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut objects = objects.to_vec();
    objects.sort_by_key(|object| {
        let mut hasher = DefaultHasher::new();
        (
            seed,
            object["kind"].as_str(),
            object["metadata"]["name"].as_str(),
        )
            .hash(&mut hasher);
        hasher.finish()
    });
    objects
}

fn reversed(objects: &[Value]) -> Vec<Value> {
    objects.iter().rev().cloned().collect()
}

#[test]
fn in_mode_warn_no_order_ever_stands_in_the_way_of_a_restore() {
    alone_with("pruned", async |desk| {
        let prober = Prober::start(&desk.hub).await;
        let objects = installed(desk, "guards").await;
        let orders = [
            objects.clone(),
            reversed(&objects),
            shuffled(&objects, "a"),
            shuffled(&objects, "b"),
        ];
        for (number, order) in orders.iter().enumerate() {
            install(desk, "guards").await;
            prober.again().await;
            if number == 0 {
                // Somebody answers, so that what is left alone afterwards could refuse.
                desk.until_checked(WARNS).await;
            }
            for object in order {
                delete(desk, object);
                prober.again().await;
            }
        }
        prober.never_refused().await;
    });
}

fn alone_with(name: &str, test: impl AsyncFnOnce(&Desk)) {
    crate::support::alone(async {
        let desk = Desk::new(name).await;
        desk.pods_come_up().await;
        test(&desk).await;
    });
}

/// What is gone of an armed installation.
#[derive(Default)]
struct Gone {
    configuration: bool,
    /// By which the API server knows that somebody is to be asked.
    right: bool,
    /// The API server has nobody to call.
    called: bool,
    /// The webhook may not look up what it judges by, sooner or later.
    judges: bool,
}

impl Gone {
    fn note(&mut self, object: &Value) {
        match object["kind"].as_str().unwrap() {
            "ValidatingWebhookConfiguration" => self.configuration = true,
            "Namespace" | "Role" | "RoleBinding" => self.right = true,
            "Service" | "Deployment" => self.called = true,
            "ServiceAccount" | "ClusterRole" | "ClusterRoleBinding" => self.judges = true,
            _ => {}
        }
    }

    /// Whether a Restore that nothing speaks against passes; none where that is a matter of time.
    fn lets_pass(&self) -> Option<bool> {
        match self {
            Self {
                configuration: true,
                ..
            }
            | Self { right: true, .. } => Some(true),
            Self { called: true, .. } => Some(false),
            Self { judges: true, .. } => None,
            _ => Some(true),
        }
    }
}

/// The order of a tool that prunes what it applied last first, as Argo CD's sync waves do.
#[test]
fn armed_and_pruned_the_other_way_round_it_never_stands_in_the_way_of_a_restore() {
    alone_with("pruned-back", async |desk| {
        install(desk, "deny").await;
        desk.until_checked(REFUSES).await;
        let prober = Prober::start(&desk.hub).await;
        for object in reversed(&installed(desk, "deny").await) {
            delete(desk, &object);
            if object["kind"] == "Deployment" {
                desk.webhook.kill();
            }
            prober.again().await;
        }
        prober.never_refused().await;
    });
}

/// In any other order it may be in the way for as long as somebody should answer and cannot, with the way out in
/// the error; never longer, and never when all of it is gone.
#[test]
fn armed_and_pruned_in_any_order_the_hub_can_restore_in_the_end() {
    let mut in_the_way = 0;
    for seed in ["as written", "a", "b"] {
        // Each on a hub of its own: what is applied again has another Service and another account.
        alone_with("pruned-armed", async |desk| {
            let objects = installed(desk, "deny").await;
            install(desk, "deny").await;
            desk.until_checked(REFUSES).await;
            in_the_way += pruned(
                desk,
                &match seed {
                    "as written" => objects,
                    seed => shuffled(&objects, seed),
                },
            )
            .await;
        });
    }
    assert!(in_the_way > 0, "no order tried what it was tried for");
}

/// Prune in this order, and see each time that a Restore passes, or does not, as it should. How often it did not.
async fn pruned(desk: &Desk, order: &[Value]) -> u32 {
    let restores = restores(&desk.hub).await;
    let mut gone = Gone::default();
    let mut in_the_way = 0;
    for object in order {
        delete(desk, object);
        gone.note(object);
        if object["kind"] == "Deployment" {
            desk.webhook.kill();
        }
        let Some(passes) = gone.lets_pass() else {
            continue;
        };
        let what = format!("{} gone, a Restore to pass: {passes}", object["kind"]);
        until(&what, LIMIT, || async {
            let told = a_restore_can_be_created(&restores).await;
            let told = told.map_err(|refused| refused.to_string());
            let has_the_way_out =
                |told: &str| NOBODY_ANSWERS.iter().all(|word| told.contains(word));
            Ok(match &told {
                Ok(()) if passes => Seen::Yes(()),
                Err(told) if !passes && has_the_way_out(told) => Seen::Yes(()),
                _ => Seen::NotYet(format!("{told:?}")),
            })
        })
        .await
        .unwrap();
        in_the_way += u32::from(!passes);
    }
    assert_eq!(gone.lets_pass(), Some(true));
    in_the_way
}
