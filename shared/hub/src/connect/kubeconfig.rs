//! What to connect to where no flag says: as kubectl finds it.

use super::exec::Plugin;
use super::material::Place;
use super::target::Target;
use super::{ConnectError, Options};
use kube::config::{AuthInfo, Cluster, Kubeconfig, KubeconfigError};
use std::path::{Path, PathBuf};

/// Where a pod finds who it is.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What the kubeconfig says, else the service account of the pod we run in, else `--server` alone.
pub(super) fn target(options: &Options) -> Result<Target, ConnectError> {
    let paths = kubeconfig_paths(options);
    if !paths.iter().any(|path| path.exists()) {
        if let Some(server) = &options.server {
            return Ok(Target {
                server: server.clone(),
                ..Target::default()
            });
        }
        if options.kubeconfig.is_none()
            && let Some(target) = in_pod()
        {
            return Ok(target);
        }
        return Err(ConnectError::NoKubeconfig(
            paths.into_iter().next().unwrap_or_default(),
        ));
    }
    selected(read(&paths)?, options)
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
fn read(paths: &[PathBuf]) -> Result<Kubeconfig, ConnectError> {
    paths
        .iter()
        .filter(|path| path.exists())
        .try_fold(Kubeconfig::default(), |merged, path| {
            Kubeconfig::read_from(path)
                .and_then(|next| merged.merge(next))
                .map_err(|error| unusable(&error, path))
        })
}

/// Why a file is no kubeconfig; never by its text, which holds keys.
fn unusable(error: &KubeconfigError, path: &Path) -> ConnectError {
    let why = match error {
        KubeconfigError::ReadConfig(error, _) => error.to_string(),
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!(
                "line {} column {} is not as in a kubeconfig",
                at.line(),
                at.column()
            ),
            None => "it is not YAML as in a kubeconfig".to_owned(),
        },
        KubeconfigError::KindMismatch => {
            "its kind is another than that of the file before it".to_owned()
        }
        KubeconfigError::ApiVersionMismatch => {
            "its apiVersion is another than that of the file before it".to_owned()
        }
        _ => "it is not as a kubeconfig is".to_owned(),
    };
    ConnectError::Kubeconfig {
        why: format!("{}: {why}", path.display()),
    }
}

fn wrong(why: String) -> ConnectError {
    ConnectError::Kubeconfig { why }
}

/// The context, its cluster and its user, each unless a flag names another.
fn selected(kubeconfig: Kubeconfig, options: &Options) -> Result<Target, ConnectError> {
    let name = options
        .context
        .clone()
        .or_else(|| kubeconfig.current_context.clone())
        .filter(|name| !name.is_empty());
    let context = match &name {
        None if options.cluster.is_some() || options.server.is_some() => None,
        None => {
            return Err(wrong(
                "it has no current-context, and no --context is given".to_owned(),
            ));
        }
        Some(name) => Some(
            kubeconfig
                .contexts
                .iter()
                .find(|named| named.name == *name)
                .and_then(|named| named.context.clone())
                .ok_or_else(|| wrong(format!("there is no context {name:?}")))?,
        ),
    };
    let wanted = |flag: &Option<String>, of: Option<String>| {
        flag.clone().or(of).filter(|name| !name.is_empty())
    };
    let cluster_name = wanted(
        &options.cluster,
        context.as_ref().map(|context| context.cluster.clone()),
    );
    let cluster = match &cluster_name {
        None => Cluster::default(),
        Some(name) => kubeconfig
            .clusters
            .into_iter()
            .find(|named| named.name == *name)
            .map(|named| named.cluster.unwrap_or_default())
            .ok_or_else(|| wrong(format!("there is no cluster {name:?}")))?,
    };
    let user_name = wanted(
        &options.user,
        context.as_ref().and_then(|context| context.user.clone()),
    );
    let user = match &user_name {
        None => AuthInfo::default(),
        Some(name) => kubeconfig
            .auth_infos
            .into_iter()
            .find(|named| named.name == *name)
            .map(|named| named.auth_info.unwrap_or_default())
            .ok_or_else(|| wrong(format!("there is no user {name:?}")))?,
    };
    let of_cluster = format!(" of cluster {:?}", cluster_name.unwrap_or_default());
    let of_user = format!(" of user {:?}", user_name.unwrap_or_default());
    let mut target = Target {
        context: name,
        namespace: context
            .and_then(|context| context.namespace)
            .filter(|namespace| !namespace.is_empty()),
        ..Target::default()
    };
    put_cluster(&mut target, cluster, &of_cluster);
    put_user(&mut target, user, &of_user)?;
    Ok(target)
}

