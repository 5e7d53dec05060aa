//! One hub with the webhook, Velero's kinds and no Velero: what Velero would have written is written by
//! the test. Up in seconds, and kept for all tests that need no more.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use acm_backup_bed::{BACKUP_NAMESPACE, Finished, Hub, HubOptions, Webhook};
use acm_backup_e2e::{guard, identify, install_crds, install_velero_crds, look, operator, people};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use super::Storage;

/// Id of the hub.
pub const OWN_ID: &str = "75b1a9a2-89e1-59cb-84bc-9815403f475d";

/// The hub, its webhook and its people.
pub struct GuardedHub {
    pub webhook: Webhook,
    pub hub: Hub,
    ops: PathBuf,
    attester: PathBuf,
    operator: PathBuf,
}

impl GuardedHub {
    /// Start one.
    pub async fn start(options: HubOptions) -> Self {
        let hub = Hub::start_with("hub", options).await.unwrap();
        install_crds(&hub).await.unwrap();
        install_velero_crds(&hub).await.unwrap();
        hub.create_namespace(BACKUP_NAMESPACE).await.unwrap();
        identify(&hub, OWN_ID).await.unwrap();
        let webhook = guard::install(&hub, 2).await.unwrap();
        let [ops, attester] = people::on(&hub).await.unwrap();
        let operator = operator::account(&hub).await.unwrap();
        Self {
            webhook,
            hub,
            ops,
            attester,
            operator,
        }
    }

    /// The operator's kubeconfig.
    pub fn operator(&self) -> &std::path::Path {
        &self.operator
    }

    /// The webhook and the hub, each on its own.
    pub fn into_parts(self) -> (Webhook, Hub) {
        (self.webhook, self.hub)
    }

    /// kubectl as the administrator who must not attest.
    pub fn ops(&self, args: &[&str]) -> Finished {
        self.hub.kubectl_as(&self.ops, args).unwrap()
    }

    /// `kubectl create` of an object as that administrator; with `--dry-run=server` nothing is stored.
    pub fn create(&self, object: &Value, more: &[&str]) -> Finished {
        self.create_as(&self.ops, object, more)
    }

    /// The same by the administrator who may attest.
    pub fn create_as_attester(&self, object: &Value, more: &[&str]) -> Finished {
        self.create_as(&self.attester, object, more)
    }

    /// The same by the operator.
    pub fn create_as_operator(&self, object: &Value, more: &[&str]) -> Finished {
        self.create_as(&self.operator, object, more)
    }

    fn create_as(&self, who: &std::path::Path, object: &Value, more: &[&str]) -> Finished {
        let args = [&["create", "-f", "-"], more].concat();
        self.hub
            .kubectl_with_input(who, &args, &object.to_string())
            .unwrap()
    }

    /// Store an object as the operator and Velero would: past the guards, with its status.
    pub async fn store(&self, object: Value) -> DynamicObject {
        let (version, kind) = (
            object["apiVersion"].as_str().unwrap(),
            object["kind"].as_str().unwrap(),
        );
        let resource = look::resource(version, kind);
        let client = self.hub.client_as(&self.operator).await.unwrap();
        let api: Api<DynamicObject> = Api::namespaced_with(client, BACKUP_NAMESPACE, &resource);
        let name = object["metadata"]["name"].as_str().unwrap();
        let apply = PatchParams::apply("velero").force();
        let stored = api
            .patch(name, &apply, &Patch::Apply(&object))
            .await
            .unwrap();
        let status = json!({ "status": object["status"] });
        let by_status = api
            .patch_status(name, &PatchParams::default(), &Patch::Merge(&status))
            .await;
        match by_status {
            Ok(stored) => stored,
            // Velero's kinds have no status of their own: it was stored with the rest.
            Err(kube::Error::Api(answer)) if answer.code == 404 => stored,
            Err(error) => panic!("{error}"),
        }
    }

    /// What the other tests left; a failed one may have left the replicas dead.
    async fn clear(&self) {
        self.webhook.start_again().await.unwrap();
        for (version, kind) in [
            (look::ACM, "Restore"),
            (look::ACM, "BackupSchedule"),
            (look::VELERO, "Backup"),
            (look::VELERO, "Schedule"),
            (look::VELERO, "BackupStorageLocation"),
        ] {
            let api = look::api(&self.hub, version, kind).await.unwrap();
            api.delete_collection(&DeleteParams::default(), &ListParams::default())
                .await
                .unwrap();
        }
        // A replica that was started after an object came and went cannot tell that it was stored: its
        // reservation would stand for a minute more.
        let lease = acm_backup_domain::names::slot_lease(BACKUP_NAMESPACE);
        let namespace = acm_backup_domain::names::NAMESPACE;
        self.hub
            .kubectl(&[
                "-n",
                namespace,
                "delete",
                "lease",
                &lease,
                "--ignore-not-found",
            ])
            .unwrap()
            .ok()
            .unwrap();
    }

    /// Metadata of a Secret.
    pub async fn label_of(&self, namespace: &str, name: &str) -> Option<String> {
        let secrets: Api<Secret> = Api::namespaced(self.hub.client().await.unwrap(), namespace);
        let labels = secrets.get_metadata(name).await.unwrap().metadata.labels?;
        labels
            .get(acm_backup_domain::upstream::object_label::BACKUP)
            .cloned()
    }

    /// What Velero writes of a storage location and of backups.
    pub fn storage(&self) -> Storage<'_> {
        Storage::of(self)
    }
}

/// The hub that is kept, for one test at a time.
pub struct Alone {
    hub: &'static GuardedHub,
    _machine: MutexGuard<'static, ()>,
}

impl Deref for Alone {
    type Target = GuardedHub;

    fn deref(&self) -> &GuardedHub {
        self.hub
    }
}

/// Run a test on the hub that is kept, emptied before.
pub fn guarded_hub<F: Future<Output = ()>>(test: impl FnOnce(Alone) -> F) {
    static RUNTIME: Mutex<Option<&'static Runtime>> = Mutex::new(None);
    static HUB: OnceCell<GuardedHub> = OnceCell::const_new();
    let machine = super::machine();
    let runtime = *RUNTIME
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(|| Box::leak(Box::new(Runtime::new().unwrap())));
    runtime.block_on(async {
        let hub = HUB
            .get_or_init(|| GuardedHub::start(HubOptions::default()))
            .await;
        hub.clear().await;
        test(Alone {
            hub,
            _machine: machine,
        })
        .await;
    });
}
