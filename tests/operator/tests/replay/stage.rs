//! A world in which the recorded environment acts and the stand-in plays the operator.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use acm_backup_domain::upstream::MARKER_PREFIX;
use acm_backup_operator::decide::{reconcile_restore, reconcile_schedule};
use acm_backup_operator::kinds::Kind;
use acm_backup_operator::object::{ObjectName, label, name, namespace, text, uid};
use acm_backup_operator::recording::{Change, Event, HUBS, Recording};
use acm_backup_operator::version::Version;
use acm_backup_operator::world::World;
use acm_backup_operator::write::{Again, Pass};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::author::Recorded;
use crate::deviations;
use crate::tracks::Outcome;

type Item = (Kind, ObjectName);

/// What a recording leaves out and the operator saw.
#[derive(Clone, Copy, Debug)]
pub struct Unrecorded {
    /// Whether the hub has the ManagedServiceAccount component.
    pub accounts: bool,
}

impl Default for Unrecorded {
    fn default() -> Self {
        Self { accounts: true }
    }
}

/// Plays one hub of a recording with one version's logic.
pub fn replay(recording: &str, hub: &str, version: Version) -> Outcome {
    let id = HUBS.iter().find(|(name, _)| *name == hub).unwrap().1;
    let events = Recording::open(recording, hub).unwrap().events;
    replay_events(events, id, deviations::unrecorded(recording, hub), version)
}

/// Plays what was recorded on the hub with this id.
pub fn replay_events(
    events: Vec<Event>,
    id: &str,
    unrecorded: Unrecorded,
    version: Version,
) -> Outcome {
    let events = in_order_of_storage(events);
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
    deviations::add_unrecorded(&mut stage.world, id, unrecorded);
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

pub struct Stage {
    version: Version,
    hub: String,
    markers: Vec<Value>,
    pub(super) world: World,
    pub(super) outcome: Outcome,
    /// The last recorded state of every object.
    recorded: BTreeMap<Item, Value>,
    /// Backups the stand-in made under its own time, until the recorded one appears.
    pub(super) unmatched: VecDeque<ObjectName>,
    /// When to look again, and whether that goes on with a pass.
    timers: BTreeMap<Item, (Timestamp, bool)>,
    pub(super) made: usize,
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
    pub(super) fn look_at_all(&mut self) {
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
}
