//! The one change admission makes: a label.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// Adds one label and touches nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddLabel {
    /// Label key.
    pub key: String,
    /// Label value.
    pub value: String,
    /// Whether the object has a labels field; a JSON patch cannot add a key to a map that is not there.
    pub has_labels: bool,
}

impl AddLabel {
    /// The JSON Patch (RFC 6902).
    #[must_use]
    pub fn operations(&self) -> serde_json::Value {
        if self.has_labels {
            let key = self.key.replace('~', "~0").replace('/', "~1");
            json!([{ "op": "add", "path": format!("/metadata/labels/{key}"), "value": self.value }])
        } else {
            let labels = serde_json::Map::from_iter([(self.key.clone(), json!(self.value))]);
            json!([{ "op": "add", "path": "/metadata/labels", "value": labels }])
        }
    }

    /// The patch as a review's answer carries it: base64, not the list of numbers that a derived
    /// serialisation of bytes would send.
    #[must_use]
    pub fn encoded(&self) -> String {
        STANDARD.encode(self.operations().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(patch: &AddLabel, mut object: serde_json::Value) -> serde_json::Value {
        let bytes = STANDARD.decode(patch.encoded()).unwrap();
        let operations: json_patch::Patch = serde_json::from_slice(&bytes).unwrap();
        json_patch::patch(&mut object, &operations).unwrap();
        object
    }

    #[test]
    fn adds_the_label_and_nothing_else_twice_over() {
        let key = "cluster.open-cluster-management.io/backup";
        for (before, has_labels) in [
            (
                json!({"metadata": {"name": "x"}, "data": {"k": "dg=="}}),
                false,
            ),
            (
                json!({"metadata": {"name": "x", "labels": {"a/b~c": "d"}}}),
                true,
            ),
        ] {
            let patch = AddLabel {
                key: key.to_owned(),
                value: "msa".to_owned(),
                has_labels,
            };
            let once = applied(&patch, before.clone());
            let mut expected = before;
            expected["metadata"]["labels"][key] = json!("msa");
            assert_eq!(once, expected);
            let again = AddLabel {
                has_labels: true,
                ..patch
            };
            assert_eq!(applied(&again, once.clone()), once);
        }
    }
}
