//! One file: read within bounds, and only as a whole. A part of a list is no list: whoever took it for one would
//! say that what was cut off is not there.

use super::filed::Filed;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// No file is read beyond this: 20,000 Backups take a third of it.
const LARGEST: u64 = 256 * 1024 * 1024;

/// What is said of a file that was cut.
const CUT: &str = "the file ends in the middle";

/// What files hold.
#[derive(Debug)]
pub(super) struct Found {
    /// The objects.
    pub objects: Vec<Value>,
    /// Whether any of them stands alone in its file, rather than in a list that has them all.
    pub alone: bool,
    /// One that is there as two, in different files.
    pub twice: Option<String>,
}

/// The objects in a file: one, or those of a list.
pub(super) fn objects(path: &Path, filed: &Filed) -> Result<Found, String> {
    let text = text(path, LARGEST)?;
    let json = path.extension().is_some_and(|suffix| suffix == "json");
    parse(&text, json, filed)
}

/// The one object in a file, of whatever kind it is.
pub(super) fn value(path: &Path) -> Result<Value, String> {
    yaml(&text(path, LARGEST)?)
}

/// The text of a regular file of at most `largest` bytes. Anything else may never end.
pub(super) fn text(path: &Path, largest: u64) -> Result<String, String> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "it is a link to nothing".to_owned(),
        io::ErrorKind::InvalidData => "it is not text".to_owned(),
        _ => error.to_string(),
    };
    let about = fs::metadata(path).map_err(told)?;
    if about.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if !about.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut text = String::new();
    let mut bounded = File::open(path)
        .map_err(told)?
        .take(largest.saturating_add(1));
    if about.len() > largest || bounded.read_to_string(&mut text).map_err(told)? as u64 > largest {
        return Err(format!("it is larger than {} MiB", largest / 1024 / 1024));
    }
    Ok(text)
}

fn parse(text: &str, json: bool, filed: &Filed) -> Result<Found, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    // Brackets say themselves where they end, in YAML too.
    let delimited = json || is_flow(text);
    if !delimited && ends_in_a_line(text) {
        return Err(CUT.to_owned());
    }
    let last_key = (!delimited).then(|| last_key(text)).flatten();
    if last_key == Some("items") {
        return Err(CUT.to_owned());
    }
    let value = if json {
        serde_json::from_str(text).map_err(|error| match error.is_eof() {
            true => CUT.to_owned(),
            false => error.to_string(),
        })?
    } else {
        yaml(text).map_err(|error| format!("{CUT}, or is broken: {error}"))?
    };
    let Value::Object(mut fields) = value else {
        return Err("it holds no Kubernetes object".to_owned());
    };
    let list = fields
        .get("kind")
        .and_then(Value::as_str)
        .is_some_and(|kind| filed.is_list(kind));
    if list && is_a_page(&fields) {
        return Err("it is one page of a list, and more follow".to_owned());
    }
    let objects = match fields.remove("items") {
        Some(Value::Array(items)) if list => items,
        Some(Value::Null) if list => Vec::new(),
        Some(_) => {
            return Err(format!(
                "it is no whole list of {}: kind is missing or another",
                filed.resource.name
            ));
        }
        None if list => return Err(CUT.to_owned()),
        None => {
            let object = Value::Object(fields);
            let ours = filed.identify(&object);
            if !delimited && !filed.is_whole(&object) {
                return Err(match ours {
                    Ok(()) => format!("{CUT}, or nothing has looked at the object yet"),
                    Err(_) => CUT.to_owned(),
                });
            }
            ours?;
            return Ok(Found {
                objects: vec![object],
                alone: true,
                twice: None,
            });
        }
    };
    objects.iter().try_for_each(|item| filed.identify(item))?;
    Ok(Found {
        objects,
        alone: false,
        twice: None,
    })
}

/// Whether an API server said with it that there is more.
fn is_a_page(list: &serde_json::Map<String, Value>) -> bool {
    let metadata = |field| {
        list.get("metadata")
            .and_then(|metadata| metadata.get(field))
    };
    metadata("continue")
        .and_then(Value::as_str)
        .is_some_and(|token| !token.is_empty())
        || metadata("remainingItemCount").and_then(Value::as_i64) > Some(0)
}

/// Whether the first thing in it is a bracket.
fn is_flow(text: &str) -> bool {
    text.trim_start()
        .trim_start_matches("---")
        .trim_start()
        .starts_with(['{', '['])
}

/// Whether it ends within a line, or with a key that has no value: all that write YAML end their last line, and
/// spell out what is empty.
fn ends_in_a_line(text: &str) -> bool {
    let last = text.trim_end();
    !text.ends_with('\n') || last.ends_with(':') || last.ends_with("- ") || last.ends_with("\n-")
}

/// The last key that is not within another.
fn last_key(text: &str) -> Option<&str> {
    let line = text.lines().rev().find(|line| {
        !line.starts_with([' ', '\t', '-', '#', '.', '}', ']']) && !line.trim().is_empty()
    })?;
    let (key, _) = line.split_once(':')?;
    Some(key.trim_matches(['"', '\'']))
}

/// Reads YAML of any size: the list of a large hub's clusters is far beyond what is taken for an
/// attack elsewhere, and whoever passes a directory trusts it.
fn yaml(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: usize::MAX,
            max_events: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let why = error.to_string();
        // The parser's own words name its functions.
        match why.contains("multiple YAML documents") {
            true => "more than one document is in it".to_owned(),
            false => why,
        }
    })
}
