//! Looking into an object's metadata, and nowhere else.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::review::fault;

/// Labels or annotations, borrowed where the text has no escapes.
pub type Strings<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

/// Metadata of an object under review.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// Name; empty on a create with `generateName`.
    #[serde(borrow, default)]
    pub name: Cow<'a, str>,
    /// Prefix of a name the API server will make up.
    #[serde(borrow, default)]
    pub generate_name: Cow<'a, str>,
    /// Labels; `None` when there is no such field, which a patch has to know.
    #[serde(borrow, default)]
    pub labels: Option<Strings<'a>>,
}

/// A Secret without its data: the other fields are skipped over as text and never become values.
#[derive(Deserialize)]
pub struct Secret<'a> {
    /// Metadata.
    #[serde(borrow)]
    pub metadata: Metadata<'a>,
    /// `Opaque`, `kubernetes.io/service-account-token`, ...
    #[serde(rename = "type", borrow, default)]
    pub kind: Cow<'a, str>,
}

/// Why an object's metadata could not be read; never repeats the object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub &'static str);

/// Reads a Secret's metadata and type.
///
/// # Errors
/// When metadata is missing or of another shape.
pub fn secret(raw: &RawValue) -> Result<Secret<'_>, Unreadable> {
    serde_json::from_str(raw.get()).map_err(|error| Unreadable(fault(&error)))
}

/// Reads a whole object as a value: for Restores and BackupSchedules, which hold no secrets.
///
/// # Errors
/// When the object nests deeper than any real one.
pub fn whole(raw: &RawValue) -> Result<serde_json::Value, Unreadable> {
    serde_json::from_str(raw.get()).map_err(|error| Unreadable(fault(&error)))
}

/// The resourceVersion an object was read at.
#[must_use]
pub fn version(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Versioned<'a> {
        #[serde(borrow)]
        metadata: Version<'a>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version<'a> {
        #[serde(borrow)]
        resource_version: Cow<'a, str>,
    }
    let read = serde_json::from_str::<Versioned<'_>>(raw.get()).ok()?;
    Some(read.metadata.resource_version.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_only_metadata_and_type_are_read() {
        // `data` has the wrong type on purpose: whoever parses it fails here.
        let raw: Box<RawValue> = serde_json::from_str(
            r#"{"metadata":{"name":"pull","labels":{"a":"b"},"annotations":7},"data":[1],"stringData":3,"type":"Opaque"}"#,
        )
        .unwrap();
        let secret = secret(&raw).unwrap();
        assert_eq!(secret.metadata.name, "pull");
        assert_eq!(secret.kind, "Opaque");
        let labels = secret.metadata.labels.unwrap();
        assert!(matches!(
            labels.get("a"),
            Some(Cow::Borrowed("b")) | Some(Cow::Owned(_))
        ));
    }

    #[test]
    fn absent_null_and_empty_labels_are_told_apart_where_a_patch_must_know() {
        for (labels, present) in [
            ("", false),
            (r#","labels":null"#, false),
            (r#","labels":{}"#, true),
        ] {
            let raw: Box<RawValue> =
                serde_json::from_str(&format!(r#"{{"metadata":{{"name":"x"{labels}}}}}"#)).unwrap();
            assert_eq!(
                secret(&raw).unwrap().metadata.labels.is_some(),
                present,
                "{labels}"
            );
        }
    }
}
