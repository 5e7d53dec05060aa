//! A world in which the recorded environment acts and the stand-in plays the operator.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use acm_backup_domain::upstream::MARKER_PREFIX;
use acm_backup_operator::decide::{reconcile_restore, reconcile_schedule};
use acm_backup_operator::kinds::Kind;
use acm_backup_operator::object::{ObjectName, label, name, namespace, stamp, text, uid};
use acm_backup_operator::recording::{Change, Event, HUBS, Recording};
use acm_backup_operator::version::Version;
use acm_backup_operator::world::World;
use acm_backup_operator::write::{Again, Pass, Write};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::author::Recorded;
use crate::deviations;
use crate::tracks::{self, Outcome};

type Item = (Kind, ObjectName);

/// Plays one hub of a recording with one version's logic.
pub fn replay(recording: &str, hub: &str, version: Version) -> Outcome {
    let id = HUBS.iter().find(|(name, _)| *name == hub).unwrap().1;
    let events = in_order_of_storage(Recording::open(recording, hub).unwrap().events);
    let markers = events
        .iter()
        .filter(|event| {
            event.change == Change::Added && Kind::of(&event.object) == Some(Kind::Backup)
        })
        .filter(|event| name(&event.object).starts_with(MARKER_PREFIX))
        .filter(|event| text(&event.object, "/status/phase").is_empty())
        .map(|event| event.object.clone())
        .collect();
    let mut stage = Stage {
        version,
        hub: id.to_owned(),
        markers,
        world: World::default(),
        outcome: Outcome::default(),
        recorded: BTreeMap::new(),
        unmatched: VecDeque::new(),
        timers: BTreeMap::new(),
        made: 0,
    };
    deviations::add_unrecorded(&mut stage.world, recording, hub, id);
    for event in events {
        stage.advance(event.at);
        stage.play(&event);
    }
    stage.outcome
}

/// Several watches make a recording, so its order of arrival is not the order of storage; the resource
/// versions are. A watch that began anew repeats what was seen already.
fn in_order_of_storage(events: Vec<Event>) -> Vec<Event> {
    let mut seen = BTreeSet::new();
    let mut events: Vec<_> = events
        .into_iter()
        .filter(|event| event.change != Change::Step)
        .map(|event| {
            (
                text(&event.object, "/metadata/resourceVersion")
                    .parse::<u64>()
                    .unwrap(),
                event,
            )
        })
        .filter(|(stored, event)| {
            event.change != Change::Added || seen.insert((uid(&event.object).to_owned(), *stored))
        })
        .collect();
    events.sort_by_key(|(stored, _)| *stored);
    events.into_iter().map(|(_, event)| event).collect()
}

struct Stage {
    version: Version,
    hub: String,
    markers: Vec<Value>,
    world: World,
    outcome: Outcome,
    /// The last recorded state of every object.
    recorded: BTreeMap<Item, Value>,
    /// Backups the stand-in made under its own time, until the recorded one appears.
    unmatched: VecDeque<ObjectName>,
    /// When to look again, and whether that goes on with a pass.
    timers: BTreeMap<Item, (Timestamp, bool)>,
    made: usize,
}

impl Stage {
    /// Moves the clock, looking at whatever is due on the way.
    fn advance(&mut self, to: Timestamp) {
        while let Some((item, (due, resume))) = self
            .timers
            .iter()
            .min_by_key(|(_, (due, _))| *due)
            .map(|(item, timer)| (item.clone(), *timer))
            && due <= to
        {
            self.timers.remove(&item);
            self.world.now = self.world.now.max(due);
            self.look(&item, resume);
        }
        self.world.now = self.world.now.max(to);
    }

    fn play(&mut self, event: &Event) {
        let Some(kind) = Kind::of(&event.object) else {
            return;
        };
        if deviations::is_repeated_marker(&self.markers, kind, &event.object) {
            return;
        }
        let item = (kind, ObjectName::of(&event.object));
        let before = self.recorded.get(&item).cloned();
        let schedule_at = ObjectName::new(
            namespace(&event.object),
            label(&event.object, "velero.io/schedule-name").unwrap_or(""),
        );
        let schedule = self
            .recorded
            .get(&(Kind::VeleroSchedule, schedule_at))
            .cloned();
        let recorded = Recorded {
            change: event.change,
            kind,
            object: &event.object,
            before: before.as_ref(),
            schedule: schedule.as_ref(),
            orphaned: self.owner(&event.object).is_none(),
            hub: &self.hub,
        };
        // The operator does not look at a BackupSchedule again because of its own status write.
        let ignored = kind == Kind::BackupSchedule && recorded.is_operators();
        let operators = recorded.is_operators() && !deviations::is_racing(&event.object);
        if operators {
            self.expect(kind, event);
        } else {
            self.feed(kind, event);
        }
        match event.change {
            Change::Deleted => self.recorded.remove(&item),
            _ => self.recorded.insert(item.clone(), event.object.clone()),
        };
        if !ignored {
            self.trigger(&item, &event.object);
        }
    }

