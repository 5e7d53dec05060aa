//! What the operator's names and labels say.

use crate::seen::Time;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Labels of the operator; one of them makes a Backup its own (E1, E2).
pub const WRITER: &str = "cluster.open-cluster-management.io/backup-cluster";
/// On a marker: who took over.
pub const TAKER: &str = "cluster.open-cluster-management.io/restore-cluster";
/// On a marker: the backup of managed clusters that was restored.
pub const RESTORED: &str = "acm-managed-clusters-schedule";
/// On a marker: the Restore that activated.
pub const RESTORE: &str = "cluster.open-cluster-management.io/acm-restore-name";
/// Name of the BackupSchedule.
pub const SCHEDULE: &str = "cluster.open-cluster-management.io/backup-schedule-name";
/// Which of the five a backup is.
pub const TYPE: &str = "cluster.open-cluster-management.io/backup-schedule-type";
/// The Velero Schedule, which the operator writes too.
pub const VELERO_SCHEDULE: &str = "velero.io/schedule-name";
/// On every marker.
pub const DR: &str = "cluster.open-cluster-management.io/acm-hub-dr";
/// Velero's, on every Backup: no label of the operator.
pub const LOCATION: &str = "velero.io/storage-location";

/// All of the operator's labels on Backups.
pub const OPERATORS: [&str; 8] = [
    WRITER,
    TAKER,
    RESTORED,
    RESTORE,
    SCHEDULE,
    TYPE,
    VELERO_SCHEDULE,
    DR,
];

/// Prefixes of the names of the five, the managed clusters' second, and the values of label [`TYPE`].
pub const FIVE: [(&str, &str); 5] = [
    ("acm-credentials-schedule", "credentials"),
    (CLUSTERS, "managedClusters"),
    ("acm-resources-generic-schedule", "resourcesGeneric"),
    ("acm-resources-schedule", "resources"),
    (VALIDATION, "validation"),
];
/// Managed clusters.
pub const CLUSTERS: &str = "acm-managed-clusters-schedule";
/// The small one whose TTL tells the period.
pub const VALIDATION: &str = "acm-validation-policy-schedule";
/// Activation markers.
pub const MARKER: &str = "acm-restore-clusters";

/// What a name says it is: one of the five or a marker, by its prefix before `-YYYYMMDDHHMMSS`.
pub fn prefix_of(name: &str) -> Option<&'static str> {
    FIVE.iter()
        .map(|(prefix, _)| *prefix)
        .chain([MARKER])
        .find(|prefix| after(name, prefix).is_some())
}

/// Whether `latest` of a type looks at a Backup: the operator goes by the start of the name alone.
pub fn starts_like(name: &str, prefix: &str) -> bool {
    name.starts_with(prefix)
}

/// Whether a Backup is named as the operator names its own, time or not (E2).
pub fn is_named_alike(name: &str) -> bool {
    FIVE.iter()
        .map(|(prefix, _)| *prefix)
        .chain([MARKER])
        .any(|prefix| starts_like(name, prefix))
}

/// What a Backup is by its labels, where its name has no time: one of the five, a marker, or nothing known.
pub fn prefix_by_labels(
    name: &str,
    label: impl Fn(&'static str) -> Option<String>,
) -> &'static str {
    if name.starts_with(MARKER) || label(TAKER).is_some() {
        return MARKER;
    }
    let kind = label(TYPE);
    let schedule = label(VELERO_SCHEDULE);
    FIVE.iter()
        .find(|(prefix, word)| kind.as_deref() == Some(word) || schedule.as_deref() == Some(prefix))
        .map_or("", |(prefix, _)| prefix)
}

/// The same name at another time.
pub fn stamp_like(name: &str, at: Time) -> String {
    prefix_of(name).map_or_else(
        || name.to_owned(),
        |prefix| crate::seen::stamped(prefix, at),
    )
}

/// The time in a name.
pub fn time_in(name: &str) -> Option<Time> {
    after(name, prefix_of(name)?)
}

fn after(name: &str, prefix: &str) -> Option<Time> {
    let digits = name.strip_prefix(prefix)?.strip_prefix('-')?;
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let small = |from, to| number(from, to).and_then(|value| i8::try_from(value).ok());
    let civil = DateTime::new(
        number(0, 4)?,
        small(4, 6)?,
        small(6, 8)?,
        small(8, 10)?,
        small(10, 12)?,
        small(12, 14)?,
        0,
    );
    let time = Offset::UTC.to_timestamp(civil.ok()?).ok()?;
    Some(time.as_second())
}

/// A name as Velero writes it into a label: what is too long ends in the start of its hash.
pub fn as_label(name: &str) -> String {
    const LONGEST: usize = 63;
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let mut label = name.get(..LONGEST - 6).unwrap_or_default().to_owned();
    for byte in Sha256::digest(name.as_bytes()).iter().take(3) {
        write!(label, "{byte:02x}").expect("a string takes what is written");
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_as_velero_cuts_it() {
        // Recorded with the real Velero 1.18.3.
        assert_eq!(
            as_label("restore-acm-passive-sync-acm-managed-clusters-schedule-20261125190821"),
            "restore-acm-passive-sync-acm-managed-clusters-schedule-206c8c03"
        );
    }

    #[test]
    fn the_time_in_a_name_is_utc() {
        assert_eq!(time_in("acm-restore-clusters-19700101000100"), Some(60));
        assert_eq!(time_in("acm-resources-schedule-19700101000100"), Some(60));
        assert_eq!(time_in("acm-resources-schedule-by-hand"), None);
        assert_eq!(time_in("acm-resources-schedule-20261399000000"), None);
    }
}
