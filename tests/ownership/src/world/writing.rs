//! What a story left in the bucket.

use super::{Activation, Course, Every, Hub, Stored, Stretch, World};
use crate::oracle::names::{
    CLUSTERS, DR, FIVE, MARKER, RESTORE, RESTORED, SCHEDULE, TAKER, TYPE, VALIDATION,
    VELERO_SCHEDULE, WRITER,
};
use crate::rng::Rng;
use crate::seen::{DAY, MINUTE, Time, stamped};

/// Fills the bucket, and names what each activation restored.
pub fn write(world: &mut World, rng: &mut Rng) {
    let mut bucket = Vec::new();
    for (index, hub) in world.hubs.iter().enumerate() {
        let tick = rng.within(0, 59);
        let keep = rng.weighted(&[(4, 1), (4, 2), (2, 3), (1, 10)]);
        for stretch in &hub.schedules {
            let mut at = fires(stretch, hub, world.now, tick);
            let old = at.len().saturating_sub(keep);
            for at in at.split_off(old) {
                set(index, hub, stretch, at, world.now, rng, &mut bucket);
            }
        }
    }
    for activation in &mut world.activations {
        activation.backup = restored(activation, &bucket, rng);
    }
    for activation in &world.activations {
        mark(activation, &world.hubs, rng, &mut bucket);
    }
    // What nobody wrote while it was dead.
    bucket.retain(|it| {
        let hub = &world.hubs[it.by];
        hub.lives_at(it.truly_ended) && it.made - hub.clock <= world.now
    });
    // A name is there once: Velero refuses to write another hub's backup over.
    bucket.sort_by(|a, b| (&a.name, a.truly_ended).cmp(&(&b.name, b.truly_ended)));
    bucket.dedup_by(|later, first| later.name == first.name);
    forget_old_markers(&mut bucket, rng);
    world.bucket = bucket;
}

/// When a schedule fired, in true time: at once, then by its cron; the last ones only.
fn fires(stretch: &Stretch, hub: &Hub, now: Time, tick: Time) -> Vec<Time> {
    let end = stretch.to.min(now).min(hub.died.unwrap_or(Time::MAX));
    if stretch.from >= end {
        return Vec::new();
    }
    let every = match stretch.every {
        Every::Seconds(every) => every,
        Every::Weekday => DAY,
    };
    // Velero looks at its crons once a minute, at a second of its own, by the hub's own clock.
    let last = (end - 1 + hub.clock - tick).div_euclid(every) * every - hub.clock + tick;
    let mut at: Vec<_> = (0..12)
        .map(|back| last - back * every)
        .take_while(|at| *at > stretch.from)
        .filter(|at| stretch.every != Every::Weekday || is_weekday(at + hub.clock))
        .collect();
    at.push(stretch.from);
    at.reverse();
    at
}

/// 1970 began on a Thursday.
fn is_weekday(at: Time) -> bool {
    (at.div_euclid(DAY) + 3).rem_euclid(7) < 5
}

