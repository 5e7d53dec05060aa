//! Secret, its metadata only: nothing of ours ever holds what is in one.

use super::{Kind, meta::Meta};
use crate::read::Reader;
use crate::upstream::object_label;
use serde_json::Value;

/// Metadata of a Secret.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretMeta {
    /// Object metadata.
    pub meta: Meta,
}

impl SecretMeta {
    /// The label by which Velero selects it already, if any. An empty value selects too.
    pub fn selected_by(&self) -> Option<&'static str> {
        object_label::SELECTING
            .into_iter()
            .find(|label| self.meta.labels.contains_key(*label))
    }
}

impl Kind for SecretMeta {
    fn read(object: &Value) -> Self {
        Self {
            meta: Meta::read(&mut Reader::new(object)),
        }
    }
}
