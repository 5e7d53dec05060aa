//! Who really held the fleet, between which times: from the steps, not from what a hub could see.

use crate::at;
use anyhow::Result;
use jiff::Timestamp;

/// A hub manages the clusters: it has them, and nothing keeps it from them.
#[derive(Clone, Copy, Debug)]
pub struct Reign {
    /// The hub.
    pub hub: &'static str,
    /// Since when.
    pub from: Timestamp,
    /// Until when; none to the end of the recording.
    pub until: Option<Timestamp>,
}

/// Recording, hub, from, until, and what says so.
type Held = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static str,
);

const REIGNS: [Held; 16] = [
    (
        "2.13",
        "hub1",
        "15:41:31.834",
        None,
        "populated; nothing ever takes the clusters from it",
    ),
    (
        "2.13",
        "hub2",
        "15:47:45.688",
        None,
        "activated; paused at 15:48:27, which leaves the clusters with it",
    ),
    (
        "2.17",
        "hub1",
        "15:32:24.178",
        None,
        "populated; nothing ever takes the clusters from it",
    ),
    (
        "2.17",
        "hub2",
        "15:36:29.144",
        None,
        "activated; paused at 15:38:08, which leaves the clusters with it",
    ),
    (
        "2.17-loss",
        "hub1",
        "16:17:15.957",
        Some("16:20:24.141"),
        "populated, then killed",
    ),
    ("2.17-loss", "hub2", "16:20:26.437", None, "activated"),
    (
        "2.17-loss",
        "hub1",
        "16:21:41.572",
        None,
        "back with its clusters; its collision stops its backups only",
    ),
    (
        "2.17-traps",
        "hub1",
        "16:08:16.575",
        None,
        "populated; nobody activates with clusters",
    ),
    (
        "2.17-guarded",
        "hub1",
        "19:06:39.240",
        Some("19:14:20.081"),
        "populated, then killed",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:10:54.913",
        Some("19:11:51.098"),
        "activated on a false word, then emptied by hand",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:31:02.151",
        Some("19:34:26.386"),
        "activated, then paused and its clusters kept from import",
    ),
    (
        "2.17-guarded",
        "hub1",
        "19:32:26.714",
        Some("19:34:25.437"),
        "back with its clusters, until they are kept from import",
    ),
    ("2.17-guarded", "hub1", "19:34:29.690", None, "failback"),
    (
        "2.9-guarded",
        "hub1",
        "19:51:21.271",
        Some("19:52:16.471"),
        "populated, then killed",
    ),
    ("2.9-guarded", "hub2", "19:52:38.670", None, "activated"),
    (
        "2.9-guarded",
        "hub1",
        "19:53:14.282",
        None,
        "back with its clusters; its collision stops its backups only",
    ),
];

/// Recording, hub, from, until: a split brain that was to be seen on that hub, and by what. Before that,
/// what shows it had not arrived.
const SEEN: [Held; 14] = [
    (
        "2.13",
        "hub1",
        "15:48:21.325",
        Some("15:49:04.382"),
        "the copy of hub2's marker, until this hub has taken over itself",
    ),
    (
        "2.13",
        "hub2",
        "15:48:28.534",
        None,
        "copies of what hub1 began after the activation",
    ),
    (
        "2.17",
        "hub1",
        "15:38:07.572",
        Some("15:38:47.577"),
        "the copy of hub2's marker, until this hub has taken over itself",
    ),
    (
        "2.17",
        "hub2",
        "15:37:14.416",
        None,
        "copies of what hub1 began after the activation",
    ),
    (
        "2.17-loss",
        "hub1",
        "16:21:46.188",
        None,
        "the copy of hub2's marker",
    ),
    (
        "2.17-loss",
        "hub2",
        "16:22:15.117",
        None,
        "the copy of what hub1 began after the activation",
    ),
    (
        "2.17-guarded",
        "hub1",
        "19:11:21.754",
        Some("19:11:51.098"),
        "the copy of hub2's marker",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:11:33.939",
        Some("19:11:51.098"),
        "copies of what hub1 began after the activation",
    ),
    (
        "2.17-guarded",
        "hub1",
        "19:32:35.202",
        Some("19:34:25.437"),
        "the copy of hub2's marker",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:33:33.597",
        Some("19:34:25.437"),
        "copies of what hub1 began after the activation",
    ),
    (
        "2.9-guarded",
        "hub1",
        "19:53:16.991",
        None,
        "copies of hub2's set",
    ),
    (
        "2.9-guarded",
        "hub2",
        "19:54:08.604",
        Some("19:54:58.626"),
        "copies of what hub1 began after the activation, until the next one ends on a person's word",
    ),
    (
        "2.9-guarded",
        "hub2",
        "19:55:04.168",
        Some("19:55:09.807"),
        "that activation's Velero Restore is gone, and the copies stand against the first one again",
    ),
    (
        "2.9-guarded",
        "hub2",
        "19:55:15.829",
        None,
        "the next one's is gone too",
    ),
];

fn read(table: &[Held], recording: &str) -> Result<Vec<Reign>> {
    table
        .iter()
        .filter(|(of, ..)| *of == recording)
        .map(|(_, hub, from, until, _)| {
            Ok(Reign {
                hub,
                from: at(recording, from)?,
                until: until.map(|until| at(recording, until)).transpose()?,
            })
        })
        .collect()
}

/// What is true of one recording.
#[derive(Clone, Debug)]
pub struct Truth {
    reigns: Vec<Reign>,
    seen: Vec<Reign>,
}

impl Truth {
    /// Reads the tables.
    ///
    /// # Errors
    /// When a time in them is none.
    pub fn of(recording: &str) -> Result<Self> {
        Ok(Self {
            reigns: read(&REIGNS, recording)?,
            seen: read(&SEEN, recording)?,
        })
    }

    /// The hubs that hold the fleet at a moment.
    pub fn holders(&self, now: Timestamp) -> Vec<&'static str> {
        covering(&self.reigns, now).map(|reign| reign.hub).collect()
    }

    /// Whether two hubs hold the fleet, and a hub could see that.
    pub fn split_is_to_be_seen(&self, hub: &str, now: Timestamp) -> bool {
        self.holders(now).len() > 1 && covering(&self.seen, now).any(|seen| seen.hub == hub)
    }

    /// When what could be seen changed: the times of the table, for a test that looks at the recording.
    pub fn sights(&self) -> impl Iterator<Item = &Reign> {
        self.seen.iter()
    }
}

fn covering(table: &[Reign], now: Timestamp) -> impl Iterator<Item = &Reign> {
    table
        .iter()
        .filter(move |reign| reign.from <= now && reign.until.is_none_or(|until| now < until))
}
