//! The one model of who owns the fleet, worked out once from a snapshot.

use super::activity::Activity;
use super::clock::SKEW;
use super::evidence::{self, Evidence, Party, Written};
use super::fleet::Fleet;
use super::others::{self, OtherHub};
use super::record::Accepted;
use super::takeover::{self, Takeover, cannot_be_ordered};
use crate::hub::identity::HubId;
use crate::kinds::backup::BackupType;
use crate::snapshot::{Missing, Need, Snapshot};
use crate::time::Now;
use crate::time::saturating::Saturating;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How long after it was accepted a statement's activation may write its marker.
const ACTIVATION_TAKES: SignedDuration = SignedDuration::from_hours(24);

/// The word of the statement that a hub neither backs up nor re-imports.
const FENCED: &str = "fenced";

/// A fact the model rests on and has not.
#[derive(Clone, Debug, PartialEq)]
pub struct Blind {
    /// What was wanted, for a sentence.
    pub what: &'static str,
    /// Why it is not known.
    pub missing: Missing,
}

/// What was found out about the backups of a snapshot before anything was concluded.
///
/// Apart from [`HubView`], which borrows from it.
#[derive(Clone, Debug)]
pub struct Findings<'a> {
    snapshot: &'a Snapshot,
    evidence: Evidence<'a>,
    fleet: Fleet<'a>,
}

impl<'a> Findings<'a> {
    /// Looks through a snapshot.
    pub fn gather(snapshot: &'a Snapshot) -> Self {
        Self {
            evidence: evidence::gather(snapshot.backups.items(), snapshot.now),
            fleet: Fleet::new(snapshot.managed_clusters.items()),
            snapshot,
        }
    }
}

/// Who owns the fleet, and which other hubs are in question (OWNERSHIP).
#[derive(Clone, Debug)]
pub struct HubView<'a> {
    /// The snapshot it was worked out from.
    pub snapshot: &'a Snapshot,
    /// Its time.
    pub now: Now,
    /// This hub's id, where it tells hubs apart.
    pub own: Option<&'a HubId>,
    /// What it should rest on and could not look up (OWNERSHIP Q6).
    pub blind: Vec<Blind>,
    /// The operator's Backups by whose they are.
    pub written: &'a [Written<'a>],
    /// Backups with the operator's name only (OWNERSHIP E2).
    pub nameless: &'a [&'a crate::kinds::backup::Backup],
    /// The clusters this hub holds.
    pub fleet: &'a Fleet<'a>,
    /// Every takeover, oldest first.
    pub takeovers: Vec<Takeover<'a>>,
    /// The owners: one as a rule, several where nothing tells them apart, none where nobody wrote managed
    /// clusters (OWNERSHIP K5).
    pub owners: Vec<Party>,
    /// What this hub itself wrote, and how lately; none where it wrote nothing.
    pub here: Option<(OtherHub<'a>, Activity<'a>)>,
    /// The other hubs by id.
    pub others: BTreeMap<HubId, Standing<'a>>,
}

/// How another hub stands.
#[derive(Clone, Debug)]
pub struct Standing<'a> {
    /// The hub and what it did.
    pub hub: OtherHub<'a>,
    /// How lively it is.
    pub activity: Activity<'a>,
    /// The takeover that supersedes it, by its place in [`HubView::takeovers`]; in question without.
    pub superseded_by: Option<usize>,
}

impl Standing<'_> {
    /// Whether it must be answered for before this hub activates (OWNERSHIP Q1).
    pub fn is_in_question(&self) -> bool {
        self.superseded_by.is_none()
    }

    /// In question, and live (OWNERSHIP Q4).
    pub fn is_live(&self) -> bool {
        self.is_in_question() && self.activity.live
    }
}

impl<'a> HubView<'a> {
    /// What it rests on.
    pub const NEEDS: [Need; 7] = [
        Need::HubId,
        Need::Backups,
        Need::StorageLocations,
        Need::Restores,
        Need::VeleroRestores,
        Need::ManagedClusters,
        Need::Accepted,
    ];

