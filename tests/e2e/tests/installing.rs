//! Installing, arming, lifting and removing, as manifests/README.md says: recovery is never taken away.

mod asked;
mod pruned;
mod rendered;
mod slot;
mod trust;

use std::path::PathBuf;
use std::time::Duration;

use acm_backup_bed::pki::{Authority, Pair};
use acm_backup_bed::wait::{Seen, until};
use acm_backup_bed::{
    BACKUP_NAMESPACE, Finished, Hub, HubOptions, Part, Program, Webhook, WebhookOptions, wait,
    workspace,
};
use acm_backup_domain::names;
use acm_backup_e2e::Shell;
use acm_backup_e2e::{fixtures, install_crds, install_velero_crds, look};
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::documents::lines;
use crate::support::{Prober, a_restore_can_be_created, alone, restores, says};

const LIMIT: Duration = Duration::from_secs(60);
/// What arms the guards, where a warning of theirs comes back before it.
const ARMS: &str = "&& kubectl apply -k $OVERLAY/deny";
const CHECK: &str = "create --dry-run=server -f manifests/check/restore.yaml";

/// A hub on which an administrator types lines of the document, in a directory with the manifests.
struct Desk {
    webhook: Webhook,
    shell: Shell,
    dir: PathBuf,
    hub: Hub,
}

impl Desk {
    /// What runs is applied, though no pod of it ever comes up.
    async fn new(name: &str) -> Self {
        Self::on(name, HubOptions::default()).await
    }

    async fn on(name: &str, options: HubOptions) -> Self {
        let hub = Hub::start_with(name, options).await.unwrap();
        install_crds(&hub).await.unwrap();
        install_velero_crds(&hub).await.unwrap();
        hub.create_namespace(BACKUP_NAMESPACE).await.unwrap();
        let binary = tokio::task::spawn_blocking(|| Program::Webhook.path());
        let options = WebhookOptions {
            replicas: Some(0),
            parts: vec![Part::Workload],
            ..WebhookOptions::new(binary.await.unwrap().unwrap())
        };
        let webhook = Webhook::install(hub.site(), options).await.unwrap();
        let dir = hub.site().file("manifests").parent().unwrap().to_owned();
        Self {
            webhook,
            shell: Shell::new(&[hub.admin_kubeconfig()]).unwrap(),
            dir,
            hub,
        }
    }

    /// What the kubelet, and the controller of Deployments, would do and say.
    async fn pods_come_up(&self) {
        self.webhook.add_replica().await.unwrap();
        self.webhook.add_replica().await.unwrap();
        let client = self.hub.client().await.unwrap();
        let deployments: Api<Deployment> = Api::namespaced(client, names::NAMESPACE);
        let status = json!({ "status": {
            "observedGeneration": 9, "replicas": 2, "readyReplicas": 2, "availableReplicas": 2,
            "conditions": [{ "type": "Available", "status": "True" }],
        } });
        deployments
            .patch_status(
                "acm-backup-webhook",
                &PatchParams::default(),
                &Patch::Merge(&status),
            )
            .await
            .unwrap();
    }

    async fn types(&self, line: &str) -> Finished {
        let (dir, overlay) = (self.dir.display(), "manifests/overlays/own-certificate");
        let line = format!("cd {dir}; OVERLAY={overlay}; {line}");
        self.shell.run(&line).await.unwrap()
    }

    async fn ok(&self, line: &str) -> String {
        let finished = self.types(line).await;
        assert!(finished.succeeded(), "{line}\n{finished}");
        format!("{}{}", finished.stdout, finished.stderr)
    }

    /// What an administrator brings for another authority, and what the kubelet will mount of it.
    fn brings_another_certificate(&self) -> Pair {
        let authority = Authority::new("another").unwrap();
        let host = format!("{}.{}.svc", names::SERVICE, names::NAMESPACE);
        let pair = authority.server(&[&host], &[self.hub.site().ip()]).unwrap();
        // Not every file ends with its last line.
        let first = self
            .dir
            .join("manifests/overlays/own-certificate/ca/ca.crt");
        let text = std::fs::read_to_string(&first).unwrap();
        std::fs::write(&first, text.trim_end()).unwrap();
        let brought = self.dir.join("NEW");
        std::fs::create_dir(&brought).unwrap();
        std::fs::write(brought.join("ca.crt"), authority.cert()).unwrap();
        pair.write(&brought, "tls").unwrap();
        pair
    }

