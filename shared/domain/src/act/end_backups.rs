//! How the backups that a BackupSchedule makes are ended: by a pause, where the operator knows one.
//!
//! `spec.paused` came with 2.12 (operator-facts §1). On an older operator the API server drops the field and
//! the schedule goes on, so the definition is asked, not the person.

use super::command::Command;
use crate::kinds::velero_schedule::VeleroSchedule;
use crate::snapshot::Snapshot;
use crate::upstream::resource;

/// How they are ended, as far as this hub's own definition of BackupSchedules tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndBackups {
    /// By `spec.paused`.
    Pause,
    /// By deletion: there is no `spec.paused`.
    Delete,
    /// The definition could not be read: `spec.paused` may not be there.
    PauseIfThere,
}

/// The patch that pauses, of the operator's schedules and of Velero's alike.
const PAUSE: &str = r#"{"spec":{"paused":true}}"#;

/// What the API server does with a field it does not have, and what to do then.
const IF_NOT_THERE: &str = "if that warns of an unknown field, delete it instead";

impl EndBackups {
    /// On the hub the snapshot is of.
    pub fn here(snapshot: &Snapshot) -> Self {
        match snapshot.can_pause() {
            Some(true) => Self::Pause,
            Some(false) => Self::Delete,
            None => Self::PauseIfThere,
        }
    }

    /// On another hub. Its operator is most likely of the version of this one; nothing here proves it.
    pub fn elsewhere(snapshot: &Snapshot) -> Self {
        match Self::here(snapshot) {
            Self::Delete => Self::Delete,
            Self::Pause | Self::PauseIfThere => Self::PauseIfThere,
        }
    }

    /// What it is called.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Pause | Self::PauseIfThere => "pause",
            Self::Delete => "delete",
        }
    }

    /// What has to be known beside the command; empty where there is nothing. `owns_backups` is
    /// `spec.useOwnerReferencesInBackup`.
    pub fn caveat(self, owns_backups: bool) -> &'static str {
        match (self, owns_backups) {
            (Self::Pause, _) => "",
            (Self::PauseIfThere, _) => IF_NOT_THERE,
            (Self::Delete, false) => "this operator knows no pause; what it backed up stays",
            (Self::Delete, true) => {
                "this operator knows no pause; its Backup objects go with it, and are read back from the storage"
            }
        }
    }

    /// The command, of one that says the hub and the namespace.
    pub fn by(self, command: Command, name: &str) -> Command {
        match self {
            Self::Pause | Self::PauseIfThere => command
                .say("patch bsch")
                .name(name)
                .say("--type merge -p")
                .value(PAUSE),
            Self::Delete => command.say("delete bsch").name(name),
        }
    }
}

/// The command that pauses Velero's own schedules, which could always be, of one that says hub and namespace.
pub fn pause_velero(command: Command, velero: &[&VeleroSchedule]) -> Command {
    command
        .say("patch")
        .say(resource::VELERO_SCHEDULES)
        .names(names(velero))
        .say("--type merge -p")
        .value(PAUSE)
}

/// Their names.
pub fn names<'a>(velero: &[&'a VeleroSchedule]) -> impl Iterator<Item = &'a str> {
    velero.iter().map(|velero| velero.meta.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::definition::Definition;
    use crate::snapshot::Fact;
    use jiff::Timestamp;

    fn snapshot(fields: Option<&[&str]>) -> Snapshot {
        let mut snapshot = Snapshot::empty(Timestamp::UNIX_EPOCH, "ns");
        if let Some(fields) = fields {
            let definition = Definition::with_spec_fields(fields);
            snapshot.backup_schedule_definition = Fact::known(definition, snapshot.now.earliest());
        }
        snapshot
    }

    #[test]
    fn the_definition_decides_and_of_another_hub_a_pause_is_never_certain() {
        for (fields, here, elsewhere) in [
            (
                Some(&["paused"][..]),
                EndBackups::Pause,
                EndBackups::PauseIfThere,
            ),
            (
                Some(&["veleroTtl"][..]),
                EndBackups::Delete,
                EndBackups::Delete,
            ),
            (None, EndBackups::PauseIfThere, EndBackups::PauseIfThere),
        ] {
            let snapshot = snapshot(fields);
            assert_eq!(EndBackups::here(&snapshot), here);
            assert_eq!(EndBackups::elsewhere(&snapshot), elsewhere);
        }
    }

    #[test]
    fn only_what_may_not_work_or_takes_more_along_has_a_caveat() {
        assert_eq!(EndBackups::Pause.caveat(true), "");
        assert!(
            EndBackups::PauseIfThere
                .caveat(false)
                .contains("unknown field")
        );
        assert!(
            EndBackups::Delete
                .caveat(true)
                .contains("Backup objects go with it")
        );
        let command = EndBackups::Delete.by(Command::new("oc"), "a");
        assert_eq!(&*command, "oc delete bsch a");
    }
}
