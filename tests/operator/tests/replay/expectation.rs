//! What the operator wrote in the recording, held against the staged world.

use acm_backup_operator::kinds::Kind;
use acm_backup_operator::object::{ObjectName, name};
use acm_backup_operator::recording::{Change, Event};
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::tracks;

impl Stage {
    /// A change by the operator: what the stand-in has to have done by now.
    pub fn expect(&mut self, kind: Kind, event: &Event) {
        let object = &event.object;
        match event.change {
            Change::Deleted => self.outcome.expected.add_all(tracks::deleted(kind, object)),
            _ => self
                .outcome
                .expected
                .add_all(tracks::all_written(kind, object)),
        }
        if event.change == Change::Deleted {
            if self.world.get(kind, &ObjectName::of(object)).is_some() {
                self.look_at_all();
            }
            return;
        }
        if !self.is_done(kind, object) {
            self.look_at_all();
        }
        self.adopt(kind, object);
    }

    /// Whether the stand-in's world already shows what the operator just wrote.
    fn is_done(&self, kind: Kind, object: &Value) -> bool {
        match kind {
            Kind::Event => true,
            Kind::Backup => self.unmatched_for(object).is_some(),
            _ => self
                .world
                .get(kind, &ObjectName::of(object))
                .is_some_and(|ours| tracks::decided(kind, ours) == tracks::decided(kind, object)),
        }
    }

    fn unmatched_for(&self, object: &Value) -> Option<usize> {
        let kind_of_backup =
            |name: &str| name.rsplit_once('-').map(|(prefix, _)| prefix.to_owned());
        self.unmatched
            .iter()
            .position(|at| kind_of_backup(&at.name) == kind_of_backup(name(object)))
    }

    /// Takes over what the API server gave the recorded object: uid, creation time, a backup's time in its name.
    fn adopt(&mut self, kind: Kind, object: &Value) {
        let at = ObjectName::of(object);
        let ours = match kind {
            Kind::Backup => {
                let Some(index) = self.unmatched_for(object) else {
                    return;
                };
                self.unmatched.remove(index).unwrap()
            }
            _ => at.clone(),
        };
        let Some(mut adopted) = self.world.remove(kind, &ours) else {
            return;
        };
        adopted["metadata"]["name"] = json!(at.name);
        if !matches!(kind, Kind::AcmRestore | Kind::BackupSchedule) {
            for field in ["uid", "creationTimestamp"] {
                adopted["metadata"][field] = object["metadata"][field].clone();
            }
        }
        self.world.put(adopted);
    }
}
