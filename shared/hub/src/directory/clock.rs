//! What time it was when a directory was filled: between which two times everything in it was read.

use super::tree::Tree;
use acm_backup_domain::time::saturating::Saturating;
use acm_backup_domain::time::{Now, age};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// By as much the clock of whoever collects may be behind that of the hub.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(10);

/// Two times by which one process began differ by less.
const ONE_RUN: SignedDuration = SignedDuration::from_millis(500);

/// What a directory's time rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The file that the collector wrote at its begin and at its end.
    TimestampFile(Now),
    /// There is one, but objects were written well after its end: it is no one's time.
    OldTimestampFile(Now),
    /// There is none, or the end is not in it: no earlier than the newest time that this hub itself wrote.
    NewestObject(Now),
    /// There is not even that.
    None,
}

impl Clock {
    /// The time to judge by.
    pub fn now(self) -> Now {
        match self {
            Self::TimestampFile(now) | Self::OldTimestampFile(now) | Self::NewestObject(now) => now,
            Self::None => Now::after(Timestamp::UNIX_EPOCH),
        }
    }
}

pub(super) fn of<'a>(tree: &Tree, objects: impl Iterator<Item = &'a Value>) -> Clock {
    let files = tree.timestamps();
    let told = |files: &[String]| -> Option<Now> {
        let spans: Option<Vec<_>> = files.iter().map(|text| span(text)).collect();
        let spans = spans?;
        let begin = spans.iter().map(|(begin, _)| *begin).min()?;
        let end = spans.iter().map(|(_, end)| *end).max()?;
        Some(Now::between(begin, end))
    };
    let newest = objects.filter_map(newest).max();
    if let Some(now) = told(&files) {
        let end = now.latest().unwrap_or(now.earliest());
        return match newest {
            Some(newest) if newest > end.plus(CLOCKS_DIFFER) => {
                Clock::OldTimestampFile(Now::after(now.earliest()))
            }
            _ => Clock::TimestampFile(now),
        };
    }
    // A file with one time alone does not say whether it was written before the objects were read or after; what
    // is in them was written before.
    let begun = files.iter().filter_map(|text| begun(text)).min();
    match (newest, begun) {
        (Some(newest), Some(begun)) => Clock::NewestObject(Now::after(newest.min(begun))),
        (Some(newest), None) => Clock::NewestObject(Now::after(newest)),
        (None, _) => Clock::None,
    }
}

/// Between which times a `timestamp` file says that was collected: `oc adm inspect` appends a line when it begins
/// and another when it ends, and must-gather runs it many times. None where a line is missing or half.
fn span(text: &str) -> Option<(Timestamp, Timestamp)> {
    let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    let times: Vec<_> = times(text).collect();
    if !text.ends_with('\n') || times.len() != lines || lines % 2 != 0 {
        return None;
    }
    Some((*times.iter().min()?, *times.iter().max()?))
}

/// When a directory was filled, by its `timestamp` file; none where that was once. Each run of `oc adm inspect` or
/// must-gather appends a line when it begins and another when it ends, and a must-gather that fails runs the other
/// within itself; Go tells with each time how long the process had run.
pub(super) fn filled_again(text: &str) -> Option<String> {
    const TOLD: usize = 3;
    let mut begins: Vec<Timestamp> = Vec::new();
    let mut last = None;
    for (index, line) in whole_lines(text).enumerate() {
        let Some(time) = go_time(line) else { continue };
        let begun = ran_for(line).map(|ran| time.less(ran));
        let same = match (begun, last) {
            (Some(begun), Some(last)) => begun.duration_since(last).abs() < ONE_RUN,
            _ => false,
        };
        if !same && index % 2 == 0 {
            begins.push(time);
        }
        last = begun.or(last);
    }
    let (number, told) = (begins.len(), begins.get(..TOLD).unwrap_or(&begins));
    let told: Vec<_> = told.iter().copied().map(age::stamp).collect();
    let more = if number > TOLD { ", ..." } else { "" };
    (number > 1).then(|| format!("{number} times ({}{more})", told.join(", ")))
}

/// How long the process had run that printed a time: `m=+35.594521496`.
fn ran_for(line: &str) -> Option<SignedDuration> {
    let (_, seconds) = line.rsplit_once(" m=+")?;
    SignedDuration::try_from_secs_f64(seconds.trim().parse().ok()?).ok()
}

/// When a collection began, by its `timestamp` file.
pub(super) fn begun(text: &str) -> Option<Timestamp> {
    times(text).min()
}

/// The times in it, of its whole lines.
fn times(text: &str) -> impl Iterator<Item = Timestamp> {
    whole_lines(text).filter_map(go_time)
}

