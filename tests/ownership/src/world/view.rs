//! What one hub sees of a world, by its own clock.

use super::{Activation, Course, Stored, World};
use crate::oracle::names::{LOCATION, as_label};
use crate::rng::Rng;
use crate::seen::{
    DAY, HOUR, Lost, MINUTE, Seen, SeenAccepted, SeenBackup, SeenCluster, SeenLocation,
    SeenRestore, SeenSchedule, SeenVelero, Time,
};

const NAMES: [&str; 2] = ["default", "archive"];

/// The world as the hub of that index sees it.
pub fn of(world: &World, viewer: usize, rng: &mut Rng) -> Seen {
    let clock = world.hubs[viewer].clock;
    let locations = locations(world.now, rng);
    let born = world.now - rng.span(HOUR, 100 * DAY);
    let born = born.min(first_trace(world, viewer) - 5);
    let lost = rng.chance(6).then(|| world.now - rng.span(10, 3 * DAY));
    let mut seen = Seen {
        now: world.now + clock,
        own_id: (!rng.chance(4)).then(|| world.hubs[viewer].id.clone()),
        kube_system: (!rng.chance(2)).then_some(born + clock),
        ..Seen::default()
    };
    let sync = Sync {
        phase: rng.within(0, 59),
        born: born + 30,
        lost,
        clock,
        now: world.now,
        locations: &locations,
        spread: rng.weighted(&[(3, 20), (1, 900)]),
    };
    for stored in &world.bucket {
        let backup = match stored.by == viewer {
            true => own(stored, &sync, rng),
            false => sync.arrival(stored, rng).map(|at| copy(stored, at)),
        };
        seen.backups.extend(backup);
    }
    clusters(world, viewer, &sync, rng, &mut seen);
    follow(world, viewer, rng, &mut seen);
    seen.locations = locations
        .into_iter()
        .map(|mut it| {
            it.synced = it.synced.map(|at| at + clock);
            it
        })
        .collect();
    let running = world.hubs[viewer]
        .schedules
        .iter()
        .any(|it| it.from <= world.now && it.to > world.now);
    if running || rng.chance(5) {
        seen.schedules.push(SeenSchedule {
            name: "schedule-acm".to_owned(),
            cron: "0 */2 * * *",
            paused: !running,
            phase: match running {
                true => "Enabled",
                false => rng.pick(&["BackupCollision", "Paused"]),
            },
        });
    }
    if rng.chance(2) {
        seen.missing.push(rng.pick(&[
            Lost::Backups,
            Lost::Clusters,
            Lost::Velero,
            Lost::Locations,
        ]));
    }
    seen
}

/// When the hub first did something.
fn first_trace(world: &World, viewer: usize) -> Time {
    let wrote = world
        .bucket
        .iter()
        .filter(|it| it.by == viewer)
        .map(|it| it.made - world.hubs[viewer].clock);
    let took = world
        .activations
        .iter()
        .filter(|it| it.by == viewer)
        .map(|it| it.at);
    wrote.chain(took).min().unwrap_or(Time::MAX)
}

/// Times of true time, until the view is done.
fn locations(now: Time, rng: &mut Rng) -> Vec<SeenLocation> {
    NAMES
        .iter()
        .enumerate()
        .filter_map(|(index, name)| {
            let default = index == 0;
            if !default && !rng.chance(25) {
                return None;
            }
            let mut location = SeenLocation {
                name: (*name).to_owned(),
                default,
                read_only: !default && rng.chance(60),
                period: rng.pick(&[None, None, Some(30), Some(MINUTE), Some(5 * MINUTE)]),
                available: true,
                synced: Some(now - rng.within(0, 50)),
            };
            match rng.below(100) {
                0..=3 => {
                    location.synced = Some(now - rng.span(20 * MINUTE, 3 * DAY).max(20 * MINUTE))
                }
                4..=5 => location.synced = None,
                6..=7 => location.available = false,
                8 => location.period = Some(0),
                _ => {}
            }
            Some(location)
        })
        .collect()
}

/// How copies come here.
struct Sync<'a> {
    phase: Time,
    born: Time,
    lost: Option<Time>,
    clock: Time,
    now: Time,
    locations: &'a [SeenLocation],
    spread: Time,
}

