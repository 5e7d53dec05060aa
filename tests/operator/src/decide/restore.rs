//! One look at a Restore, in the operator's order (operator-facts §6.1).

use serde_json::Value;

use super::phase::{Judgement, is_tracked, judge};
use super::restore_status::RestoreStatus;
use super::velero_restores::{self, Extent, plan};
use super::{
    cleanup, exclusion, expired_validation, finalizers, post_restore, storage, sync, timing,
};
use crate::kinds::Kind;
use crate::object::{self, ObjectName, name, namespace, stamp, text};
use crate::version::Version;
use crate::world::World;
use crate::write::{Again, Pass, Write};

/// What the operator would do about a Restore now.
pub fn reconcile_restore(world: &World, at: &ObjectName, version: Version) -> Pass {
    let mut pass = Pass {
        writes: expired_validation::clean(world, &at.namespace),
        again: None,
    };
    let Some(restore) = world
        .get(Kind::AcmRestore, at)
        .filter(|restore| timing::is_readable(restore))
    else {
        return pass;
    };
    if !world.offers(Kind::InternalHubComponent) {
        return pass.and_again(Again::Waiting);
    }
    match finalizers::handle(world, restore, version) {
        Ok(writes) => pass.writes.extend(writes),
        Err(last) => {
            pass.writes.extend(last.writes);
            pass.again = last.again;
            return pass;
        }
    }
    let status = RestoreStatus::read(restore);
    if status.is_terminal() {
        return pass;
    }
    let refusal =
        exclusion::refusal(world, restore, version).or_else(|| cleanup::refusal(restore, version));
    let mut look = Look {
        world,
        restore,
        version,
        status,
        pass,
    };
    match refusal {
        Some(message) => look.refuse(message),
        None => look.proceed(),
    }
    look.store();
    look.pass
}

/// A Restore that is being looked at.
pub(super) struct Look<'a> {
    pub(super) world: &'a World,
    pub(super) restore: &'a Value,
    pub(super) version: Version,
    pub(super) status: RestoreStatus,
    pub(super) pass: Pass,
}

