//! YAML whose strings hold nothing a terminal would obey.
//!
//! The serializer escapes control characters, and leaves marks that turn the direction of reading or have no
//! width as they are. A string that holds one is written by us, and stands in its place under a name meanwhile.

use acm_backup_domain::printable;
use serde_json::{Map, Value};
use std::io;

/// The text.
pub fn text(mut value: Value) -> io::Result<String> {
    let mut mark = String::from("ESCAPED-");
    let whole = value.to_string();
    while whole.contains(&mark) {
        mark.push_str("X-");
    }
    let mut taken = Vec::new();
    take(&mut value, &mark, &mut taken);
    let text = serde_saphyr::to_string(&value).map_err(io::Error::other)?;
    let mut parts = text.split(mark.as_str());
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_at_checked(DIGITS).unwrap_or((part, ""));
        let original = number
            .parse::<usize>()
            .ok()
            .and_then(|number| taken.get(number));
        written.push_str(&printable::yaml(original.map_or("", String::as_str)));
        written.push_str(rest);
    }
    Ok(written)
}

/// How many stand behind the mark.
const DIGITS: usize = 9;

fn take(value: &mut Value, mark: &str, taken: &mut Vec<String>) {
    match value {
        Value::String(text) => stand_in(text, mark, taken),
        Value::Array(items) => items.iter_mut().for_each(|item| take(item, mark, taken)),
        Value::Object(fields) => {
            let renamed: Map<String, Value> = std::mem::take(fields)
                .into_iter()
                .map(|(mut key, mut value)| {
                    stand_in(&mut key, mark, taken);
                    take(&mut value, mark, taken);
                    (key, value)
                })
                .collect();
            *fields = renamed;
        }
        _ => {}
    }
}

fn stand_in(text: &mut String, mark: &str, taken: &mut Vec<String>) {
    if text.contains(printable::is_obeyed) {
        let name = format!("{mark}{:0DIGITS$}", taken.len());
        taken.push(std::mem::replace(text, name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_means_the_same_and_holds_nothing_that_is_obeyed() {
        let value = json!({
            "a\u{202e}b": ["x\u{200b}", "ESCAPED-000000000", "\u{1b}[2J\nnext: line", "plain"],
            "b": {"c": "\u{e0041}\u{feff}", "d": "two\nlines"}
        });
        let text = text(value.clone()).unwrap();
        assert!(
            !text.contains(|letter| letter != '\n' && printable::is_obeyed(letter)),
            "{text}"
        );
        assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), value);
    }
}
