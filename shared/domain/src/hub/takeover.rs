//! Takeovers: who made which hub the active one, and when (OWNERSHIP K1 to K5, T2, T3).

use super::clock::{SKEW, is_ahead};
use super::evidence::{Party, Written};
use super::fleet::Fleet;
use crate::hub::identity::HubId;
use crate::kinds::backup::{Backup, BackupType, run_of_name};
use crate::kinds::velero_restore::VeleroRestore;
use crate::time::Now;
use crate::upstream::backup_label;
use jiff::Timestamp;
use std::cmp::Ordering;

/// A hub took the fleet over, or says so.
#[derive(Clone, Debug)]
pub struct Takeover<'a> {
    /// The hub that took over.
    pub by: Party,
    /// The id it is told by: on a marker the label's, else this hub's own.
    pub told: HubId,
    /// When, as far as it can be put in an order with others; none where that lies ahead of now.
    pub at: Option<Timestamp>,
    /// When what tells of it was stored here, by our clock; none where that lies ahead of now.
    pub stored: Option<Timestamp>,
    /// What tells of it.
    pub told_by: ToldBy<'a>,
    /// The hub its marker names as the one it restored from.
    pub source: Option<HubId>,
    /// Who wrote what it restored (OWNERSHIP P2): as its marker tells, or here as the Backup does.
    pub restored_from: Vec<Party>,
    /// The managed-clusters backup it restored.
    pub restored: Option<String>,
    /// Its marker names no backup: it only puts its hub in question (OWNERSHIP K2). A misspelt `skip` writes such
    /// a one. So does 2.17 when it looks at an activation before it has read the name of the clusters' restore back;
    /// the marker of its next look replaces it, unless that comes in the same second and so under the same name.
    pub hollow: bool,
    /// Of this hub: none of the clusters it brought is here (any more), so it makes no owner
    /// (OWNERSHIP K3).
    pub given_back: bool,
    /// Its time lies ahead: it makes an owner and supersedes nobody (OWNERSHIP T2).
    pub ahead: bool,
}

/// What tells of a takeover.
#[derive(Clone, Debug, PartialEq)]
pub enum ToldBy<'a> {
    /// An activation marker.
    Marker(&'a Backup),
    /// A Velero Restore of managed clusters on this hub.
    Restore(&'a str),
    /// The clusters such a restore brought; it itself is gone.
    Clusters(&'a str),
}

impl ToldBy<'_> {
    /// The object's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Marker(marker) => &marker.meta.name,
            Self::Restore(name) | Self::Clusters(name) => name,
        }
    }

    /// The marker, where it is one.
    pub fn marker(&self) -> Option<&Backup> {
        match self {
            Self::Marker(marker) => Some(marker),
            _ => None,
        }
    }
}

impl Takeover<'_> {
    /// The time it is told by: on a marker the one in its name, as it stands there.
    fn named(&self) -> Option<Timestamp> {
        match self.told_by {
            ToldBy::Marker(marker) => marker.run(),
            ToldBy::Restore(_) | ToldBy::Clusters(_) => self.at,
        }
    }

    /// Whether it makes its hub an owner (OWNERSHIP K2, K3, K5).
    pub fn counts(&self) -> bool {
        !self.hollow && !self.given_back
    }
}