impl Sync<'_> {
    /// When a copy came, by this hub's clock; none where it has not yet.
    fn arrival(&self, stored: &Stored, rng: &mut Rng) -> Option<Time> {
        let location = self
            .locations
            .iter()
            .find(|it| it.name == NAMES[stored.location])?;
        let every = location.period.unwrap_or(MINUTE).max(MINUTE);
        let ready = stored.truly_ended.max(self.born);
        let pass = (ready - self.phase).div_euclid(every) * every + every + self.phase;
        // The pass in which a backup completes may catch it in the same second.
        let pass = if rng.chance(4) { ready } else { pass };
        let last = location
            .synced
            .unwrap_or(self.now - HOUR)
            .max(self.now - 50 - every);
        let last = if location
            .synced
            .is_some_and(|at| at < self.now - 10 * MINUTE)
        {
            location.synced.unwrap_or(last)
        } else {
            last.max(self.now - 2)
        };
        if pass > last {
            return None;
        }
        let again = self.lost.filter(|lost| pass < *lost);
        let at = again.map_or(pass + rng.within(0, 2), |lost| {
            lost + rng.within(0, self.spread)
        });
        Some(at.min(self.now) + self.clock)
    }
}

fn labelled(stored: &Stored) -> Vec<(&'static str, String)> {
    let mut labels = stored.labels.clone();
    labels.push((LOCATION, NAMES[stored.location].to_owned()));
    labels
}

fn copy(stored: &Stored, at: Time) -> SeenBackup {
    SeenBackup {
        name: stored.name.clone(),
        generation: Some(1),
        created: Some(at),
        deleted: None,
        labels: labelled(stored),
        location: Some(NAMES[stored.location].to_owned()),
        phase: stored.phase,
        started: Some(stored.begun),
        completed: Some(stored.ended),
        ttl: Some(stored.ttl),
        items: Some(stored.items),
    }
}

/// What the hub made itself: unfinished at first, and a copy once it lost its etcd.
fn own(stored: &Stored, sync: &Sync<'_>, rng: &mut Rng) -> Option<SeenBackup> {
    if let Some(lost) = sync.lost.filter(|lost| stored.truly_ended < *lost) {
        let at = (lost + rng.within(0, sync.spread)).min(sync.now) + sync.clock;
        return Some(copy(stored, at));
    }
    let now = sync.now + sync.clock;
    let mut backup = copy(stored, stored.made);
    backup.generation = Some(rng.within(8, 19));
    if stored.ended > now {
        backup.completed = None;
        backup.items = None;
        backup.generation = Some(rng.within(3, 7));
        backup.phase = "InProgress";
    }
    if stored.begun > now {
        backup.started = None;
        backup.generation = Some(1);
        backup.phase = rng.pick(&["New", ""]);
    }
    Some(backup)
}

/// The ManagedClusters, and the Restores that brought them.
fn clusters(world: &World, viewer: usize, sync: &Sync<'_>, rng: &mut Rng, seen: &mut Seen) {
    let clock = sync.clock;
    let old = world.hubs[viewer].old_operator;
    if !rng.chance(5) {
        seen.clusters.push(SeenCluster {
            name: "local-cluster".to_owned(),
            local: true,
            created: world.now - 50 * DAY + clock,
            ..SeenCluster::default()
        });
    }
    let mut held: Option<&Activation> = None;
    let mut imported = viewer == 0;
    for activation in &world.activations {
        let moves = activation.course.moves_the_fleet();
        if activation.by == viewer {
            restores(activation, old, clock, sync, rng, seen);
            if moves || activation.course == Course::Filtered && rng.chance(50) {
                held = Some(activation);
            } else if activation.course == Course::Undone && rng.chance(30) {
                // Taken back by hand, and not all of them.
                held = Some(activation);
            }
        } else if activation.from == viewer && moves && rng.chance(70) {
            // Given away: detached here.
            held = None;
            imported = false;
        }
    }
    if let Some(activation) = held {
        let by = as_label(&velero_name(activation));
        let spread = rng.weighted(&[(4, 0), (1, 20)]);
        for index in 0..rng.within(1, 2) {
            seen.clusters.push(SeenCluster {
                name: format!("fleet{index}"),
                local: false,
                // A restore updates what is there already.
                created: match imported && rng.chance(50) {
                    true => world.now - 40 * DAY,
                    false => activation.at - 1 - rng.within(0, spread),
                } + clock,
                from: Some(activation.backup.clone()),
                by: Some(by.clone()),
            });
        }
    }
    if imported || rng.chance(6) {
        seen.clusters.push(SeenCluster {
            name: "imported".to_owned(),
            created: world.now - 30 * DAY + clock,
            ..SeenCluster::default()
        });
    }
}

fn velero_name(activation: &Activation) -> String {
    format!("{}-{}", activation.restore, activation.backup)
}

