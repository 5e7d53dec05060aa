//! Creating Velero Restores in order, and waiting between them (operator-facts §6.4, §6.6).

use serde_json::{Value, json};

use super::restore::Look;
use super::velero_restores::{self, Extent, Part, Planned};
use crate::kinds::Kind;
use crate::object::{self, ObjectName, label, name, namespace, stamp, text};
use crate::write::{Again, Write};

impl Look<'_> {
    /// Creates what is missing, stopping where something has to be waited for. False if there was
    /// nothing to create and nothing to wait for.
    pub(super) fn create(&mut self, planned: &[Planned], extent: Extent) -> bool {
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
}
