//! Merge patches between two values.

use serde_json::{Map, Value};

/// The JSON merge patch that turns `from` into `to`. Values that are null cannot be told apart from
/// absent ones (RFC 7386), and nothing here holds any.
pub fn patch(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else {
        return to.clone();
    };
    let mut changes = Map::new();
    for (field, wanted) in to {
        match from.get(field) {
            Some(present) if present == wanted => {}
            Some(present) => drop(changes.insert(field.clone(), patch(present, wanted))),
            None => drop(changes.insert(field.clone(), wanted.clone())),
        }
    }
    for field in from.keys().filter(|field| !to.contains_key(*field)) {
        changes.insert(field.clone(), Value::Null);
    }
    Value::Object(changes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_patch_makes_one_into_the_other() {
        let from = json!({"a": 1, "b": {"c": [1], "d": 2}, "e": 3});
        let to = json!({"a": 1, "b": {"c": [1, 2]}, "f": {"g": {}}});
        let patch = patch(&from, &to);
        assert_eq!(
            patch,
            json!({"b": {"c": [1, 2], "d": null}, "e": null, "f": {"g": {}}})
        );
        let mut patched = from;
        json_patch::merge(&mut patched, &patch);
        assert_eq!(patched, to);
    }
}
