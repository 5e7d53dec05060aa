//! `acm-backup-operator-standin`: started as the cluster-backup-operator is, plays it at a version.

mod health;

use std::net::SocketAddr;
use std::time::Duration;

use acm_backup_domain::time::GoDuration;
use acm_backup_operator::live::{self, Pace};
use acm_backup_operator::version::Version;
use acm_backup_operator::{import_controller, msa_addon};
use anyhow::{Context, Result};
use clap::{ArgAction, Parser};
use kube::{Client, Config};
use tracing_subscriber::EnvFilter;

/// Stand-in for the cluster-backup-operator, for tests and the demo. Not part of any product.
#[derive(Debug, Parser)]
#[command(name = "acm-backup-operator-standin", version)]
struct Args {
    /// Operator version to play, such as 2.17.
    #[arg(long, default_value = "2.17")]
    operator_version: Version,
    /// Also play the ManagedServiceAccount add-on: tokens for accounts.
    #[arg(long, default_value_t = true, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    msa_addon: bool,
    /// Play nothing but the add-on: beside a real operator, which does not make tokens.
    #[arg(long, conflicts_with_all = ["operator_version", "msa_addon"])]
    only_msa_addon: bool,
    /// Play nothing but the import controller, which keeps the namespaces of clusters.
    #[arg(long, conflicts_with_all = ["operator_version", "msa_addon", "only_msa_addon"])]
    only_import_controller: bool,
    /// When to look at a healthy BackupSchedule again.
    #[arg(long, default_value = "5m", value_parser = duration)]
    requeue_healthy: Duration,
    /// When to look again after a failure.
    #[arg(long, default_value = "1m", value_parser = duration)]
    requeue_failed: Duration,
    /// When to look again while waiting for Velero.
    #[arg(long, default_value = "10s", value_parser = duration)]
    requeue_waiting: Duration,
    /// When to look for newer backups, in place of every Restore's restoreSyncInterval.
    #[arg(long, value_parser = duration)]
    requeue_sync: Option<Duration>,
    /// Where to answer probes; `0` for nowhere.
    #[arg(long, default_value = "0")]
    health_probe_bind_address: String,
    /// Accepted as by the real operator; there are no metrics.
    #[arg(long, default_value = "0")]
    metrics_bind_address: String,
    /// Accepted as by the real operator; there is no leader election.
    #[arg(long, default_value_t = false, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    leader_elect: bool,
}

/// A Go duration such as `5m` or `1h30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let duration: GoDuration = text.parse().map_err(|error| format!("{error}"))?;
    u64::try_from(duration.as_nanos())
        .map(Duration::from_nanos)
        .map_err(|_| "must not be negative".to_owned())
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();

    let mut config = Config::infer()
        .await
        .context("no way to the API server: set KUBECONFIG")?;
    // kube repeats writes on its own otherwise, and a create can meet its own AlreadyExists.
    config.default_retry = false;
    let client = Client::try_from(config).context("kubeconfig")?;

    if let Some(address) = probe_address(&args.health_probe_bind_address)? {
        health::serve(address).await?;
    }
    if args.only_msa_addon {
        msa_addon::run(client).await;
        anyhow::bail!("the watches of accounts and tokens ended");
    }
    if args.only_import_controller {
        import_controller::run(client).await;
        anyhow::bail!("the watches of clusters and namespaces ended");
    }
    if args.msa_addon {
        tokio::spawn(msa_addon::run(client.clone()));
    }
    let pace = Pace {
        healthy: args.requeue_healthy,
        retry: args.requeue_failed,
        waiting: args.requeue_waiting,
        sync: args.requeue_sync,
    };
    live::run(client, args.operator_version, pace).await
}

/// `0` is none; `:8081` is every address, as in Go.
fn probe_address(text: &str) -> Result<Option<SocketAddr>> {
    if text.is_empty() || text == "0" {
        return Ok(None);
    }
    let full = if text.starts_with(':') {
        format!("0.0.0.0{text}")
    } else {
        text.to_owned()
    };
    full.parse()
        .map(Some)
        .with_context(|| format!("--health-probe-bind-address {text:?}: not ADDRESS:PORT"))
}
