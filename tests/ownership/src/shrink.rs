//! The smallest view that still shows a difference: whatever can be left out is.

use crate::seen::Seen;

/// Leaves out one object after the other, for as long as `fails` holds.
pub fn smallest(seen: &Seen, fails: impl Fn(&Seen) -> bool) -> Seen {
    let mut best = seen.clone();
    loop {
        let before = size(&best);
        each(&mut best, |it| &mut it.backups, &fails);
        each(&mut best, |it| &mut it.velero, &fails);
        each(&mut best, |it| &mut it.restores, &fails);
        each(&mut best, |it| &mut it.clusters, &fails);
        each(&mut best, |it| &mut it.locations, &fails);
        each(&mut best, |it| &mut it.schedules, &fails);
        each(&mut best, |it| &mut it.accepted, &fails);
        if size(&best) == before {
            return best;
        }
    }
}

fn size(seen: &Seen) -> usize {
    seen.backups.len()
        + seen.velero.len()
        + seen.restores.len()
        + seen.clusters.len()
        + seen.locations.len()
        + seen.schedules.len()
        + seen.accepted.len()
}

fn each<T: Clone>(
    best: &mut Seen,
    part: impl Fn(&mut Seen) -> &mut Vec<T>,
    fails: &impl Fn(&Seen) -> bool,
) {
    let mut index = part(best).len();
    while index > 0 {
        index -= 1;
        let mut without = best.clone();
        part(&mut without).remove(index);
        if fails(&without) {
            *best = without;
        }
    }
}
