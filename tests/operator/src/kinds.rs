//! The kinds the operator reads and writes, each with the names the API knows it by.

use serde_json::Value;

/// How the API names a kind.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Version this stand-in speaks.
    pub version: &'static str,
    /// CamelCase name.
    pub kind: &'static str,
    /// Lower-case plural, as in URLs.
    pub plural: &'static str,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
}

impl Api {
    /// `group/version`, or `version` alone for the core group.
    pub fn api_version(self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

macro_rules! kinds {
    ($($variant:ident = ($group:literal, $version:literal, $kind:literal, $plural:literal, $namespaced:literal)),+ $(,)?) => {
        /// A kind of object the operator deals with.
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($variant),+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$variant),+];

            /// Its names in the API.
            pub const fn api(self) -> Api {
                match self {
                    $(Kind::$variant => Api {
                        group: $group, version: $version, kind: $kind, plural: $plural, namespaced: $namespaced,
                    }),+
                }
            }
        }
    };
}

kinds! {
    AcmRestore = ("cluster.open-cluster-management.io", "v1beta1", "Restore", "restores", true),
    BackupSchedule = ("cluster.open-cluster-management.io", "v1beta1", "BackupSchedule", "backupschedules", true),
    ManagedCluster = ("cluster.open-cluster-management.io", "v1", "ManagedCluster", "managedclusters", false),
    Backup = ("velero.io", "v1", "Backup", "backups", true),
    VeleroRestore = ("velero.io", "v1", "Restore", "restores", true),
    VeleroSchedule = ("velero.io", "v1", "Schedule", "schedules", true),
    StorageLocation = ("velero.io", "v1", "BackupStorageLocation", "backupstoragelocations", true),
    DeleteBackupRequest = ("velero.io", "v1", "DeleteBackupRequest", "deletebackuprequests", true),
    Secret = ("", "v1", "Secret", "secrets", true),
    ConfigMap = ("", "v1", "ConfigMap", "configmaps", true),
    PersistentVolumeClaim = ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    Event = ("", "v1", "Event", "events", true),
    ManagedServiceAccount = ("authentication.open-cluster-management.io", "v1beta1", "ManagedServiceAccount", "managedserviceaccounts", true),
    ManagedClusterAddOn = ("addon.open-cluster-management.io", "v1alpha1", "ManagedClusterAddOn", "managedclusteraddons", true),
    ClusterManagementAddOn = ("addon.open-cluster-management.io", "v1alpha1", "ClusterManagementAddOn", "clustermanagementaddons", false),
    ManifestWork = ("work.open-cluster-management.io", "v1", "ManifestWork", "manifestworks", true),
    ClusterVersion = ("config.openshift.io", "v1", "ClusterVersion", "clusterversions", false),
    InternalHubComponent = ("operator.open-cluster-management.io", "v1", "InternalHubComponent", "internalhubcomponents", true),
    ClusterDeployment = ("hive.openshift.io", "v1", "ClusterDeployment", "clusterdeployments", true),
    ClusterPool = ("hive.openshift.io", "v1", "ClusterPool", "clusterpools", true),
    Channel = ("apps.open-cluster-management.io", "v1", "Channel", "channels", true),
}

impl Kind {
    /// The kind of an object, by its `kind` and API group; `None` for kinds the operator ignores.
    pub fn of(object: &Value) -> Option<Self> {
        let kind = object.get("kind")?.as_str()?;
        let api_version = object.get("apiVersion")?.as_str()?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.api().kind == kind && known.api().group == group)
    }
}
