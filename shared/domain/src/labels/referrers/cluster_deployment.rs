//! Hive ClusterDeployment: what a cluster cannot be brought back, grown or taken down without.

use super::{Row, Treatment};
use crate::labels::value::LabelValue;

/// Every Secret and ConfigMap a ClusterDeployment's schema can name, from ACM 2.7 to today (`hive.txt`).
pub(super) const REFERENCES: [Row; 16] = [
    Row(
        "spec.pullSecretRef",
        Treatment::Secret(LabelValue::PullSecret),
    ),
    // Hive labels those it makes itself; those of an adopted cluster were made by a person.
    Row(
        "spec.clusterMetadata.adminKubeconfigSecretRef",
        Treatment::Secret(LabelValue::AdminKubeconfig),
    ),
    Row(
        "spec.clusterMetadata.adminPasswordSecretRef",
        Treatment::Secret(LabelValue::AdminPassword),
    ),
    Row(
        "spec.clusterMetadata.metadataJSONSecretRef",
        Treatment::Secret(LabelValue::MetadataJson),
    ),
    Row(
        "spec.certificateBundles[].certificateSecretRef",
        Treatment::Secret(LabelValue::CertificateBundle),
    ),
    Row(
        "spec.platform.*.credentialsSecretRef",
        Treatment::Secret(LabelValue::PlatformCredentials),
    ),
    Row(
        "spec.platform.*.certificatesSecretRef",
        Treatment::Secret(LabelValue::PlatformCertificates),
    ),
    Row(
        "spec.platform.*.libvirtSSHPrivateKeySecretRef",
        Treatment::Secret(LabelValue::SshKey),
    ),
    Row(
        "spec.provisioning.installConfigSecretRef",
        Treatment::Secret(LabelValue::InstallConfig),
    ),
    Row(
        "spec.provisioning.sshPrivateKeySecretRef",
        Treatment::Secret(LabelValue::SshKey),
    ),
    Row(
        "spec.provisioning.manifestsSecretRef",
        Treatment::Secret(LabelValue::ManifestsSecret),
    ),
    Row(
        "spec.provisioning.manifestsConfigMapRef",
        Treatment::ConfigMap(LabelValue::ManifestsConfigMap),
    ),
    Row(
        "spec.provisioning.installerEnv[].valueFrom.secretKeyRef",
        Treatment::Secret(LabelValue::InstallerEnv),
    ),
    Row(
        "spec.provisioning.installerEnv[].valueFrom.configMapKeyRef",
        Treatment::ConfigMap(LabelValue::InstallerEnv),
    ),
    Row(
        "spec.boundServiceAccountSigningKeySecretRef",
        Treatment::LeftOut(
            "whoever holds it is every service account of the cluster, and it is read only while the cluster \
             is installed: in the bucket only where somebody labels it, as the operator has it too",
        ),
    ),
    Row(
        "spec.ingress[].httpErrorCodePages",
        Treatment::LeftOut("it names a ConfigMap on the managed cluster, not on the hub"),
    ),
];