fn whole_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n') && !line.trim().is_empty())
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

/// The newest time on an object that a clock of this hub wrote when it had come: the API server's, and Velero's
/// where the object is never copied from another hub. Any other may lie ahead, and what lies ahead must not make
/// everything look old.
fn newest(object: &Value) -> Option<Timestamp> {
    const LOCAL: [&str; 3] = ["BackupStorageLocation", "Schedule", "Restore"];
    const STATUS: [&str; 5] = [
        "/status/lastSyncedTime",
        "/status/lastValidationTime",
        "/status/lastBackup",
        "/status/startTimestamp",
        "/status/completionTimestamp",
    ];
    let time = |path: &str| object.pointer(path)?.as_str()?.parse().ok();
    let kind = object.pointer("/kind").and_then(Value::as_str);
    let local = kind.is_some_and(|kind| LOCAL.contains(&kind));
    time("/metadata/creationTimestamp")
        .into_iter()
        .chain(
            STATUS
                .iter()
                .filter(|_| local)
                .filter_map(|path| time(path)),
        )
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_timestamp_file_tells_begin_and_end_whatever_it_was_appended_to() {
        let file = "2026-11-22 17:22:46.846838318 +0100 CET m=+0.236487458\n2026-11-22 17:57:47.204872356 +0100 CET m=+35.594521496\n";
        let begin = at("2026-11-22T16:22:46.846838318Z");
        assert_eq!(
            span(file),
            Some((begin, at("2026-11-22T16:57:47.204872356Z")))
        );
        let twice = format!("{file}2026-11-22T17:00:00Z\n2026-11-22T17:10:00Z\n");
        assert_eq!(span(&twice), Some((begin, at("2026-11-22T17:10:00Z"))));
    }

    #[test]
    fn a_directory_that_was_filled_again_says_so() {
        let runs = |all: &[(&str, f64)]| -> String {
            all.iter()
                .map(|(time, ran)| format!("2026-11-22 {time} +0000 UTC m=+{ran}\n"))
                .collect()
        };
        let once = runs(&[("10:20:00.5", 0.2), ("11:05:00.5", 2700.2)]);
        assert_eq!(filled_again(&once), None);
        assert_eq!(filled_again(""), None);
        // A must-gather that failed runs `oc adm inspect` within itself.
        let within = runs(&[
            ("10:20:00", 0.2),
            ("10:30:00", 600.2),
            ("10:31:00", 660.2),
            ("10:31:01", 661.2),
        ]);
        assert_eq!(filled_again(&within), None);
        let again = runs(&[
            ("10:20:00", 0.2),
            ("10:20:09", 9.2),
            ("10:21:00", 0.1),
            ("10:21:05", 5.1),
        ]);
        let told = "2 times (2026-11-22 10:20:00Z, 2026-11-22 10:21:00Z)";
        assert_eq!(filled_again(&again), Some(told.to_owned()));
        // The second broke off, or is at work.
        let broken: String = again
            .lines()
            .take(3)
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(filled_again(&broken), Some(told.to_owned()));
        let plain = "2026-11-22T10:20:00Z\n2026-11-22T10:20:09Z\n2026-11-22T10:21:00Z\n2026-11-22T10:21:05Z\n";
        assert_eq!(filled_again(plain), Some(told.to_owned()));
    }

    #[test]
    fn cut_anywhere_it_tells_no_end() {
        let file = "2026-11-22 17:22:46 +0100 CET m=+0.2\n2026-11-22 17:57:47 +0100 CET m=+35.5\n";
        assert!(span(file).is_some());
        for cut in 0..file.len() {
            assert_eq!(span(&file[..cut]), None, "{:?}", &file[..cut]);
        }
        assert_eq!(span("gathered by hand\n"), None);
    }

    #[test]
    fn only_what_this_hub_wrote_tells_how_late_it_was() {
        let backup = json!({
            "kind": "Backup",
            "metadata": {"creationTimestamp": "2026-11-22T16:20:07Z"},
            "status": {"startTimestamp": "2026-11-25T16:20:09Z", "expiration": "2026-11-22T18:20:07Z"}
        });
        assert_eq!(newest(&backup), Some(at("2026-11-22T16:20:07Z")));
        let location = json!({
            "kind": "BackupStorageLocation",
            "metadata": {"creationTimestamp": "2026-11-01T16:20:07Z"},
            "status": {"lastSyncedTime": "2026-11-22T16:20:09Z"}
        });
        assert_eq!(newest(&location), Some(at("2026-11-22T16:20:09Z")));
    }
}