    /// Mount it, and wait until every replica says what the document says.
    async fn mounts(&self, pair: &Pair) {
        self.webhook.mount(pair).unwrap();
        until("every replica to show it", LIMIT, || async {
            let replicas = self.webhook.replicas();
            let logs = replicas
                .iter()
                .map(|replica| std::fs::read_to_string(replica.process.log()).unwrap());
            let (told, all) = (logs.filter(|log| log.contains(ROTATED)), replicas.len());
            Ok(match told.count() {
                told if told == all => Seen::Yes(()),
                told => Seen::NotYet(format!("{told} of {all}")),
            })
        })
        .await
        .unwrap();
    }

    /// A fresh checkout: nothing of what an administrator put beside the manifests.
    fn is_cleaned(&self) {
        for file in [
            "workload/image.env",
            "overlays/own-certificate/ca/ca.crt",
            "overlays/own-certificate/workload/tls.crt",
            "overlays/own-certificate/workload/tls.key",
        ] {
            std::fs::remove_file(self.dir.join("manifests").join(file)).unwrap();
        }
    }

    async fn policies(&self) -> Vec<String> {
        let guards: Api<ValidatingWebhookConfiguration> =
            Api::all(self.hub.client().await.unwrap());
        let found = guards.get_opt("acm-backup-guards").await.unwrap();
        let entries = found
            .into_iter()
            .flat_map(|one| one.webhooks.unwrap_or_default());
        entries.map(|entry| entry.failure_policy.unwrap()).collect()
    }

    /// Send the Restore the guards object to, until the answer has these words.
    async fn until_checked(&self, words: &[&str]) -> String {
        until(&format!("{words:?}"), LIMIT, || async {
            let finished = self.types(&format!("kubectl {CHECK}")).await.to_string();
            Ok(match words.iter().all(|word| finished.contains(word)) {
                true => Seen::Yes(finished),
                false => Seen::NotYet(finished),
            })
        })
        .await
        .unwrap()
    }
}

const WARNS: &[&str] = &[
    "Warning: acm-backup only warns",
    "restore/backup-not-found",
    "created (server dry run)",
];
const REFUSES: &[&str] = &["guards.acm-backup.dev\" denied", "restore/backup-not-found"];
const IS_NOT_ASKED: &[&str] = &["created (server dry run)"];
const NOBODY_ANSWERS: &[&str] = &[
    "failed calling webhook",
    "if-nobody-answers-lift-the-guard-by",
];

/// What a pod logs when it shows another certificate.
const ROTATED: &str = "serving certificate rotated";

#[test]
fn everything_goes_as_written_and_a_restore_can_be_created_at_each_moment() {
    alone(async {
        let desk = Desk::new("documents").await;
        let prober = Prober::start(&desk.hub).await;
        let another = desk.brings_another_certificate();
        let page = std::fs::read_to_string(workspace().join("manifests/README.md")).unwrap();
        assert!(page.contains(ROTATED));
        let mut typed = Vec::new();
        let (mut armed, mut lifted) = (false, false);
        for line in lines("manifests/README.md") {
            if line.starts_with("OVERLAY=") {
                // No service-ca here: the same with a certificate of our own.
                continue;
            }
            if line.contains(" wait ") {
                desk.pods_come_up().await;
            }
            if line.starts_with("kubectl delete validatingwebhookconfiguration") {
                // Whoever removes it may have nothing but the repository.
                desk.is_cleaned();
            }
            if line.contains(ARMS) {
                assert_eq!(desk.policies().await, ["Ignore", "Ignore"]);
                desk.until_checked(WARNS).await;
            }
            let finished = desk.types(&line).await;
            // Two are meant to fail: the check once the guards are armed, and status while they are lifted.
            let refused = line.ends_with(CHECK) && armed;
            let told = line == "kubectl acm-backup status";
            let critical = told && lifted;
            assert_eq!(
                finished.succeeded(),
                !refused && !critical,
                "{line}\n{finished}"
            );
            match line.as_str() {
                _ if line.contains(ARMS) => {
                    armed = true;
                    assert_eq!(desk.policies().await, ["Fail", "Fail"]);
                    desk.until_checked(REFUSES).await;
                }
                _ if refused => says(&finished.stderr, REFUSES),
                _ if critical => {
                    says(
                        &finished.stdout,
                        &["the guard is lifted", "acm-backup.dev/guard-"],
                    );
                    assert_eq!(finished.code, Some(3), "{finished}");
                }
                _ if told => says(&finished.stdout, &["GUARD     in mode deny\n"]),
                _ if line.ends_with("/guards") && armed => {
                    armed = false;
                    desk.until_checked(WARNS).await;
                    // The rest is tried where it matters: armed.
                    desk.ok("kubectl apply -k $OVERLAY/deny").await;
                    desk.until_checked(REFUSES).await;
                }
                _ if line.ends_with("guard=lifted") => {
                    lifted = true;
                    desk.until_checked(IS_NOT_ASKED).await;
                    // Nobody lifts it for good by accident, and nothing undoes it behind a person's back.
                    desk.ok("kubectl apply -k $OVERLAY/deny").await;
                    desk.until_checked(IS_NOT_ASKED).await;
                }
                _ if line.starts_with("cp NEW/tls.crt") => {
                    // The pods are as slow as they may be.
                    desk.ok("kubectl apply -k $OVERLAY/workload").await;
                    prober.again().await;
                    desk.mounts(&another).await;
                }
                _ if line.starts_with("cp NEW/ca.crt") => {
                    desk.ok("kubectl apply -k $OVERLAY/deny").await;
                    desk.until_checked(REFUSES).await;
                }
                _ if line.ends_with("/guard-") && desk.policies().await == ["Fail", "Fail"] => {
                    lifted = false;
                    desk.until_checked(REFUSES).await;
                }
                _ => {}
            }
            prober.again().await;
            desk.shows_what_is_trusted().await;
            typed.push(line);
        }
        prober.never_refused().await;
        assert!(typed.len() >= 24, "the document was not read: {typed:?}");
        let namespaces: Api<Namespace> = Api::all(desk.hub.client().await.unwrap());
        wait::until_gone(&namespaces, names::NAMESPACE, LIMIT)
            .await
            .unwrap();
        assert_eq!(desk.policies().await, Vec::<String>::new());
    });
}

