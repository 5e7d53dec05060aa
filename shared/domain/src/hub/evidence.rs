//! What the storage holds of the operator's: which backup was made here, which was copied, by whom and
//! when (OWNERSHIP E1 to E6, T1, T2).

use super::clock::is_ahead;
use crate::hub::identity::HubId;
use crate::kinds::backup::{Backup, BackupType};
use crate::time::Now;
use crate::upstream::{MARKER_PREFIX, backup_label};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// The names of one run lie so close together (OWNERSHIP E4).
pub(super) const RUN: SignedDuration = SignedDuration::from_secs(10);

/// A Backup that Velero writes to itself has at least this generation once it is over; a copy has 1, or
/// 2 while it is deleted (OWNERSHIP E3).
const LEAST_OWN_GENERATION: i64 = 3;

/// The field that holds the time a backup was made for.
const NAME: &str = "metadata.name";

/// Labels only the operator gives.
const OPERATORS: [&str; 7] = [
    backup_label::BACKUP_CLUSTER,
    backup_label::RESTORE_CLUSTER,
    backup_label::SCHEDULE_NAME,
    backup_label::SCHEDULE_TYPE,
    backup_label::RESTORE_NAME,
    backup_label::HUB_DR,
    backup_label::RESTORED_CLUSTERS,
];

/// Whose something is, as far as evidence goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// This hub: it was made here, whatever id it carries.
    Here,
    /// Another one. Where the id is this hub's own it is a *twin*, where it is `unknown` nothing tells
    /// which.
    Other(HubId),
}

impl Party {
    /// The other hub's id.
    pub fn other(&self) -> Option<&HubId> {
        match self {
            Self::Here => None,
            Self::Other(id) => Some(id),
        }
    }
}

/// One of the operator's Backups, a marker included, with what follows from it alone.
#[derive(Clone, Debug)]
pub struct Written<'a> {
    /// The Backup.
    pub backup: &'a Backup,
    /// Which of the five; none for a marker.
    pub kind: Option<BackupType>,
    /// Who wrote it; on a marker, who took over.
    pub by: Party,
    /// The time in its name, else when Velero began it; as all three, no later than its copy arrived,
    /// and none where even that lies ahead of now (OWNERSHIP T1, T2).
    pub made: Option<Timestamp>,
    /// When Velero began it.
    pub begun: Option<Timestamp>,
    /// When Velero was done.
    pub ended: Option<Timestamp>,
    /// The newest sign of life it gives, one that lies ahead included (OWNERSHIP T2, Q4).
    pub sign: Option<Timestamp>,
    /// When this API server stored it, by our clock; none where that lies ahead of now.
    pub arrived: Option<Timestamp>,
    /// The same, ahead or not: for liveness only (OWNERSHIP T2).
    pub arrival: Option<Timestamp>,
    /// The first time on it that lies ahead (OWNERSHIP T2).
    pub ahead: Option<Ahead>,
    /// The time in its name lies ahead (OWNERSHIP T2).
    pub named_ahead: bool,
    /// A label says another type than its name, or than another label: it proves nothing for anybody.
    pub contradicts: bool,
}

impl Written<'_> {
    /// Whether it is an activation marker.
    pub fn is_marker(&self) -> bool {
        self.kind.is_none()
    }

    /// Whether its name tells a time.
    pub fn is_dated(&self) -> bool {
        self.backup.run().is_some()
    }

    /// Whether it was made on this hub.
    pub fn is_ours(&self) -> bool {
        self.by == Party::Here
    }
}

/// A time that lies ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Where it stands.
    pub field: &'static str,
    /// What stands there.
    pub at: Timestamp,
    /// What it is ahead of: now, or when the copy was stored here.
    pub reference: Timestamp,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Evidence<'a> {
    /// The operator's Backups, markers included, in the order they were listed.
    pub written: Vec<Written<'a>>,
    /// Backups that have the operator's name and none of its labels (OWNERSHIP E2).
    pub nameless: Vec<&'a Backup>,
}

/// Sorts the Backups of a snapshot by whose they are.
///
/// Nothing here depends on our own id: what was made here is ours, and what carries our id and was not is
/// a twin's (OWNERSHIP E5, E6).
pub fn gather(backups: &[Backup], now: Now) -> Evidence<'_> {
    let mut evidence = Evidence::default();
    let here = made_here(backups);
    for (backup, here) in backups.iter().zip(here) {
        match role_of(backup) {
            Role::NotTheOperators => {}
            Role::OnlyByName => evidence.nameless.push(backup),
            Role::Marker => {
                evidence
                    .written
                    .push(written(backup, None, taker(backup, here), here, now))
            }
            Role::Of(kind) => {
                let by = if here {
                    Party::Here
                } else {
                    Party::Other(backup.writer())
                };
                evidence
                    .written
                    .push(written(backup, Some(kind), by, here, now));
            }
        }
    }
    evidence
}

enum Role {
    NotTheOperators,
    OnlyByName,
    Marker,
    Of(BackupType),
}

fn role_of(backup: &Backup) -> Role {
    let marker = backup.meta.name.starts_with(MARKER_PREFIX);
    // What `latest` goes by is the beginning of the name alone.
    let kind = BackupType::of_prefix(&backup.meta.name)
        .or_else(|| label_types(backup).into_iter().flatten().next());
    let named = marker || BackupType::of_prefix(&backup.meta.name).is_some();
    let labelled = OPERATORS
        .iter()
        .any(|label| backup.meta.labels.contains_key(*label));
    match (kind, labelled) {
        (_, false) if named => Role::OnlyByName,
        (_, true) if marker => Role::Marker,
        (Some(kind), true) => Role::Of(kind),
        _ => Role::NotTheOperators,
    }
}

