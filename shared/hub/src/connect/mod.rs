//! From a kubeconfig and kubectl's global flags to a client.
//!
//! Every client made here names itself (kube sends no User-Agent by itself) and never repeats a
//! request on its own: kube's default retries any verb up to 15 times on 429, 503 and 504, so a
//! POST could meet its own AlreadyExists, and a read could outlive its deadline.

mod flags;
mod kubeconfig;

use acm_backup_domain::names::USER_AGENT;
use http::header::{HeaderName, HeaderValue, USER_AGENT as USER_AGENT_HEADER};
use kube::Client;
use kube::config::Config;
use std::path::PathBuf;
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
    let (mut config, context, namespace) = kubeconfig::base(options).await?;
    flags::apply(options, &mut config)?;
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

#[cfg(test)]
mod tests {
    use super::flags::apply;
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
    fn the_context_names_server_and_namespace() {
        let file =
            std::env::temp_dir().join(format!("acm-backup-kubeconfig-{}", std::process::id()));
        let kubeconfig = "{clusters: [{name: c, cluster: {server: 'http://one.example:8080'}}], users: [], \
                          contexts: [{name: with, context: {cluster: c, namespace: ns}}, {name: without, context: {cluster: c}}]}";
        std::fs::write(&file, kubeconfig).unwrap();
        let connect_by = |context: &str| {
            let options = Options {
                kubeconfig: Some(file.clone()),
                context: Some(context.into()),
                ..Options::default()
            };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(connect(&options)).unwrap()
        };
        let with = connect_by("with");
        assert_eq!(
            (with.server.as_str(), with.namespace.as_deref()),
            ("http://one.example:8080", Some("ns"))
        );
        assert_eq!(connect_by("without").namespace, None);
        std::fs::remove_file(file).unwrap();
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
