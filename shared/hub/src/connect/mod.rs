//! From a kubeconfig and kubectl's global flags to a client.
//!
//! kubectl is the measure: what it takes is taken, and what is not is said by the name of its field. The client is
//! put together here rather than by kube, which takes fewer certificates, reads NO_PROXY otherwise, runs credential
//! plugins without a limit and shows what they print. Every client names itself and never repeats a request on its
//! own: a POST could meet its own AlreadyExists, and a read could outlive its deadline.

mod answers;
mod auth;
mod dial;
mod exec;
mod flags;
mod kubeconfig;
mod material;
mod proxy;
mod target;
mod tls;

pub use answers::NotAnApiServer;
pub(crate) use dial::ByProxy;

use crate::deadline::Deadline;
use acm_backup_domain::names::USER_AGENT;
use acm_backup_domain::redact::without_passwords;
use answers::Answers;
use auth::{Auth, Authorized};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dial::Dial;
use http::Uri;
use http::header::{HeaderName, HeaderValue, USER_AGENT as USER_AGENT_HEADER};
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use kube::Client;
use kube::client::{Body, ConfigExt};
use kube::config::Config;
use material::{Pem, Place};
use proxy::Environment;
use std::path::PathBuf;
use std::time::Duration;
use target::Target;
use tls::Authority;
use tower::Layer;

/// kubectl's global flags that say where to connect and as whom. All empty: what kubectl would do.
#[derive(Clone, Default)]
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
    /// `--username`
    pub username: Option<String>,
    /// `--password`
    pub password: Option<String>,
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
    /// `--as-user-extra`
    pub impersonate_extra: Vec<(String, String)>,
    /// No limit was asked for: a person whom a credential plugin asks may take longer than the deadline.
    pub patient: bool,
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
    /// By when all must be done: later than it was asked for where a person had to be waited for.
    pub deadline: Deadline,
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
    /// A field of the kubeconfig or a flag holds what cannot be used.
    #[error("{field}: {why}")]
    Field {
        /// The field and whose it is, or the flag.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// A credential plugin gave nothing.
    #[error("credential plugin {name:?} ({field}): {why}")]
    Plugin {
        /// The program.
        name: String,
        /// The field that names it.
        field: String,
        /// What went wrong.
        why: String,
    },
}

/// Prepares a connection. Nothing is sent yet, but a kubeconfig's credential plugin may be run, within the deadline.
///
/// # Errors
/// When there is no usable kubeconfig, a field or a flag holds what cannot be used, or a credential plugin fails.
pub async fn connect(
    options: &Options,
    deadline: impl Into<Deadline>,
) -> Result<Connection, ConnectError> {
    let mut target = kubeconfig::target(options)?;
    flags::apply(options, &mut target);
    connected(target, &Environment::read(), deadline.into()).await
}

async fn connected(
    mut target: Target,
    environment: &Environment,
    deadline: Deadline,
) -> Result<Connection, ConnectError> {
    let authority = target.authority.read()?;
    let server = address(&target)?;
    if server.scheme_str() != Some("https") {
        without_secrets(&mut target);
    }
    let authority = believed(&target, authority)?;
    let identity = match (target.certificate.read()?, target.key.read()?) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(lone), None) => return Err(lone.refused("it has no client-key beside it")),
        (None, Some(lone)) => return Err(lone.refused("it has no client-certificate beside it")),
    };
    // What no request carries as it is: a password goes out with its name, in base64.
    let basic = target.basic.iter().map(|(_, password, _)| password.clone());
    let mut secrets: Vec<_> = basic.collect();
    let (auth, given, waited) = authorization(&mut target, &authority, deadline).await?;
    let tls = tls::config(&authority, given.as_ref().or(identity.as_ref()))?;
    let proxy = match &target.proxy {
        Some((url, field)) => Some(proxy::of_kubeconfig(url, field)?),
        None => environment.for_server(&server),
    };
    if let Some((_, password)) = proxy.as_ref().and_then(|proxy| proxy.user.as_ref()) {
        secrets.push(password.clone());
    }
    let dial = Dial::new(proxy.as_ref(), &tls);
    let mut secure = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http();
    if let Some(name) = &target.tls_server_name {
        let name = name.clone().try_into().map_err(|_| ConnectError::Field {
            field: "tls-server-name".to_owned(),
            why: format!("{name:?} is no name of a server"),
        })?;
        secure = secure.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let connector = secure.enable_http1().wrap_connector(dial);
    let client: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new()).build(connector);
    let asked = Authorized {
        inner: Answers::new(client, secrets),
        auth,
    };
    let config = acting(&target, server.clone());
    let headers = config
        .extra_headers_layer()
        .map_err(|_| ConnectError::Field {
            field: "as, as-uid, as-groups or as-user-extra".to_owned(),
            why: "it holds characters that no header carries".to_owned(),
        })?;
    let service = config.base_uri_layer().layer(headers.layer(asked));
    Ok(Connection {
        client: Client::new(service, config.default_namespace),
        server: server.to_string().trim_end_matches('/').to_owned(),
        context: target.context,
        namespace: target.namespace,
        deadline: deadline.later_by(waited),
    })
}

