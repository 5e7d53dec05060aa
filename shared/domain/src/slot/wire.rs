//! The reservations as text: JSON in an annotation of the Lease.

use super::Entry;

pub(super) const RESTORE: &str = "Restore";
pub(super) const BACKUP_SCHEDULE: &str = "BackupSchedule";

/// Longest name the API server takes.
const NAME: usize = 253;

/// Reads the annotation. What a person or another program left there that is not ours to read counts as
/// one reservation of nobody: it is waited for until its time is over, then written anew.
pub fn read(annotation: Option<&str>) -> Vec<Entry> {
    let Some(text) = annotation.filter(|text| !text.is_empty()) else {
        return Vec::new();
    };
    match serde_json::from_str::<Vec<Entry>>(text) {
        Ok(entries) if entries.iter().all(is_ours) => entries,
        _ => vec![Entry::default()],
    }
}

/// Writes the annotation.
pub fn write(entries: &[Entry]) -> String {
    // Strings and times always become JSON.
    serde_json::to_string(entries).unwrap_or_default()
}

/// Kind and name of a holder that can be one.
pub(super) fn split(holder: &str) -> Option<(&str, &str)> {
    let (kind, name) = holder.split_once('/')?;
    let known = matches!(kind, RESTORE | BACKUP_SCHEDULE);
    let named = (1..=NAME).contains(&name.len())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
        });
    (known && named).then_some((kind, name))
}

fn is_ours(entry: &Entry) -> bool {
    entry.holder.is_empty() || split(&entry.holder).is_some()
}
