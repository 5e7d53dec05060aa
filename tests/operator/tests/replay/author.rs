//! Who wrote a recorded change: the operator, or anybody else.

use acm_backup_domain::upstream::{MARKER_PREFIX, backup_label, object_label};
use acm_backup_operator::kinds::Kind;
use acm_backup_operator::object::{annotation, label, name, phase, text, time};
use acm_backup_operator::recording::Change;
use jiff::SignedDuration;
use serde_json::Value;

/// The name of the Secret the operator makes for the import controller.
pub const AUTO_IMPORT_SECRET: &str = "auto-import-secret";
/// The annotation it puts on a cluster before.
pub const IMMEDIATE_IMPORT: &str = "import.open-cluster-management.io/immediate-import";
/// The annotations it copies to token Secrets.
pub const TOKEN_TIMES: [&str; 2] = ["expirationTimestamp", "lastRefreshTimestamp"];

/// A recorded change, with the object as recorded before.
pub struct Recorded<'a> {
    /// What happened.
    pub change: Change,
    /// The object's kind.
    pub kind: Kind,
    /// The object.
    pub object: &'a Value,
    /// Its previous recorded state.
    pub before: Option<&'a Value>,
    /// The recorded Velero Schedule a backup was made for.
    pub schedule: Option<&'a Value>,
    /// Whether the object's controller is gone, so that the garbage collector deleted it.
    pub orphaned: bool,
    /// The id of the recorded hub.
    pub hub: &'a str,
}

impl Recorded<'_> {
    fn changed(&self, pointer: &str) -> bool {
        self.before
            .is_some_and(|before| before.pointer(pointer) != self.object.pointer(pointer))
    }

    /// Whether the operator made this change.
    pub fn is_operators(&self) -> bool {
        match (self.kind, self.change) {
            (Kind::AcmRestore | Kind::BackupSchedule, Change::Modified) => {
                !self.changed("/metadata/generation")
            }
            (
                Kind::VeleroRestore
                | Kind::VeleroSchedule
                | Kind::DeleteBackupRequest
                | Kind::Event,
                Change::Added,
            ) => true,
            (Kind::VeleroSchedule, Change::Modified) => {
                ["/spec/paused", "/spec/schedule", "/spec/template"]
                    .iter()
                    .any(|part| self.changed(part))
            }
            (Kind::VeleroSchedule, Change::Deleted) => !self.orphaned,
            (Kind::Backup, Change::Added) => self.is_marker() || self.is_immediate(),
            (Kind::Secret, _) if name(self.object) == AUTO_IMPORT_SECRET => true,
            (Kind::Secret, Change::Modified) => self.is_token_labelled(),
            (Kind::ManagedServiceAccount, Change::Added) => {
                label(self.object, object_label::RESTORED_BY).is_none()
            }
            (Kind::ManagedCluster, Change::Modified) => {
                self.before
                    .is_some_and(|before| annotation(before, IMMEDIATE_IMPORT).is_none())
                    && annotation(self.object, IMMEDIATE_IMPORT).is_some()
            }
            _ => false,
        }
    }

    /// An activation marker of this hub, not one synced from the bucket.
    pub fn is_marker(&self) -> bool {
        name(self.object).starts_with(MARKER_PREFIX)
            && phase(self.object).is_empty()
            && label(self.object, backup_label::RESTORE_CLUSTER) == Some(self.hub)
    }

    /// A backup made together with its Velero Schedule, not by Velero's cron.
    fn is_immediate(&self) -> bool {
        let created = |object| time(object, "/metadata/creationTimestamp");
        let (Some(schedule), Some(made)) = (self.schedule.and_then(created), created(self.object))
        else {
            return false;
        };
        phase(self.object).is_empty()
            && made.duration_since(schedule).abs() <= SignedDuration::from_secs(3)
    }

    fn is_token_labelled(&self) -> bool {
        let Some(before) = self.before else {
            return false;
        };
        let restored = |object| label(object, object_label::RESTORED_BY).map(str::to_owned);
        let labelled = label(before, object_label::BACKUP)
            != label(self.object, object_label::BACKUP)
            || TOKEN_TIMES
                .iter()
                .any(|key| annotation(before, key) != annotation(self.object, key));
        labelled
            && restored(before) == restored(self.object)
            && text(before, "/data") == text(self.object, "/data")
    }
}
