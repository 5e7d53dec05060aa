//! Looking into an object, for what is asked of it and nothing else.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use acm_backup_domain::project::{NAME, Projection, Shape, project};
use acm_backup_domain::upstream::object_label;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::review::fault;

/// Labels, borrowed where the text has no escapes: those of [`ASKED`], however many there are.
pub type Strings<'a> = BTreeMap<&'static str, Cow<'a, str>>;

/// The labels that decide whether a Secret is labelled.
pub const ASKED: [&str; 7] = [
    object_label::BACKUP,
    object_label::CREDENTIAL_TYPE,
    object_label::HIVE_SECRET_TYPE,
    object_label::EXCLUDE,
    object_label::MANAGED_SERVICE_ACCOUNT,
    object_label::AGENT_INSTALL_WATCH,
    object_label::METAL3_ENVIRONMENT,
];

/// The longest text that is read: a label's value has at most 63 bytes, a name 253. What is longer is cut, to
/// something that no name and no value can be.
const LONGEST: usize = 1024;

/// Metadata of an object under review.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// Name; empty on a create with `generateName`.
    #[serde(borrow, default, deserialize_with = "short")]
    pub name: Cow<'a, str>,
    /// Prefix of a name the API server will make up.
    #[serde(borrow, default, deserialize_with = "short")]
    pub generate_name: Cow<'a, str>,
    /// Labels; `None` when there is no such field, which a patch has to know.
    #[serde(borrow, default, deserialize_with = "asked")]
    pub labels: Option<Strings<'a>>,
}

/// A Secret without its data: the other fields are skipped over as text and never become values.
#[derive(Deserialize)]
pub struct Secret<'a> {
    /// Metadata.
    #[serde(borrow)]
    pub metadata: Metadata<'a>,
}

fn short<'de, D: Deserializer<'de>>(json: D) -> Result<Cow<'de, str>, D::Error> {
    json.deserialize_str(Short)
}

struct Short;

impl Short {
    fn cut(text: &str) -> &str {
        let cut = (LONGEST.min(text.len())..=text.len()).find_map(|end| text.get(..end));
        cut.unwrap_or(text)
    }
}

impl<'de> Visitor<'de> for Short {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(Self::cut(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(Self::cut(text).to_owned()))
    }
}

impl<'de> DeserializeSeed<'de> for Short {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

fn asked<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Strings<'de>>, D::Error> {
    json.deserialize_option(Asked)
}

/// Of a map, the values of the labels that decide. The others are as many as whoever sends them likes.
struct Asked;

impl<'de> Visitor<'de> for Asked {
    type Value = Option<Strings<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Strings::new();
        while let Some(key) = map.next_key_seed(Key)? {
            match key {
                Some(key) => drop(found.insert(key, map.next_value_seed(Short)?)),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Some(found))
    }
}

/// Which of [`ASKED`] a key is.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(ASKED.into_iter().find(|asked| *asked == key))
    }
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

/// Reads what a kind's judgement asks of an object: for Restores and BackupSchedules, which hold no secrets.
///
/// # Errors
/// When it is no JSON object that can be read.
pub fn judged(raw: &RawValue, shape: &Shape) -> Result<Projection, Unreadable> {
    project(raw.get(), shape).map_err(|error| Unreadable(fault(&error)))
}

/// The resourceVersion an object was read at.
#[must_use]
pub fn version(raw: &RawValue) -> Option<String> {
    const VERSION: Shape =
        Shape::Fields(&[("metadata", Shape::Fields(&[("resourceVersion", NAME)]))]);
    let read = project(raw.get(), &VERSION).ok()?;
    let version = read.object.pointer("/metadata/resourceVersion")?.as_str()?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_only_metadata_is_read_and_of_that_what_decides() {
        // The rest has wrong types on purpose: whoever parses it fails here.
        let raw: Box<RawValue> = serde_json::from_str(
            r#"{"metadata":{"name":"pull","labels":{"a":"b","velero.io/exclude-from-backup":"true"},"annotations":7},"data":[1],"stringData":3,"type":4}"#,
        )
        .unwrap();
        let secret = secret(&raw).unwrap();
        assert_eq!(secret.metadata.name, "pull");
        let labels = secret.metadata.labels.unwrap();
        assert_eq!(labels.len(), 1);
        assert_eq!(labels[object_label::EXCLUDE], "true");
    }

    #[test]
    fn a_label_that_is_no_text_is_a_fault_only_where_it_decides() {
        for (label, is_read) in [("a", true), (object_label::EXCLUDE, false)] {
            let raw: Box<RawValue> =
                serde_json::from_str(&format!(r#"{{"metadata":{{"labels":{{"{label}":[7]}}}}}}"#))
                    .unwrap();
            assert_eq!(secret(&raw).is_ok(), is_read, "{label}");
        }
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
