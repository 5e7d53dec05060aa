//! kubectl's flags over what the kubeconfig says.

use super::Options;
use super::material::Place;
use super::target::Target;
use std::collections::HashMap;
use std::path::Path;

/// Lets each flag that is set win.
pub(super) fn apply(options: &Options, target: &mut Target) {
    if let Some(server) = &options.server {
        target.server.clone_from(server);
        target.server_field = "--server".to_owned();
    }
    if options.insecure || options.certificate_authority.is_some() {
        // What the kubeconfig says of whom to believe does not count beside it.
        target.authority = Place::default();
        target.authority_file = None;
        target.insecure = options.insecure;
    }
    if let Some(path) = &options.certificate_authority {
        target.authority = place(path, "--certificate-authority");
    }
    if options.tls_server_name.is_some() {
        target.tls_server_name.clone_from(&options.tls_server_name);
    }
    if let Some(token) = &options.token {
        target.token = Some((token.clone(), "--token".to_owned()));
        target.token_file = None;
        target.basic = None;
        target.plugin = None;
    }
    if let Some(name) = &options.username {
        let password = options.password.clone().unwrap_or_default();
        target.basic = Some((
            name.clone(),
            password,
            "--username and --password".to_owned(),
        ));
        target.token = None;
        target.token_file = None;
        target.plugin = None;
    }
    if let Some(plugin) = &mut target.plugin {
        plugin.patient = options.patient;
    }
    if let Some(path) = &options.client_certificate {
        target.certificate = place(path, "--client-certificate");
    }
    if let Some(path) = &options.client_key {
        target.key = place(path, "--client-key");
    }
    let who = &mut target.acting_as;
    if options.impersonate.is_some() {
        who.impersonate.clone_from(&options.impersonate);
    }
    if options.impersonate_uid.is_some() {
        who.impersonate_uid.clone_from(&options.impersonate_uid);
    }
    if !options.impersonate_groups.is_empty() {
        who.impersonate_groups = Some(options.impersonate_groups.clone());
    }
    if !options.impersonate_extra.is_empty() {
        let mut extra: HashMap<String, Vec<String>> = HashMap::new();
        for (key, value) in &options.impersonate_extra {
            extra.entry(key.clone()).or_default().push(value.clone());
        }
        who.impersonate_user_extra = Some(extra);
    }
}

fn place(path: &Path, flag: &'static str) -> Place {
    Place {
        data: None,
        file: Some(path.to_owned()),
        field: (flag, String::new()),
    }
}
