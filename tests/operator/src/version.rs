//! What changed between operator versions (operator-facts §0), each as a question by name.

use std::fmt;
use std::str::FromStr;

/// A minor version of the operator, such as 2.17.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Major part.
    pub major: u32,
    /// Minor part.
    pub minor: u32,
}

/// A version that does not read as `MAJOR.MINOR`, or is older than this stand-in plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadVersion(String);

impl fmt::Display for BadVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not an operator version from 2.7 on, such as 2.17",
            self.0
        )
    }
}

impl std::error::Error for BadVersion {}

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let bad = || BadVersion(text.to_owned());
        let (major, minor) = text.split_once('.').ok_or_else(bad)?;
        let version = Self {
            major: major.parse().map_err(|_| bad())?,
            minor: minor.parse().map_err(|_| bad())?,
        };
        if version < Self::new(2, 7) {
            Err(bad())
        } else {
            Ok(version)
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Version {
    /// The version `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    fn since(self, major: u32, minor: u32) -> bool {
        self >= Self::new(major, minor)
    }

    /// `agent-install.openshift.io` belongs to the activation data.
    pub fn agent_install_is_activation(self) -> bool {
        self.since(2, 8)
    }

    /// Restore status names the generic Velero restore; the metrics client certificate goes on activation.
    pub fn tracks_generic_restore(self) -> bool {
        self.since(2, 9)
    }

    /// Activation waits for volumes named by ConfigMaps; the newer exclusion lists apply.
    pub fn waits_for_volumes(self) -> bool {
        self.since(2, 10)
    }

    /// An activation leaves a marker backup, and a marker of another hub is a collision.
    pub fn writes_marker(self) -> bool {
        self.since(2, 11)
    }

    /// BackupSchedules can be paused; the hub's own cluster is found by its label.
    pub fn knows_paused(self) -> bool {
        self.since(2, 12)
    }

    /// Finalizers on Restores; clusters are annotated for immediate import.
    pub fn has_finalizers(self) -> bool {
        self.since(2, 14)
    }

    /// Pause and collision pause Velero's schedules instead of deleting them.
    pub fn pauses_velero_schedules(self) -> bool {
        self.since(2, 15)
    }

    /// Auto-import goes by cluster, takes an expired token too, and asks for the MSA component itself.
    pub fn imports_by_cluster(self) -> bool {
        self.since(2, 15)
    }

    /// Phase `EnabledWithErrors`, `-active` Velero restores, orphans, failback without collision, one marker.
    pub fn splits_activation(self) -> bool {
        self.since(2, 17)
    }

    /// Secrets and the ConfigMap a ClusterDeployment names are labelled (main, 5.x).
    pub fn labels_deployment_refs(self) -> bool {
        self.since(5, 0)
    }

    /// August-2026 hardening at the tips of the release branches.
    pub fn is_hardened(self) -> bool {
        self == Self::new(2, 11) || self.since(2, 13)
    }

    /// The reconciler itself refuses protected namespaces as a mapping's target.
    pub fn refuses_protected_mapping(self) -> bool {
        self.since(2, 13) && !self.since(2, 16)
    }
}
