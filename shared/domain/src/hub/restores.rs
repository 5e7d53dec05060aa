//! Is a Restore over? Its phase is a claim that whoever may write the status can make; what Velero does
//! for it is not.

use crate::kinds::restore::Restore;
use crate::kinds::velero_restore::VeleroRestore;
use crate::snapshot::Fact;

/// Where a Restore stands, by its phase and by Velero's own objects.
#[derive(Clone, Debug)]
pub struct RestoreState<'a> {
    /// The Restore.
    pub restore: &'a Restore,
    /// The Velero Restores made for it that have not ended, the oldest first.
    pub running: Vec<&'a VeleroRestore>,
    /// How many of those made for it have ended.
    pub ended: usize,
    /// Whether what Velero does could not be looked up.
    pub unseen: bool,
}

impl<'a> RestoreState<'a> {
    /// Where `restore` stands, `velero` being all Velero Restores of its namespace.
    pub fn of(restore: &'a Restore, velero: &'a [VeleroRestore]) -> Self {
        let (ended, mut running): (Vec<_>, Vec<_>) =
            made_for(restore, velero).partition(|velero| velero.is_over());
        running.sort_by_key(|velero| (velero.meta.created, &velero.meta.name));
        Self {
            restore,
            running,
            ended: ended.len(),
            unseen: false,
        }
    }

    /// The same, where what Velero does may be missing.
    pub fn seen(restore: &'a Restore, velero: &'a Fact<Vec<VeleroRestore>>) -> Self {
        Self {
            unseen: velero.value().is_none(),
            ..Self::of(restore, velero.items())
        }
    }

    /// Whether it is really over: the operator will do nothing more for it, nor will Velero. Only then
    /// may another Restore, or a BackupSchedule, stand beside it.
    pub fn is_over(&self) -> bool {
        self.restore.is_terminal() && self.running.is_empty()
    }

    /// Whether Velero has ended all it began for it, and its phase, which nobody knows, says neither that
    /// it goes on nor that it is over. The operator takes it for active; that it works is not to be seen.
    pub fn has_stopped(&self) -> bool {
        self.restore.has_unknown_phase() && self.running.is_empty() && self.ended > 0
    }

    /// What Velero does for it, for a text; what could not be looked up is not "nothing".
    pub fn what_velero_does(&self) -> &'static str {
        match (self.unseen, self.running.as_slice(), self.ended) {
            (true, ..) => "what Velero does for it could not be looked up",
            (_, [_, ..], _) => "Velero still restores for it",
            (_, [], 0) => "Velero has nothing of it here",
            (_, [], _) => "Velero has ended all that it began for it",
        }
    }

    /// Whether it says that it is over while Velero still works for it.
    pub fn is_over_by_word_only(&self) -> bool {
        self.restore.is_terminal() && !self.running.is_empty()
    }

    /// Whether it may be deleted without stopping anything halfway: a sync between two passes, or one
    /// that waits in an error.
    pub fn is_at_rest(&self) -> bool {
        !self.unseen && self.says_it_waits()
    }

    /// Whether that is so by its word, and what Velero does is not known.
    pub fn may_be_at_rest(&self) -> bool {
        self.unseen && self.says_it_waits()
    }

    fn says_it_waits(&self) -> bool {
        self.running.is_empty() && (self.restore.is_syncing() || self.restore.phase == "Error")
    }
}

/// The Velero Restores that were made for a Restore: those it owns, those its status names with their
/// `-active` twins, and, where the owner was lost, those that bear its name.
pub fn made_for<'a>(
    restore: &'a Restore,
    velero: &'a [VeleroRestore],
) -> impl Iterator<Item = &'a VeleroRestore> {
    velero
        .iter()
        .filter(|velero| velero.meta.namespace == restore.meta.namespace)
        .filter(move |velero| {
            let name = velero.meta.name.as_str();
            let named = restore
                .velero_restores
                .iter()
                .any(|named| named == name || Some(named.as_str()) == name.strip_suffix("-active"));
            named || velero.is_of(&restore.meta.name)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::meta::Meta;

    fn velero(name: &str, owner: Option<&str>, phase: &str) -> VeleroRestore {
        VeleroRestore {
            meta: Meta {
                name: name.into(),
                namespace: "ns".into(),
                owners: owner
                    .map(|owner| ("Restore".to_owned(), owner.to_owned()))
                    .into_iter()
                    .collect(),
                ..Meta::default()
            },
            phase: phase.into(),
            ..VeleroRestore::default()
        }
    }

    fn finished(name: &str) -> Restore {
        Restore {
            meta: Meta {
                name: name.into(),
                namespace: "ns".into(),
                ..Meta::default()
            },
            phase: "FinishedWithErrors".into(),
            velero_restores: vec!["kept-under-another-name".into()],
            ..Restore::default()
        }
    }

    #[test]
    fn only_the_phases_in_which_velero_ends_are_an_end() {
        for (phase, ended) in [
            ("Completed", true),
            ("PartiallyFailed", true),
            ("Failed", true),
            ("FailedValidation", true),
            ("", false),
            ("New", false),
            ("InProgress", false),
            ("WaitingForPluginOperations", false),
            ("WaitingForPluginOperationsPartiallyFailed", false),
            ("Finalizing", false),
            ("FinalizingPartiallyFailed", false),
            ("SomethingNew", false),
        ] {
            let all = [velero("r-acm-x", Some("r"), phase)];
            assert_eq!(
                RestoreState::of(&finished("r"), &all).is_over(),
                ended,
                "{phase}"
            );
        }
    }

    #[test]
    fn what_was_made_for_it_is_told_by_owner_status_and_name() {
        for (name, owner, is_its) in [
            ("anything", Some("r"), true),
            ("r-acm-credentials-schedule-1", None, true),
            ("r-acm-credentials-schedule-1", Some("other"), false),
            ("kept-under-another-name", None, true),
            ("kept-under-another-name-active", Some("other"), true),
            ("r2-acm-credentials-schedule-1", None, false),
            ("somebody-elses", None, false),
        ] {
            let all = [velero(name, owner, "InProgress")];
            assert_eq!(
                RestoreState::of(&finished("r"), &all).is_over_by_word_only(),
                is_its,
                "{name} {owner:?}"
            );
        }
    }

    #[test]
    fn velero_restores_of_other_namespaces_do_not_matter() {
        let mut elsewhere = velero("r-acm-x", Some("r"), "InProgress");
        elsewhere.meta.namespace = "elsewhere".into();
        assert!(RestoreState::of(&finished("r"), &[elsewhere]).is_over());
    }
}
