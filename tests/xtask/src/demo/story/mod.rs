//! The story, one file a chapter.

mod active;
mod comeback;
mod death;
mod labels;
mod passive;
mod refused;

use anyhow::Result;

use super::stage::Stage;

/// Every minute: short enough that a hub that comes back is overdue, as real ones are.
const CRON: &str = "* * * * *";

/// The sync Restore of the passive hub.
const SYNC: &str = "passive-sync";

/// The kind, in full: Velero has Restores of its own.
const RESTORE: &str = "restores.cluster.open-cluster-management.io";

/// Tell it from the first step to the last.
pub async fn tell(stage: &Stage<'_>) -> Result<()> {
    active::tell(stage).await?;
    labels::tell(stage).await?;
    passive::tell(stage).await?;
    refused::activation(stage).await?;
    refused::second_restore(stage).await?;
    refused::schedule_on_the_passive_hub(stage).await?;
    death::tell(stage).await?;
    comeback::tell(stage).await?;
    comeback::wants_its_fleet_back(stage).await?;
    println!("\nEvery step did what it says; told in {}.", stage.clock());
    Ok(())
}

/// An object as a shell takes it: `kubectl apply -f - <<EOF`.
fn heredoc(command: &str, object: &serde_json::Value) -> Result<String> {
    let yaml = serde_saphyr::to_string(object)?;
    Ok(format!("{command} -f - <<'EOF'\n{}\nEOF", yaml.trim_end()))
}
