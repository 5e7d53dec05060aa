//! YAML as Go programs write it: keys sorted, lists not indented, long texts folded, what is empty spelt out, and the
//! last line ended. Where a cut can hide depends on that.

use serde_json::Value;

/// The column after which a text goes on in the next line.
const WIDTH: usize = 80;

/// A value as a document.
pub fn document(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                line(out, indent, &format!("{}:", scalar(key)));
                nested(value, indent + 2, indent, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut text = String::new();
                block(item, indent + 2, &mut text);
                out.push_str(&" ".repeat(indent));
                out.push_str("- ");
                out.push_str(text.trim_start());
            }
        }
        plain => line(out, indent, &folded(plain, indent)),
    }
}

/// What follows a key: on the same line where it is no map and no list, or an empty one.
fn nested(value: &Value, map: usize, list: usize, out: &mut String) {
    let inner = match value {
        Value::Object(fields) if !fields.is_empty() => map,
        Value::Array(items) if !items.is_empty() => list,
        plain => {
            out.truncate(out.trim_end().len());
            out.push(' ');
            out.push_str(&folded(plain, map));
            out.push('\n');
            return;
        }
    };
    block(value, inner, out);
}

fn line(out: &mut String, indent: usize, text: &str) {
    out.push_str(&" ".repeat(indent));
    out.push_str(text);
    out.push('\n');
}

fn folded(value: &Value, indent: usize) -> String {
    let text = match value {
        Value::String(text) => scalar(text),
        other => other.to_string(),
    };
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is a first");
        if !last.is_empty() && indent + last.len() + word.len() > WIDTH {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent + 2)))
}

/// A text, quoted where it would be read as something else.
fn scalar(text: &str) -> String {
    let odd = text.is_empty()
        || text.contains(": ")
        || text.contains('"')
        || text.starts_with([
            '*', '&', '!', '%', '@', '`', '{', '[', '-', '?', '#', '\'', '|', '>',
        ])
        || text.parse::<f64>().is_ok()
        || text.parse::<jiff::Timestamp>().is_ok()
        || matches!(
            text.to_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off"
        );
    match odd {
        true => Value::from(text).to_string(),
        false => text.to_owned(),
    }
}
