//! What nobody expects of a view: each bend is one a sentence speaks of.

use crate::oracle::names::{
    DR, LOCATION, MARKER, OPERATORS, RESTORED, TAKER, WRITER, prefix_of, stamp_like,
};
use crate::rng::Rng;
use crate::seen::{DAY, HOUR, MINUTE, Seen, SeenAccepted, SeenBackup, Time};

/// Bends a view in up to four places.
pub fn bend(seen: &mut Seen, rng: &mut Rng) {
    for _ in 0..rng.within(1, 4) {
        once(seen, rng);
    }
    // Two objects of one name cannot be.
    seen.backups.sort_by(|a, b| a.name.cmp(&b.name));
    seen.backups.dedup_by(|a, b| a.name == b.name);
}

fn once(seen: &mut Seen, rng: &mut Rng) {
    let now = seen.now;
    match rng.below(10) {
        0 => {
            // Another marker, by anyone, at any time.
            let id = any_id(seen, rng);
            let source = any_id(seen, rng);
            let marker = marker(seen, id, source, rng);
            seen.backups.push(marker);
        }
        1 if !seen.clusters.is_empty() => {
            let index = rng.below(seen.clusters.len() as u64) as usize;
            seen.clusters.remove(index);
        }
        2 if !seen.velero.is_empty() => {
            let index = rng.below(seen.velero.len() as u64) as usize;
            match rng.below(3) {
                0 => {
                    seen.velero[index].completed = None;
                    seen.velero[index].phase = "InProgress";
                }
                1 => {
                    seen.velero[index].completed = Some(now + odd_span(rng));
                    seen.velero[index].phase =
                        rng.pick(&["Completed", "PartiallyFailed", "Failed"]);
                }
                _ => {
                    seen.velero.remove(index);
                }
            }
        }
        3 if !seen.accepted.is_empty() => {
            let index = rng.below(seen.accepted.len() as u64) as usize;
            let SeenAccepted { about, at, .. } = &mut seen.accepted[index];
            match rng.chance(50) {
                true => *about = "unknown".to_owned(),
                false => *at = now - rng.span(10, 5 * HOUR),
            }
        }
        _ if !seen.backups.is_empty() => {
            let index = rng.below(seen.backups.len() as u64) as usize;
            let id = any_id(seen, rng);
            backup(&mut seen.backups[index], now, id, rng);
        }
        _ => {}
    }
}

/// Spans at which sentences change their mind.
fn odd_span(rng: &mut Rng) -> Time {
    let span = rng.pick(&[
        0,
        1,
        9,
        10,
        11,
        59,
        5 * MINUTE - 1,
        5 * MINUTE,
        5 * MINUTE + 1,
        HOUR,
        DAY,
        9000 * 365 * DAY,
    ]);
    if rng.chance(40) { -span } else { span }
}

fn any_id(seen: &Seen, rng: &mut Rng) -> String {
    let ids: Vec<&str> = seen
        .backups
        .iter()
        .flat_map(|it| &it.labels)
        .filter(|(key, _)| *key == WRITER || *key == TAKER)
        .map(|(_, id)| id.as_str())
        .chain(seen.own_id.as_deref())
        .chain(["unknown", "another-hub"])
        .collect();
    rng.pick(&ids).to_owned()
}

fn marker(seen: &Seen, id: String, source: String, rng: &mut Rng) -> SeenBackup {
    let made = seen.now - rng.span(1, 2 * DAY);
    let restored = match rng.chance(25) {
        true => String::new(),
        false => seen
            .backups
            .iter()
            .map(|it| it.name.clone())
            .find(|name| prefix_of(name) == Some(RESTORED))
            .unwrap_or_default(),
    };
    let here = rng.chance(25);
    SeenBackup {
        name: crate::seen::stamped(MARKER, made),
        generation: Some(if here { 9 } else { 1 }),
        created: Some(if here { made } else { made + rng.within(0, 90) }),
        deleted: None,
        labels: vec![
            (WRITER, source),
            (TAKER, id),
            (RESTORED, restored),
            (DR, "true".to_owned()),
            (LOCATION, "default".to_owned()),
        ],
        location: Some("default".to_owned()),
        phase: "Completed",
        started: Some(made),
        completed: Some(made + 1),
        ttl: Some(30 * DAY),
        items: Some(1),
    }
}

fn backup(it: &mut SeenBackup, now: Time, id: String, rng: &mut Rng) {
    match rng.below(16) {
        0 => it.generation = rng.pick(&[None, Some(1), Some(2), Some(3), Some(8)]),
        1 => it.created = rng.pick(&[it.completed, it.started, Some(now)]),
        2 => it.created = it.created.map(|at| at + odd_span(rng)),
        3 => it.started = it.started.map(|at| at + odd_span(rng)),
        4 => it.completed = it.completed.map(|at| at + odd_span(rng)),
        5 => it.name = stamp_like(&it.name, now - rng.span(1, 2 * DAY)),
        6 => it.name = stamp_like(&it.name, now + odd_span(rng)),
        7 => it.labels.retain(|(key, _)| !OPERATORS.contains(key)),
        8 => {
            for (key, value) in &mut it.labels {
                if *key == WRITER {
                    value.clone_from(&id);
                }
            }
        }
        9 => it.labels.retain(|(key, _)| *key != WRITER && *key != TAKER),
        10 => {
            it.completed = None;
            it.phase = "InProgress";
        }
        11 => {
            it.deleted = Some(now - 5);
            it.phase = rng.pick(&["Deleting", it.phase]);
            it.generation = it.generation.map(|generation| generation + 1);
        }
        12 => it.phase = rng.pick(&["Failed", "PartiallyFailed", "Completed", "FailedValidation"]),
        14 if !it.name.starts_with(MARKER) => {
            if let Some(prefix) = prefix_of(&it.name) {
                it.name = format!("{prefix}-by-hand");
            }
        }
        13 => it.items = rng.pick(&[None, Some(0), Some(1), Some(30)]),
        _ => {
            it.ttl = rng.pick(&[
                None,
                Some(0),
                Some(5 * MINUTE),
                Some(3 * HOUR),
                Some(i64::MAX / 2),
            ])
        }
    }
}
