//! One look at a Restore, in the operator's order (operator-facts §6.1).

use serde_json::{Value, json};

use super::phase::{Judgement, is_tracked, judge};
use super::restore_status::RestoreStatus;
use super::velero_restores::{self, Extent, Part, Planned, plan};
use super::{
    cleanup, exclusion, expired_validation, finalizers, post_restore, storage, sync, timing,
};
use crate::kinds::Kind;
use crate::object::{self, ObjectName, label, name, namespace, stamp, text};
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
struct Look<'a> {
    world: &'a World,
    restore: &'a Value,
    version: Version,
    status: RestoreStatus,
    pass: Pass,
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

    /// Creates what is missing, stopping where something has to be waited for. False if there was
    /// nothing to create and nothing to wait for.
    fn create(&mut self, planned: &[Planned], extent: Extent) -> bool {
        let mut created = false;
        for Planned {
            part,
            restore: velero,
        } in planned
        {
            let existing = self.world.get(Kind::VeleroRestore, &ObjectName::of(velero));
            if existing.is_none() {
                created = true;
                self.pass.push(Write::Create(velero.clone()));
                self.pass.push(Write::Create(self.created_event(velero)));
            }
            self.track(*part, name(velero), existing.is_some());
            if let Some(message) = self.wait_after(*part, extent, existing.unwrap_or(velero)) {
                self.status.say("Started", message);
                self.pass.again = Some(Again::Waiting);
                return true;
            }
        }
        if created {
            self.status
                .say("Started", format!("Restore {} started", name(self.restore)));
        }
        created
    }

    /// Puts a Velero Restore's name into the status. Since 2.17 `-active` ones are not named there; before,
    /// they are until they are met again, when the credentials go back to their passive twin (seen in 2.13).
    fn track(&mut self, part: Part, velero: &str, existed: bool) {
        let plain = velero.strip_suffix("-active").unwrap_or(velero).to_owned();
        let split = self.version.splits_activation();
        match part {
            Part::Credentials => self.status.credentials = Some(plain),
            Part::Resources => self.status.resources = Some(velero.to_owned()),
            Part::Generic if self.version.tracks_generic_restore() => {
                self.status.generic = Some(plain)
            }
            Part::Generic => {}
            Part::CredentialsActive if !split => {
                self.status.credentials = Some(if existed { plain } else { velero.to_owned() });
            }
            Part::GenericActive if !split => self.status.generic = Some(velero.to_owned()),
            Part::CredentialsActive | Part::GenericActive => {}
            Part::ManagedClusters => self.status.clusters = Some(velero.to_owned()),
        }
    }

    /// Credentials come before the clusters that need them (operator-facts §6.6).
    fn wait_after(&self, part: Part, extent: Extent, velero: &Value) -> Option<String> {
        let gate = match (self.version.splits_activation(), extent) {
            (true, _) | (false, Extent::ActivationOnly) => Part::CredentialsActive,
            (false, Extent::Full) => Part::Credentials,
        };
        if part != gate
            || !self.version.waits_for_volumes()
            || !velero_restores::restores_clusters(self.restore)
        {
            return None;
        }
        // Up to 2.16 a second pass of an activation looks at the passive twin, which is done (seen in 2.13).
        let twin_is_done = !self.version.splits_activation()
            && part == Part::CredentialsActive
            && self
                .world
                .get(Kind::VeleroRestore, &ObjectName::of(velero))
                .is_some();
        if !twin_is_done && matches!(object::phase(velero), "" | "New" | "InProgress") {
            return Some(format!("waiting for restore to complete {}", name(velero)));
        }
        self.missing_volumes()
    }

    fn missing_volumes(&self) -> Option<String> {
        const VOLUME: &str = "cluster.open-cluster-management.io/backup-pvc";
        let missing: Vec<String> = self
            .world
            .all(Kind::ConfigMap)
            .filter_map(|map| Some((label(map, VOLUME)?, namespace(map))))
            .filter(|(claim, namespace)| {
                self.world
                    .get(
                        Kind::PersistentVolumeClaim,
                        &ObjectName::new(namespace, claim),
                    )
                    .is_none()
            })
            .map(|(claim, namespace)| format!("{claim}:{namespace}"))
            .collect();
        (!missing.is_empty()).then(|| format!("waiting for PVC {}", missing.join(", ")))
    }

    fn created_event(&self, velero: &Value) -> Value {
        // 5.x reports the same under another reason and text (operator-facts §9).
        let main = self.version.labels_deployment_refs();
        let (reason, message) = if main {
            (
                "VeleroRestoreCreated",
                format!("Velero restore created: {}", name(velero)),
            )
        } else {
            ("Velero restore created:", name(velero).to_owned())
        };
        let now = stamp(self.world.now);
        let component = if main {
            "restore-controller"
        } else {
            "Restore controller"
        };
        json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": format!("{}.{:x}.{}", name(self.restore), self.world.now.as_nanosecond(), self.pass.writes.len()),
                "namespace": namespace(self.restore),
            },
            "involvedObject": {
                "apiVersion": text(self.restore, "/apiVersion"),
                "kind": text(self.restore, "/kind"),
                "name": name(self.restore),
                "namespace": namespace(self.restore),
                "uid": object::uid(self.restore),
            },
            "reason": reason,
            "message": message,
            "type": "Normal",
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": component},
            "reportingComponent": component,
        })
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
        if cleanup::option(self.restore) != "None" {
            self.status.completed = Some(stamp(self.world.now));
        }
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
