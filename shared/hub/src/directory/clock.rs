//! What time it was when a directory was filled.

use super::tree::Tree;
use jiff::Timestamp;
use serde_json::Value;

/// What a directory's `now` rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The `timestamp` file that `oc adm inspect` and must-gather write.
    TimestampFile(Timestamp),
    /// There is none: the newest time in any object. The directory may be a little newer.
    NewestObject(Timestamp),
    /// There is not even that.
    None,
}

impl Clock {
    /// The time to judge by.
    pub fn now(self) -> Timestamp {
        match self {
            Self::TimestampFile(now) | Self::NewestObject(now) => now,
            Self::None => Timestamp::UNIX_EPOCH,
        }
    }
}

pub(super) fn of<'a>(tree: &Tree, objects: impl Iterator<Item = &'a Value>) -> Clock {
    if let Some(now) = tree
        .timestamps()
        .iter()
        .filter_map(|text| last_time(text))
        .max()
    {
        return Clock::TimestampFile(now);
    }
    objects
        .filter_map(newest)
        .max()
        .map_or(Clock::None, Clock::NewestObject)
}

/// The last line that is a time: the file has the start of the collection first and its end last.
fn last_time(text: &str) -> Option<Timestamp> {
    text.lines().rev().find_map(go_time)
}

/// Reads what Go prints for a time: `2026-11-22 16:22:47.43 +0000 UTC m=+0.2`; RFC 3339 as well.
fn go_time(line: &str) -> Option<Timestamp> {
    let line = line.trim();
    if let Ok(time) = line.parse() {
        return Some(time);
    }
    let mut words = line.split_whitespace();
    let (date, time, offset) = (words.next()?, words.next()?, words.next()?);
    format!("{date}T{time}{offset}").parse().ok()
}

/// The newest time anywhere in an object that has passed when it was written. Expirations lie in the
/// future.
fn newest(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Array(items) => items.iter().filter_map(newest).max(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !key.to_ascii_lowercase().contains("expir"))
            .filter_map(|(_, value)| newest(value))
            .max(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_time_of_a_timestamp_file_counts() {
        let file = "2026-11-22 17:22:46.846838318 +0100 CET m=+0.236487458\n2026-11-22 17:22:47.204872356 +0100 CET m=+35.594521496\n";
        assert_eq!(
            last_time(file),
            Some("2026-11-22T16:22:47.204872356Z".parse().unwrap())
        );
        assert_eq!(
            last_time("2026-11-22T16:22:47Z\n"),
            Some("2026-11-22T16:22:47Z".parse().unwrap())
        );
        assert_eq!(last_time("gathered by hand\n"), None);
    }

    #[test]
    fn what_is_to_expire_is_not_now() {
        let object = json!({
            "metadata": {"creationTimestamp": "2026-11-22T16:20:07Z"},
            "status": {"completionTimestamp": "2026-11-22T16:20:09Z", "expiration": "2026-11-22T18:20:07Z"}
        });
        assert_eq!(
            newest(&object),
            Some("2026-11-22T16:20:09Z".parse().unwrap())
        );
    }
}
