//! Test bed: real hubs on loopback, with real Velero on a real S3 bucket.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use acm_backup_bed::{Bucket, Hub, Velero, VeleroOptions};
//!
//! let bucket = Bucket::start()?;
//! let hub = Hub::start("hub-a").await?;
//! let velero = Velero::start(&hub, &bucket, VeleroOptions::default()).await?;
//! # Ok(()) }
//! ```
//!
//! Nothing is left behind. Parts are stopped on drop (clients, then the API server, then
//! etcd); when the process ends in any other way, a [watchdog](run) does the same.
//! The files of a test go with it, except the logs of one that panicked.
//!
//! Parts are built from the Go modules in `tests/parts` when first needed, and cached (see [`parts`]).
//! Linux only: every hub has a loopback address of its own.

mod address;
mod balancer;
mod cargo;
mod hub;
mod kubeconfig;
pub mod parts;
pub mod pki;
mod process;
mod programs;
pub mod run;
mod s3;
mod site;
mod velero;
pub mod wait;
mod webhook;

pub use address::Loopback;
pub use balancer::Balancer;
pub use cargo::forget_package;
pub use hub::{Finished, Hub, HubOptions, Rule, Subject};
pub use kubeconfig::merge as merge_kubeconfigs;
pub use parts::K8s;
pub use process::{Process, Recipe, StopOrder};
pub use programs::Program;
pub use s3::Bucket;
pub use site::Site;
pub use velero::{Velero, VeleroOptions};
pub use webhook::{Part, Replica, Webhook, WebhookOptions, remove_manifests};

use std::path::PathBuf;

/// The workspace's root: where `crds/` and `manifests/` are.
pub fn workspace() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Namespace of the cluster-backup-operator, its objects and its Velero.
pub const BACKUP_NAMESPACE: &str = "open-cluster-management-backup";
