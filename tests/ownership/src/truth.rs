//! An activation that passes unattested though another hub holds the fleet and lives: by why nobody could see it.
//!
//! Every kind is one the sentences admit to (P4, Q3) or one that no evidence can tell; a kind of its own would be
//! a hole.

use crate::oracle::facts::is_named;
use crate::seen::MINUTE;
use crate::soak::Case;
use crate::world::{Activation, Course, view};
use acm_backup_domain::upstream::MARKER_PREFIX;

/// One nobody has an explanation for.
pub const UNKNOWN_KIND: &str = "not explained";

/// The kind of an unattested pass; none where it is safe.
pub fn unsafe_kind(case: &Case) -> Option<&'static str> {
    let world = &case.world;
    let index = world.truth.holder;
    let holder = &world.hubs[index];
    if index == case.viewer || !holder.lives_at(world.now) {
        return None;
    }
    let moves: Vec<&Activation> = world
        .activations
        .iter()
        .filter(|it| it.course.moves_the_fleet())
        .collect();
    let took = moves.iter().rfind(|it| it.by == index);
    let unseen = |since| !view::shows(world, index, &case.seen, since);
    let feigned = |of: &[Course]| {
        world
            .activations
            .iter()
            .any(|it| it.by != index && of.contains(&it.course))
    };
    let shared = !is_named(&holder.id)
        || world
            .hubs
            .iter()
            .enumerate()
            .any(|(other, hub)| other != index && hub.id == holder.id);
    // K4 tells the takeover of the hub that looks by the name of the backup it restored: by that writer's clock.
    let restored_from = moves.iter().filter(|it| it.by == case.viewer);
    let clocks = restored_from.map(|it| it.from).chain([index]);
    let apart = clocks
        .map(|hub| world.hubs[hub].clock - world.hubs[case.viewer].clock)
        .any(|apart| apart.abs() > MINUTE);
    let told_by_no_marker = |took: &Activation| match took.course {
        _ if holder.old_operator => "P4: a takeover before 2.11, until its first backup",
        Course::MarkerLost => "P4: a marker that could not be written",
        _ => "P4: a takeover not synced yet",
    };
    let marker_is_here = |took: &Activation| {
        world.bucket.iter().any(|it| {
            let marker = it.by == index && it.name.starts_with(MARKER_PREFIX);
            let here = || case.seen.backups.iter().any(|copy| copy.name == it.name);
            marker && it.truly_ended >= took.at && here()
        })
    };
    // A marker is named when its hub's operator gets to it, up to a minute after the clusters came.
    let at_once = |took: &Activation| {
        let mut others = moves.iter().filter(|it| it.by != index);
        others.any(|it| (it.at - took.at).abs() <= 2 * MINUTE)
    };
    Some(match took {
        // P4: what it did since it took over is not here.
        Some(took) if unseen(took.at) => told_by_no_marker(took),
        None if unseen(i64::MIN / 2) => "P4: nothing of the holder has been synced yet",
        _ if feigned(&[Course::Undone]) => "P4: an activation undone elsewhere",
        _ if feigned(&[Course::Filtered, Course::Nothing, Course::Hollow]) => {
            "Q3: a filtered activation looks like a takeover"
        }
        _ if apart => "T: two clocks differ, within the five minutes of T3",
        _ if shared => "E6: hubs that no id tells apart",
        Some(took) if at_once(took) => {
            "K1: two took over within two minutes, and their markers tell another order"
        }
        Some(took) if !marker_is_here(took) => told_by_no_marker(took),
        _ => UNKNOWN_KIND,
    })
}