impl Look<'_> {
    fn store(&mut self) {
        self.pass.writes.extend(self.status.write(self.restore));
    }

    fn refuse(&mut self, message: String) {
        self.status.say("FinishedWithErrors", message);
        self.status.completed = Some(stamp(self.world.now));
    }

    /// An error that is retried.
    fn fail(&mut self, message: String) {
        let keeps_syncing = self.version.splits_activation() && sync::is_on(self.restore);
        self.status.say(
            if keeps_syncing {
                "EnabledWithErrors"
            } else {
                "Error"
            },
            message,
        );
        self.append_sync_warning();
        self.pass.again = Some(Again::Retry);
    }

    fn append_sync_warning(&mut self) {
        if let Some(reason) =
            sync::invalid_because(self.restore).filter(|_| sync::requested(self.restore))
        {
            let warning =
                format!(" ; SyncRestoreWithNewBackups option is ignored because {reason}");
            self.status.message.push_str(&warning);
        }
    }

    fn proceed(&mut self) {
        if let Some(message) = self.protected_mapping() {
            return self.fail(message);
        }
        if let Some(message) = storage::problem_for_restore(self.world, namespace(self.restore)) {
            return self.fail(message);
        }
        if self.status.phase.is_empty() && cleanup::option(self.restore) != "None" {
            self.status
                .say("Started", "Prepare to restore, cleaning up resources");
            self.store();
        }
        self.delete_orphans();
        let owned = self.world.owned(Kind::VeleroRestore, self.restore);
        match self.extent(&owned) {
            Some(extent) => match plan(self.world, self.restore, extent, self.version) {
                Ok(planned) if !self.create(&planned, extent) => self.follow(&owned),
                Ok(_) => {}
                Err(message) => self.fail(message),
            },
            None => self.follow(&owned),
        }
        if self.pass.again.is_none() && sync::is_on(self.restore) && !self.status.is_terminal() {
            self.pass.again = Some(Again::Sync(sync::interval(self.restore)));
        }
    }

    fn protected_mapping(&self) -> Option<String> {
        let mapping = self
            .restore
            .pointer("/spec/namespaceMapping")?
            .as_object()?;
        let is_protected = |target: &str| {
            ["default", "openshift"].contains(&target)
                || target.starts_with("kube-")
                || target.starts_with("openshift-")
        };
        mapping
            .iter()
            .filter(|_| self.version.refuses_protected_mapping())
            .filter_map(|(source, target)| Some((source, target.as_str()?)))
            .find(|(_, target)| is_protected(&target.trim().to_lowercase()))
            .map(|(source, target)| {
                format!(
                    "spec.namespaceMapping[\"{source}\"]: target namespace \"{target}\" is a protected system \
                     namespace and may not be used as a restore destination"
                )
            })
    }

    /// Velero Restores nobody tracks whose backup is gone or broken (since 2.17).
    fn delete_orphans(&mut self) {
        if !self.version.splits_activation() {
            return;
        }
        for velero in self.world.owned(Kind::VeleroRestore, self.restore) {
            let at = ObjectName::new(namespace(velero), text(velero, "/spec/backupName"));
            let backup = self.world.get(Kind::Backup, &at);
            let broken = backup.is_none_or(|backup| {
                matches!(object::phase(backup), "Deleting" | "FailedValidation")
            });
            if broken && !is_tracked(&self.status, velero) && !object::is_deleting(velero) {
                self.pass.push(Write::delete(Kind::VeleroRestore, velero));
            }
        }
    }

    /// Whether this pass restores anything, and how much.
    fn extent(&self, owned: &[&Value]) -> Option<Extent> {
        let enabled = matches!(self.status.phase.as_str(), "Enabled" | "EnabledWithErrors");
        if sync::is_on(self.restore) && enabled {
            return self.sync_extent(owned);
        }
        if owned.is_empty() {
            return Some(Extent::Full);
        }
        let clusters_pending = self.status.phase == "Started"
            && velero_restores::restores_clusters(self.restore)
            && self.status.clusters.is_none();
        clusters_pending.then(|| {
            // Up to 2.16 the plain and the activation names differ, so the pass goes on with what it began.
            let began_active = owned.iter().any(|velero| name(velero).ends_with("-active"));
            if began_active && !self.version.splits_activation() {
                Extent::ActivationOnly
            } else {
                Extent::Full
            }
        })
    }

    fn sync_extent(&self, owned: &[&Value]) -> Option<Extent> {
        let raw = velero_restores::raw(self.restore, "veleroManagedClustersBackupName");
        let lost = |tracked: &str| !owned.iter().any(|velero| name(velero) == tracked);
        if owned.is_empty() || sync::has_newer(self.world, self.restore, &self.status) {
            Some(Extent::Full)
        } else if raw == Some("latest") {
            Some(Extent::ActivationOnly)
        } else if self.version.splits_activation() && self.status.tracked().any(lost) {
            Some(Extent::Full)
        } else {
            None
        }
    }

    /// Takes the phase from the Velero Restores, and finishes where they have.
    fn follow(&mut self, owned: &[&Value]) {
        let was_enabled = self.status.phase == "Enabled";
        match judge(self.restore, &self.status, owned, self.version) {
            Judgement::Unchanged => {}
            Judgement::CycleOver if was_enabled => {}
            _ if was_enabled
                && sync::is_on(self.restore)
                && !velero_restores::is_activation(self.restore) => {}
            Judgement::UnderWay(phase, message) => self.status.say(phase, message),
            Judgement::Failed(message) => self.fail(message),
            Judgement::NothingToDo => {
                self.status.say(
                    "Finished",
                    format!("Nothing to do for restore {}", name(self.restore)),
                );
                self.status.completed = Some(stamp(self.world.now));
            }
            Judgement::CycleOver => {
                let message = "Velero restores have run to completion, restore will continue to sync with new backups";
                self.status.say("Enabled", message);
                self.clean_up();
            }
            Judgement::Over { with_errors } => self.finish(with_errors),
        }
    }

    fn clean_up(&mut self) {
        // Also where there is nothing to clean up: `None` leaves the time as it leaves the rest.
        self.status.completed = Some(stamp(self.world.now));
        self.pass.writes.extend(cleanup::writes(
            self.world,
            self.restore,
            &self.status,
            self.version,
        ));
    }

    fn finish(&mut self, with_errors: bool) {
        if with_errors {
            let message = "Velero restores have run to completion but encountered 1+ errors";
            self.status.say("FinishedWithErrors", message);
        } else {
            self.status
                .say("Finished", "All Velero restores have run successfully");
        }
        self.append_sync_warning();
        self.clean_up();
        self.status.completed = Some(stamp(self.world.now));
        if velero_restores::is_activation(self.restore) {
            let work =
                post_restore::writes(self.world, self.restore, &mut self.status, self.version);
            self.pass.writes.extend(work);
        }
    }
}
