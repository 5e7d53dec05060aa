//! Lenient reading: one field that cannot be read is a finding, never a lost object.
//!
//! The operator's own typed client loses a whole list over one `veleroTtl: 5d` (operator-facts §12,
//! G22); whoever wants to help must see more than it does.

use crate::time::duration::GoDuration;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A field that holds something its type does not allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// Dotted path, e.g. `spec.veleroTtl`.
    pub field: String,
    /// What stands there, as JSON: the beginning of a long text, and of a list or a map that it is one.
    pub value: String,
    /// Why it cannot be read.
    pub why: String,
}

/// Reads fields of one object by path and remembers those it could not.
pub struct Reader<'a> {
    root: &'a Value,
    unreadable: Vec<Unreadable>,
}

impl<'a> Reader<'a> {
    /// A reader of one object.
    pub fn new(root: &'a Value) -> Self {
        Self {
            root,
            unreadable: Vec::new(),
        }
    }

    /// What could not be read so far.
    pub fn finish(self) -> Vec<Unreadable> {
        self.unreadable
    }

    /// The value at a dotted path; `null` counts as absent. Keys that hold dots themselves (labels)
    /// are read with [`Reader::map`].
    pub fn value(&self, path: &str) -> Option<&'a Value> {
        path.split('.')
            .try_fold(self.root, |value, key| value.get(key))
            .filter(|value| !value.is_null())
    }

    /// A string.
    pub fn text(&mut self, path: &str) -> Option<String> {
        self.parse(path, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// A boolean.
    pub fn flag(&mut self, path: &str) -> Option<bool> {
        self.parse(path, "true or false", Value::as_bool)
    }

    /// A whole number.
    pub fn number(&mut self, path: &str) -> Option<i64> {
        self.parse(path, "a whole number", Value::as_i64)
    }

    /// An RFC 3339 time.
    pub fn time(&mut self, path: &str) -> Option<Timestamp> {
        self.parse(path, "an RFC 3339 time", |value| {
            value.as_str()?.parse().ok()
        })
    }

    /// A Go duration, read as strictly as the operator does.
    pub fn duration(&mut self, path: &str) -> Option<GoDuration> {
        let value = self.value(path)?;
        let parsed = match value.as_str() {
            Some(text) => text
                .parse::<GoDuration>()
                .map_err(|error| error.to_string()),
            None => Err("expected a duration such as 720h".to_owned()),
        };
        parsed.map_err(|why| self.refuse(path, value, why)).ok()
    }

    /// A list, empty where absent.
    pub fn list(&mut self, path: &str) -> &'a [Value] {
        match self.value(path) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.refuse(path, other, "expected a list".to_owned());
                &[]
            }
        }
    }

    /// Why Velero did not do what it was asked: `status.validationErrors` and `status.failureReason`,
    /// one line each.
    pub fn reasons(&mut self) -> Vec<String> {
        let mut reasons = self.texts("status.validationErrors");
        reasons.extend(self.text("status.failureReason"));
        reasons.retain(|reason| !reason.is_empty());
        reasons
    }

    /// A list of strings, empty where absent; entries that are none are left out.
    pub fn texts(&mut self, path: &str) -> Vec<String> {
        self.list(path)
            .iter()
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    }

    /// A map of strings (labels, annotations), empty where absent. Entries that are not strings are
    /// reported one by one.
    pub fn map(&mut self, path: &str) -> BTreeMap<String, String> {
        let entries = match self.value(path) {
            None => return BTreeMap::new(),
            Some(Value::Object(entries)) => entries,
            Some(other) => {
                self.refuse(path, other, "expected a map".to_owned());
                return BTreeMap::new();
            }
        };
        let mut map = BTreeMap::new();
        for (key, value) in entries {
            match value.as_str() {
                Some(text) => {
                    map.insert(key.clone(), text.to_owned());
                }
                None => self.refuse(&format!("{path}[{key}]"), value, "expected a string".into()),
            }
        }
        map
    }

    fn parse<T>(
        &mut self,
        path: &str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(path)?;
        let parsed = read(value);
        if parsed.is_none() {
            self.refuse(path, value, format!("expected {expected}"));
        }
        parsed
    }

    fn refuse(&mut self, field: &str, value: &Value, why: String) {
        self.unreadable.push(Unreadable {
            field: field.to_owned(),
            value: quoted(value),
            why,
        });
    }
}

/// The most of a text that is quoted.
const QUOTED: usize = 100;

/// A value as it is told: whoever wrote it chose its length.
fn quoted(value: &Value) -> String {
    match value {
        Value::Object(_) => "{...}".to_owned(),
        Value::Array(_) => "[...]".to_owned(),
        Value::String(text) => match text.char_indices().nth(QUOTED) {
            Some((end, _)) => {
                format!("{}...", Value::from(text.get(..end).unwrap_or_default()))
            }
            None => value.to_string(),
        },
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_what_cannot_be_read_no_more_is_quoted_than_a_line_holds() {
        for (value, expected) in [
            (json!({"a": [1, 2]}), "{...}".to_owned()),
            (json!([{"a": 1}]), "[...]".to_owned()),
            (json!(7), "7".to_owned()),
            (json!("5d"), "\"5d\"".to_owned()),
            (
                json!("\u{e9}".repeat(101)),
                format!("\"{}\"...", "\u{e9}".repeat(100)),
            ),
        ] {
            assert_eq!(quoted(&value), expected);
        }
    }

    #[test]
    fn an_unreadable_field_is_reported_and_the_others_are_read() {
        let object =
            json!({"spec": {"veleroTtl": "5d", "veleroSchedule": "0 * * * *", "paused": "yes"}});
        let mut reader = Reader::new(&object);
        assert_eq!(
            reader.text("spec.veleroSchedule").as_deref(),
            Some("0 * * * *")
        );
        assert_eq!(reader.duration("spec.veleroTtl"), None);
        assert_eq!(reader.flag("spec.paused"), None);
        let unreadable = reader.finish();
        let fields: Vec<_> = unreadable.iter().map(|u| u.field.as_str()).collect();
        assert_eq!(fields, ["spec.veleroTtl", "spec.paused"]);
        assert_eq!(unreadable[0].value, "\"5d\"");
    }

    #[test]
    fn absent_and_null_are_not_findings() {
        let object = json!({"spec": {"veleroTtl": null}});
        let mut reader = Reader::new(&object);
        assert_eq!(reader.duration("spec.veleroTtl"), None);
        assert_eq!(reader.text("status.phase"), None);
        assert!(reader.list("spec.items").is_empty());
        assert!(reader.map("metadata.labels").is_empty());
        assert!(reader.finish().is_empty());
    }
}
