//! Hive ClusterDeployment: which Secrets a cluster cannot be brought back without
//! (operator-facts §4.2).

use super::{Kind, meta::Meta};
use crate::read::{Reader, Unreadable};
use serde_json::Value;

/// A ClusterDeployment as far as it refers to Secrets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterDeployment {
    /// Object metadata.
    pub meta: Meta,
    /// It was taken from a pool: `spec.clusterPoolRef` is set.
    pub from_pool: bool,
    /// The Secrets it names, all in its own namespace.
    pub secrets: Vec<SecretReference>,
    /// Fields that could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// A Secret that is named by something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretReference {
    /// Name of the Secret.
    pub name: String,
    /// Value its backup label gets.
    pub value: &'static str,
    /// The field that names it.
    pub field: String,
}

/// References at a fixed place, with the label value each gets. The first two values are the
/// operator's own of 5.x; the others are passive values of ours for what no version labels.
const FIXED: [(&str, &str); 4] = [
    ("spec.pullSecretRef.name", "pullsecret"),
    (
        "spec.provisioning.manifestsSecretRef.name",
        "manifestssecret",
    ),
    (
        "spec.provisioning.installConfigSecretRef.name",
        "installconfig",
    ),
    ("spec.provisioning.sshPrivateKeySecretRef.name", "sshkey"),
];

/// References inside `spec.platform.<provider>`, whatever the provider.
const OF_PLATFORM: [(&str, &str); 3] = [
    ("credentialsSecretRef", "platformcredentials"),
    ("certificatesSecretRef", "platformcertificates"),
    ("libvirtSSHPrivateKeySecretRef", "sshkey"),
];

impl Kind for ClusterDeployment {
    fn read(object: &Value) -> Self {
        let mut reader = Reader::new(object);
        let r = &mut reader;
        let meta = Meta::read(r);
        let mut secrets = Vec::new();
        let mut add = |name: Option<String>, value: &'static str, field: String| {
            if let Some(name) = name.filter(|name| !name.is_empty()) {
                secrets.push(SecretReference { name, value, field });
            }
        };
        for (path, value) in FIXED {
            add(
                r.text(path),
                value,
                path.trim_end_matches(".name").to_owned(),
            );
        }
        for (index, bundle) in r.list("spec.certificateBundles").iter().enumerate() {
            let name = bundle
                .pointer("/certificateSecretRef/name")
                .and_then(Value::as_str);
            let field = format!("spec.certificateBundles[{index}].certificateSecretRef");
            add(name.map(str::to_owned), "certificatebundle", field);
        }
        for provider in r
            .value("spec.platform")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|all| all.keys())
        {
            for (key, value) in OF_PLATFORM {
                let field = format!("spec.platform.{provider}.{key}");
                add(r.text(&format!("{field}.name")), value, field);
            }
        }
        let mut deployment = Self {
            meta,
            from_pool: r.value("spec.clusterPoolRef").is_some(),
            secrets,
            unreadable: Vec::new(),
        };
        deployment.unreadable = reader.finish();
        deployment
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_reference_is_found_with_its_value_and_field() {
        let deployment = ClusterDeployment::read(&json!({
            "metadata": {"name": "c1", "namespace": "c1"},
            "spec": {
                "pullSecretRef": {"name": "pull"},
                "provisioning": {
                    "installConfigSecretRef": {"name": "install"},
                    "sshPrivateKeySecretRef": {"name": "ssh"},
                    "manifestsSecretRef": {"name": "manifests"}
                },
                "certificateBundles": [{"name": "a", "certificateSecretRef": {"name": "bundle"}}],
                "platform": {"vsphere": {
                    "credentialsSecretRef": {"name": "creds"},
                    "certificatesSecretRef": {"name": "certs"}
                }}
            }
        }));
        let mut found: Vec<_> = deployment
            .secrets
            .iter()
            .map(|s| (s.name.as_str(), s.value, s.field.as_str()))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                (
                    "bundle",
                    "certificatebundle",
                    "spec.certificateBundles[0].certificateSecretRef"
                ),
                (
                    "certs",
                    "platformcertificates",
                    "spec.platform.vsphere.certificatesSecretRef"
                ),
                (
                    "creds",
                    "platformcredentials",
                    "spec.platform.vsphere.credentialsSecretRef"
                ),
                (
                    "install",
                    "installconfig",
                    "spec.provisioning.installConfigSecretRef"
                ),
                (
                    "manifests",
                    "manifestssecret",
                    "spec.provisioning.manifestsSecretRef"
                ),
                ("pull", "pullsecret", "spec.pullSecretRef"),
                ("ssh", "sshkey", "spec.provisioning.sshPrivateKeySecretRef"),
            ]
        );
        assert!(deployment.unreadable.is_empty());
    }

    #[test]
    fn a_reference_without_a_name_is_none() {
        let deployment = ClusterDeployment::read(
            &json!({"spec": {"pullSecretRef": {}, "platform": {"none": {}}}}),
        );
        assert!(deployment.secrets.is_empty());
    }
}
