//! `cargo xtask attach`: the webhook in front of any API server on this machine, until Ctrl-C.
//!
//! The API server calls it through its Service where the range of Services is loopback (as on the hubs of the
//! tests), else by URL. However this ends, a [janitor] removes everything it installed.

mod checks;
mod janitor;
mod removal;
mod target;
mod works;

use acm_backup_bed::{BACKUP_NAMESPACE, Program, Site, Webhook, WebhookOptions, run};
use anyhow::{Context, Result};
use janitor::Janitor;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use target::Target;
use tokio::signal::unix::{SignalKind, signal};

/// Namespace of the webhook.
const NAMESPACE: &str = acm_backup_domain::names::NAMESPACE;

/// Annotation on [`NAMESPACE`] that tells an attached webhook from an installed one: the process id of its
/// janitor.
const ATTACHED_BY: &str = "acm-backup.dev/attached-by";

/// How often the webhook is looked at while nothing happens.
const PACE: Duration = Duration::from_secs(1);

/// Where to attach.
#[derive(clap::Args)]
pub struct Args {
    /// The kubeconfig [default: $KUBECONFIG, then ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// The context in it [default: the current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Remove what an attached webhook left behind, and end
    #[arg(long)]
    remove: bool,

    /// Remove it once standard input ends: what the janitor does
    #[arg(long, hide = true)]
    remove_when_abandoned: bool,
}

/// Attaches, waits, and removes.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(async {
        let target = Target::find(args.kubeconfig.as_deref(), args.context.as_deref())?;
        if args.remove_when_abandoned {
            janitor::work(&target).await
        } else if args.remove {
            checks::not_attached_by_another(&target).await?;
            removal::remove(&target.site()?).await
        } else {
            attach(&target).await
        }
    });
    drop(runtime);
    run::end();
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn attach(target: &Target) -> Result<()> {
    // From the first change on, a signal must lead to the removal.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    checks::all(target).await?;
    let site = target.site()?;
    if checks::left_behind(target).await? {
        println!("An attach that was killed left its webhook behind: removing that first.");
        removal::remove(&site).await?;
    }
    println!("Building the webhook.");
    let binary = tokio::task::spawn_blocking(|| Program::Webhook.path()).await??;

    let janitor = Janitor::start(target)?;
    let janitor_pid = janitor.pid();
    let attached = async {
        checks::mark(target, janitor_pid).await?;
        let options = WebhookOptions {
            replicas: Some(1),
            ..WebhookOptions::new(binary)
        };
        let webhook = Webhook::install(&site, options)
            .await
            .context("cannot install the webhook")?;
        no_pods(&site)?;
        for replica in webhook.replicas() {
            works::until_called(target, &replica).await?;
        }
        explain(target, &site, &webhook)?;
        watch_over(&webhook).await
    };
    // Pinned here, it holds the webhook until the janitor is done: calls are answered to the last.
    tokio::pin!(attached);
    let outcome = tokio::select! {
        outcome = &mut attached => outcome,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    println!("Removing everything that was installed.");
    let removed = tokio::task::spawn_blocking(move || janitor.finish()).await?;
    if removed.is_ok() {
        println!("Nothing of it is left.");
    }
    outcome.and(removed)
}

/// On a cluster with nodes: its pods would wait for an image nobody has, and the process here stands for them.
fn no_pods(site: &Site) -> Result<()> {
    let scale = format!("scale deployment acm-backup-webhook --replicas=0 --namespace={NAMESPACE}");
    let scale: Vec<&str> = scale.split_whitespace().collect();
    site.kubectl(&scale)?.ok().map(drop)
}

/// Returns when a replica has ended by itself, with its last words.
async fn watch_over(webhook: &Webhook) -> Result<()> {
    loop {
        for replica in webhook.replicas() {
            replica.process.check()?;
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Says what is there now and what to try with it.
fn explain(target: &Target, site: &Site, webhook: &Webhook) -> Result<()> {
    let secret = serde_json::json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {
            "namespace": "default", "name": "try",
            "labels": { "agent-install.openshift.io/watch": "true" },
        },
    });
    let restore = serde_json::json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": { "namespace": BACKUP_NAMESPACE, "name": "try" },
        "spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": "latest",
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "no-such-backup",
        },
    });
    let kubectl = format!(
        "kubectl --kubeconfig {} --context {}",
        target.kubeconfig.display(),
        target.context
    );
    println!();
    println!(
        "The webhook is in front of {} ({}), called at {}.",
        target.server,
        target.context,
        webhook.balancer().address()
    );
    for replica in webhook.replicas() {
        println!("Its log: tail -f {}", replica.process.log().display());
    }
    println!();
    println!("Labelled at birth (where ManagedClusters are served: crds/third-party):");
    println!(
        "  {kubectl} create --dry-run=server -o yaml -f {}",
        write(site, "secret.json", &secret)?.display()
    );
    println!("Refused:");
    println!("  {kubectl} create namespace {BACKUP_NAMESPACE}    # where there is none yet");
    println!(
        "  {kubectl} create --dry-run=server -f {}",
        write(site, "restore.json", &restore)?.display()
    );
    println!();
    println!("Press Ctrl-C to remove it again.");
    Ok(())
}

fn write(site: &Site, name: &str, object: &serde_json::Value) -> Result<PathBuf> {
    let path = site.file(name);
    std::fs::write(&path, object.to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