/// Every takeover the evidence tells of, oldest first; those that do not count included.
pub fn all<'a>(
    written: &[Written<'a>],
    restores: &'a [VeleroRestore],
    fleet: &Fleet<'a>,
    own: Option<&HubId>,
    now: Now,
) -> Vec<Takeover<'a>> {
    let mut found = Vec::new();
    found.extend(restores.iter().filter_map(|restore| {
        let ended = restore.is_over().then_some(restore.completed)??;
        BackupType::of_clusters(&restore.backup).then(|| {
            let ahead = is_ahead(ended, now);
            let at = match restore.meta.created {
                Some(created) if ahead => created,
                _ => ended,
            };
            Takeover {
                by: Party::Here,
                told: own.cloned().unwrap_or_else(HubId::unknown),
                at: Some(at).filter(|at| !is_ahead(*at, now)),
                stored: Some(at).filter(|at| !is_ahead(*at, now)),
                told_by: ToldBy::Restore(&restore.meta.name),
                restored_from: match (writer(&restore.backup, written), restore.source()) {
                    (Some(writer), _) => vec![writer],
                    (None, Some(id)) => named(&id, own),
                    (None, None) => Vec::new(),
                },
                source: None,
                restored: Some(restore.backup.clone()),
                hollow: false,
                given_back: !fleet.came_by(&restore.meta.name),
                ahead,
            }
        })
    }));
    found.extend(fleet.arrivals().filter_map(|(label, arrival)| {
        let gone = !restores
            .iter()
            .any(|restore| super::fleet::label_value(&restore.meta.name) == label);
        let latest = arrival.created.max(arrival.backup.and_then(run_of_name))?;
        let ahead = is_ahead(latest, now);
        let at = if ahead { arrival.created? } else { latest };
        (gone && arrival.backup.is_some_and(BackupType::of_clusters)).then(|| Takeover {
            by: Party::Here,
            told: own.cloned().unwrap_or_else(HubId::unknown),
            at: Some(at).filter(|at| !is_ahead(*at, now)),
            stored: Some(at).filter(|at| !is_ahead(*at, now)),
            told_by: ToldBy::Clusters(label),
            restored_from: writer(arrival.backup.unwrap_or_default(), written)
                .into_iter()
                .collect(),
            source: None,
            restored: arrival.backup.map(str::to_owned),
            hollow: false,
            given_back: false,
            ahead,
        })
    }));
    // Of two that tell of one second the marker comes last: it says most.
    found.extend(
        written
            .iter()
            .filter(|one| one.is_marker())
            .map(|one| of_marker(one, fleet, own, written)),
    );
    found.sort_by_key(|takeover| takeover.at);
    found
}

fn of_marker<'a>(
    one: &Written<'a>,
    fleet: &Fleet<'a>,
    own: Option<&HubId>,
    written: &[Written<'_>],
) -> Takeover<'a> {
    let meta = &one.backup.meta;
    let restored = meta
        .label(backup_label::RESTORED_CLUSTERS)
        .filter(|name| !name.is_empty());
    let source = meta
        .label(backup_label::BACKUP_CLUSTER)
        .filter(|id| !id.is_empty())
        .map(HubId::new);
    let told = match &one.by {
        Party::Other(id) => id.clone(),
        Party::Here => meta
            .label(backup_label::RESTORE_CLUSTER)
            .map(HubId::new)
            .or_else(|| own.cloned())
            .unwrap_or_else(HubId::unknown),
    };
    Takeover {
        told,
        at: one.made,
        stored: one.arrived,
        told_by: ToldBy::Marker(one.backup),
        restored_from: match &source {
            Some(id) => named(id, own),
            None => writer(restored.unwrap_or_default(), written)
                .into_iter()
                .collect(),
        },
        source,
        hollow: restored.is_none(),
        given_back: one.is_ours() && !restored.is_some_and(|backup| fleet.came_from(backup)),
        restored: restored.map(str::to_owned),
        // One that tells no time takes nobody's place either.
        ahead: one.named_ahead || !one.is_dated(),
        by: one.by.clone(),
    }
}

/// Who wrote a backup.
fn writer(backup: &str, written: &[Written<'_>]) -> Option<Party> {
    written
        .iter()
        .find(|one| one.backup.meta.name == backup)
        .map(|one| one.by.clone())
}

/// Who an id in a label may mean: our own means us or a twin, and so does none where we have none.
fn named(id: &HubId, own: Option<&HubId>) -> Vec<Party> {
    let ours = own == Some(id) || own.is_none() && !id.is_known();
    ours.then_some(Party::Here)
        .into_iter()
        .chain([Party::Other(id.clone())])
        .collect()
}

/// Whether two takeovers of different hubs cannot be put in an order: their markers' names are of one second,
/// or say another order than their arrivals here by more than five minutes (OWNERSHIP T3). One here that no
/// marker tells of ended by the clock that tells arrivals.
pub fn cannot_be_ordered(a: &Takeover<'_>, b: &Takeover<'_>) -> bool {
    if a.by == b.by {
        return false;
    }
    let (Some(first), Some(second)) = (a.named(), b.named()) else {
        return false;
    };
    let markers = a.told_by.marker().is_some() && b.told_by.marker().is_some();
    if markers && first.as_second() == second.as_second() {
        return true;
    }
    let (Some(first_stored), Some(second_stored)) = (a.stored, b.stored) else {
        return false;
    };
    let apart = first_stored.duration_since(second_stored);
    match first.cmp(&second) {
        Ordering::Less => apart > SKEW,
        Ordering::Equal => false,
        Ordering::Greater => apart < -SKEW,
    }
}
