//! kubectl's flags over what the kubeconfig says.

use super::{ConnectError, Options};
use kube::config::Config;
use std::fs;
use std::path::Path;

/// Lets each flag that is set win.
pub(super) fn apply(options: &Options, config: &mut Config) -> Result<(), ConnectError> {
    if let Some(server) = &options.server {
        config.cluster_url = parse_server(server)?;
    }
    if let Some(path) = &options.certificate_authority {
        readable("--certificate-authority", path)?;
        config.root_cert_file = Some(path.clone());
    }
    if options.insecure {
        config.accept_invalid_certs = true;
    }
    if options.tls_server_name.is_some() {
        config.tls_server_name.clone_from(&options.tls_server_name);
    }
    if options.connect_timeout.is_some() {
        config.connect_timeout = options.connect_timeout;
    }
    let who = &mut config.auth_info;
    if let Some(token) = &options.token {
        who.token = Some(token.clone().into());
        who.token_file = None;
        who.exec = None;
        who.auth_provider = None;
    }
    if let Some(path) = &options.client_certificate {
        readable("--client-certificate", path)?;
        who.client_certificate = Some(path.display().to_string());
        who.client_certificate_data = None;
    }
    if let Some(path) = &options.client_key {
        readable("--client-key", path)?;
        who.client_key = Some(path.display().to_string());
        who.client_key_data = None;
    }
    if options.impersonate.is_some() {
        who.impersonate.clone_from(&options.impersonate);
    }
    if options.impersonate_uid.is_some() {
        who.impersonate_uid.clone_from(&options.impersonate_uid);
    }
    if !options.impersonate_groups.is_empty() {
        who.impersonate_groups = Some(options.impersonate_groups.clone());
    }
    Ok(())
}

/// kube reads the file later, when its error no longer tells which flag named it.
fn readable(flag: &'static str, path: &Path) -> Result<(), ConnectError> {
    match fs::File::open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(ConnectError::Flag {
            flag,
            why: format!("{}: {error}", path.display()),
        }),
    }
}

/// The address of an API server.
pub(super) fn parse_server(server: &str) -> Result<http::Uri, ConnectError> {
    server.parse().map_err(|error| ConnectError::Flag {
        flag: "--server",
        why: format!("{server:?}: {error}"),
    })
}
