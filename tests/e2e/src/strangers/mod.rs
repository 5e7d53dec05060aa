//! One replica under its own memory limit, and strangers who reach its port: while they do what they can, the
//! API server's calls are answered.

mod attack;
mod calls;
mod confined;
mod report;

use std::sync::Arc;
use std::time::{Duration, Instant};

use acm_backup_bed::{Program, Replica};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;

pub use attack::Place;
pub use report::{Attack, Report};

use crate::races::Stage;
use attack::Strangers;
use calls::Calls;
use confined::Confined;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Connections that never say anything.
    pub silent: usize,
    /// Connections that announce a body and send it byte by byte.
    pub trickling: usize,
    /// Connections that finish one forged review, and are kept.
    pub proven: usize,
    /// Connections to the plain port.
    pub hammering: usize,
    /// Connections that send one large hostile body after the other.
    pub hostile: usize,
    /// How long, from each place.
    pub length: Duration,
    /// The memory limit, in MiB: what the Deployment has.
    pub limit: u64,
}

/// The memory limit that the Deployment gives a replica, in MiB.
pub const LIMIT: u64 = 256;

/// Runs it. What was not answered is in the report; that a second Restore was stored, or that the replica died,
/// is an error.
pub async fn run(plan: Plan, places: &[Place]) -> Result<Report> {
    let binary = tokio::task::spawn_blocking(|| Program::Webhook.path()).await??;
    let confined = Confined::new(&binary, plan.limit)?;
    let stage = Stage::start_with(1, confined.program().to_owned()).await?;
    let shipped = shipped_limit(&stage).await?;
    ensure!(
        plan.limit != LIMIT || shipped == format!("{LIMIT}Mi"),
        "the Deployment's memory limit is {shipped}, and {LIMIT} MiB are tried"
    );
    let replica = stage.webhook.replicas().pop().context("no replica")?;
    let pid = replica.process.pid().context("the replica has ended")?;
    let calls = Calls::new(&stage).await?;
    let quiet = calls
        .run(plan.length.min(Duration::from_secs(5)), &replica)
        .await?;
    let idle = memory(pid)?;

    let mut attacks = Vec::new();
    for place in places.iter().copied() {
        let plan = Plan {
            proven: match place {
                Place::ApiServer => 0,
                _ => plan.proven,
            },
            ..plan
        };
        let strangers = Arc::new(Strangers::new(&stage, &replica, place)?);
        // Gone with the round.
        let _crowd = (strangers.crowd(plan), strangers.hostile(plan));
        strangers.until_there(plan).await?;
        let began = Instant::now();
        let taken = calls.run(plan.length, &replica).await?;
        attacks.push(Attack {
            place,
            taken,
            took: began.elapsed(),
            sent: strangers.sent(),
        });
    }
    // In the crowd they send each other away; alone, all their bodies arrive.
    let strangers = Arc::new(Strangers::new(&stage, &replica, Place::ApiServer)?);
    let hostile = strangers.hostile(plan);
    let hostile_alone = calls.run(plan.length, &replica).await?;
    let sent_alone = strangers.sent().hostile;
    drop(hostile);

    ensure!(
        replica.process.pid() == Some(pid) && replica.process.check().is_ok(),
        "the replica has died under it"
    );
    let peak = memory(pid)?;
    Ok(Report {
        plan,
        confined_by: confined.by(),
        quiet,
        attacks,
        hostile_alone,
        sent_alone,
        idle: idle.0,
        peak: peak.1,
        cgroup_peak: confined.peak(),
        metrics: counters(&replica).await?,
    })
}

async fn shipped_limit(stage: &Stage) -> Result<String> {
    let deployments: Api<Deployment> =
        Api::namespaced(stage.hub.client().await?, "acm-backup-system");
    let spec = deployments.get("acm-backup-webhook").await?.spec;
    let pod = spec.and_then(|spec| spec.template.spec);
    let container = pod.and_then(|pod| pod.containers.into_iter().next());
    let resources = container.and_then(|container| container.resources);
    let limit = resources.and_then(|resources| resources.limits?.remove("memory"));
    Ok(limit.context("a Deployment without a memory limit")?.0)
}

/// Resident, and its highest, in KiB.
fn memory(pid: u32) -> Result<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let of = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    of("VmRSS:")
        .zip(of("VmHWM:"))
        .context("the replica has ended")
}

/// What the replica itself counted.
async fn counters(replica: &Replica) -> Result<Vec<String>> {
    let metrics = replica.probe("/metrics").await?;
    let told = [
        "connections_evicted_total",
        "connections_silent_total",
        "slow_bodies_total",
        "overloaded_total",
        "tls_handshakes_failed_total",
    ];
    let line = |name: &&str| {
        let found = metrics.lines().find(|line| line.contains(*name));
        found.map(|line| line.trim_start_matches("acm_backup_webhook_").to_owned())
    };
    Ok(told.iter().filter_map(line).collect())
}
