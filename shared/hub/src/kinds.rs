//! The kinds we read, as an API server and a directory name them.

use acm_backup_domain::upstream::resource;

/// One kind: where an API server serves it and which folder `oc adm inspect` puts it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Full name as `kubectl` takes it, `plural.group`.
    pub name: &'static str,
    /// API version we read; every supported operator and Velero serves it (operator-facts §1).
    pub version: &'static str,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
}

/// ACM Restores.
pub const RESTORES: Resource = Resource {
    name: resource::RESTORES,
    version: "v1beta1",
    namespaced: true,
};
/// ACM BackupSchedules.
pub const BACKUP_SCHEDULES: Resource = Resource {
    name: resource::BACKUP_SCHEDULES,
    version: "v1beta1",
    namespaced: true,
};
/// Velero Backups.
pub const BACKUPS: Resource = Resource {
    name: resource::BACKUPS,
    version: "v1",
    namespaced: true,
};
/// Velero Restores.
pub const VELERO_RESTORES: Resource = Resource {
    name: resource::VELERO_RESTORES,
    version: "v1",
    namespaced: true,
};
/// Velero Schedules.
pub const VELERO_SCHEDULES: Resource = Resource {
    name: resource::VELERO_SCHEDULES,
    version: "v1",
    namespaced: true,
};
/// Velero BackupStorageLocations.
pub const STORAGE_LOCATIONS: Resource = Resource {
    name: resource::STORAGE_LOCATIONS,
    version: "v1",
    namespaced: true,
};
/// The fleet.
pub const MANAGED_CLUSTERS: Resource = Resource {
    name: resource::MANAGED_CLUSTERS,
    version: "v1",
    namespaced: false,
};
/// Namespaces.
pub const NAMESPACES: Resource = Resource {
    name: resource::NAMESPACES,
    version: "v1",
    namespaced: false,
};
/// What the API server knows of a kind.
pub const DEFINITIONS: Resource = Resource {
    name: resource::DEFINITIONS,
    version: "v1",
    namespaced: false,
};
/// Leases, of which ours keep the slot.
pub const LEASES: Resource = Resource {
    name: resource::LEASES,
    version: "v1",
    namespaced: true,
};
/// Services, of which ours is what the API server calls.
pub const SERVICES: Resource = Resource {
    name: resource::SERVICES,
    version: "v1",
    namespaced: true,
};
/// Deployments, of which ours runs the webhook.
pub const DEPLOYMENTS: Resource = Resource {
    name: resource::DEPLOYMENTS,
    version: "v1",
    namespaced: true,
};
/// ServiceAccounts, of which ours is who the webhook is.
pub const SERVICE_ACCOUNTS: Resource = Resource {
    name: resource::SERVICE_ACCOUNTS,
    version: "v1",
    namespaced: true,
};
/// Roles, of which ours keeps the Leases.
pub const ROLES: Resource = Resource {
    name: resource::ROLES,
    version: "v1",
    namespaced: true,
};
/// RoleBindings, of which ours gives that Role to the webhook.
pub const ROLE_BINDINGS: Resource = Resource {
    name: resource::ROLE_BINDINGS,
    version: "v1",
    namespaced: true,
};
/// Whom the API server asks before it stores something.
pub const VALIDATING_CONFIGURATIONS: Resource = Resource {
    name: resource::VALIDATING_CONFIGURATIONS,
    version: "v1",
    namespaced: false,
};
/// The hub's identity.
pub const CLUSTER_VERSIONS: Resource = Resource {
    name: resource::CLUSTER_VERSIONS,
    version: "v1",
    namespaced: false,
};

impl Resource {
    /// `restores` of `restores.velero.io`.
    pub fn plural(&self) -> &'static str {
        self.name
            .split_once('.')
            .map_or(self.name, |(plural, _)| plural)
    }

    /// `velero.io` of `restores.velero.io`.
    pub fn group(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(_, group)| group)
    }

    /// Path of the collection on an API server.
    pub fn url(&self, namespace: &str) -> String {
        let (group, version, plural) = (self.group(), self.version, self.plural());
        let root = match group {
            "" => format!("/api/{version}"),
            group => format!("/apis/{group}/{version}"),
        };
        if self.namespaced {
            format!("{root}/namespaces/{namespace}/{plural}")
        } else {
            format!("{root}/{plural}")
        }
    }

    /// The namespace a request is about, none for cluster-scoped kinds.
    pub fn scope(&self, namespace: &str) -> Option<String> {
        self.namespaced.then(|| namespace.to_owned())
    }
}