    /// Works the model out.
    pub fn new(findings: &'a Findings<'a>) -> Self {
        let snapshot = findings.snapshot;
        let own = snapshot.hub_id.value().filter(|id| id.is_known());
        let written = findings.evidence.written.as_slice();
        let takeovers = takeover::all(
            written,
            snapshot.velero_restores.items(),
            &findings.fleet,
            own,
            snapshot.now,
        );
        let hubs = others::all(
            written,
            &takeovers,
            snapshot.restores.items(),
            snapshot.velero_restores.items(),
            own,
        );
        let mut view = Self {
            snapshot,
            now: snapshot.now,
            own,
            blind: blind(snapshot),
            written,
            nameless: &findings.evidence.nameless,
            fleet: &findings.fleet,
            owners: Vec::new(),
            here: others::here(written, own).map(|hub| {
                let activity = Activity::of(&hub, snapshot.storage_locations.items(), snapshot.now);
                (hub, activity)
            }),
            others: BTreeMap::new(),
            takeovers,
        };
        let standings: BTreeMap<_, _> = hubs
            .iter()
            .map(|(id, hub)| {
                let superseded_by = view.superseder(hub, &hubs);
                let activity = Activity::of(hub, snapshot.storage_locations.items(), snapshot.now);
                (id.clone(), (activity, superseded_by))
            })
            .collect();
        view.owners = view.owners_of(&hubs);
        view.others = hubs
            .into_iter()
            .zip(standings.into_values())
            .map(|((id, hub), (activity, superseded_by))| {
                let standing = Standing {
                    hub,
                    activity,
                    superseded_by,
                };
                (id, standing)
            })
            .collect();
        view
    }

