//! CustomResourceDefinition (`apiextensions.k8s.io/v1`): which fields the installed version of a kind has.
//!
//! A field the definition does not know is dropped by the API server in silence but for a warning, so a
//! remedy that sets one would do nothing.

use super::Kind;
use serde_json::Value;
use std::collections::BTreeSet;

/// The fields a kind's installed definition knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definition {
    /// Fields of `spec` in the served version [`Definition::VERSION`]; none where the definition tells no
    /// schema for it.
    pub spec_fields: Option<BTreeSet<String>>,
}

impl Definition {
    /// The version the operator's kinds are read in; every version of the operator serves it
    /// (operator-facts §1).
    pub const VERSION: &str = "v1beta1";

    /// A definition with these fields of `spec`.
    pub fn with_spec_fields(fields: &[&str]) -> Self {
        let fields = fields.iter().map(|&field| field.to_owned());
        Self {
            spec_fields: Some(fields.collect()),
        }
    }

    /// Whether `spec` has a field; none where the definition does not tell.
    pub fn has_spec_field(&self, field: &str) -> Option<bool> {
        self.spec_fields
            .as_ref()
            .map(|fields| fields.contains(field))
    }
}

impl Kind for Definition {
    fn read(object: &Value) -> Self {
        let versions = object.pointer("/spec/versions").and_then(Value::as_array);
        let read = versions
            .into_iter()
            .flatten()
            .find(|version| version.get("name").and_then(Value::as_str) == Some(Self::VERSION));
        let fields = read.and_then(|version| {
            version
                .pointer("/schema/openAPIV3Schema/properties/spec/properties")?
                .as_object()
        });
        Self {
            spec_fields: fields.map(|fields| fields.keys().cloned().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(version: &str, spec: Value) -> Definition {
        Definition::read(&json!({"spec": {"versions": [
            {"name": "v1alpha1", "schema": {"openAPIV3Schema": {"properties": {"spec": {"properties": {"old": {}}}}}}},
            {"name": version, "schema": {"openAPIV3Schema": {"properties": {"spec": spec}}}},
        ]}}))
    }

    #[test]
    fn a_field_is_there_or_not_or_not_told() {
        let new = definition(
            "v1beta1",
            json!({"properties": {"paused": {"type": "boolean"}}}),
        );
        assert_eq!(new.has_spec_field("paused"), Some(true));
        assert_eq!(new.has_spec_field("old"), Some(false));
        for untold in [
            definition(
                "v1beta1",
                json!({"x-kubernetes-preserve-unknown-fields": true}),
            ),
            definition("v2", json!({"properties": {"paused": {}}})),
            Definition::read(&Value::Null),
            Definition::read(&json!({"spec": {"versions": "v1beta1"}})),
        ] {
            assert_eq!(untold.has_spec_field("paused"), None, "{untold:?}");
        }
    }
}
