//! Random days on an API server: whoever enters is alone in what may still be stored.

use super::*;
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A request for this object comes through the guard, and will be stored after so many seconds, if
    /// at all, unless the API server has given it up by then.
    Ask {
        name: u8,
        update: bool,
        stored_after: Option<i64>,
        listing: bool,
    },
    /// So many seconds pass.
    Wait(i64),
    /// The object of this name is deleted.
    Delete(u8),
    /// The one who watches starts anew and forgets.
    Forget,
    /// The holder gives up what it took last.
    Release,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (
        0..3_u8,
        any::<bool>(),
        prop::option::of(0..90_i64),
        any::<bool>(),
    )
        .prop_map(|(name, update, stored_after, listing)| Step::Ask {
            name,
            update,
            stored_after,
            listing,
        });
    let step = prop_oneof![
        4 => ask,
        4 => (0..40_i64).prop_map(Step::Wait),
        1 => (0..3_u8).prop_map(Step::Delete),
        1 => Just(Step::Forget),
        1 => Just(Step::Release),
    ];
    prop::collection::vec(step, 1..40)
}

/// A request the API server still works on.
struct Pending {
    entry: Entry,
    begun: i64,
    due: Option<i64>,
}

#[derive(Default)]
struct World {
    now: i64,
    version: u64,
    /// (holder, uid, version)
    objects: Vec<Stored>,
    pending: Vec<Pending>,
    seen: Vec<String>,
    lease: Vec<Entry>,
    written: i64,
}

impl World {
    fn next(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    /// The API server stores or refuses what is due, and gives up what is older than its timeout.
    fn settle(&mut self) {
        let now = self.now;
        let (over, open): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|one| one.due.is_some_and(|due| due <= now) || now >= one.begun + 60);
        self.pending = open;
        for one in over {
            if one.due.is_none_or(|due| due >= one.begun + 60) {
                continue;
            }
            let version = self.next();
            let there = self
                .objects
                .iter_mut()
                .find(|object| object.holder == one.entry.holder);
            let uid = one.entry.uid.clone().unwrap();
            match (one.entry.version, there) {
                (None, None) => {
                    self.seen.push(uid.clone());
                    self.objects.push(stored(&one.entry.holder, &uid, &version));
                }
                (Some(replaced), Some(object))
                    if object.uid == uid && object.version == replaced =>
                {
                    object.version = version;
                }
                // AlreadyExists, NotFound, Conflict.
                _ => {}
            }
        }
    }

    /// A creation may come until it is given up, whatever is there now; an update has only the version it
    /// replaces.
    fn may_be_stored(&self, entry: &Entry) -> bool {
        entry.version.as_ref().is_none_or(|version| {
            let uid = entry.uid.as_ref();
            self.objects
                .iter()
                .any(|object| Some(&object.uid) == uid && object.version == *version)
        })
    }

    fn ask(&mut self, name: u8, update: bool, stored_after: Option<i64>, listing: bool) {
        let holder = format!("Restore/r{name}");
        let there = self
            .objects
            .iter()
            .find(|object| object.holder == holder)
            .cloned();
        let uid = self.next();
        let entry = match (update, there) {
            (true, Some(object)) => super::update(&holder, &object.uid, &object.version),
            (true, None) => return,
            (false, _) => creation(&holder, &uid),
        };
        let entry = Entry {
            request: uid,
            ..entry
        };
        let seen = self.seen.clone();
        let look = Look {
            now: Some(after(self.now)),
            written: Some(after(self.written)),
            bound: BOUND,
            stored: listing.then_some(&self.objects),
            seen: &|uid: &str| seen.iter().any(|one| one == uid),
        };
        let Ok(entries) = enter(&self.lease, &entry, &look) else {
            return;
        };
        for other in self
            .pending
            .iter()
            .filter(|one| self.may_be_stored(&one.entry))
        {
            assert_eq!(
                other.entry.holder, entry.holder,
                "{entry:?} entered beside {:?}, which may still be stored",
                other.entry
            );
        }
        self.lease = read(Some(&write(&entries)));
        self.written = self.now;
        self.pending.push(Pending {
            entry,
            begun: self.now,
            due: stored_after.map(|seconds| self.now + seconds),
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn whoever_enters_is_alone_in_what_may_still_be_stored(steps in steps()) {
        let mut world = World::default();
        for step in steps {
            world.settle();
            match step {
                Step::Ask { name, update, stored_after, listing } => {
                    world.ask(name, update, stored_after, listing);
                }
                Step::Wait(seconds) => {
                    for _ in 0..seconds {
                        world.now += 1;
                        world.settle();
                    }
                }
                Step::Delete(name) => {
                    let holder = format!("Restore/r{name}");
                    world.objects.retain(|object| object.holder != holder);
                }
                Step::Forget => world.seen.clear(),
                Step::Release => {
                    // Refused under the slot: the request ends and its reservation goes.
                    let Some(last) = world.pending.pop() else { continue };
                    let since = after(world.written);
                    world.lease.retain(|entry| entry.request != last.entry.request);
                    for entry in &mut world.lease {
                        entry.since = entry.since.or(Some(since));
                    }
                    world.written = world.now;
                }
            }
        }
    }

    #[test]
    fn whatever_stands_in_the_annotation_ends_by_time(text in ".{0,200}", seconds in 70..i64::from(u32::MAX)) {
        let me = creation("Restore/b", "2");
        prop_assert!(enter(&read(Some(&text)), &me, &look(seconds)).is_ok());
    }
}
