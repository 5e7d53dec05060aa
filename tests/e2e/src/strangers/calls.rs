//! What the API server calls meanwhile: for people who create Secrets, and who try a second Restore.

use std::time::{Duration, Instant};

use acm_backup_bed::Replica;
use acm_backup_domain::upstream::object_label;
use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::races::Stage;

/// Between two requests of a kind.
const PAUSE: Duration = Duration::from_millis(100);

/// Who asks.
pub struct Calls<'a> {
    stage: &'a Stage,
    secrets: Api<Secret>,
}

/// How long each took, as the person saw it; sorted.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Secrets that were labelled.
    pub secrets: Vec<Duration>,
    /// Second Restores that were refused, by the rule.
    pub restores: Vec<Duration>,
    /// Answers of `/livez` and `/readyz`, as a kubelet asks.
    pub probes: Vec<Duration>,
    /// Why a request was not answered as it should be.
    pub missed: Vec<String>,
}

impl<'a> Calls<'a> {
    /// With one Restore that is active for as long as it goes on.
    pub async fn new(stage: &'a Stage) -> Result<Self> {
        stage
            .create("Restore", "first", json!({}), false)
            .await
            .context("the first Restore passes")?;
        Ok(Self {
            stage,
            secrets: Api::namespaced(stage.hub.client().await?, "default"),
        })
    }

    /// One request after the other, of all kinds at the same time.
    pub async fn run(&self, length: Duration, replica: &Replica) -> Result<Taken> {
        let until = Instant::now() + length;
        let (secrets, restores, ready, live) = tokio::join!(
            again("Secret", until, || self.secret()),
            again("Restore", until, || self.second()),
            again("probe", until, || probed(replica, "/readyz")),
            again("probe", until, || probed(replica, "/livez")),
        );
        let standing = self.stage.standing().await?;
        ensure!(
            standing.active == ["Restore first"],
            "two stand beside each other: {standing:?}"
        );
        let mut missed = secrets.1;
        missed.extend(restores.1);
        missed.extend(ready.1);
        missed.extend(live.1);
        let mut probes = [ready.0, live.0].concat();
        probes.sort();
        Ok(Taken {
            secrets: secrets.0,
            restores: restores.0,
            probes,
            missed,
        })
    }

    async fn secret(&self) -> Result<()> {
        let secret: Secret = serde_json::from_value(json!({
            "metadata": { "name": "made", "labels": { object_label::AGENT_INSTALL_WATCH: "true" } },
        }))?;
        let dry_run = PostParams {
            dry_run: true,
            ..PostParams::default()
        };
        let made = self.secrets.create(&dry_run, &secret).await?;
        let labels = made.metadata.labels.unwrap_or_default();
        ensure!(
            labels.contains_key(object_label::BACKUP),
            "a Secret is not labelled"
        );
        Ok(())
    }

    async fn second(&self) -> Result<()> {
        match self
            .stage
            .create("Restore", "second", json!({}), false)
            .await
        {
            Err(kube::Error::Api(status)) if status.message.contains("restore/another-active") => {
                Ok(())
            }
            Err(other) => bail!("a second Restore is refused in other words: {other}"),
            Ok(_) => bail!("a second Restore is stored"),
        }
    }
}

/// What a kubelet asks: one that is not ready is taken out of the Service, one that does not live is restarted. How
/// long it may take is told, and not a fault here: a busy machine is slow.
async fn probed(replica: &Replica, path: &str) -> Result<()> {
    let answer = replica.probe(path).await?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    Ok(())
}

async fn again<F: Future<Output = Result<()>>>(
    name: &str,
    until: Instant,
    one: impl Fn() -> F,
) -> (Vec<Duration>, Vec<String>) {
    let (mut taken, mut missed) = (Vec::new(), Vec::new());
    while Instant::now() < until {
        let began = Instant::now();
        match one().await {
            Ok(()) => taken.push(began.elapsed()),
            Err(why) => missed.push(format!(
                "{name}, after {} ms: {why:#}",
                began.elapsed().as_millis()
            )),
        }
        tokio::time::sleep(PAUSE).await;
    }
    taken.sort();
    (taken, missed)
}
