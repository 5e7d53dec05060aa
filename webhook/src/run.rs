//! Puts the parts together and takes them apart again.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use acm_backup_domain::labels::referrers::ReferrerKind;
use acm_backup_hub::connect::{Options, connect};
use acm_backup_hub::lease::Leases;
use anyhow::Context;
use kube::Client;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_rustls::TlsAcceptor;

use crate::admission::endpoint::Endpoints;
use crate::args::Args;
use crate::judge::apart::Apart;
use crate::judge::guard::Guard;
use crate::judge::label::Label;
use crate::judge::slot::Slots;
use crate::reconcile::labeller::Labeller;
use crate::reconcile::metadata::Metadatas;
use crate::reconcile::queue::Queue;
use crate::service::certificate::Certificate;
use crate::service::client::ClientAuthority;
use crate::service::lifecycle::{Lifecycle, Phase};
use crate::service::metrics::Metrics;
use crate::service::plain;
use crate::service::probes::{Dependency, Probes};
use crate::service::server::{Limits, Server};
use crate::service::tls;
use crate::watch::backups::Backups;
use crate::watch::contact::Contact;
use crate::watch::follow::{Follow, Store};
use crate::watch::local_clusters::{self, LocalClusters};
use crate::watch::referrers::{self, Followed, Referrers};
use crate::watch::stored::Stored;

/// How long finding out who we are may take at the start.
const CONNECTED_WITHIN: Duration = Duration::from_secs(30);

/// What is kept by watches, shared by everything that judges.
struct Kept {
    backups: Arc<Backups>,
    referrers: Arc<Referrers>,
    followed: [Arc<Followed>; ReferrerKind::ALL.len()],
    local_clusters: Arc<LocalClusters>,
    stored: Arc<Stored>,
    queue: Arc<Queue>,
}

impl Kept {
    fn new() -> Self {
        let queue = Arc::new(Queue::default());
        let referrers = Referrers::new(Arc::clone(&queue));
        Self {
            backups: Arc::default(),
            followed: ReferrerKind::ALL.map(|kind| referrers.followed(kind)),
            referrers,
            local_clusters: Arc::default(),
            stored: Arc::default(),
            queue,
        }
    }

    /// What a replica is not ready without: the guard judges by it and does not look it up anew.
    fn needed(&self) -> Vec<Arc<dyn Dependency>> {
        dependencies([&self.backups.contact])
    }

    /// What it does without. No label is put on before these are there, but the reconciler puts it on then;
    /// without [`Stored`] one only waits longer for others.
    fn told(&self) -> Vec<Arc<dyn Dependency>> {
        let referrers = self.followed.iter().map(|followed| &followed.contact);
        dependencies(referrers.chain([
            &self.local_clusters.contact,
            &self.stored.restores.contact,
            &self.stored.backup_schedules.contact,
        ]))
    }

    /// Starts the watches.
    fn follow(&self, client: &Client, args: &Args) {
        use acm_backup_hub::kinds::{BACKUP_SCHEDULES, BACKUPS, MANAGED_CLUSTERS, RESTORES};
        fn start<S: Store>(client: &Client, follow: Follow<S>) {
            tokio::spawn(follow.run(client.clone()));
        }
        start(
            client,
            Follow {
                resource: &BACKUPS,
                namespace: Some(args.backup_namespace.clone()),
                selector: "",
                store: Arc::clone(&self.backups),
                contact: Arc::clone(&self.backups.contact),
            },
        );
        for (kind, followed) in ReferrerKind::ALL.into_iter().zip(&self.followed) {
            start(
                client,
                Follow {
                    resource: referrers::resource(kind),
                    namespace: None,
                    selector: "",
                    store: Arc::clone(followed),
                    contact: Arc::clone(&followed.contact),
                },
            );
        }
        start(
            client,
            Follow {
                resource: &MANAGED_CLUSTERS,
                namespace: None,
                selector: local_clusters::SELECTOR,
                store: Arc::clone(&self.local_clusters),
                contact: Arc::clone(&self.local_clusters.contact),
            },
        );
        for (resource, uids) in [
            (&RESTORES, &self.stored.restores),
            (&BACKUP_SCHEDULES, &self.stored.backup_schedules),
        ] {
            start(
                client,
                Follow {
                    resource,
                    namespace: Some(args.backup_namespace.clone()),
                    selector: "",
                    store: Arc::clone(uids),
                    contact: Arc::clone(&uids.contact),
                },
            );
        }
    }
}

fn dependencies<'a>(
    contacts: impl IntoIterator<Item = &'a Arc<Contact>>,
) -> Vec<Arc<dyn Dependency>> {
    contacts
        .into_iter()
        .map(|contact| Arc::clone(contact) as Arc<dyn Dependency>)
        .collect()
}

