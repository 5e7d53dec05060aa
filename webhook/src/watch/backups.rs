//! The Backups of the operator's namespace, as little of each as judging takes.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::backup::Backup;
use acm_backup_domain::snapshot::Fact;
use acm_backup_domain::upstream::backup_label;
use acm_backup_hub::kinds::BACKUPS;
use jiff::Timestamp;
use serde_json::Value;

use super::contact::Contact;
use super::follow::Store;

/// Labels that rules read; of thousands of Backups no others are kept.
const LABELS: [&str; 9] = [
    backup_label::BACKUP_CLUSTER,
    backup_label::RESTORE_CLUSTER,
    backup_label::SCHEDULE_NAME,
    backup_label::SCHEDULE_TYPE,
    backup_label::RESTORE_NAME,
    backup_label::VELERO_SCHEDULE,
    backup_label::STORAGE_LOCATION,
    backup_label::RESTORED_CLUSTERS,
    backup_label::HUB_DR,
];

/// All Backups by name, kept by a watch.
pub struct Backups {
    by_name: RwLock<BTreeMap<String, Backup>>,
    /// How the watch fares.
    pub contact: Arc<Contact>,
}

impl Default for Backups {
    fn default() -> Self {
        Self {
            by_name: RwLock::default(),
            contact: Arc::new(Contact::new(&BACKUPS)),
        }
    }
}

impl Backups {
    /// All of them as a fact, as old as the watch's last word.
    pub fn fact(&self, now: Timestamp) -> Fact<Vec<Backup>> {
        let all = || {
            let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
            by_name.values().cloned().collect()
        };
        self.contact.fact(all, now)
    }

    /// Whether there is such a one, without taking them all in one's hands.
    pub fn any(&self, now: Timestamp, is: impl FnMut(&Backup) -> bool) -> Fact<bool> {
        let any = || {
            let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
            by_name.values().any(is)
        };
        self.contact.fact(any, now)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Backup>> {
        self.by_name.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Backups {
    type Item = Backup;

    fn project(&self, object: &Value) -> Backup {
        let mut backup = Backup::read(object);
        backup.meta.annotations = BTreeMap::new();
        backup
            .meta
            .labels
            .retain(|key, _| LABELS.contains(&key.as_str()));
        backup
    }

    fn replace(&self, objects: Vec<Backup>) {
        *self.write() = objects
            .into_iter()
            .map(|backup| (backup.meta.name.clone(), backup))
            .collect();
    }

    fn apply(&self, backup: Backup) {
        self.write().insert(backup.meta.name.clone(), backup);
    }

    fn remove(&self, backup: Backup) {
        self.write().remove(&backup.meta.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn backup(name: &str, phase: &str) -> Value {
        json!({
            "metadata": {
                "name": name,
                "labels": {(backup_label::BACKUP_CLUSTER): "hub-a", "other": "label"},
                "annotations": {"velero.io/source-cluster-k8s-gitversion": "v1.36.3"}
            },
            "status": {"phase": phase}
        })
    }

    fn names(backups: &Backups) -> Vec<(String, String)> {
        let fact = backups.fact(Timestamp::from_second(10).unwrap());
        fact.items()
            .iter()
            .map(|backup| (backup.meta.name.clone(), backup.phase.clone()))
            .collect()
    }

    #[test]
    fn follows_creation_change_deletion_and_a_new_list() {
        let backups = Backups::default();
        backups.contact.heard(Timestamp::from_second(9).unwrap());
        let put = |name, phase| backups.apply(backups.project(&backup(name, phase)));
        put("a", "New");
        put("b", "Completed");
        put("a", "Completed");
        backups.remove(backups.project(&backup("b", "Deleting")));
        assert_eq!(names(&backups), [("a".to_owned(), "Completed".to_owned())]);
        backups.replace(vec![backups.project(&backup("c", "Failed"))]);
        assert_eq!(names(&backups), [("c".to_owned(), "Failed".to_owned())]);
    }

    #[test]
    fn only_what_rules_read_is_kept() {
        let backups = Backups::default();
        let kept = backups.project(&backup("a", "Completed"));
        assert_eq!(kept.writer().as_str(), "hub-a");
        assert_eq!(kept.meta.labels.len(), 1);
        assert!(kept.meta.annotations.is_empty());
    }
}
