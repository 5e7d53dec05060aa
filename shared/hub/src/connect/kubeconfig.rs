//! What to connect to where no flag says: as kubectl finds it.

use super::flags::parse_server;
use super::{ConnectError, Options};
use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::path::PathBuf;

/// What the kubeconfig says, else the service account of the pod we run in, else `--server` alone.
pub(super) async fn base(
    options: &Options,
) -> Result<(Config, Option<String>, Option<String>), ConnectError> {
    let paths = kubeconfig_paths(options);
    if !paths.iter().any(|path| path.exists()) {
        if let Some(server) = &options.server {
            return Ok((Config::new(parse_server(server)?), None, None));
        }
        if options.kubeconfig.is_none()
            && let Ok(config) = Config::incluster()
        {
            let namespace = Some(config.default_namespace.clone());
            return Ok((config, None, namespace));
        }
        return Err(ConnectError::NoKubeconfig(
            paths.into_iter().next().unwrap_or_default(),
        ));
    }
    let kubeconfig = read(&paths).map_err(unusable)?;
    let context = options
        .context
        .clone()
        .or_else(|| kubeconfig.current_context.clone());
    let namespace = kubeconfig
        .contexts
        .iter()
        .find(|named| Some(&named.name) == context.as_ref())
        .and_then(|named| named.context.as_ref()?.namespace.clone())
        .filter(|namespace| !namespace.is_empty());
    let selection = KubeConfigOptions {
        context: options.context.clone(),
        cluster: options.cluster.clone(),
        user: options.user.clone(),
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &selection)
        .await
        .map_err(unusable)?;
    Ok((config, context, namespace))
}

/// The files kubectl would merge.
fn kubeconfig_paths(options: &Options) -> Vec<PathBuf> {
    if let Some(path) = &options.kubeconfig {
        return vec![path.clone()];
    }
    let listed: Vec<_> = std::env::var_os("KUBECONFIG")
        .map(|list| {
            std::env::split_paths(&list)
                .filter(|path| !path.as_os_str().is_empty())
                .collect()
        })
        .unwrap_or_default();
    if !listed.is_empty() {
        return listed;
    }
    std::env::home_dir()
        .map(|home| home.join(".kube").join("config"))
        .into_iter()
        .collect()
}

/// Reads and merges the files that exist, the first one winning, as kubectl does.
fn read(paths: &[PathBuf]) -> Result<Kubeconfig, KubeconfigError> {
    paths
        .iter()
        .filter(|path| path.exists())
        .map(Kubeconfig::read_from)
        .try_fold(Kubeconfig::default(), |merged, next| merged.merge(next?))
}

fn unusable(error: KubeconfigError) -> ConnectError {
    ConnectError::Kubeconfig {
        why: error.to_string(),
    }
}
