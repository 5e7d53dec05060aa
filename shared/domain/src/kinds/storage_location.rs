//! Velero BackupStorageLocation: how fresh the view of the bucket is (operator-facts §6.3, §7).

use super::{Kind, meta::Meta, phase::Phases};
use crate::read::{Reader, Unreadable};
use crate::time::Now;
use crate::time::duration::GoDuration;
use crate::time::saturating::Saturating;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Velero's own default, and the pace of its loop: a shorter period has no effect.
pub const VELERO_SYNC_PACE: SignedDuration = SignedDuration::from_mins(1);

/// A BackupStorageLocation as far as we judge it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StorageLocation {
    /// Object metadata.
    pub meta: Meta,
    /// `spec.objectStorage.bucket`
    pub bucket: Option<String>,
    /// `spec.objectStorage.prefix`
    pub prefix: Option<String>,
    /// `spec.default`
    pub is_default: bool,
    /// `spec.accessMode` is `ReadOnly`.
    pub read_only: bool,
    /// `spec.backupSyncPeriod`
    pub sync_period: Option<GoDuration>,
    /// `status.phase`
    pub phase: String,
    /// `status.message`
    pub message: String,
    /// `status.lastSyncedTime`: when Velero last compared the bucket with the cluster.
    pub synced: Option<Timestamp>,
    /// `status.lastValidationTime`
    pub validated: Option<Timestamp>,
    /// Fields that could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl StorageLocation {
    /// Velero's phases, up to 1.18.
    pub const PHASES: Phases = Phases(&["Available", "Unavailable"]);

    /// Whether its phase is one that nobody knows: it is not `Available` then.
    pub fn has_unknown_phase(&self) -> bool {
        !Self::PHASES.know(&self.phase)
    }

    /// Whether the operator would use it: Available, and owned by whatever made it
    /// (operator-facts §6.3).
    pub fn is_usable(&self) -> bool {
        self.is_available() && self.has_owner()
    }

    /// Whether Velero can reach it.
    pub fn is_available(&self) -> bool {
        self.phase == "Available"
    }

    /// Whether something owns it; one made by hand is not used by the operator.
    pub fn has_owner(&self) -> bool {
        self.meta.owners.iter().any(|(kind, _)| !kind.is_empty())
    }

    /// Whether its spec switches reading off: Velero takes a period of zero for that, and a negative one
    /// for its default.
    pub fn is_sync_off(&self) -> bool {
        self.sync_period == Some(GoDuration::ZERO)
    }

    /// How often its bucket is looked at, never shorter than Velero's own pace; where it is not looked at
    /// at all ([`Self::is_sync_off`]), the pace it would have.
    pub fn sync_interval(&self) -> SignedDuration {
        self.sync_period
            .map_or(VELERO_SYNC_PACE, SignedDuration::from)
            .max(VELERO_SYNC_PACE)
    }

    /// Whether what this hub sees of the bucket is recent enough to judge by: three missed passes and
    /// a minute are not.
    pub fn is_view_fresh(&self, now: impl Into<Now>) -> bool {
        let now = now.into();
        let patience = self
            .sync_interval()
            .saturating_mul(3)
            .plus(SignedDuration::from_mins(1));
        self.is_available()
            && !self.is_sync_off()
            && self
                .synced
                .is_some_and(|synced| now.duration_since(synced) <= patience)
    }
}

impl Kind for StorageLocation {
    fn read(object: &Value) -> Self {
        let mut reader = Reader::new(object);
        let r = &mut reader;
        let mut location = Self {
            meta: Meta::read(r),
            bucket: r.text("spec.objectStorage.bucket"),
            prefix: r.text("spec.objectStorage.prefix"),
            is_default: r.flag("spec.default").unwrap_or_default(),
            read_only: r.text("spec.accessMode").as_deref() == Some("ReadOnly"),
            sync_period: r.duration("spec.backupSyncPeriod"),
            phase: r.text("status.phase").unwrap_or_default(),
            message: r.text("status.message").unwrap_or_default(),
            synced: r.time("status.lastSyncedTime"),
            validated: r.time("status.lastValidationTime"),
            unreadable: Vec::new(),
        };
        location.unreadable = reader.finish();
        location
    }
}
