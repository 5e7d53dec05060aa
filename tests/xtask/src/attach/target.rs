//! The API server somebody names with a kubeconfig and a context.

use acm_backup_bed::Site;
use anyhow::{Context, Result, bail, ensure};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::net::{TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest wait for a connection, and for an answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// Where to attach.
pub struct Target {
    /// Absolute path.
    pub kubeconfig: PathBuf,
    /// The context's name.
    pub context: String,
    /// URL of the API server.
    pub server: String,
    config: Kubeconfig,
}

impl Target {
    /// Reads the kubeconfig. Nothing is asked of the server yet.
    pub fn find(kubeconfig: Option<&Path>, context: Option<&str>) -> Result<Self> {
        let kubeconfig = match kubeconfig {
            Some(path) => path.to_owned(),
            None => default_kubeconfig()?,
        };
        let kubeconfig = std::path::absolute(kubeconfig)?;
        ensure!(
            kubeconfig.is_file(),
            "there is no kubeconfig {}; name one with --kubeconfig",
            kubeconfig.display()
        );
        let config = Kubeconfig::read_from(&kubeconfig)
            .with_context(|| format!("{} is no kubeconfig", kubeconfig.display()))?;
        let names: Vec<&str> = config.contexts.iter().map(|c| c.name.as_str()).collect();
        let known = match names[..] {
            [] => "it has none".to_owned(),
            _ => format!("it has {}", names.join(", ")),
        };
        let current = config.current_context.as_deref();
        let Some(context) = context.or(current.filter(|name| !name.is_empty())) else {
            bail!(
                "{} has no current context; name one with --context ({known})",
                kubeconfig.display()
            );
        };
        ensure!(
            names.contains(&context),
            "{} has no context {context} ({known})",
            kubeconfig.display()
        );
        let context = context.to_owned();
        let server = server(&config, &context).with_context(|| {
            format!(
                "context {context} of {} names no cluster with a server",
                kubeconfig.display()
            )
        })?;
        Ok(Self {
            server,
            kubeconfig,
            context,
            config,
        })
    }

    /// Fails unless the API server runs on this machine: no other could call a webhook that listens here on
    /// loopback.
    pub fn must_be_here(&self) -> Result<()> {
        let uri: http::Uri = self
            .server
            .parse()
            .with_context(|| format!("{} is no URL", self.server))?;
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<_> = (host, uri.port_u16().unwrap_or(443))
            .to_socket_addrs()
            .with_context(|| format!("the host of {} cannot be looked up", self.server))?
            .collect();
        // Only addresses of this machine can be listened on.
        let here = |ip| TcpListener::bind((ip, 0)).is_ok();
        ensure!(
            addresses.iter().any(|address| here(address.ip())),
            "the API server {} is not on this machine, so it could not call a webhook that runs here; \
             attach to one that is (`cargo xtask demo --keep` starts two)",
            self.server
        );
        Ok(())
    }

    /// A client that gives up soon and retries nothing.
    pub async fn client(&self) -> Result<Client> {
        let options = KubeConfigOptions {
            context: Some(self.context.clone()),
            ..KubeConfigOptions::default()
        };
        let mut config = Config::from_custom_kubeconfig(self.config.clone(), &options)
            .await
            .with_context(|| {
                format!(
                    "context {} of {} cannot be used",
                    self.context,
                    self.kubeconfig.display()
                )
            })?;
        config.connect_timeout = Some(CONNECT_LIMIT);
        config.read_timeout = Some(ANSWER_LIMIT);
        // It is on this machine.
        config.proxy_url = None;
        Ok(Client::try_from(config)?)
    }

    /// Where the test bed's own parts can install something.
    pub fn site(&self) -> Result<Site> {
        Site::of_context(&self.kubeconfig, Some(&self.context))
    }
}

fn server(config: &Kubeconfig, context: &str) -> Option<String> {
    let named = config.contexts.iter().find(|c| c.name == context)?;
    let name = &named.context.as_ref()?.cluster;
    let cluster = config.clusters.iter().find(|c| c.name == *name)?;
    cluster.cluster.as_ref()?.server.clone()
}

fn default_kubeconfig() -> Result<PathBuf> {
    if let Some(files) = std::env::var_os("KUBECONFIG").filter(|files| !files.is_empty()) {
        let mut files = std::env::split_paths(&files);
        let first = files.next().unwrap_or_default();
        ensure!(
            files.next().is_none(),
            "KUBECONFIG names several files; name one with --kubeconfig"
        );
        return Ok(first);
    }
    let home =
        std::env::home_dir().context("no home directory; name a kubeconfig with --kubeconfig")?;
    Ok(home.join(".kube/config"))
}
