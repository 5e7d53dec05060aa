//! Who talks to a hub, and what they may do: certificates, service-account tokens, RBAC.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::Hub;
use crate::kubeconfig;

pub(super) const ADMIN: &str = "admin";

/// Whom a role is given to.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The user of a certificate.
    User(&'a str),
    /// A group of a certificate.
    Group(&'a str),
    /// A service account: namespace and name.
    ServiceAccount(&'a str, &'a str),
}

impl Subject<'_> {
    fn object(self) -> Value {
        match self {
            Self::User(name) => {
                json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name })
            }
            Self::Group(name) => {
                json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name })
            }
            Self::ServiceAccount(namespace, name) => {
                json!({ "kind": "ServiceAccount", "namespace": namespace, "name": name })
            }
        }
    }
}

/// One line of a role.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// API groups; the core group is `""`.
    pub groups: &'a [&'a str],
    /// Resources, plural.
    pub resources: &'a [&'a str],
    /// Verbs.
    pub verbs: &'a [&'a str],
}

impl Hub {
    /// Kubeconfig of a user with every right.
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.site.kubeconfig().to_owned()
    }

    pub(super) fn write_admin(&self) -> Result<()> {
        self.kubeconfig_for(ADMIN, &["system:masters"]).map(drop)
    }

    /// Kubeconfig of a user with a certificate, in at most two groups. May do nothing that nobody [allowed](Self::allow).
    pub fn kubeconfig_for(&self, user: &str, groups: &[&str]) -> Result<PathBuf> {
        let pair = self.authority.user(user, groups)?;
        let path = self.site.kubeconfig_path(user);
        let authority = self.authority.cert();
        kubeconfig::write(&path, &self.name, &self.url(), &authority, user, &pair)?;
        Ok(path)
    }

    /// Kubeconfig with a token of a service account, which is made where it does not exist.
    pub async fn kubeconfig_for_service_account(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<PathBuf> {
        self.apply(&json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": { "namespace": namespace, "name": name },
        }))
        .await?;
        self.site
            .kubeconfig_of_service_account(namespace, name)
            .await
    }

    /// Allow a subject something on the whole hub: a ClusterRole and its binding, both called `role`.
    pub async fn allow(&self, role: &str, subject: Subject<'_>, rules: &[Rule<'_>]) -> Result<()> {
        let rules: Vec<Value> = rules
            .iter()
            .map(|rule| {
                json!({ "apiGroups": rule.groups, "resources": rule.resources, "verbs": rule.verbs })
            })
            .collect();
        self.apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": { "name": role },
            "rules": rules,
        }))
        .await?;
        self.bind(role, subject, role).await
    }

    /// Give a subject an existing ClusterRole (`view`, `cluster-admin`, ...) on the whole hub.
    pub async fn bind(&self, binding: &str, subject: Subject<'_>, role: &str) -> Result<()> {
        self.apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": { "name": binding },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [subject.object()],
        }))
        .await
        .map(drop)
    }
}
