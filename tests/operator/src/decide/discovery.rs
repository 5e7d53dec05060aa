//! Which discovered kinds go into which backup (operator-facts §3.4, §3.5).

use crate::version::Version;
use crate::world::World;

const EXCLUDED_GROUPS: &[&str] = &[
    "internal.open-cluster-management.io",
    "operator.open-cluster-management.io",
    "work.open-cluster-management.io",
    "search.open-cluster-management.io",
    "admission.hive.openshift.io",
    "velero.io",
];
const EXCLUDED_GROUPS_SINCE_2_10: &[&str] = &[
    "proxy.open-cluster-management.io",
    "action.open-cluster-management.io",
    "view.open-cluster-management.io",
    "clusterview.open-cluster-management.io",
];
const EXCLUDED_GROUPS_BEFORE_2_10: &[&str] = &[
    "admission.cluster.open-cluster-management.io",
    "admission.work.open-cluster-management.io",
];
const INCLUDED_GROUPS: &[&str] = &["argoproj.io", "app.k8s.io", "core.observatorium.io"];
const INCLUDED_SUFFIXES: &[&str] = &[".open-cluster-management.io", ".hive.openshift.io"];
const AGENT_INSTALL: &str = "agent-install.openshift.io";

const EXCLUDED_KINDS: &[&str] = &[
    "clustermanagementaddon.addon.open-cluster-management.io",
    "backupschedule.cluster.open-cluster-management.io",
    "restore.cluster.open-cluster-management.io",
    "clusterclaim.cluster.open-cluster-management.io",
    "discoveredcluster.discovery.open-cluster-management.io",
];
const EXCLUDED_KINDS_BEFORE_2_10: &[&str] = &[
    "observabilityaddon.observability.open-cluster-management.io",
    "applicationmanager.agent.open-cluster-management.io",
    "certpolicycontroller.agent.open-cluster-management.io",
    "iampolicycontroller.agent.open-cluster-management.io",
    "policycontroller.agent.open-cluster-management.io",
    "searchcollector.agent.open-cluster-management.io",
    "workmanager.agent.open-cluster-management.io",
];

const ACTIVATION_KINDS: &[&str] = &[
    "clusterdeployment.hive.openshift.io",
    "machinepool.hive.openshift.io",
    "managedcluster.cluster.open-cluster-management.io",
    "klusterletaddonconfig.agent.open-cluster-management.io",
    "managedclusteraddon.addon.open-cluster-management.io",
    "clusterpool.hive.openshift.io",
    "clusterclaim.hive.openshift.io",
    "clustercurator.cluster.open-cluster-management.io",
    "bmceventsubscription.metal3.io",
    "hostfirmwaresettings.metal3.io",
    "clustersync.hiveinternal.openshift.io",
    "clusterimageset.hive.openshift.io",
    "multiclusterobservability.observability.open-cluster-management.io",
];

/// Resource names (`kind.group`, lower case), by the backup they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupContents {
    /// For the resources backup.
    pub resources: Vec<String>,
    /// For the managed-clusters backup: the fixed list, then what was discovered.
    pub activation: Vec<String>,
}

/// Sorts what the API server offers into backups.
pub fn contents(world: &World, version: Version) -> BackupContents {
    let mut contents = BackupContents {
        activation: activation_kinds(version)
            .iter()
            .map(|&kind| kind.to_owned())
            .collect(),
        ..BackupContents::default()
    };
    for offered in &world.offered {
        let group = offered.group.as_str();
        let activation_group = group == AGENT_INSTALL && version.agent_install_is_activation();
        if !is_backed_up(group, version) {
            continue;
        }
        let resource = format!("{}.{group}", offered.kind.to_lowercase());
        let excluded = EXCLUDED_KINDS.contains(&resource.as_str())
            || (!version.waits_for_volumes()
                && EXCLUDED_KINDS_BEFORE_2_10.contains(&resource.as_str()));
        if excluded
            || contents.activation.contains(&resource)
            || contents.resources.contains(&resource)
        {
            continue;
        }
        if activation_group || group.ends_with(".hive.openshift.io") {
            contents.activation.push(resource);
        } else {
            contents.resources.push(resource);
        }
    }
    contents
}

fn is_backed_up(group: &str, version: Version) -> bool {
    let by_age = if version.waits_for_volumes() {
        EXCLUDED_GROUPS_SINCE_2_10
    } else {
        EXCLUDED_GROUPS_BEFORE_2_10
    };
    if EXCLUDED_GROUPS.contains(&group) || by_age.contains(&group) {
        return false;
    }
    INCLUDED_GROUPS.contains(&group)
        || group == AGENT_INSTALL
        || INCLUDED_SUFFIXES
            .iter()
            .any(|suffix| group.ends_with(suffix))
}

fn activation_kinds(version: Version) -> Vec<&'static str> {
    let mut kinds = ACTIVATION_KINDS.to_vec();
    if !version.writes_marker() {
        kinds.push("managedcluster.clusterview.open-cluster-management.io");
    }
    if !version.agent_install_is_activation() {
        kinds.push("baremetalhost.metal3.io");
    }
    kinds
}