/// The server's address; without a scheme it is http, as for kubectl.
fn address(target: &Target) -> Result<Uri, ConnectError> {
    let refused = |why: String| ConnectError::Field {
        field: target.server_field.clone(),
        why,
    };
    let whole = match target.server.trim() {
        "" => return Err(refused("there is none".to_owned())),
        written if written.contains("://") => written.to_owned(),
        bare => format!("http://{bare}"),
    };
    // A password in an address would be shown with it.
    let bare = without_passwords(&whole).into_owned();
    if bare.contains('@') {
        return Err(refused(
            "it holds an @ where no address has one (not shown: it may hold a password)".to_owned(),
        ));
    }
    let uri: Uri = bare
        .parse()
        .map_err(|error| refused(format!("{bare:?}: {error}")))?;
    match uri.scheme_str() {
        Some("http" | "https") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(uri),
        _ => Err(refused(format!("{bare:?} is no address of an API server"))),
    }
}

/// Nothing that proves who we are goes over a line that anybody reads; kubectl sends nothing either, and runs no
/// plugin, as behind `kubectl proxy`.
fn without_secrets(target: &mut Target) {
    target.token = None;
    target.token_file = None;
    target.basic = None;
    target.plugin = None;
    target.certificate = Place::default();
    target.key = Place::default();
}

fn believed(target: &Target, authority: Option<Pem>) -> Result<Authority, ConnectError> {
    match (target.insecure, authority, &target.authority_file) {
        (true, Some(pem), _) => Err(
            pem.refused("insecure-skip-tls-verify is set beside it; only one of them can be meant")
        ),
        (true, None, _) => Ok(Authority::Anybody),
        (false, Some(pem), _) => Ok(Authority::Of(pem)),
        (false, None, Some(file)) => Ok(Authority::File(file.clone())),
        (false, None, None) => Ok(Authority::System),
    }
}

/// Who we say we are, the certificate that a plugin gave, and how long a person was waited for.
async fn authorization(
    target: &mut Target,
    authority: &Authority,
    deadline: Deadline,
) -> Result<(Auth, Option<(Pem, Pem)>, Duration), ConnectError> {
    if let Some((path, field)) = target.token_file.take() {
        return Ok((
            Auth::token_file(path, field, target.token.as_ref())?,
            None,
            Duration::ZERO,
        ));
    }
    if let Some((token, field)) = &target.token {
        return Ok((Auth::token(token, field)?, None, Duration::ZERO));
    }
    if let Some((name, password, field)) = &target.basic {
        let pair = STANDARD.encode(format!("{name}:{password}"));
        return Ok((
            Auth::Fixed(auth::sensitive(&format!("Basic {pair}"), field)?),
            None,
            Duration::ZERO,
        ));
    }
    let Some(mut plugin) = target.plugin.take() else {
        return Ok((Auth::Nothing, None, Duration::ZERO));
    };
    if plugin.config.provide_cluster_info {
        let bytes = match authority {
            Authority::Of(pem) => Some(pem.bytes()),
            _ => None,
        };
        plugin.cluster = target.told.as_ref().map(|told| exec::cluster(told, bytes));
    }
    let credential = plugin.run(deadline).await?;
    let given = credential.certificate.clone().map(|(certificate, key)| {
        let of = |part: &str| {
            format!(
                "{part} of credential plugin {:?}",
                plugin.config.command.as_deref().unwrap_or_default()
            )
        };
        (
            Pem::new(certificate.into_bytes(), of("clientCertificateData")),
            Pem::new(key.into_bytes(), of("clientKeyData")),
        )
    });
    Ok((Auth::plugin(plugin, &credential)?, given, credential.waited))
}

/// What kube needs to know for its headers.
fn acting(target: &Target, server: Uri) -> Config {
    let mut config = Config::new(server);
    let ours: (HeaderName, HeaderValue) = (USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT));
    config.headers.push(ours);
    let who = &target.acting_as;
    config.auth_info.impersonate.clone_from(&who.impersonate);
    config
        .auth_info
        .impersonate_uid
        .clone_from(&who.impersonate_uid);
    config
        .auth_info
        .impersonate_groups
        .clone_from(&who.impersonate_groups);
    config
        .auth_info
        .impersonate_user_extra
        .clone_from(&who.impersonate_user_extra);
    if let Some(namespace) = &target.namespace {
        config.default_namespace.clone_from(namespace);
    }
    config
}

#[cfg(test)]
mod tests;
