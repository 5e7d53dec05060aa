//! What happened: who held the fleet, who took it, who died and who came back.

use super::{Activation, Course, Every, Hub, Stretch, Truth, World};
use crate::rng::Rng;
use crate::seen::{DAY, HOUR, MINUTE, Time};

/// A Monday noon, from which worlds begin within a year.
const FIRST_NOON: Time = 1_795_435_200;
/// Beyond every now.
const FOR_EVER: Time = 1 << 40;
const YEAR: Time = 365 * DAY;

/// Tells the story of a seed.
pub fn tell(seed: u64, rng: &mut Rng) -> World {
    let now = FIRST_NOON + rng.within(0, YEAR);
    let count = rng.weighted(&[(8, 1), (47, 2), (30, 3), (15, 4)]);
    let mut hubs = hubs(count, rng);
    let mut holder = 0;
    let mut since = now - 60 * DAY;
    let every = period(rng);
    let items = rng.within(4, 60);
    let start = now - rng.span(30, 40 * DAY);
    hubs[0].schedules.push(Stretch {
        from: start,
        to: FOR_EVER,
        every,
        items,
        location: 0,
    });

    let mut times: Vec<_> = (0..rng.weighted(&[(22, 0), (40, 1), (25, 2), (13, 3)]))
        .map(|_| now - rng.span(5, (now - start).max(20)))
        .collect();
    times.sort_unstable();
    let mut activations = Vec::new();
    for at in times {
        let by = match rng.chance(10) {
            true => holder,
            false => (holder + 1 + rng.below(count as u64) as usize) % count,
        };
        if !hubs[by].lives_at(at) {
            continue;
        }
        let course = rng.weighted(&[
            (46, Course::Full),
            (8, Course::TwoMarkers),
            (7, Course::Hollow),
            (8, Course::Filtered),
            (6, Course::Nothing),
            (12, Course::MarkerLost),
            (5, Course::Undone),
            (3, Course::UnderWay),
        ]);
        if course != Course::UnderWay {
            leave(&mut hubs, holder, by, at, course, rng);
        }
        let stated = [("fenced", 35), ("down", 30)]
            .into_iter()
            .find(|(_, percent)| rng.chance(*percent))
            .map(|(kind, _)| (kind, rng.within(5, HOUR)));
        activations.push(Activation {
            at,
            by,
            from: holder,
            course,
            restore: ["restore-acm-passive-sync", "activate", "failback"][rng.below(3) as usize]
                .to_owned(),
            backup: String::new(),
            stated,
        });
        if course.moves_the_fleet() {
            (holder, since) = (by, at);
        }
        if course.moves_the_fleet() || rng.chance(20) {
            begin(&mut hubs[by], at, items, every, rng);
        }
    }
    noise(&mut hubs, now, rng);
    World {
        seed,
        now,
        hubs,
        activations,
        bucket: Vec::new(),
        truth: Truth { holder, since },
    }
}

fn hubs(count: usize, rng: &mut Rng) -> Vec<Hub> {
    const IDS: [&str; 4] = [
        "81431db3-2b3e-56e4-93ca-3481bd29fa8b",
        "75b1a9a2-89e1-59cb-84bc-9815403f475d",
        "75b1a9a2-0000-59cb-84bc-9815403f4750",
        "c0ffee00-1111-4222-8333-944455556666",
    ];
    let nameless = rng.weighted(&[(86, 0), (9, 30), (5, 100)]);
    let twins = rng.chance(8);
    let old = rng.chance(15);
    let bad_clocks = rng.chance(35);
    (0..count)
        .map(|index| {
            let id = match () {
                () if rng.chance(nameless) => rng.pick(&["unknown", "unknown", ""]),
                () if twins && rng.chance(60) => IDS[0],
                () => IDS[index],
            };
            let clock = match bad_clocks && rng.chance(60) {
                false => rng.within(-2, 2),
                true => {
                    let size = rng.weighted(&[
                        (5, 30),
                        (4, 4 * MINUTE),
                        (4, 11 * MINUTE),
                        (4, 5 * HOUR),
                        (2, 40 * DAY),
                        (1, 100 * YEAR),
                        (1, 7000 * YEAR),
                    ]);
                    // No calendar has years before the first.
                    rng.within((-size).max(-1900 * YEAR), size)
                }
            };
            Hub {
                id: id.to_owned(),
                clock,
                old_operator: old && rng.chance(80),
                died: None,
                schedules: Vec::new(),
            }
        })
        .collect()
}

