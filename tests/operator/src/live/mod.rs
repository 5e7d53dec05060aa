//! The shell: watches the API server, lets [`crate::decide`] decide, does what it says, and looks again
//! when it says. One pass at a time, each on a fresh and consistent reading, so that the races of the real
//! operator's cache do not happen here.

mod apply;
mod cleanup;
mod hub;
mod merge;
mod queue;
mod watches;

use std::time::Duration;

use anyhow::{Context, Result};
use kube::Client;
use tracing::{debug, info, warn};

use crate::decide::{reconcile_restore, reconcile_schedule};
use crate::kinds::Kind;
use crate::object::ObjectName;
use crate::version::Version;
use crate::write::{Again, Pass};
pub use apply::Applied;
pub use hub::{Hub, api_resource, untyped};
use queue::Queue;

/// An ACM object to look at.
pub type Item = (Kind, ObjectName);

/// The pace of looking again. Tests shorten it.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Of a healthy BackupSchedule.
    pub healthy: Duration,
    /// After a failure.
    pub retry: Duration,
    /// While waiting for Velero.
    pub waiting: Duration,
    /// In place of every Restore's `restoreSyncInterval`, if given.
    pub sync: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            healthy: Duration::from_secs(300),
            retry: Duration::from_secs(60),
            waiting: Duration::from_secs(10),
            sync: None,
        }
    }
}

impl Pace {
    fn of(&self, again: Again) -> Duration {
        match again {
            Again::Healthy => self.healthy,
            Again::Retry => self.retry,
            Again::Waiting => self.waiting,
            Again::Sync(interval) => self.sync.unwrap_or(interval),
            Again::Resume(pause) => pause,
        }
    }
}

/// How long one pass may take before it is given up and tried again.
const PASS_LIMIT: Duration = Duration::from_secs(60);
/// How soon a pass that met an error of the API server is tried again.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Plays the operator until the process ends.
///
/// # Errors
/// Only when a watch cannot even be set up; an API server that is away is waited for.
pub async fn run(client: Client, version: Version, pace: Pace) -> Result<()> {
    let mut triggers = watches::start(&client);
    let mut hub = Hub::new(client);
    let mut queue = Queue::default();
    info!(%version, "playing the cluster-backup-operator");
    loop {
        tokio::select! {
            trigger = triggers.recv() => queue.add(trigger.context("the watches ended")?),
            () = queue.due() => {}
        }
        while let Ok(trigger) = triggers.try_recv() {
            queue.add(trigger);
        }
        while let Some((item, resume)) = queue.take() {
            let again = match tokio::time::timeout(
                PASS_LIMIT,
                look(&mut hub, &item, resume, version),
            )
            .await
            {
                Ok(Ok(again)) => {
                    again.map(|again| (pace.of(again), matches!(again, Again::Resume(_))))
                }
                Ok(Err(error)) => {
                    warn!(object = %item.1.name, "{error:#}");
                    Some((AFTER_ERROR, resume))
                }
                Err(_) => {
                    warn!(object = %item.1.name, "no answer within {PASS_LIMIT:?}");
                    Some((AFTER_ERROR, resume))
                }
            };
            if let Some((after, resume)) = again {
                queue.later(item, after, resume);
            }
        }
    }
}

/// One pass over one object.
async fn look(hub: &mut Hub, item: &Item, resume: bool, version: Version) -> Result<Option<Again>> {
    let mut world = hub.read().await.context("reading the hub")?;
    world.resumed = resume;
    let pass: Pass = match item.0 {
        Kind::BackupSchedule => reconcile_schedule(&world, &item.1, version),
        _ => reconcile_restore(&world, &item.1, version),
    };
    debug!(object = %item.1.name, writes = pass.writes.len(), again = ?pass.again, "looked");
    for write in &pass.writes {
        if hub.apply(&world, item, write).await? == Applied::Abandoned {
            return Ok(Some(Again::Healthy));
        }
    }
    Ok(pass.again)
}