fn put_cluster(target: &mut Target, cluster: Cluster, of: &str) {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    target.server = cluster.server.clone().unwrap_or_default();
    target.server_field = format!("server{of}");
    target.tls_server_name = filled(&cluster.tls_server_name);
    target.insecure = cluster.insecure_skip_tls_verify.unwrap_or_default();
    target.authority = Place {
        data: cluster.certificate_authority_data.clone(),
        file: cluster.certificate_authority.clone().map(PathBuf::from),
        field: ("certificate-authority", of.to_owned()),
    };
    target.proxy = filled(&cluster.proxy_url).map(|url| (url, format!("proxy-url{of}")));
    target.told = Some(cluster);
}

fn put_user(target: &mut Target, user: AuthInfo, of: &str) -> Result<(), ConnectError> {
    use secrecy::ExposeSecret;
    let exposed = |secret: &Option<secrecy::SecretString>| {
        let text = secret
            .as_ref()
            .map(|secret| secret.expose_secret().to_owned());
        text.filter(|text| !text.is_empty())
    };
    target.certificate = Place {
        data: user.client_certificate_data.clone(),
        file: user.client_certificate.clone().map(PathBuf::from),
        field: ("client-certificate", of.to_owned()),
    };
    target.key = Place {
        data: exposed(&user.client_key_data),
        file: user.client_key.clone().map(PathBuf::from),
        field: ("client-key", of.to_owned()),
    };
    target.token = exposed(&user.token).map(|token| (token, format!("token{of}")));
    target.token_file = user
        .token_file
        .clone()
        .filter(|path| !path.is_empty())
        .map(|path| (PathBuf::from(path), format!("tokenFile{of}")));
    let name = user.username.clone().filter(|name| !name.is_empty());
    target.basic = name.map(|name| {
        let password = exposed(&user.password).unwrap_or_default();
        (name, password, format!("username and password{of}"))
    });
    if let Some(provider) = &user.auth_provider {
        let field = format!("auth-provider{of}");
        match (provider.name.as_str(), provider.config.get("id-token")) {
            // kubectl fetches a new one when it ends; we take what is there.
            ("oidc", Some(token)) => {
                target.token.get_or_insert_with(|| (token.clone(), field));
            }
            ("oidc", None) => {
                return Err(ConnectError::Field {
                    field,
                    why: "it has no id-token; log in once with kubectl".to_owned(),
                });
            }
            (name, _) => {
                return Err(ConnectError::Field {
                    field,
                    why: format!(
                        "{name:?} is not spoken any more, nor by kubectl; use a credential plugin (exec)"
                    ),
                });
            }
        }
    }
    target.plugin = user.exec.clone().map(|config| Plugin {
        config,
        cluster: None,
        field: format!("exec{of}"),
        patient: false,
    });
    target.acting_as = user;
    Ok(())
}

/// The pod's own service account, at the address the cluster gives to its pods.
fn in_pod() -> Option<Target> {
    let filled = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let host = filled("KUBERNETES_SERVICE_HOST")?;
    let port = filled("KUBERNETES_SERVICE_PORT")?;
    pod(&host, &port, Path::new(SERVICE_ACCOUNT))
}

/// The service account in a directory.
pub(super) fn pod(host: &str, port: &str, directory: &Path) -> Option<Target> {
    let host = match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    };
    let token = directory.join("token");
    token.exists().then(|| Target {
        server: format!("https://{host}:{port}"),
        server_field: "KUBERNETES_SERVICE_HOST".to_owned(),
        namespace: std::fs::read_to_string(directory.join("namespace"))
            .ok()
            .map(|namespace| namespace.trim().to_owned())
            .filter(|namespace| !namespace.is_empty()),
        authority_file: Some(directory.join("ca.crt")),
        token_file: Some((token, "the service account's token".to_owned())),
        ..Target::default()
    })
}