    /// The ACM object that controls an object.
    fn owner(&self, object: &Value) -> Option<Item> {
        [Kind::BackupSchedule, Kind::AcmRestore]
            .into_iter()
            .find_map(|kind| {
                let owner = self
                    .world
                    .all(kind)
                    .find(|owner| acm_backup_operator::object::is_controlled_by(object, owner))?;
                Some((kind, ObjectName::of(owner)))
            })
    }

    /// A change by somebody else enters the world.
    fn feed(&mut self, kind: Kind, event: &Event) {
        let at = ObjectName::of(&event.object);
        if event.change == Change::Deleted {
            self.world.remove(kind, &at);
            self.timers.remove(&(kind, at));
            return;
        }
        let mut object = deviations::with_token(event.object.clone());
        let ours = self.world.get(kind, &at);
        match (kind, ours) {
            _ if deviations::is_racing(&event.object) => {}
            (Kind::AcmRestore | Kind::BackupSchedule, ours) => {
                object["status"] = ours
                    .and_then(|ours| ours.get("status"))
                    .cloned()
                    .unwrap_or_else(|| json!({}));
            }
            (Kind::VeleroSchedule, Some(ours)) => {
                let mut spec = ours["spec"].clone();
                spec["skipImmediately"] = object["spec"]["skipImmediately"].clone();
                object["spec"] = spec;
            }
            (Kind::VeleroRestore | Kind::VeleroSchedule, None)
                if event.change == Change::Modified =>
            {
                self.outcome.problems.push(format!(
                    "Velero worked on {kind:?} {at:?}, which the stand-in did not make"
                ));
            }
            _ => {}
        }
        self.world.put(object);
    }

    /// A change by the operator: what the stand-in has to have done by now.
    fn expect(&mut self, kind: Kind, event: &Event) {
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

    /// The operator's watches: its own kinds, and what they control.
    fn trigger(&mut self, item: &Item, object: &Value) {
        match item.0 {
            Kind::AcmRestore | Kind::BackupSchedule => self.look(item, false),
            Kind::VeleroRestore | Kind::VeleroSchedule => {
                if let Some(owner) = self.owner(object) {
                    self.look(&owner, false);
                }
            }
            _ => {}
        }
    }

    /// The operator's queue is not recorded, but each of its writes proves a pass.
    fn look_at_all(&mut self) {
        for kind in [Kind::AcmRestore, Kind::BackupSchedule] {
            let items: Vec<_> = self
                .world
                .all(kind)
                .map(|object| (kind, ObjectName::of(object)))
                .collect();
            for item in items {
                let resume = self.timers.get(&item).is_some_and(|(_, resume)| *resume);
                self.look(&item, resume);
            }
        }
    }

    fn look(&mut self, item: &Item, resume: bool) {
        let unfinished = self.timers.get(item).is_some_and(|(_, resume)| *resume);
        if deviations::RACING_RESTORES.contains(&item.1.name.as_str())
            || (unfinished && !resume)
            || self.world.get(item.0, &item.1).is_none()
        {
            return;
        }
        self.timers.remove(item);
        let mut resume = resume;
        for _ in 0..10 {
            self.world.resumed = resume;
            let pass = self.pass(item);
            resume = false;
            let changed = pass.writes.iter().filter(|write| self.apply(write)).count();
            if let Some(timer) = self.timer(pass.again) {
                self.timers.insert(item.clone(), timer);
                if timer.1 {
                    return;
                }
            }
            if changed == 0 {
                return;
            }
        }
        self.outcome
            .problems
            .push(format!("{item:?} does not come to rest"));
    }

    fn pass(&self, item: &Item) -> Pass {
        match item.0 {
            Kind::BackupSchedule => reconcile_schedule(&self.world, &item.1, self.version),
            _ => reconcile_restore(&self.world, &item.1, self.version),
        }
    }

    fn timer(&self, again: Option<Again>) -> Option<(Timestamp, bool)> {
        let (after, resume) = match again? {
            Again::Healthy => (Duration::from_secs(300), false),
            Again::Retry => (Duration::from_secs(60), false),
            Again::Waiting => (Duration::from_secs(10), false),
            Again::Sync(interval) => (interval, false),
            Again::Resume(pause) => (pause, true),
        };
        Some((
            self.world.now + SignedDuration::try_from(after).unwrap(),
            resume,
        ))
    }

    /// Does a write in the world. False if it changes nothing.
    fn apply(&mut self, write: &Write) -> bool {
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
