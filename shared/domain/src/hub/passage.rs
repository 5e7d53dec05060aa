//! What an activation and a BackupSchedule must have answered before they pass (OWNERSHIP Q5, P1 to P3).

use super::clock::is_ahead;
use super::evidence::{Party, Written};
use super::view::{HubView, Standing};
use crate::hub::identity::HubId;
use crate::hub::sets::{BackupSet, backup_sets};
use crate::kinds::backup::{Backup, BackupType};
use crate::kinds::restore::{BackupChoice, Restore};
use crate::kinds::storage_location::StorageLocation;
use crate::snapshot::{Fact, Missing};
use crate::time::Now;
use jiff::Timestamp;

/// The location Velero uses where nothing names one.
const DEFAULT_LOCATION: &str = "default";

/// What must be answered before this hub may activate.
#[derive(Clone, Debug)]
pub struct Passage<'a> {
    /// The managed-clusters backup that would be restored; none where the name resolves to nothing.
    pub set: Option<&'a Backup>,
    /// Why the backup that is named could not be looked up.
    pub set_missing: Option<Missing>,
    /// Why the set must not be taken by `latest`; one that is named outright is only warned of.
    pub objection: Option<Objection<'a>>,
    /// Whether that refuses: `latest` was asked for.
    pub refused: bool,
    /// What has to be answered, each by a statement.
    pub open: Vec<Question<'a>>,
}

/// Something only a person can answer.
#[derive(Clone, Debug)]
pub enum Question<'a> {
    /// A hub in question, or a twin, or hubs without names.
    Hub(Box<Standing<'a>>),
    /// A location whose content is not known.
    Location {
        /// Its name.
        name: String,
        /// Why not.
        why: Unread,
    },
}

impl Question<'_> {
    /// What a statement must name to answer it.
    pub fn about(&self) -> String {
        match self {
            Self::Hub(standing) => standing.hub.id.as_str().to_owned(),
            Self::Location { name, .. } => format!("location/{name}"),
        }
    }

    /// The hub it is about.
    pub fn hub(&self) -> Option<&Standing<'_>> {
        match self {
            Self::Hub(standing) => Some(standing),
            Self::Location { .. } => None,
        }
    }
}

/// Why what is in a location is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// There is no such location here.
    Absent,
    /// Velero cannot reach it, and says so.
    NotAvailable(String),
    /// Its spec switches reading off.
    SwitchedOff,
    /// Velero has not read it yet.
    Never,
    /// Velero read it last at this time, too long ago (or ahead of now).
    Stale(Timestamp),
}

/// Why `latest` must not take a set (OWNERSHIP E2, P2).
#[derive(Clone, Debug)]
pub enum Objection<'a> {
    /// A backup has the operator's name and none of its labels, or labels that contradict the name.
    Unlabelled {
        /// That backup, of the set or of what would be restored with it.
        backup: &'a Backup,
    },
    /// Its writer is no owner of the fleet.
    NotTheOwners {
        /// Who wrote it.
        writer: Party,
        /// Who owns the fleet.
        owners: Vec<Party>,
    },
    /// It is this hub's own, and this hub holds no cluster while another is in question.
    OwnWithoutClusters {
        /// A hub in question.
        other: HubId,
    },
    /// It holds less than half of what an owner's newest complete one holds.
    Shrunk {
        /// What it holds.
        items: i64,
        /// The one to compare with.
        whole: &'a Backup,
    },
}

