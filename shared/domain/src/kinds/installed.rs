//! What the webhook runs by: its Deployment, and Role and RoleBinding (`rbac.authorization.k8s.io/v1`) by which it
//! may keep its Leases, the right that the armed guards' condition asks for ([`names::INSTALLED_CONDITION`]).

use super::Kind;
use crate::names;
use serde_json::Value;

/// Our Role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// Whether it holds the right.
    pub grants: bool,
}

/// Our RoleBinding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Whether it gives that Role to the webhook.
    pub binds: bool,
}

/// Our Deployment (`apps/v1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Whether a replica is available.
    pub available: bool,
}

impl Kind for Deployment {
    fn read(object: &Value) -> Self {
        let available = object.pointer("/status/availableReplicas");
        Self {
            available: available
                .and_then(Value::as_i64)
                .is_some_and(|count| count > 0),
        }
    }
}

fn items<'a>(object: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    object
        .get(list)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn is(object: &Value, field: &str, wanted: &str) -> bool {
    object.get(field).and_then(Value::as_str) == Some(wanted)
}

impl Kind for Role {
    fn read(object: &Value) -> Self {
        let has = |rule: &Value, list: &str, wanted: &str| {
            items(rule, list).any(|item| item == wanted || item == "*")
        };
        Self {
            grants: items(object, "rules").any(|rule| {
                has(rule, "apiGroups", "coordination.k8s.io")
                    && has(rule, "resources", "leases")
                    && has(rule, "verbs", names::INSTALLED_VERB)
                    && items(rule, "resourceNames").next().is_none()
            }),
        }
    }
}

impl Kind for Binding {
    fn read(object: &Value) -> Self {
        let role = object.get("roleRef").unwrap_or(&Value::Null);
        Self {
            binds: is(role, "kind", "Role")
                && is(role, "name", names::ROLE)
                && items(object, "subjects").any(|subject| {
                    is(subject, "kind", "ServiceAccount")
                        && is(subject, "name", names::SERVICE)
                        && is(subject, "namespace", names::NAMESPACE)
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_grants_by_its_whole_rule() {
        let grants = |rule: Value| Role::read(&json!({ "rules": [rule] })).grants;
        let whole = json!({
            "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "patch"],
        });
        assert!(grants(whole.clone()));
        assert!(grants(
            json!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] })
        ));
        for (field, other) in [
            ("apiGroups", json!([""])),
            ("resources", json!(["pods"])),
            ("verbs", json!(["get"])),
            ("resourceNames", json!(["one"])),
            ("verbs", Value::Null),
        ] {
            let mut rule = whole.clone();
            rule[field] = other;
            assert!(!grants(rule.clone()), "{rule}");
        }
        assert!(!Role::read(&Value::Null).grants);
    }

    #[test]
    fn a_deployment_is_available_with_one_replica() {
        for (status, available) in [
            (json!({ "availableReplicas": 1 }), true),
            (json!({ "availableReplicas": 0, "replicas": 2 }), false),
            (json!({ "replicas": 2, "unavailableReplicas": 2 }), false),
            (Value::Null, false),
        ] {
            let deployment = Deployment::read(&json!({ "status": status }));
            assert_eq!(deployment.available, available, "{status}");
        }
    }

    #[test]
    fn a_binding_binds_our_account_in_our_namespace() {
        let whole = json!({
            "roleRef": { "kind": "Role", "name": "acm-backup-webhook" },
            "subjects": [{
                "kind": "ServiceAccount",
                "name": "acm-backup-webhook",
                "namespace": "acm-backup-system",
            }],
        });
        assert!(Binding::read(&whole).binds);
        for path in [
            "/roleRef/kind",
            "/roleRef/name",
            "/subjects/0/kind",
            "/subjects/0/name",
            "/subjects/0/namespace",
        ] {
            let mut other = whole.clone();
            *other.pointer_mut(path).unwrap() = json!("elsewhere");
            assert!(!Binding::read(&other).binds, "{path}");
        }
        assert!(!Binding::read(&Value::Null).binds);
    }
}
