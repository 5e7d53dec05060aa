//! Hive ClusterPool: what new clusters are made from. Hive copies what it names into the namespace of each
//! cluster it makes, so without them the pool that comes back makes no cluster.

use super::{Row, Treatment};
use crate::labels::value::LabelValue;

const INSTALLER_ENV: &str = "the installer looks for it in the new cluster's own namespace, where Hive puts no copy: the \
                             new ClusterDeployment names it, and there it is labelled";

/// Every Secret and ConfigMap a ClusterPool's schema can name, from ACM 2.7 to today (`hive.txt`).
pub(super) const REFERENCES: [Row; 7] = [
    Row(
        "spec.pullSecretRef",
        Treatment::Secret(LabelValue::PullSecret),
    ),
    Row(
        "spec.installConfigSecretTemplateRef",
        Treatment::Secret(LabelValue::InstallConfig),
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
        "spec.installerEnv[].valueFrom.secretKeyRef",
        Treatment::LeftOut(INSTALLER_ENV),
    ),
    Row(
        "spec.installerEnv[].valueFrom.configMapKeyRef",
        Treatment::LeftOut(INSTALLER_ENV),
    ),
];
