//! The other hubs the evidence names, and what each of them did (OWNERSHIP E1, Q1).

use super::evidence::{Party, Written};
use super::takeover::Takeover;
use crate::hub::identity::HubId;
use crate::kinds::backup::BackupType;
use crate::kinds::restore::Restore;
use crate::kinds::velero_restore::VeleroRestore;
use crate::upstream::backup_label;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Something a hub did, and what tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deed<'a> {
    /// When.
    pub at: Timestamp,
    /// Name of the Backup that tells.
    pub backup: &'a str,
}

/// Another hub, and everything the evidence tells of it.
#[derive(Clone, Debug)]
pub struct OtherHub<'a> {
    /// Its id; this hub's own where it is a twin.
    pub id: HubId,
    /// It carries this hub's own id.
    pub twin: bool,
    /// What it made last, by the times in the names; markers included.
    pub made: Option<Deed<'a>>,
    /// The backup it began last.
    pub begun: Option<Deed<'a>>,
    /// The backup it ended last.
    pub ended: Option<Deed<'a>>,
    /// What it began or ended last, markers included: what refutes that it is down (OWNERSHIP S2).
    pub worked: Option<Deed<'a>>,
    /// What it began last, markers included.
    pub begun_at_all: Option<Deed<'a>>,
    /// Its newest sign of life, one that lies ahead of now included.
    pub sign: Option<Deed<'a>>,
    /// The managed-clusters backup it made last that can be restored.
    pub clusters: Option<Deed<'a>>,
    /// It wrote managed clusters at all.
    pub wrote_clusters: bool,
    /// When the last of its copies arrived, as far as that is no later than now.
    pub last_arrived: Option<Timestamp>,
    /// When the first and the last of its copies arrived.
    pub arrivals: Option<(Timestamp, Timestamp)>,
    /// When it last took over.
    pub took_over: Option<Timestamp>,
    /// It is known by hollow markers only.
    pub hollow_only: bool,
    /// It has left anything but its name.
    pub has_deeds: bool,
    /// A marker that was not made here names it as its source.
    pub named_elsewhere: bool,
    /// The sync Restore that names it, where one follows it.
    pub followed_by: Option<&'a str>,
    /// Its BackupSchedule, as its newest backup tells.
    pub schedule: Option<&'a str>,
    /// Everything it wrote.
    pub written: Vec<&'a Written<'a>>,
}

impl<'a> OtherHub<'a> {
    fn new(id: HubId, own: Option<&HubId>) -> Self {
        Self {
            twin: own == Some(&id),
            id,
            made: None,
            begun: None,
            ended: None,
            worked: None,
            begun_at_all: None,
            sign: None,
            clusters: None,
            wrote_clusters: false,
            last_arrived: None,
            arrivals: None,
            took_over: None,
            hollow_only: false,
            has_deeds: false,
            named_elsewhere: false,
            followed_by: None,
            schedule: None,
            written: Vec::new(),
        }
    }

    /// Who it is among the parties.
    pub fn party(&self) -> Party {
        Party::Other(self.id.clone())
    }

    /// Whether an id tells it apart from others.
    pub fn is_nameless(&self) -> bool {
        !self.id.is_known()
    }

    fn add(&mut self, one: &'a Written<'a>) {
        let backup = one.backup.meta.name.as_str();
        let deed = |at: Option<Timestamp>| at.map(|at| Deed { at, backup });
        self.has_deeds = true;
        self.made = self.made.max(deed(one.made));
        self.worked = self.worked.max(deed(one.begun)).max(deed(one.ended));
        self.begun_at_all = self.begun_at_all.max(deed(one.begun));
        self.sign = self.sign.max(deed(one.sign));
        self.last_arrived = self.last_arrived.max(one.arrived);
        if let Some(arrival) = one.arrival {
            let (first, last) = self.arrivals.unwrap_or((arrival, arrival));
            self.arrivals = Some((first.min(arrival), last.max(arrival)));
        }
        // A marker waits in Velero's queue like any backup; it is told by its name (OWNERSHIP K1).
        if !one.is_marker() {
            self.begun = self.begun.max(deed(one.begun));
            self.ended = self.ended.max(deed(one.ended));
        }
        if one.kind == Some(BackupType::ManagedClusters) && !one.contradicts {
            self.wrote_clusters = true;
            if one.backup.has_data() {
                self.clusters = self.clusters.max(deed(one.made));
            }
        }
        self.written.push(one);
    }

