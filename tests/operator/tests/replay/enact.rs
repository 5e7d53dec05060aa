//! The stand-in's writes, done in the staged world and noted.

use acm_backup_operator::kinds::Kind;
use acm_backup_operator::object::{ObjectName, name, stamp};
use acm_backup_operator::write::Write;
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::tracks;

impl Stage {
    /// Does a write in the world. False if it changes nothing.
    pub fn apply(&mut self, write: &Write) -> bool {
        match write {
            Write::Create(object) => self.create(object),
            Write::Status { kind, at, status } => {
                self.change(*kind, at, |object| object["status"] = status.clone())
            }
            Write::Patch { kind, at, patch } => {
                self.change(*kind, at, |object| json_patch::merge(object, patch))
            }
            Write::Delete { kind, at } => {
                let Some(object) = self.world.remove(*kind, at) else {
                    return false;
                };
                self.outcome.got.add_all(tracks::deleted(*kind, &object));
                true
            }
            Write::CleanUp(rule) => {
                for kind in Kind::ALL {
                    let api = kind.api();
                    let lower = api.kind.to_lowercase();
                    let resource = if api.group.is_empty() {
                        lower
                    } else {
                        format!("{lower}.{}", api.group)
                    };
                    let taken: Vec<_> = self
                        .world
                        .all(*kind)
                        .filter(|object| rule.takes(object))
                        .cloned()
                        .collect();
                    for object in taken.iter().filter(|_| rule.covers(&resource)) {
                        self.world.remove(*kind, &ObjectName::of(object));
                        self.outcome.got.add((
                            format!("clean-up of {}", name(object)),
                            "deleted".to_owned(),
                        ));
                    }
                }
                false
            }
        }
    }

    fn create(&mut self, object: &Value) -> bool {
        let kind = Kind::of(object).unwrap();
        let at = ObjectName::of(object);
        if kind != Kind::Event && self.world.get(kind, &at).is_some() {
            return false;
        }
        self.outcome.got.add_all(tracks::all_written(kind, object));
        if kind == Kind::Event {
            return false;
        }
        self.made += 1;
        let mut object = object.clone();
        object["metadata"]["uid"] = json!(format!("made-{}", self.made));
        object["metadata"]["creationTimestamp"] = json!(stamp(self.world.now));
        if kind == Kind::Backup {
            self.unmatched.push_back(at);
        }
        self.world.put(object);
        true
    }

    fn change(&mut self, kind: Kind, at: &ObjectName, change: impl FnOnce(&mut Value)) -> bool {
        let Some(object) = self.world.get_mut(kind, at) else {
            return false;
        };
        let before = object.clone();
        change(object);
        if *object == before {
            return false;
        }
        let lines = tracks::written(kind, object);
        self.outcome.got.add_all(lines);
        true
    }
}