/// Its image cannot be pulled, or its pods never become ready: the API server meets the same, nobody.
#[test]
fn without_a_pod_the_guards_are_not_armed_and_nothing_is_refused() {
    alone(async {
        let desk = Desk::new("no-pods").await;
        let prober = Prober::start(&desk.hub).await;
        for line in lines("manifests/README.md") {
            let installs = line.starts_with("kubectl apply") || line.contains(ARMS);
            if !installs {
                continue;
            }
            if line.starts_with("kubectl apply") && line.ends_with("/deny") {
                // A change of what was armed before, and nothing ever was.
                break;
            }
            let finished = desk.types(&line).await;
            assert_eq!(
                finished.succeeded(),
                !line.contains(ARMS),
                "{line}\n{finished}"
            );
            prober.again().await;
        }
        let wait = lines("manifests/README.md")
            .into_iter()
            .find(|line| line.contains(" wait "))
            .unwrap();
        let waited = desk.types(&wait.replace("180s", "1s")).await;
        assert!(!waited.succeeded(), "{waited}");
        assert_eq!(desk.policies().await, ["Ignore", "Ignore"]);
        // Not for want of a configuration: it is there, and nobody answers.
        let passed = desk.until_checked(IS_NOT_ASKED).await;
        assert!(!passed.contains("acm-backup only warns"), "{passed}");
        prober.never_refused().await;
    });
}

/// The words of the way out, as the API server's error has them.
#[test]
fn with_every_replica_dead_the_error_spells_how_to_lift_the_guard_and_that_works() {
    alone(async {
        let desk = Desk::new("dead").await;
        desk.pods_come_up().await;
        desk.ok("kubectl apply -k $OVERLAY/deny").await;
        desk.until_checked(REFUSES).await;
        desk.webhook.kill();
        let restore = fixtures::restore("take-over", "latest", false).to_string();
        let admin = desk.hub.admin_kubeconfig();
        let create = || {
            desk.hub
                .kubectl_with_input(&admin, &["create", "-f", "-"], &restore)
                .unwrap()
        };
        let refused = create();
        assert!(!refused.succeeded(), "{refused}");
        says(
            &refused.stderr,
            &["failed calling webhook \"guards.acm-backup.dev\""],
        );
        // Read off the error, typed, and nothing else.
        let (_, path) = refused
            .stderr
            .split_once("/if-nobody-answers-lift-the-guard-by/")
            .expect(&refused.stderr);
        let spelt: Vec<_> = path.split(['/', '?']).collect();
        let [command, namespace, prefix, key, "equals", value, ..] = spelt[..] else {
            panic!("{spelt:?}");
        };
        let line = format!(
            "{} {namespace} {prefix}/{key}={value}",
            command.replace("oc-", "kubectl ").replace('-', " ")
        );
        assert_eq!(
            line,
            format!(
                "kubectl label namespace {BACKUP_NAMESPACE} {}={}",
                names::GUARD,
                names::GUARD_LIFTED
            )
        );
        desk.ok(&line).await;
        until("the guard to be lifted", LIMIT, || async {
            let created = create();
            Ok(match created.succeeded() {
                true => Seen::Yes(()),
                false => Seen::NotYet(created.to_string()),
            })
        })
        .await
        .unwrap();
        // A BackupSchedule and a status are let go as well; what is left is the operator's.
        let kind = look::api(&desk.hub, look::ACM, "Restore").await.unwrap();
        let status = json!({ "status": { "phase": "Finished" } });
        kind.patch_status("take-over", &PatchParams::default(), &Patch::Merge(&status))
            .await
            .unwrap();
        let woken = json!({ "status": { "phase": "Running" } });
        kind.patch_status("take-over", &PatchParams::default(), &Patch::Merge(&woken))
            .await
            .unwrap();
    });
}