    fn finish(&mut self) {
        self.schedule = self
            .written
            .iter()
            .filter(|one| !one.is_marker())
            .max_by_key(|one| one.begun)
            .and_then(|one| one.backup.meta.label(backup_label::SCHEDULE_NAME));
    }
}

/// Every other hub, by id.
pub fn all<'a>(
    written: &'a [Written<'a>],
    takeovers: &[Takeover<'a>],
    restores: &'a [Restore],
    velero_restores: &'a [VeleroRestore],
    own: Option<&HubId>,
) -> BTreeMap<HubId, OtherHub<'a>> {
    let mut hubs: BTreeMap<HubId, OtherHub<'a>> = BTreeMap::new();
    let mut named = |id: &HubId| {
        hubs.entry(id.clone())
            .or_insert_with(|| OtherHub::new(id.clone(), own));
    };
    for one in written {
        one.by.other().into_iter().for_each(&mut named);
    }
    // Our own id as a source names us; what of it was not made here has told of a twin already.
    for source in takeovers
        .iter()
        .filter(|takeover| takeover.told_by.marker().is_some())
        .filter_map(|takeover| takeover.source.as_ref())
        .filter(|id| own != Some(*id))
    {
        named(source);
    }
    let followed: Vec<_> = followed(written, restores, velero_restores)
        .filter(|(id, _)| own != Some(id))
        .collect();
    for (id, _) in &followed {
        named(id);
    }
    for one in written {
        if let Some(hub) = one.by.other().and_then(|id| hubs.get_mut(id)) {
            hub.add(one);
        }
    }
    for takeover in takeovers.iter().filter(|takeover| takeover.counts()) {
        if let Some(hub) = takeover.by.other().and_then(|id| hubs.get_mut(id)) {
            hub.took_over = hub.took_over.max(takeover.at);
        }
    }
    for (id, restore) in followed {
        if let Some(hub) = hubs.get_mut(&id) {
            hub.followed_by = Some(restore);
        }
    }
    for hub in hubs.values_mut() {
        hub.finish();
        hub.named_elsewhere = takeovers.iter().any(|takeover| {
            takeover.by != Party::Here && takeover.source.as_ref() == Some(&hub.id)
        });
        hub.hollow_only = hub.has_deeds
            && hub.took_over.is_none()
            && hub.followed_by.is_none()
            && hub.written.iter().all(|one| one.is_marker())
            && !takeovers.iter().any(|takeover| {
                takeover.counts() && takeover.by == hub.party()
                    || takeover.told_by.marker().is_some()
                        && !takeover.hollow
                        && !hub.twin
                        && takeover.by != hub.party()
                        && takeover.source.as_ref() == Some(&hub.id)
            });
    }
    hubs
}

/// What this hub itself wrote, told as of any other; none where it wrote nothing.
pub fn here<'a>(written: &'a [Written<'a>], own: Option<&HubId>) -> Option<OtherHub<'a>> {
    let mut hub = OtherHub::new(own.cloned().unwrap_or_else(HubId::unknown), None);
    for one in written.iter().filter(|one| one.is_ours()) {
        hub.add(one);
    }
    hub.finish();
    hub.has_deeds.then_some(hub)
}

/// The hubs that syncs which still follow were restored from.
fn followed<'a>(
    written: &'a [Written<'a>],
    restores: &'a [Restore],
    velero_restores: &'a [VeleroRestore],
) -> impl Iterator<Item = (HubId, &'a str)> {
    restores
        .iter()
        .filter(|restore| restore.is_passive_sync())
        .flat_map(move |restore| {
            velero_restores
                .iter()
                .filter(|velero| velero.is_of(&restore.meta.name))
                .filter_map(move |velero| {
                    let id = velero.source().or_else(|| {
                        written
                            .iter()
                            .find(|one| one.backup.meta.name == velero.backup)
                            .and_then(|one| one.by.other().cloned())
                    })?;
                    Some((id, restore.meta.name.as_str()))
                })
        })
}