fn period(rng: &mut Rng) -> Every {
    rng.weighted(&[
        (6, Every::Seconds(2 * MINUTE)),
        (6, Every::Seconds(HOUR)),
        (4, Every::Seconds(6 * HOUR)),
        (4, Every::Seconds(DAY)),
        (2, Every::Weekday),
    ])
}

/// What becomes of the hub that held the fleet, when another one takes over.
fn leave(hubs: &mut [Hub], old: usize, by: usize, at: Time, course: Course, rng: &mut Rng) {
    if old == by {
        return;
    }
    let stop = |hub: &mut Hub, at: Time| {
        hub.schedules.retain(|stretch| stretch.from < at);
        for stretch in &mut hub.schedules {
            stretch.to = stretch.to.min(at);
        }
    };
    let hub = &mut hubs[old];
    match rng.below(if course.moves_the_fleet() { 10 } else { 4 }) {
        // It goes on: nobody told it, or a partition hides the marker from it.
        0 | 1 => {}
        // It sees the marker and is in collision.
        2 | 3 => stop(hub, at + rng.span(5, 10 * MINUTE)),
        // A planned move: it is paused before.
        4..=6 => stop(hub, at - rng.span(5, HOUR)),
        // It died.
        _ => {
            let died = at - rng.span(5, DAY);
            stop(hub, died);
            let stretch = hub.schedules.last().copied();
            hub.died = Some(died);
            if rng.chance(45) {
                // It returns, and goes on as if nothing had been.
                let back = at + rng.span(5, 2 * DAY);
                hub.died = None;
                let to = match rng.chance(50) {
                    true => FOR_EVER,
                    false => back + rng.span(3, 10 * MINUTE),
                };
                hub.schedules.extend(stretch.map(|stretch| Stretch {
                    from: back,
                    to,
                    ..stretch
                }));
            }
        }
    }
}

/// The schedule of a hub that has just taken over, if it ever gets one.
fn begin(hub: &mut Hub, at: Time, items: i64, every: Every, rng: &mut Rng) {
    if rng.chance(15) {
        return;
    }
    let from = at + rng.span(1, 15 * MINUTE);
    for stretch in &mut hub.schedules {
        stretch.to = stretch.to.min(from);
    }
    let to = match rng.chance(85) {
        true => FOR_EVER,
        false => from + rng.span(3, DAY),
    };
    hub.schedules.push(Stretch {
        from,
        to,
        every: if rng.chance(70) { every } else { period(rng) },
        items: (items + rng.within(-2, 4)).max(1),
        location: 0,
    });
}

/// Schedules that lived three seconds, and hubs that write elsewhere.
fn noise(hubs: &mut [Hub], now: Time, rng: &mut Rng) {
    if rng.chance(12) {
        let hub = rng.below(hubs.len() as u64) as usize;
        let from = now - rng.span(5, 3 * DAY);
        hubs[hub].schedules.push(Stretch {
            from,
            to: from + 3,
            every: Every::Seconds(HOUR),
            items: rng.within(0, 3),
            location: 0,
        });
    }
    if rng.chance(8) {
        let hub = rng.below(hubs.len() as u64) as usize;
        for stretch in &mut hubs[hub].schedules {
            stretch.location = 1;
        }
    }
}
