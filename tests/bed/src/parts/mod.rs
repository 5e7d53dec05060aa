//! The real parts: built from the Go modules in `tests/parts` when first needed, and cached.
//!
//! - The cache is `$ACM_BACKUP_CACHE`, else `$XDG_CACHE_HOME/acm-backup`, else `~/.cache/acm-backup`. A part is
//!   built again when its module, its entry in `parts.json` or the Go version changes.
//! - `$KUBEBUILDER_ASSETS` is honoured for etcd, kubectl and the API server of the default Kubernetes.
//! - `ACM_BACKUP_KUBERNETES=1.30` makes the oldest supported Kubernetes the default.

mod assets;
mod build;
mod go;
mod manifest;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow, bail};

use go::Go;
use manifest::Manifest;

/// A Kubernetes version the tests can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum K8s {
    /// The oldest supported one.
    V1_30,
    /// The one tests run on unless told otherwise.
    V1_36,
}

impl K8s {
    /// What `ACM_BACKUP_KUBERNETES` asks for, else 1.36.
    pub fn from_env() -> Result<Self> {
        match std::env::var("ACM_BACKUP_KUBERNETES").as_deref() {
            Err(_) | Ok("" | "1.36") => Ok(Self::V1_36),
            Ok("1.30") => Ok(Self::V1_30),
            Ok(other) => bail!("ACM_BACKUP_KUBERNETES={other}: the test bed has 1.36 and 1.30"),
        }
    }

    fn module(self) -> &'static str {
        match self {
            Self::V1_30 => "control-plane-1.30",
            Self::V1_36 => "control-plane-1.36",
        }
    }
}

/// One real part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// etcd.
    Etcd,
    /// The API server.
    KubeApiserver(K8s),
    /// Namespaces, garbage collection, service accounts.
    KubeControllerManager(K8s),
    /// kubectl, of the newest Kubernetes.
    Kubectl,
    /// Velero, server and command line.
    Velero,
    /// Velero's S3 plugin.
    VeleroPluginForAws,
    /// The S3 server.
    Versitygw,
}

impl Part {
    /// All parts tests need on a Kubernetes version.
    pub fn all(kubernetes: K8s) -> [Self; 7] {
        [
            Self::Etcd,
            Self::KubeApiserver(kubernetes),
            Self::KubeControllerManager(kubernetes),
            Self::Kubectl,
            Self::Velero,
            Self::VeleroPluginForAws,
            Self::Versitygw,
        ]
    }

    /// Module directory in `tests/parts`, and name of the binary.
    fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Etcd => ("etcd", "etcd"),
            Self::KubeApiserver(version) => (version.module(), "kube-apiserver"),
            Self::KubeControllerManager(version) => (version.module(), "kube-controller-manager"),
            Self::Kubectl => (K8s::V1_36.module(), "kubectl"),
            Self::Velero => ("velero", "velero"),
            Self::VeleroPluginForAws => ("velero", "velero-plugin-for-aws"),
            Self::Versitygw => ("s3", "versitygw"),
        }
    }

    /// Whether `KUBEBUILDER_ASSETS` may stand for it: no version is written on those, so not for an asked one.
    fn may_be_asset(self) -> bool {
        matches!(
            self,
            Self::Etcd | Self::Kubectl | Self::KubeApiserver(K8s::V1_36)
        )
    }
}

/// The parts, ready or to be built.
pub struct Parts {
    manifest: Manifest,
    assets: Option<PathBuf>,
    cache: PathBuf,
    go: OnceLock<Result<Go, String>>,
    ready: Mutex<HashMap<Part, PathBuf>>,
}

static PARTS: OnceLock<Result<Parts, String>> = OnceLock::new();

impl Parts {
    /// The parts of this workspace. Builds nothing yet.
    pub fn ensure() -> Result<&'static Self> {
        PARTS
            .get_or_init(|| Self::open().map_err(|e| format!("{e:#}")))
            .as_ref()
            .map_err(|e| anyhow!("{e}"))
    }

    fn open() -> Result<Self> {
        Ok(Self {
            manifest: Manifest::read()?,
            assets: assets::dir()?,
            cache: cache_dir()?,
            go: OnceLock::new(),
            ready: Mutex::default(),
        })
    }

    /// A part's binary, built first where the cache does not have it.
    pub fn path(&self, part: Part) -> Result<PathBuf> {
        let (dir, name) = part.place();
        if let Some(assets) = self.assets.as_ref().filter(|_| part.may_be_asset()) {
            return Ok(assets.join(name));
        }
        let known = self.ready().get(&part).cloned();
        if let Some(path) = known {
            return Ok(path);
        }
        let module = self.manifest.module(dir)?;
        let go = self
            .go
            .get_or_init(|| Go::find(&module.path()).map_err(|e| format!("{e:#}")))
            .as_ref()
            .map_err(|e| anyhow!("{e}"))?;
        let path = build::ensure(module, name, go, &self.cache)?;
        self.ready().insert(part, path.clone());
        Ok(path)
    }

    /// Build what is missing of several, before the work starts.
    pub fn prepare(&self, parts: &[Part]) -> Result<()> {
        parts
            .iter()
            .try_for_each(|&part| self.path(part).map(|_| ()))
    }

    fn ready(&self) -> std::sync::MutexGuard<'_, HashMap<Part, PathBuf>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shorthand for `Parts::ensure()?.path(part)`.
pub fn path(part: Part) -> Result<PathBuf> {
    Parts::ensure()?.path(part)
}

fn cache_dir() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(dir) = set("ACM_BACKUP_CACHE") {
        return Ok(dir.into());
    }
    if let Some(dir) = set("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(dir).join("acm-backup"));
    }
    let home = set("HOME").context(
        "no place for the cache of built parts: set ACM_BACKUP_CACHE, XDG_CACHE_HOME or HOME",
    )?;
    Ok(PathBuf::from(home).join(".cache/acm-backup"))
}