impl<'a> HubView<'a> {
    /// What must be answered before `restore` may activate; `named` is the managed-clusters backup it
    /// names, looked up by name.
    pub fn passage(
        &self,
        restore: &Restore,
        named: impl FnOnce(&str) -> Option<&'a Fact<Option<Backup>>>,
    ) -> Passage<'a> {
        let choice = BackupChoice::parse(restore.managed_clusters.as_deref());
        let (set, set_missing) = match &choice {
            BackupChoice::Latest => (self.latest_clusters(), None),
            BackupChoice::Named(name) => match named(name).map(Fact::get) {
                Some(Ok(found)) => (found.as_ref(), None),
                Some(Err(missing)) => (None, Some(missing.clone())),
                None => (self.backup(name), None),
            },
            BackupChoice::Skip | BackupChoice::Unset => (None, None),
        };
        let of_set = set.and_then(|set| self.objection(set));
        let beside = self.unlabelled_beside(restore);
        let refused = beside.is_some() || of_set.is_some() && choice == BackupChoice::Latest;
        Passage {
            set,
            set_missing,
            refused,
            objection: of_set.or(beside.map(|backup| Objection::Unlabelled { backup })),
            open: self.open(set),
        }
    }

    /// What `latest` of the other names resolves to and tells no hub (OWNERSHIP E2).
    fn unlabelled_beside(&self, restore: &Restore) -> Option<&'a Backup> {
        let asked =
            |name: &Option<String>| BackupChoice::parse(name.as_deref()) == BackupChoice::Latest;
        let credentials = asked(&restore.credentials).then_some(BackupType::Credentials);
        let resources = asked(&restore.resources)
            .then_some([BackupType::Resources, BackupType::ResourcesGeneric]);
        credentials
            .into_iter()
            .chain(resources.into_iter().flatten())
            .filter_map(|kind| super::sets::latest(self.snapshot.backups.items(), kind))
            .find(|backup| {
                self.written_as(backup)
                    .is_none_or(|written| written.contradicts)
            })
    }

    /// The managed-clusters backup `latest` resolves to.
    pub fn latest_clusters(&self) -> Option<&'a Backup> {
        crate::hub::sets::latest(self.snapshot.backups.items(), BackupType::ManagedClusters)
    }

    /// The newest whole set that may be restored here without objection: what a pinned activation names.
    pub fn best_set(&self) -> Option<BackupSet<'a>> {
        let sets = backup_sets(self.snapshot.backups.items());
        let takes = |set: &BackupSet<'a>| {
            set.members
                .get(&BackupType::ManagedClusters)
                .is_some_and(|clusters| self.objection(clusters).is_none())
        };
        let newest = |whole: fn(&BackupSet<'a>) -> bool| {
            sets.iter()
                .rev()
                .filter(|set| whole(set))
                .find(|set| takes(set))
        };
        newest(BackupSet::is_complete)
            .or_else(|| newest(BackupSet::is_usable))
            .cloned()
    }

    fn backup(&self, name: &str) -> Option<&'a Backup> {
        self.snapshot
            .backups
            .items()
            .iter()
            .find(|backup| backup.meta.name == name)
    }

    fn open(&self, set: Option<&Backup>) -> Vec<Question<'a>> {
        // Who is called `unknown` is not known, superseded or not (OWNERSHIP Q5).
        let hubs = self
            .others
            .values()
            .filter(|standing| {
                standing.is_in_question()
                    || standing.hub.is_nameless()
                        && (standing.hub.has_deeds || standing.hub.named_elsewhere)
            })
            .map(|standing| Question::Hub(Box::new(standing.clone())));
        let locations = self.deciding_locations(set).into_iter().filter_map(|name| {
            let why = self.unread(&name)?;
            Some(Question::Location { name, why })
        });
        hubs.chain(locations).collect()
    }

    /// The location the set lies in, and the default one.
    pub fn deciding_locations(&self, set: Option<&Backup>) -> Vec<String> {
        let locations = self.snapshot.storage_locations.items();
        let default = locations
            .iter()
            .find(|location| location.is_default)
            .map_or_else(
                || match locations {
                    [only] => only.meta.name.clone(),
                    _ => DEFAULT_LOCATION.to_owned(),
                },
                |location| location.meta.name.clone(),
            );
        let of_set = set
            .and_then(Backup::storage_location)
            .map_or_else(|| default.clone(), str::to_owned);
        let mut names = vec![of_set, default];
        names.dedup();
        names
    }

    /// Why what is in a location is not known; nothing where it is.
    pub fn unread(&self, name: &str) -> Option<Unread> {
        let location = self
            .snapshot
            .storage_locations
            .items()
            .iter()
            .find(|location| location.meta.name == name);
        match location {
            None => Some(Unread::Absent),
            Some(location) => unread(location, self.now),
        }
    }

    /// Why a set must not be taken unseen (OWNERSHIP E2, P2).
    pub fn objection(&self, set: &'a Backup) -> Option<Objection<'a>> {
        let Some(written) = self.written_as(set) else {
            return Some(Objection::Unlabelled { backup: set });
        };
        if written.contradicts {
            return Some(Objection::Unlabelled { backup: set });
        }
        if !self.owns(&written.by)
            && !self.was_restored_by_an_owner(written)
            && !self.owners.is_empty()
        {
            return Some(Objection::NotTheOwners {
                writer: written.by.clone(),
                owners: self.owners.clone(),
            });
        }
        if written.is_ours()
            && self.fleet.is_empty()
            && let Some(other) = self.in_question().next()
        {
            return Some(Objection::OwnWithoutClusters {
                other: other.hub.id.clone(),
            });
        }
        self.shrunk(written)
    }

    /// Whether an owner took the fleet over from who wrote this, and has completed no set of its own
    /// since. Of one activation a marker and a Velero restore may tell, and only one of them of the writer.
    fn was_restored_by_an_owner(&self, written: &Written<'_>) -> bool {
        self.owners.iter().any(|owner| {
            let last = self.last_takeover(owner).map(|takeover| takeover.at);
            let mut told = self.takeovers.iter().filter(|takeover| {
                takeover.by == *owner && takeover.counts() && Some(takeover.at) == last
            });
            told.any(|takeover| {
                self.completed_clusters(owner, takeover.at).is_none()
                    && takeover.restored_from.contains(&written.by)
            })
        })
    }

    fn shrunk(&self, written: &Written<'_>) -> Option<Objection<'a>> {
        let items = written.backup.items.unwrap_or_default();
        self.owners
            .iter()
            .filter_map(|owner| self.completed_clusters(owner, None))
            .filter(|whole| items.saturating_mul(2) < whole.backup.items.unwrap_or_default())
            .max_by_key(|one| (one.made, one.begun))
            .map(|whole| Objection::Shrunk {
                items,
                whole: whole.backup,
            })
    }

    /// What a Backup is as evidence; none for one without the operator's labels.
    pub fn written_as(&self, backup: &Backup) -> Option<&'a Written<'a>> {
        self.written
            .iter()
            .find(|one| one.backup.meta.name == backup.meta.name)
    }
}

/// Why what is in a location is not known.
fn unread(location: &StorageLocation, now: Now) -> Option<Unread> {
    if !location.is_available() {
        return Some(Unread::NotAvailable(
            StorageLocation::PHASES.told(&location.phase),
        ));
    }
    if location.is_sync_off() {
        return Some(Unread::SwitchedOff);
    }
    match location.synced {
        None => Some(Unread::Never),
        Some(synced) if is_ahead(synced, now) || !location.is_view_fresh(now) => {
            Some(Unread::Stale(synced))
        }
        Some(_) => None,
    }
}

/// Why a BackupSchedule must not run here, one hub at a time (OWNERSHIP P3).
#[derive(Clone, Debug)]
pub struct Rival<'a> {
    /// The other hub.
    pub standing: Standing<'a>,
    /// Why.
    pub why: RivalWhy,
}

/// Why another hub speaks against a BackupSchedule here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RivalWhy {
    /// It took over later than this hub did.
    TookOver,
    /// It is live.
    Live,
    /// It is in question, and this hub holds no cluster.
    NoClusterHere,
}

impl<'a> HubView<'a> {
    /// The hubs that speak against a BackupSchedule on this one, unanswered (OWNERSHIP P3).
    pub fn rivals(&self) -> Vec<Rival<'a>> {
        if self.is_sole_owner_by_takeover() {
            return Vec::new();
        }
        let ours = self
            .last_takeover(&Party::Here)
            .and_then(|takeover| takeover.at);
        self.others
            .values()
            .filter_map(|standing| {
                let took_over = standing.hub.took_over.is_some() && standing.hub.took_over > ours;
                let spared = standing.hub.hollow_only && !self.fleet.is_empty();
                let why = if took_over {
                    RivalWhy::TookOver
                } else if spared || !standing.is_in_question() {
                    return None;
                } else if standing.is_live() {
                    RivalWhy::Live
                } else if self.fleet.is_empty() {
                    RivalWhy::NoClusterHere
                } else {
                    return None;
                };
                Some(Rival {
                    standing: standing.clone(),
                    why,
                })
            })
            .collect()
    }
}