    /// The hubs in question.
    pub fn in_question(&self) -> impl Iterator<Item = &Standing<'a>> {
        self.others
            .values()
            .filter(|standing| standing.is_in_question())
    }

    /// The hubs that were superseded, each with the takeover that did it (OWNERSHIP Q3).
    pub fn superseded(&self) -> impl Iterator<Item = (&Standing<'a>, &Takeover<'a>)> {
        self.others.values().filter_map(|standing| {
            let takeover = self.takeovers.get(standing.superseded_by?)?;
            Some((standing, takeover))
        })
    }

    /// Whether this hub owns the fleet, alone or with others.
    pub fn owns(&self, party: &Party) -> bool {
        self.owners.contains(party)
    }

    /// Whether this hub alone is owner, by a takeover (OWNERSHIP P3).
    pub fn is_sole_owner_by_takeover(&self) -> bool {
        self.owners == [Party::Here]
            && self.takeovers.iter().any(|takeover| {
                takeover.by == Party::Here && takeover.counts() && takeover.at.is_some()
            })
    }

    /// A hub's newest takeover that counts.
    pub fn last_takeover(&self, party: &Party) -> Option<&Takeover<'a>> {
        self.takeovers
            .iter()
            .rev()
            .find(|takeover| takeover.by == *party && takeover.counts() && takeover.at.is_some())
    }

    /// The newest takeover that counts, whoever took over.
    pub fn newest_takeover(&self) -> Option<&Takeover<'a>> {
        self.takeovers
            .iter()
            .rev()
            .find(|takeover| takeover.counts() && takeover.at.is_some())
    }

    /// The newest managed-clusters backup of a hub that Velero completed, made after `since`.
    pub fn completed_clusters(
        &self,
        party: &Party,
        since: Option<Timestamp>,
    ) -> Option<&'a Written<'a>> {
        self.written
            .iter()
            .filter(|one| one.kind == Some(BackupType::ManagedClusters) && one.by == *party)
            .filter(|one| one.backup.phase == "Completed" && !one.contradicts)
            .filter(|one| since.is_none_or(|since| one.made > Some(since)))
            // Of two of one second the larger: less than half of it is asked about.
            .max_by_key(|one| (one.made, one.backup.items, one.begun))
    }

    /// The record of accepted statements, as far as it could be read.
    pub fn accepted(&self) -> &'a [Accepted] {
        self.snapshot.accepted.items()
    }

    fn owners_of(&self, hubs: &BTreeMap<HubId, OtherHub<'a>>) -> Vec<Party> {
        let counting = || {
            self.takeovers
                .iter()
                .filter(|takeover| takeover.counts() && takeover.at.is_some())
        };
        // Odd evidence takes nobody's place: one that is told by a time ahead makes an owner beside the
        // others, and of two that cannot be put in an order both are (OWNERSHIP T2, T3).
        // A hub's own are always in the order in which they came here.
        let beats = |later: &Takeover<'_>, earlier: &Takeover<'_>| {
            later.at > earlier.at
                && (later.by == earlier.by || !later.ahead && !cannot_be_ordered(later, earlier))
        };
        let mut owners: Vec<Party> = match counting().next() {
            Some(_) => counting()
                .filter(|one| !counting().any(|other| beats(other, one)))
                .map(|takeover| takeover.by.clone())
                .collect(),
            None => {
                let others = hubs
                    .values()
                    .filter(|hub| hub.wrote_clusters)
                    .map(OtherHub::party);
                let here = self
                    .written
                    .iter()
                    .any(|one| one.is_ours() && one.kind == Some(BackupType::ManagedClusters))
                    && !self.fleet.is_empty();
                here.then_some(Party::Here)
                    .into_iter()
                    .chain(others)
                    .collect()
            }
        };
        owners.sort();
        owners.dedup();
        owners
    }

    /// The newest takeover that supersedes a hub, by its place (OWNERSHIP Q2).
    fn superseder(
        &self,
        hub: &OtherHub<'a>,
        hubs: &BTreeMap<HubId, OtherHub<'a>>,
    ) -> Option<usize> {
        self.takeovers
            .iter()
            .enumerate()
            .rev()
            .find(|(_, takeover)| self.supersedes(takeover, hub, hubs))
            .map(|(index, _)| index)
    }

    fn supersedes(
        &self,
        takeover: &Takeover<'a>,
        hub: &OtherHub<'a>,
        hubs: &BTreeMap<HubId, OtherHub<'a>>,
    ) -> bool {
        let Some(at) = takeover
            .at
            .filter(|_| takeover.counts() && !takeover.ahead && takeover.by != hub.party())
        else {
            return false;
        };
        // Who is called `unknown` may be the very one who took over (OWNERSHIP E6).
        if hub.is_nameless() && !takeover.told.is_known() {
            return false;
        }
        let manages = match &takeover.by {
            Party::Here => true,
            Party::Other(taker) => hubs
                .get(taker)
                .and_then(|taker| taker.clusters)
                .is_some_and(|clusters| clusters.at > at),
        };
        if !manages {
            return false;
        }
        if !hub.has_deeds {
            return takeover.told_by.marker().is_some()
                && takeover.source.as_ref() == Some(&hub.id);
        }
        let unordered = self.takeovers.iter().any(|other| {
            other.by == hub.party()
                && (cannot_be_ordered(takeover, other) || other.counts() && other.at.is_none())
        });
        if unordered {
            return false;
        }
        let made = hub.made.map(|made| made.at);
        if self.was_fenced(hub, takeover) {
            return made.max(hub.took_over).is_some_and(|last| at > last);
        }
        // A copy that came well after the takeover did counts as ended after it, whatever its times say. A
        // takeover here that no marker tells of has a time of our own clock as well.
        let late_copy = takeover
            .stored
            .zip(hub.last_arrived)
            .is_some_and(|(stored, arrived)| arrived.duration_since(stored) > SKEW);
        let last = made
            .max(hub.begun.map(|begun| begun.at))
            .max(hub.ended.map(|ended| ended.at))
            .max(hub.took_over);
        !late_copy && last.is_some_and(|last| at > last)
    }

    /// Whether a hub was stated to be fenced for the activation that wrote a marker: then what it made
    /// decides, and what waited in its queue does not (OWNERSHIP Q2).
    fn was_fenced(&self, hub: &OtherHub<'_>, takeover: &Takeover<'_>) -> bool {
        let (Some(marker), Some(at)) = (takeover.told_by.marker(), takeover.at) else {
            return false;
        };
        let Some(restore) = marker
            .meta
            .label(crate::upstream::backup_label::RESTORE_NAME)
        else {
            return false;
        };
        takeover.by == Party::Here
            && self.accepted().iter().any(|accepted| {
                accepted.kind == FENCED
                    && accepted.about == hub.id.as_str()
                    && accepted.holder.strip_prefix("Restore/") == Some(restore)
                    && at.plus(SKEW) >= accepted.accepted
                    && at <= accepted.accepted.plus(ACTIVATION_TAKES)
            })
    }
}

/// What could not be looked up and decides (OWNERSHIP Q6).
fn blind(snapshot: &Snapshot) -> Vec<Blind> {
    // A hub whose API server knows no ManagedClusters holds none.
    let clusters = snapshot
        .managed_clusters
        .get()
        .err()
        .filter(|missing| !matches!(missing, Missing::NoKind { .. }));
    let facts: [(&'static str, Option<&Missing>); 6] = [
        ("this hub's own id", snapshot.hub_id.get().err()),
        ("the backups in the storage", snapshot.backups.get().err()),
        (
            "how fresh this hub's view of the storage is",
            snapshot.storage_locations.get().err(),
        ),
        ("the Restores of this hub", snapshot.restores.get().err()),
        (
            "what Velero restored here",
            snapshot.velero_restores.get().err(),
        ),
        ("the clusters this hub holds", clusters),
    ];
    facts
        .into_iter()
        .filter_map(|(what, missing)| {
            Some(Blind {
                what,
                missing: missing?.clone(),
            })
        })
        .collect()
}
