//! The fleet as this hub has it. "Restored" and "reconnected" are two things: a restored cluster is an
//! object here; it is this hub's once its agent reports here.

use super::facts::Facts;
use super::finding::Finding;
use super::role::Role;
use crate::act::command::Command;
use crate::hub::{Party, is_the_hub};
use crate::kinds::managed_cluster::ManagedCluster;
use crate::time::age::count;
use crate::time::saturating::Saturating;
use crate::upstream::{DISABLE_AUTO_IMPORT, object_label};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Counts of managed clusters, the hub itself left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Clusters {
    /// All of them.
    pub total: usize,
    /// Those whose agents report to this hub.
    pub available: usize,
    /// Those that came by a restore.
    pub restored: usize,
    /// Those that came by a restore and report to this hub.
    pub reconnected: usize,
    /// When this hub activated, where that was not long ago and clusters are still coming.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated: Option<Timestamp>,
    /// When it is time to worry about those that have not come until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look_again: Option<Timestamp>,
}

/// How long clusters come back by themselves after an activation: Hive's and those with a token take
/// minutes.
const COMING_FOR: SignedDuration = SignedDuration::from_mins(15);

/// The fleet without the hub itself.
pub(super) fn fleet(all: &[ManagedCluster]) -> impl Iterator<Item = &ManagedCluster> {
    all.iter().filter(|cluster| !is_the_hub(cluster))
}

/// Counts the fleet; none where it could not be read.
pub(super) fn clusters(facts: &Facts<'_>) -> Option<Clusters> {
    let all = facts.snapshot.managed_clusters.value()?;
    let of =
        |wanted: fn(&ManagedCluster) -> bool| fleet(all).filter(|cluster| wanted(cluster)).count();
    let mut clusters = Clusters {
        total: of(|_| true),
        available: of(|cluster| cluster.available),
        restored: of(ManagedCluster::was_restored),
        reconnected: of(|cluster| cluster.was_restored() && cluster.available),
        activated: None,
        look_again: None,
    };
    let coming = activated(facts).filter(|at| {
        clusters.reconnected < clusters.restored && facts.now.duration_since(*at) <= COMING_FOR
    });
    if let Some(at) = coming {
        clusters.activated = Some(at);
        clusters.look_again = Some(at.plus(COMING_FOR));
    }
    Some(clusters)
}

/// When this hub last took over, by what it holds of it, else by its own Restores.
fn activated(facts: &Facts<'_>) -> Option<Timestamp> {
    let restores = facts
        .restores()
        .iter()
        .filter(|restore| restore.activates() && restore.is_terminal())
        .filter_map(|restore| restore.completed);
    facts
        .view
        .last_takeover(&Party::Here)
        .and_then(|takeover| takeover.at)
        .into_iter()
        .chain(restores)
        .filter(|at| facts.now.may_have_come(*at))
        .max()
}

/// What is wrong with the fleet.
pub(super) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let (Some(clusters), Some(all)) = (clusters(facts), facts.snapshot.managed_clusters.value())
    else {
        return Vec::new();
    };
    if role != Role::Active {
        return Vec::new();
    }
    let away = |restored: bool| {
        fleet(all)
            .filter(move |cluster| !cluster.available && cluster.was_restored() == restored)
            .collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    let missing = away(true);
    if !missing.is_empty() && clusters.look_again.is_none() {
        found.push(not_reconnected(facts, &clusters, &missing));
    }
    let lost = away(false);
    if !lost.is_empty() {
        let headline = format!(
            "{} {} not report to this hub",
            count(lost.len(), "cluster"),
            if lost.len() == 1 { "does" } else { "do" }
        );
        let finding = Finding::warning("clusters/unavailable", headline);
        found
            .push(because(finding, &lost).run("see which:", listing(facts, "local-cluster!=true")));
    }
    found
}

/// The clusters a selector picks, with whether each reports here and where it is to be reached.
fn listing(facts: &Facts<'_>, selector: &str) -> Command {
    Command::new(facts.snapshot.cli())
        .say("get managedclusters -l")
        .value(selector)
        .say("-o")
        .value(COLUMNS)
}

/// What is shown of a cluster.
const COLUMNS: &str = r#"custom-columns=NAME:.metadata.name,AVAILABLE:.status.conditions[?(@.type=="ManagedClusterConditionAvailable")].status,URL:.spec.managedClusterClientConfigs[0].url"#;

/// Restored and not come back, long after the activation.
fn not_reconnected(facts: &Facts<'_>, clusters: &Clusters, missing: &[&ManagedCluster]) -> Finding {
    let headline = format!(
        "{} of {} {} not reconnected to this hub",
        missing.len(),
        count(clusters.restored, "restored cluster"),
        if missing.len() == 1 { "has" } else { "have" }
    );
    let mut finding = because(
        Finding::warning("clusters/not-reconnected", headline),
        missing,
    );
    let disabled = missing
        .iter()
        .filter(|cluster| cluster.import_disabled)
        .count();
    if disabled > 0 {
        finding = finding.seen(format!(
            "{} with {DISABLE_AUTO_IMPORT}: this hub does not import {}",
            count(disabled, "cluster"),
            if disabled == 1 { "it" } else { "them" }
        ));
    }
    let names: BTreeSet<_> = missing
        .iter()
        .map(|cluster| cluster.meta.name.as_str())
        .collect();
    let said: Vec<_> = facts
        .restores()
        .iter()
        .flat_map(|restore| &restore.messages)
        .filter(|message| TROUBLE.iter().any(|start| message.starts_with(start)))
        .filter(|message| {
            message
                .split(|letter: char| !letter.is_ascii_alphanumeric() && !"-.".contains(letter))
                .any(|word| names.contains(word))
        })
        .collect();
    if let Some(first) = said.first() {
        let more = said.len().saturating_sub(1);
        let more = if more > 0 {
            format!(" (and {more} more)")
        } else {
            String::new()
        };
        finding = finding.seen(format!("the operator: {first}{more}"));
    }
    let finding = finding.run(
        "see which (causes: no token or an old one, no URL, disable-auto-import restored with the cluster, ImportOnly):",
        listing(facts, &format!("{},local-cluster!=true", object_label::RESTORED_BY)),
    );
    if disabled == 0 {
        return finding;
    }
    finding.run(
        "let this hub import those again:",
        Command::new(facts.snapshot.cli())
            .say("annotate managedclusters -l")
            .value(format!("{},local-cluster!=true", object_label::RESTORED_BY))
            .value(format!("{DISABLE_AUTO_IMPORT}-")),
    )
}

/// How the operator's messages on the import of a cluster begin where it went wrong (operator-facts §6.10).
const TROUBLE: [&str; 4] = [
    "Cannot reimport",
    "No suitable MSA secret",
    "Skip MSA access token",
    "Failed to create auto-import-secret",
];

/// The reasons the clusters' own conditions give, each with its count.
fn because(finding: Finding, clusters: &[&ManagedCluster]) -> Finding {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for cluster in clusters {
        let reason = cluster.unavailable_because.as_deref();
        let count = reasons
            .entry(reason.unwrap_or("never reported"))
            .or_default();
        *count = count.saturating_add(1);
    }
    reasons
        .into_iter()
        .fold(finding, |finding, (reason, number)| {
            finding.seen(format!("{}: {reason}", count(number, "cluster")))
        })
}