/// Readiness that waited for a call through our own Service would never come, with Fail in front of it.
#[test]
fn after_all_replicas_restarted_under_deny_they_become_ready_and_judge() {
    alone(async {
        let desk = Desk::new("restarted").await;
        desk.pods_come_up().await;
        desk.ok("kubectl apply -k $OVERLAY/labels").await;
        desk.ok("kubectl apply -k $OVERLAY/deny").await;
        desk.until_checked(REFUSES).await;
        desk.webhook.kill();
        desk.webhook.start_again().await.unwrap();
        desk.until_checked(REFUSES).await;
        a_restore_can_be_created(&restores(&desk.hub).await)
            .await
            .unwrap();
    });
}

const ACCOUNT: &str = "system:serviceaccount:acm-backup-system:acm-backup-webhook";

/// What each replica's log says more than once of a kind it may not see; one line when it begins is enough.
fn repeated(desk: &Desk, kind: &str) -> Vec<String> {
    let mut all = Vec::new();
    for replica in desk.webhook.replicas() {
        let log = std::fs::read_to_string(replica.process.log()).unwrap();
        let of_it = log.lines().filter(|line| line.contains(kind));
        all.extend(of_it.skip(1).map(str::to_owned));
    }
    all
}

async fn may(desk: &Desk, what: &str) -> bool {
    let line = format!("kubectl auth can-i {what} -A --as {ACCOUNT}");
    desk.types(&line).await.succeeded()
}

#[test]
fn the_guards_stand_alone_and_may_see_no_secret() {
    alone(async {
        let desk = Desk::new("guards-alone").await;
        desk.ok("kubectl apply -k $OVERLAY/deny").await;
        desk.pods_come_up().await;
        desk.until_checked(REFUSES).await;
        for verb in ["get", "list", "watch", "patch", "create", "delete"] {
            assert!(!may(&desk, &format!("{verb} secrets")).await, "{verb}");
        }
        a_restore_can_be_created(&restores(&desk.hub).await)
            .await
            .unwrap();
        for kind in ["clusterdeployments", "clusterpools", "secrets"] {
            assert_eq!(repeated(&desk, kind), Vec::<String>::new());
        }
    });
}

#[test]
fn the_labels_stand_alone() {
    alone(async {
        let desk = Desk::new("labels-alone").await;
        desk.ok("kubectl apply -k $OVERLAY/labels").await;
        desk.pods_come_up().await;
        desk.hub.create_namespace("c1").await.unwrap();
        let label = until("a label", LIMIT, || async {
            let token = fixtures::token_secret("c1").to_string();
            let line = format!(
                "echo '{token}' | kubectl create --dry-run=server -o jsonpath={{.metadata.labels}} -f -"
            );
            let answered = desk.ok(&line).await;
            Ok(match answered.contains("cluster.open-cluster-management.io/backup") {
                true => Seen::Yes(answered),
                false => Seen::NotYet(answered),
            })
        })
        .await
        .unwrap();
        says(&label, &["msa"]);
        // By the reconciler too: what names it comes after it.
        let pull = "c1-pull-secret";
        let secret = fixtures::secret("c1", pull, serde_json::Value::Null);
        desk.hub.create(&secret).await.unwrap();
        desk.hub
            .create(&fixtures::cluster_deployment("c1"))
            .await
            .unwrap();
        until("the pull secret to be labelled", LIMIT, || async {
            let labels = desk
                .ok(&format!(
                    "kubectl -n c1 get secret {pull} -o jsonpath={{.metadata.labels}}"
                ))
                .await;
            Ok(match labels.contains("pullsecret") {
                true => Seen::Yes(()),
                false => Seen::NotYet(labels),
            })
        })
        .await
        .unwrap();
        assert!(!may(&desk, "list restores.cluster.open-cluster-management.io").await);
        assert_eq!(repeated(&desk, "backups.velero.io"), Vec::<String>::new());
    });
}
