//! From a kubeconfig and kubectl's global flags to a client.
//!
//! Every client made here names itself (kube sends no User-Agent by itself) and never repeats a
//! request on its own: kube's default retries any verb up to 15 times on 429, 503 and 504, so a
//! POST could meet its own AlreadyExists, and a read could outlive its deadline.

use acm_backup_domain::names::USER_AGENT;
use http::header::{HeaderName, HeaderValue, USER_AGENT as USER_AGENT_HEADER};
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// kubectl's global flags that say where to connect and as whom. All empty: what kubectl would do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--kubeconfig`
    pub kubeconfig: Option<PathBuf>,
    /// `--context`
    pub context: Option<String>,
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--user`
    pub user: Option<String>,
    /// `--server`
    pub server: Option<String>,
    /// `--token`
    pub token: Option<String>,
    /// `--certificate-authority`
    pub certificate_authority: Option<PathBuf>,
    /// `--client-certificate`
    pub client_certificate: Option<PathBuf>,
    /// `--client-key`
    pub client_key: Option<PathBuf>,
    /// `--insecure-skip-tls-verify`
    pub insecure: bool,
    /// `--tls-server-name`
    pub tls_server_name: Option<String>,
    /// `--as`
    pub impersonate: Option<String>,
    /// `--as-uid`
    pub impersonate_uid: Option<String>,
    /// `--as-group`
    pub impersonate_groups: Vec<String>,
    /// How long to wait for a connection.
    pub connect_timeout: Option<Duration>,
}

/// A connection that can be made.
#[derive(Clone)]
pub struct Connection {
    /// The client.
    pub client: Client,
    /// The API server's address.
    pub server: String,
    /// The kubeconfig's context, where one was used.
    pub context: Option<String>,
    /// The namespace the context names; `None` where it names none.
    pub namespace: Option<String>,
}

/// Why there can be no connection; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is none to be found.
    #[error(
        "no kubeconfig: {0} does not exist; name one with --kubeconfig or KUBECONFIG, or read a directory with --from"
    )]
    NoKubeconfig(PathBuf),
    /// There is one, but it cannot be used.
    #[error(
        "the kubeconfig cannot be used: {why}; see what it holds with: kubectl config get-contexts"
    )]
    Kubeconfig {
        /// What is wrong with it.
        why: String,
    },
    /// A flag holds what cannot be used.
    #[error("{flag}: {why}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// TLS or authentication cannot be set up.
    #[error("cannot set up a connection to {server}: {why}")]
    Client {
        /// The API server's address.
        server: String,
        /// What is wrong.
        why: String,
    },
}

/// Prepares a connection. Nothing is sent yet, but a kubeconfig's `exec` plugin may be run.
///
/// # Errors
/// When there is no usable kubeconfig, a flag names a file that cannot be read, or TLS cannot be set
/// up.
pub async fn connect(options: &Options) -> Result<Connection, ConnectError> {
    let (mut config, context, namespace) = base(options).await?;
    apply(options, &mut config)?;
    let server = config
        .cluster_url
        .to_string()
        .trim_end_matches('/')
        .to_owned();
    let client = client(config).map_err(|error| ConnectError::Client {
        server: server.clone(),
        why: crate::live::innermost(&error),
    })?;
    Ok(Connection {
        client,
        server,
        context,
        namespace,
    })
}

/// A client that names itself and never repeats a request on its own.
///
/// # Errors
/// When TLS or authentication cannot be set up.
pub fn client(mut config: Config) -> kube::Result<Client> {
    config.default_retry = false;
    let ours: (HeaderName, HeaderValue) = (USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT));
    config.headers.push(ours);
    Client::try_from(config)
}

/// What the kubeconfig says, else the service account of the pod we run in, else `--server` alone.
async fn base(options: &Options) -> Result<(Config, Option<String>, Option<String>), ConnectError> {
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

fn parse_server(server: &str) -> Result<http::Uri, ConnectError> {
    server.parse().map_err(|error| ConnectError::Flag {
        flag: "--server",
        why: format!("{server:?}: {error}"),
    })
}

fn apply(options: &Options, config: &mut Config) -> Result<(), ConnectError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_kubeconfig() {
        let mut config = Config::new("https://one.example:6443".parse().unwrap());
        config.auth_info.token = Some("old".to_owned().into());
        let options = Options {
            server: Some("https://two.example".into()),
            token: Some("new".into()),
            insecure: true,
            impersonate: Some("jane".into()),
            impersonate_groups: vec!["dr".into()],
            impersonate_uid: Some("7".into()),
            tls_server_name: Some("hub".into()),
            ..Options::default()
        };
        apply(&options, &mut config).unwrap();
        assert_eq!(config.cluster_url.host(), Some("two.example"));
        assert!(config.accept_invalid_certs);
        assert_eq!(config.tls_server_name.as_deref(), Some("hub"));
        assert_eq!(config.auth_info.impersonate.as_deref(), Some("jane"));
        assert_eq!(
            config.auth_info.impersonate_groups,
            Some(vec!["dr".to_owned()])
        );
        assert_eq!(config.auth_info.impersonate_uid.as_deref(), Some("7"));
    }

    #[test]
    fn a_flag_that_names_no_file_is_named_in_the_error() {
        let mut config = Config::new("https://one.example".parse().unwrap());
        let options = Options {
            client_key: Some("/does/not/exist".into()),
            ..Options::default()
        };
        let error = apply(&options, &mut config).unwrap_err().to_string();
        assert!(
            error.starts_with("--client-key: /does/not/exist: "),
            "{error}"
        );
    }

    #[test]
    fn a_kubeconfig_that_does_not_exist_is_named_in_the_error() {
        let options = Options {
            kubeconfig: Some("/does/not/exist".into()),
            ..Options::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let error = runtime
            .block_on(connect(&options))
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.starts_with("no kubeconfig: /does/not/exist does not exist"),
            "{error}"
        );
    }
}