/// The ACM Restore of an activation here, its Velero Restore, and the record of what was stated for it.
fn restores(
    activation: &Activation,
    old: bool,
    clock: Time,
    sync: &Sync<'_>,
    rng: &mut Rng,
    seen: &mut Seen,
) {
    let uid = format!("uid-{}-{}", activation.restore, activation.at);
    let running = activation.course == Course::UnderWay;
    if running && activation.at < sync.now - HOUR {
        return;
    }
    if let Some((kind, before)) = activation.stated {
        let about = seen_id(activation, seen, rng);
        let at = activation.at - before + clock;
        let kept = kind == "fenced" || seen.now - at <= 4 * HOUR;
        if kept && let Some(about) = about {
            seen.accepted.push(SeenAccepted {
                kind,
                about,
                at,
                holder: format!("Restore/{}", activation.restore),
                uid: uid.clone(),
                accepted: activation.at - rng.within(1, before.max(2) - 1) + clock,
            });
        }
    }
    // With the Restore its Velero Restores go too.
    let taken = seen.restores.iter().any(|it| it.name == activation.restore);
    if taken || !running && rng.chance(35) {
        return;
    }
    seen.restores.push(SeenRestore {
        name: activation.restore.clone(),
        uid,
        clusters: rng
            .pick(&[
                "latest",
                "latest",
                "acm-managed-clusters-schedule-20260101000000",
            ])
            .to_owned(),
        credentials: "latest".to_owned(),
        resources: "latest".to_owned(),
        sync: rng.chance(50),
        phase: if running { "Running" } else { "Finished" },
        statement: None,
        velero: Vec::new(),
    });
    let nothing = matches!(activation.course, Course::Hollow | Course::Nothing);
    if !nothing || rng.chance(50) {
        seen.velero.push(SeenVelero {
            name: velero_name(activation),
            owner: activation.restore.clone(),
            backup: activation.backup.clone(),
            source: (!old)
                .then(|| source_id(&activation.backup, seen))
                .flatten(),
            created: activation.at - 20 + clock,
            phase: if running { "InProgress" } else { "Completed" },
            completed: (!running).then_some(activation.at + clock),
        });
    }
}

/// Whom the statement of an activation named: whoever wrote the restored backup.
fn seen_id(activation: &Activation, seen: &Seen, _: &mut Rng) -> Option<String> {
    source_id(&activation.backup, seen).map(|id| match id.as_str() {
        "" => "unknown".to_owned(),
        _ => id,
    })
}

fn source_id(backup: &str, seen: &Seen) -> Option<String> {
    let backup = seen.backups.iter().find(|it| it.name == backup)?;
    backup
        .labels
        .iter()
        .find(|(key, _)| *key == crate::oracle::names::WRITER)
        .map(|(_, id)| id.clone())
}

/// A passive sync, on a hub that does not hold the fleet.
fn follow(world: &World, viewer: usize, rng: &mut Rng, seen: &mut Seen) {
    let name = "restore-acm-passive-sync";
    let taken = seen.restores.iter().any(|it| it.name == name);
    if taken || world.truth.holder == viewer || !rng.chance(65) {
        return;
    }
    let old = world.hubs[viewer].old_operator;
    let until = seen.now - rng.weighted(&[(4, 0), (1, HOUR), (1, 2 * DAY)]);
    let mut velero = Vec::new();
    for prefix in ["acm-credentials-schedule", "acm-resources-schedule"] {
        let newest = seen
            .backups
            .iter()
            .filter(|it| it.name.starts_with(prefix) && it.created.is_some_and(|at| at <= until))
            .max_by_key(|it| it.started);
        let Some(backup) = newest else { continue };
        velero.push(SeenVelero {
            name: format!("{name}-{}", backup.name),
            owner: name.to_owned(),
            backup: backup.name.clone(),
            source: (!old).then(|| source_id(&backup.name, seen)).flatten(),
            created: until - 5,
            phase: "Completed",
            completed: Some(until - 3),
        });
    }
    seen.restores.push(SeenRestore {
        name: name.to_owned(),
        uid: "uid-sync".to_owned(),
        clusters: "skip".to_owned(),
        credentials: "latest".to_owned(),
        resources: "latest".to_owned(),
        sync: true,
        phase: rng.weighted(&[(8, "Enabled"), (1, "EnabledWithErrors"), (1, "Running")]),
        statement: None,
        velero: velero.iter().map(|it| it.name.clone()).collect(),
    });
    seen.velero.extend(velero);
}

/// Whether anything the hub of that index made since is seen.
pub fn shows(world: &World, of: usize, seen: &Seen, since: Time) -> bool {
    world.bucket.iter().any(|it| {
        it.by == of
            && it.truly_ended >= since
            && seen.backups.iter().any(|copy| copy.name == it.name)
    })
}