fn set(
    by: usize,
    hub: &Hub,
    stretch: &Stretch,
    at: Time,
    now: Time,
    rng: &mut Rng,
    bucket: &mut Vec<Stored>,
) {
    let made = at + hub.clock;
    let cron = at != stretch.from;
    let slow = rng.chance(25);
    let mut free = made;
    let torn = rng.chance(5);
    for (index, (prefix, kind)) in FIVE.into_iter().enumerate() {
        if torn && index as u64 > rng.below(4) {
            break;
        }
        let made = match cron && rng.chance(20) {
            true => made + rng.within(0, 9),
            false => made,
        };
        let begun = free.max(made)
            + if slow {
                rng.within(0, 80)
            } else {
                rng.within(0, 2)
            };
        let ended = begun
            + if slow {
                rng.within(1, 120)
            } else {
                rng.within(0, 4)
            };
        free = ended;
        let period = match stretch.every {
            Every::Seconds(every) => every,
            Every::Weekday => DAY,
        };
        let ttl = if prefix == VALIDATION {
            period + 5 * MINUTE
        } else {
            30 * DAY
        };
        let truly_ended = ended - hub.clock;
        // An expired validation backup is deleted by whoever sees it.
        if prefix == VALIDATION && truly_ended + ttl < now && !rng.chance(5) {
            continue;
        }
        let items = match prefix {
            CLUSTERS if rng.chance(6) => stretch.items / 3,
            CLUSTERS => stretch.items,
            _ => rng.within(1, 80),
        };
        bucket.push(Stored {
            by,
            name: stamped(prefix, made),
            labels: vec![
                (WRITER, hub.id.clone()),
                (SCHEDULE, "schedule-acm".to_owned()),
                (TYPE, kind.to_owned()),
                (VELERO_SCHEDULE, prefix.to_owned()),
            ],
            made,
            begun,
            ended,
            truly_ended,
            phase: rng.weighted(&[(90, "Completed"), (7, "PartiallyFailed"), (3, "Failed")]),
            items,
            ttl,
            location: stretch.location,
        });
    }
}

/// The backup an activation restored: nearly always the newest of whoever held the fleet.
fn restored(activation: &Activation, bucket: &[Stored], rng: &mut Rng) -> String {
    let any = rng.chance(10);
    bucket
        .iter()
        .filter(|it| it.name.starts_with(CLUSTERS) && it.truly_ended < activation.at)
        .filter(|it| any || it.by == activation.from)
        .max_by_key(|it| it.truly_ended)
        .map_or_else(
            || stamped(CLUSTERS, activation.at - 3 * DAY),
            |it| it.name.clone(),
        )
}

/// Writes the marker of an activation, if its course has one.
fn mark(activation: &Activation, hubs: &[Hub], rng: &mut Rng, bucket: &mut Vec<Stored>) {
    let hub = &hubs[activation.by];
    let none = matches!(activation.course, Course::MarkerLost | Course::UnderWay);
    if hub.old_operator || none {
        return;
    }
    let mut write = |delay: Time, hollow: bool, rng: &mut Rng| {
        let made = activation.at + delay + hub.clock;
        let begun = made + rng.weighted(&[(6, 0), (2, 5), (2, 65), (1, 230)]);
        let ended = begun + rng.within(0, 3);
        // The operator takes the label from what was restored.
        let writer = bucket
            .iter()
            .find(|it| it.name == activation.backup)
            .map_or(activation.from, |it| it.by);
        let source = match hollow {
            true if rng.chance(60) => String::new(),
            _ => hubs[writer].id.clone(),
        };
        let restored = if hollow {
            String::new()
        } else {
            activation.backup.clone()
        };
        bucket.push(Stored {
            by: activation.by,
            name: stamped(MARKER, made),
            labels: vec![
                (DR, "true".to_owned()),
                (WRITER, source),
                (TAKER, hub.id.clone()),
                (RESTORED, restored),
                (RESTORE, activation.restore.clone()),
            ],
            made,
            begun,
            ended,
            truly_ended: ended - hub.clock,
            phase: rng.weighted(&[(95, "Completed"), (3, "PartiallyFailed"), (2, "Failed")]),
            items: 1,
            ttl: 30 * DAY,
            location: 0,
        });
    };
    match activation.course {
        Course::Hollow => write(1, true, rng),
        Course::TwoMarkers => {
            write(0, true, rng);
            let later = rng.within(1, 20);
            write(later, false, rng);
        }
        _ => {
            let later = rng.within(0, 20);
            write(later, false, rng);
        }
    }
}

/// Each activation deletes the markers before its own, those it sees.
fn forget_old_markers(bucket: &mut Vec<Stored>, rng: &mut Rng) {
    let newest = bucket
        .iter()
        .filter(|it| it.name.starts_with(MARKER))
        .map(|it| it.truly_ended)
        .max();
    let kept = rng.chance(20);
    bucket.retain(|it| {
        !it.name.starts_with(MARKER) || Some(it.truly_ended) == newest || kept || rng.chance(15)
    });
}
