//! Everything that is known of where to connect and as whom, before anything is read or run.

use super::exec::Plugin;
use super::material::Place;
use kube::config::AuthInfo;
use std::path::PathBuf;

/// Where to connect, and as whom.
#[derive(Default)]
pub(super) struct Target {
    /// The address as it is written.
    pub server: String,
    /// What holds it, for an error about it.
    pub server_field: String,
    /// The kubeconfig's context.
    pub context: Option<String>,
    /// The namespace it names.
    pub namespace: Option<String>,
    pub tls_server_name: Option<String>,
    pub insecure: bool,
    pub authority: Place,
    /// In a pod: a file of authorities that changes.
    pub authority_file: Option<PathBuf>,
    pub certificate: Place,
    pub key: Place,
    pub token: Option<(String, String)>,
    pub token_file: Option<(PathBuf, String)>,
    pub basic: Option<(String, String, String)>,
    pub plugin: Option<Plugin>,
    /// The cluster as a plugin is told of it.
    pub told: Option<kube::config::Cluster>,
    /// As whom to act: only the fields of an impersonation count.
    pub acting_as: AuthInfo,
    /// The kubeconfig's `proxy-url`, and what holds it.
    pub proxy: Option<(String, String)>,
}
