//! Names that belong to others: the cluster-backup-operator, Velero, Hive, the MSA add-on
//! (operator-facts §2, §3.1).

/// Labels the operator or Velero put on Velero's Backups, Schedules and Restores.
pub mod backup_label {
    /// Id of the hub that wrote the backup; on a marker, of the hub that was restored *from*.
    pub const BACKUP_CLUSTER: &str = "cluster.open-cluster-management.io/backup-cluster";
    /// Id of the hub that finished an activation; only on activation markers.
    pub const RESTORE_CLUSTER: &str = "cluster.open-cluster-management.io/restore-cluster";
    /// Name of the BackupSchedule.
    pub const SCHEDULE_NAME: &str = "cluster.open-cluster-management.io/backup-schedule-name";
    /// Which of the five a schedule or backup is.
    pub const SCHEDULE_TYPE: &str = "cluster.open-cluster-management.io/backup-schedule-type";
    /// On a marker: name of the managed-clusters backup that was restored; empty where none was.
    pub const RESTORED_CLUSTERS: &str = "acm-managed-clusters-schedule";
    /// `true` on a marker.
    pub const HUB_DR: &str = "cluster.open-cluster-management.io/acm-hub-dr";
    /// On a marker: name of the Restore that activated.
    pub const RESTORE_NAME: &str = "cluster.open-cluster-management.io/acm-restore-name";
    /// Velero Schedule the backup was made for.
    pub const VELERO_SCHEDULE: &str = "velero.io/schedule-name";
    /// BackupStorageLocation the backup is in.
    pub const STORAGE_LOCATION: &str = "velero.io/storage-location";
}

/// Prefix of the name of an activation marker, a Backup.
pub const MARKER_PREFIX: &str = "acm-restore-clusters-";

/// Labels on the objects that are backed up and restored.
pub mod object_label {
    /// Selects into the credentials or generic backup, whatever its value.
    pub const BACKUP: &str = "cluster.open-cluster-management.io/backup";
    /// Console credentials; its existence selects into the credentials backup.
    pub const CREDENTIAL_TYPE: &str = "cluster.open-cluster-management.io/type";
    /// Hive's own; its existence selects into the credentials backup.
    pub const HIVE_SECRET_TYPE: &str = "hive.openshift.io/secret-type";
    /// The three labels by which Velero selects a Secret.
    pub const SELECTING: [&str; 3] = [BACKUP, CREDENTIAL_TYPE, HIVE_SECRET_TYPE];
    /// `true` keeps an object out of every Velero backup.
    pub const EXCLUDE: &str = "velero.io/exclude-from-backup";
    /// `true` on the ManagedCluster that is the hub itself.
    pub const LOCAL_CLUSTER: &str = "local-cluster";
    /// `true` on the token Secret of a ManagedServiceAccount.
    pub const MANAGED_SERVICE_ACCOUNT: &str =
        "authentication.open-cluster-management.io/is-managed-serviceaccount";
    /// `true` on Secrets the assisted installer watches.
    pub const AGENT_INSTALL_WATCH: &str = "agent-install.openshift.io/watch";
    /// `baremetal` on Secrets with the credentials of a host's management controller.
    pub const METAL3_ENVIRONMENT: &str = "environment.metal3.io";
    /// Velero Backup an object was restored from.
    pub const RESTORED_FROM: &str = "velero.io/backup-name";
    /// Velero Restore an object was restored by.
    pub const RESTORED_BY: &str = "velero.io/restore-name";
}

/// Prefix of the name of the ManagedServiceAccounts (and of their Secrets) made for auto-import.
pub const AUTO_IMPORT_ACCOUNT: &str = "auto-import-account";

/// Name of the hub's own ManagedCluster where none is labelled.
pub const DEFAULT_LOCAL_CLUSTER: &str = "local-cluster";

/// On a ManagedCluster: this hub imports it no more by itself (operator-facts §2.3). Whatever its value.
pub const DISABLE_AUTO_IMPORT: &str = "import.open-cluster-management.io/disable-auto-import";

/// The id the operator uses where a hub has no ClusterVersion (operator-facts §7).
pub const UNKNOWN_HUB: &str = "unknown";

/// Full resource names, as `kubectl` takes them.
pub mod resource {
    /// ACM Restores (not Velero's).
    pub const RESTORES: &str = "restores.cluster.open-cluster-management.io";
    /// ACM BackupSchedules.
    pub const BACKUP_SCHEDULES: &str = "backupschedules.cluster.open-cluster-management.io";
    /// Velero Backups.
    pub const BACKUPS: &str = "backups.velero.io";
    /// Velero Restores.
    pub const VELERO_RESTORES: &str = "restores.velero.io";
    /// Velero Schedules.
    pub const VELERO_SCHEDULES: &str = "schedules.velero.io";
    /// Velero BackupStorageLocations.
    pub const STORAGE_LOCATIONS: &str = "backupstoragelocations.velero.io";
    /// The fleet.
    pub const MANAGED_CLUSTERS: &str = "managedclusters.cluster.open-cluster-management.io";
    /// Namespaces, of which `kube-system` tells how old the cluster is.
    pub const NAMESPACES: &str = "namespaces";
    /// What the API server knows of a kind.
    pub const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";
    /// Leases, of which ours keep the slot.
    pub const LEASES: &str = "leases.coordination.k8s.io";
    /// Services, of which ours is what the API server calls.
    pub const SERVICES: &str = "services";
    /// Deployments, of which ours runs the webhook.
    pub const DEPLOYMENTS: &str = "deployments.apps";
    /// ServiceAccounts, of which ours is who the webhook is.
    pub const SERVICE_ACCOUNTS: &str = "serviceaccounts";
    /// Roles, of which ours keeps the Leases.
    pub const ROLES: &str = "roles.rbac.authorization.k8s.io";
    /// RoleBindings, of which ours gives that Role to the webhook.
    pub const ROLE_BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";
    /// Whom the API server asks before it stores something.
    pub const VALIDATING_CONFIGURATIONS: &str =
        "validatingwebhookconfigurations.admissionregistration.k8s.io";
    /// The hub's identity.
    pub const CLUSTER_VERSIONS: &str = "clusterversions.config.openshift.io";
    /// The kinds that a judgement of a hub rests on.
    pub const JUDGED: [&str; 8] = [
        RESTORES,
        BACKUP_SCHEDULES,
        BACKUPS,
        VELERO_RESTORES,
        VELERO_SCHEDULES,
        STORAGE_LOCATIONS,
        MANAGED_CLUSTERS,
        CLUSTER_VERSIONS,
    ];
}
