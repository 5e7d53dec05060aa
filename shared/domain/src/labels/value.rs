//! The values the backup label gets: the one place to change what is restored when.
//!
//! All of them are passive: any value but `cluster-activation` selects a Secret into what a passive hub
//! restores with every pass, `cluster-activation` into what it restores when it is activated
//! (operator-facts §2.2, §6.6). The operator writes passive values in the namespaces of clusters itself,
//! and Hive's own Secrets there are restored passively whatever we do: docs/labels.md has what was seen.

/// Values a Secret or ConfigMap is labelled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelValue {
    /// Token for auto-import.
    Msa,
    /// Watched by the assisted installer.
    AgentInstall,
    /// Credentials of a host's management controller.
    BareMetal,
    /// Of a ClusterPool or a cluster that came from one.
    ClusterPool,
    /// Serving certificate Hive hands to a cluster.
    CertificateBundle,
    /// Credentials of image registries.
    PullSecret,
    /// Manifests the installer adds.
    ManifestsSecret,
    /// The same in a ConfigMap.
    ManifestsConfigMap,
    /// The installer's configuration.
    InstallConfig,
    /// SSH key to hosts.
    SshKey,
    /// Credentials of the infrastructure a cluster runs on.
    PlatformCredentials,
    /// Certificate authorities of that infrastructure.
    PlatformCertificates,
    /// Kubeconfig of an adopted cluster's administrator.
    AdminKubeconfig,
    /// Password of an adopted cluster's administrator.
    AdminPassword,
    /// What the installer left for whoever takes the cluster down.
    MetadataJson,
    /// Environment of the installer.
    InstallerEnv,
}

impl LabelValue {
    /// Every value. Those up to [`Self::ManifestsConfigMap`] are the operator's own (operator-facts §4.2),
    /// the others ours, for what no version of it labels.
    pub const ALL: [Self; 16] = [
        Self::Msa,
        Self::AgentInstall,
        Self::BareMetal,
        Self::ClusterPool,
        Self::CertificateBundle,
        Self::PullSecret,
        Self::ManifestsSecret,
        Self::ManifestsConfigMap,
        Self::InstallConfig,
        Self::SshKey,
        Self::PlatformCredentials,
        Self::PlatformCertificates,
        Self::AdminKubeconfig,
        Self::AdminPassword,
        Self::MetadataJson,
        Self::InstallerEnv,
    ];

    /// As it stands in the label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Msa => "msa",
            Self::AgentInstall => "agent-install",
            Self::BareMetal => "baremetal",
            Self::ClusterPool => "clusterpool",
            Self::CertificateBundle => "certificatebundle",
            Self::PullSecret => "pullsecret",
            Self::ManifestsSecret => "manifestssecret",
            Self::ManifestsConfigMap => "manifestsconfigmap",
            Self::InstallConfig => "installconfig",
            Self::SshKey => "sshkey",
            Self::PlatformCredentials => "platformcredentials",
            Self::PlatformCertificates => "platformcertificates",
            Self::AdminKubeconfig => "adminkubeconfig",
            Self::AdminPassword => "adminpassword",
            Self::MetadataJson => "metadatajson",
            Self::InstallerEnv => "installerenv",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_value_is_its_own_a_label_value_and_passive() {
        let values: BTreeSet<_> = LabelValue::ALL.map(LabelValue::as_str).into();
        assert_eq!(values.len(), LabelValue::ALL.len());
        for value in values {
            assert!(
                value
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{value}"
            );
            assert_ne!(value, "cluster-activation");
        }
    }
}