/// The type a backup's labels tell: the operator's own, and the Velero Schedule it was made for, by which
/// the operator itself looks for collisions (operator-facts §5).
fn label_types(backup: &Backup) -> [Option<BackupType>; 2] {
    let of = |label| backup.meta.label(label);
    [
        of(backup_label::SCHEDULE_TYPE).and_then(BackupType::of_label),
        of(backup_label::VELERO_SCHEDULE).and_then(BackupType::of_schedule),
    ]
}

fn taker(marker: &Backup, here: bool) -> Party {
    if here {
        return Party::Here;
    }
    Party::Other(HubId::new(
        marker
            .meta
            .label(backup_label::RESTORE_CLUSTER)
            .unwrap_or_default(),
    ))
}

fn written<'a>(
    backup: &'a Backup,
    kind: Option<BackupType>,
    by: Party,
    here: bool,
    now: Now,
) -> Written<'a> {
    let arrived = backup.meta.created;
    let arrived_ahead = arrived.is_some_and(|arrived| is_ahead(arrived, now));
    let mut ahead = None;
    let mut time = |field, moment: Option<Timestamp>| {
        let moment = moment?;
        let reference = match arrived {
            Some(arrived) if !here && is_ahead(moment, arrived) => Some(arrived),
            _ => is_ahead(moment, now).then(|| latest(now)),
        };
        if let Some(reference) = reference {
            ahead.get_or_insert(Ahead {
                field,
                at: moment,
                reference,
            });
        }
        match arrived {
            // A copy cannot tell of what came after it; and of ours what lies ahead is told by the
            // time it was stored.
            Some(arrived) if !here || reference.is_some() => Some(moment.min(arrived)),
            _ => Some(moment),
        }
    };
    let named = time(NAME, backup.run());
    let begun = time("status.startTimestamp", backup.started);
    let ended = time("status.completionTimestamp", backup.completed);
    if arrived_ahead && let Some(at) = arrived {
        ahead.get_or_insert(Ahead {
            field: "metadata.creationTimestamp",
            at,
            reference: latest(now),
        });
    }
    let sign = begun.max(ended).max(named.filter(|_| kind.is_none()));
    let in_order = |moment: Option<Timestamp>| moment.filter(|moment| !is_ahead(*moment, now));
    Written {
        backup,
        kind,
        by,
        // A takeover is told by the time in a marker's name, and by none that Velero writes (OWNERSHIP K1);
        // one without it by when it came.
        made: in_order(named.or(if kind.is_some() { begun } else { arrived })),
        named_ahead: ahead.is_some_and(|ahead| ahead.field == NAME),
        begun: in_order(begun),
        ended: in_order(ended),
        sign,
        arrived: in_order(arrived),
        arrival: arrived,
        ahead,
        contradicts: kind.is_some()
            && label_types(backup)
                .into_iter()
                .flatten()
                .any(|told| Some(told) != kind),
    }
}

/// What a time that lies ahead of now is ahead of.
fn latest(now: Now) -> Timestamp {
    now.latest().unwrap_or(now.earliest())
}

/// Which Backups were made on this hub, in their order (OWNERSHIP E3, E4).
pub fn made_here(backups: &[Backup]) -> Vec<bool> {
    let mut here: Vec<bool> = backups.iter().map(was_made_here).collect();
    let mut runs: BTreeMap<Option<HubId>, Vec<(Timestamp, usize)>> = BTreeMap::new();
    for (index, backup) in backups.iter().enumerate() {
        if let (Some(run), Role::Of(_)) = (backup.run(), role_of(backup)) {
            let writer = backup
                .meta
                .label(backup_label::BACKUP_CLUSTER)
                .map(HubId::new);
            runs.entry(writer).or_default().push((run, index));
        }
    }
    for mut run in runs.into_values() {
        run.sort_unstable();
        let mut rest = run.as_slice();
        while let Some((first, _)) = rest.first() {
            let length = rest
                .iter()
                .take_while(|(made, _)| made.duration_since(*first) <= RUN)
                .count();
            let (members, later) = rest.split_at(length);
            if members
                .iter()
                .any(|(_, index)| here.get(*index) == Some(&true))
            {
                for (_, index) in members {
                    if let Some(one) = here.get_mut(*index) {
                        *one = true;
                    }
                }
            }
            rest = later;
        }
    }
    here
}

/// OWNERSHIP E3: only finished backups are copied, and a copy comes whole.
fn was_made_here(backup: &Backup) -> bool {
    let Some(completed) = backup.completed else {
        return true;
    };
    // An API server always tells the generation; a dump may leave it out, and times are all there is then.
    let written_to = backup
        .meta
        .generation
        .is_none_or(|generation| generation >= LEAST_OWN_GENERATION);
    written_to
        && backup
            .meta
            .created
            .is_some_and(|created| created <= completed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::sets::tests::backup;

    #[test]
    fn a_dump_without_generations_leaves_the_times() {
        let of = |generation| {
            let mut backup = backup("a", BackupType::Resources, "160000");
            backup.meta.generation = generation;
            made_here(&[backup])
        };
        assert_eq!(of(None), [true]);
        assert_eq!(of(Some(1)), [false]);
        assert_eq!(of(Some(9)), [true]);
        let mut copy = backup("a", BackupType::Resources, "160000");
        copy.meta.generation = None;
        copy.meta.created = copy.completed.map(|at| at + SignedDuration::from_secs(1));
        assert_eq!(made_here(&[copy]), [false]);
    }
}
