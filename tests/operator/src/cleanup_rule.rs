//! Which restored objects a clean-up deletes, as a rule that can be applied to any object.

use acm_backup_domain::upstream::object_label;
use serde_json::Value;

use crate::object::{self, label};

/// The kinds a clean-up goes through.
#[derive(Clone, Debug, PartialEq)]
pub enum Kinds {
    /// These resource names (`kind.group`, lower case; the core group without a dot).
    Named(Vec<String>),
    /// Every discovered kind but these.
    AllBut(Vec<String>),
}

/// A clean-up after one Velero restore.
#[derive(Clone, Debug, PartialEq)]
pub struct CleanUp {
    /// Backup whose objects stay.
    pub keep: String,
    /// Kinds to look at.
    pub kinds: Kinds,
    /// Labels of which an object must carry at least one; empty asks for none.
    pub any_label: Vec<String>,
    /// Whether the backup label must be there (generic) or must not (resources); `None` asks nothing.
    pub backup_label: Option<bool>,
    /// Leave objects that are restored at activation only.
    pub keep_activation: bool,
    /// `CleanupAll`: also objects that no restore brought.
    pub unrestored_too: bool,
    /// Namespaces to leave alone.
    pub spare_namespaces: Vec<String>,
    /// Whether the exemptions for the hub's own cluster, `exclude-from-backup` and the installer apply.
    pub exemptions: bool,
}

/// Value of the backup label on what is restored at activation only.
pub const ACTIVATION: &str = "cluster-activation";

impl CleanUp {
    /// Whether this clean-up deletes the object, given that its kind is one of [`CleanUp::kinds`].
    pub fn takes(&self, object: &Value) -> bool {
        match label(object, object_label::RESTORED_FROM) {
            Some(backup) if backup == self.keep => return false,
            None if !self.unrestored_too => return false,
            _ => {}
        }
        let backup = label(object, object_label::BACKUP);
        if !self.any_label.is_empty()
            && !self
                .any_label
                .iter()
                .any(|key| label(object, key).is_some())
        {
            return false;
        }
        if self.keep_activation && backup == Some(ACTIVATION) {
            return false;
        }
        if self
            .backup_label
            .is_some_and(|wanted| wanted != backup.is_some())
        {
            return false;
        }
        !(self.exemptions && self.is_exempt(object))
    }

    fn is_exempt(&self, object: &Value) -> bool {
        label(object, object_label::EXCLUDE) == Some("true")
            || label(object, "installer.name") == Some("multiclusterhub")
            || label(object, object_label::LOCAL_CLUSTER) == Some("true")
            || self
                .spare_namespaces
                .iter()
                .any(|spared| spared == object::namespace(object))
    }

    /// Whether a kind, named as `kind.group`, is one to look at.
    pub fn covers(&self, resource: &str) -> bool {
        match &self.kinds {
            Kinds::Named(named) => named.iter().any(|name| name.eq_ignore_ascii_case(resource)),
            Kinds::AllBut(spared) => !spared
                .iter()
                .any(|name| name.eq_ignore_ascii_case(resource)),
        }
    }
}