/// Runs until told to stop; the exit code is 0 after an orderly end, 1 when a second signal cut it short.
///
/// # Errors
/// When it cannot start: a port is taken, a certificate is unusable, there is no way to the API server.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new().context("cannot listen for signals")?;
    let metrics = Arc::new(Metrics::default());
    let lifecycle = Lifecycle::default();

    let provider = tls::provider();
    let certificate = Arc::new(
        Certificate::load(args.files(), Arc::clone(&provider))
            .await
            .context("no serving certificate")?,
    );
    let clients = match &args.client_ca {
        None => None,
        Some(path) => {
            let name = args.client_name.clone();
            let authority = ClientAuthority::load(path.clone(), name, Arc::clone(&provider)).await;
            Some(Arc::new(authority.context("no authority of clients")?))
        }
    };
    let config = tls::server_config(
        Arc::clone(&certificate),
        provider,
        args.tls_min_version,
        clients.clone(),
    )
    .context("cannot set up TLS")?;
    let options = Options {
        kubeconfig: args.kubeconfig.clone(),
        context: args.context.clone(),
        ..Options::default()
    };
    let connection = connect(&options, CONNECTED_WITHIN)
        .await
        .context("no way to the API server")?;
    let listener = listen(args.listen, "--listen").await?;
    let probe_listener = listen(args.probe_listen, "--probe-listen").await?;
    // What was really taken: port 0 means any.
    let (listen, probe_listen) = (listener.local_addr()?, probe_listener.local_addr()?);

    let kept = Kept::new();
    let probes = Probes {
        certificate: Arc::clone(&certificate),
        lifecycle: lifecycle.clone(),
        metrics: Arc::clone(&metrics),
        dependencies: kept.needed(),
        told: kept.told(),
    };
    plain::serve(
        probe_listener.into_std()?,
        probes.router(),
        plain::Limits::default(),
    )
    .context("cannot serve the probes")?;
    tokio::spawn({
        let (certificate, metrics) = (Arc::clone(&certificate), Arc::clone(&metrics));
        async move { certificate.follow(args.certificate_poll, &metrics).await }
    });
    if let Some(clients) = clients {
        let every = args.certificate_poll;
        tokio::spawn(async move { clients.follow(every).await });
    }
    kept.follow(&connection.client, &args);
    let reconciler = tokio::spawn({
        let labeller = Labeller {
            metadata: Metadatas::new(connection.client.clone()),
            referrers: Arc::clone(&kept.referrers),
            local_clusters: Arc::clone(&kept.local_clusters),
            queue: Arc::clone(&kept.queue),
            metrics: Arc::clone(&metrics),
            label_existing: args.label_existing,
        };
        let (client, lifecycle) = (connection.client.clone(), lifecycle.clone());
        let (namespace, identity) = (args.namespace.clone(), args.identity.clone());
        async move {
            labeller.run(client, &namespace, &identity, lifecycle).await;
        }
    });

    let apart = Arc::new(Apart::new(
        Arc::clone(&kept.backups),
        &args.backup_namespace,
    ));
    let endpoints = Endpoints {
        labeller: Arc::new(Label {
            referrers: Arc::clone(&kept.referrers),
            local_clusters: Arc::clone(&kept.local_clusters),
        }),
        guard: Arc::new(Guard {
            client: connection.client.clone(),
            apart: Arc::clone(&apart),
            slots: Arc::new(Slots {
                client: connection.client.clone(),
                leases: Leases::new(connection.client.clone(), &args.namespace),
                bound: args.reservation(),
                stored: Arc::clone(&kept.stored),
                apart,
            }),
            operator_user: args.operator_user.clone(),
            attesting_accounts: args.attesting_accounts.iter().cloned().collect(),
        }),
        metrics: Arc::clone(&metrics),
        concurrency: args.max_reviews,
    };
    let server = tokio::spawn(
        Server {
            listener,
            tls: TlsAcceptor::from(Arc::new(config)),
            router: endpoints.router(),
            limits: Limits {
                connections: args.max_connections,
                ..Limits::default()
            },
            lifecycle: lifecycle.clone(),
            metrics,
        }
        .serve(),
    );
    tracing::info!(%listen, %probe_listen, server = %connection.server, "serving");

    signals.next().await;
    tracing::info!(delay = ?args.drain_delay, "told to stop: taking calls a little longer");
    let leaving = leave(&lifecycle, args.drain_delay, async {
        let drained = server.await.unwrap_or(false);
        // A Lease that was given up spares the next replica the wait.
        let _ = reconciler.await;
        drained
    });
    tokio::select! {
        drained = leaving => {
            tracing::info!(drained, "stopped");
            Ok(ExitCode::SUCCESS)
        }
        () = signals.next() => {
            tracing::warn!("told again: stopping at once");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The way out: not ready but serving for `delay`, then nothing new, then `ended`.
async fn leave(lifecycle: &Lifecycle, delay: Duration, ended: impl Future<Output = bool>) -> bool {
    lifecycle.advance(Phase::Leaving);
    tokio::time::sleep(delay).await;
    lifecycle.advance(Phase::Closing);
    ended.await
}

async fn listen(address: std::net::SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another with {flag}"))
}

/// Either way of being told to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
