//! Generated worlds: hubs that back up, take over, die and return, with what really is so.
//!
//! A world is told in true time; each hub reads its own clock. [`story`] makes what happened, [`writing`] what
//! that left in the bucket, [`view`] what one hub sees of it, [`odd`] bends a view by what nobody expects.

pub mod odd;
pub mod story;
pub mod view;
pub mod writing;

use crate::seen::Time;

/// A hub.
#[derive(Clone, Debug)]
pub struct Hub {
    /// What it writes into its labels: an id, `unknown`, nothing, or another hub's.
    pub id: String,
    /// How far its clock is ahead.
    pub clock: Time,
    /// It writes no markers, and no label on its Velero Restores (operators before 2.11).
    pub old_operator: bool,
    /// When it died, in true time.
    pub died: Option<Time>,
    /// When its BackupSchedules ran.
    pub schedules: Vec<Stretch>,
}

impl Hub {
    /// Whether it runs at a time.
    pub fn lives_at(&self, at: Time) -> bool {
        self.died.is_none_or(|died| died > at)
    }
}

/// A time in which a schedule runs.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// From.
    pub from: Time,
    /// Up to; beyond now where it still runs.
    pub to: Time,
    /// How often.
    pub every: Every,
    /// Items of its managed-clusters backups.
    pub items: i64,
    /// Index of the storage location it writes to.
    pub location: usize,
}

/// How often a schedule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// Every so many seconds.
    Seconds(Time),
    /// Once a day, Monday to Friday.
    Weekday,
}

/// How an activation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// As it should: the clusters came, the marker was written.
    Full,
    /// The same, but 2.17 wrote a hollow marker first.
    TwoMarkers,
    /// A `Skip` restore: a hollow marker and no cluster.
    Hollow,
    /// Filtered: a marker, and clusters that stayed where they were.
    Filtered,
    /// A marker, and nothing restored.
    Nothing,
    /// The clusters came, the marker could not be written.
    MarkerLost,
    /// The clusters came and were taken back by hand, without a marker.
    Undone,
    /// It still runs.
    UnderWay,
}

impl Course {
    /// Whether the clusters went with it.
    pub fn moves_the_fleet(self) -> bool {
        matches!(self, Self::Full | Self::TwoMarkers | Self::MarkerLost)
    }
}

/// An activation.
#[derive(Clone, Debug)]
pub struct Activation {
    /// When its Velero Restore of managed clusters ended, in true time.
    pub at: Time,
    /// Index of the hub that took over.
    pub by: usize,
    /// Index of the hub that held the fleet.
    pub from: usize,
    /// How it went.
    pub course: Course,
    /// Name of the ACM Restore.
    pub restore: String,
    /// Name of the restored backup of managed clusters.
    pub backup: String,
    /// What was stated for it, and how long before.
    pub stated: Option<(&'static str, Time)>,
}

/// A Backup in the bucket, its times those of its writer's clock.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Index of the hub that made it.
    pub by: usize,
    /// Its name.
    pub name: String,
    /// Labels.
    pub labels: Vec<(&'static str, String)>,
    /// When it was asked for.
    pub made: Time,
    /// When Velero began.
    pub begun: Time,
    /// When it ended.
    pub ended: Time,
    /// The same in true time.
    pub truly_ended: Time,
    /// Its phase once it ended.
    pub phase: &'static str,
    /// Items.
    pub items: i64,
    /// TTL.
    pub ttl: Time,
    /// Index of its storage location.
    pub location: usize,
}

/// What really is so.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Index of the hub that holds the fleet.
    pub holder: usize,
    /// Since when, in true time.
    pub since: Time,
}

/// A world.
#[derive(Clone, Debug)]
pub struct World {
    /// Its name.
    pub seed: u64,
    /// True time.
    pub now: Time,
    /// Its hubs.
    pub hubs: Vec<Hub>,
    /// What happened.
    pub activations: Vec<Activation>,
    /// The bucket.
    pub bucket: Vec<Stored>,
    /// What is so.
    pub truth: Truth,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = crate::rng::Rng::new(seed);
        let mut world = story::tell(seed, &mut rng);
        writing::write(&mut world, &mut rng);
        world
    }
}
