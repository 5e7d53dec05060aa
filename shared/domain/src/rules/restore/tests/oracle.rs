//! A bypass oracle: whatever is written on a Restore and whatever the storage holds, nobody activates
//! another hub's backups without a fresh word of someone who may give it. The predicate is written
//! apart from the rule, from the design's sentences.

use super::*;
use crate::names::ATTESTATION;
use crate::rules::restore::old_hub_live::ATTEST;
use jiff::SignedDuration;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct World {
    own: &'static str,
    sets: Vec<(&'static str, u8, bool)>,
    clusters: &'static str,
    word: Option<String>,
    may: Option<bool>,
    minute: u8,
    view_age: i64,
}

fn hub() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![HUB_A, HUB_B, "unknown", ""])
}

fn word() -> impl Strategy<Value = Option<String>> {
    let kinds = prop::sample::select(vec![
        "down",
        "fenced",
        "rebuilt",
        "isolated-copy",
        "Down",
        "",
    ]);
    let reason = prop::sample::select(vec!["seen on site", "REASON", ""]);
    prop::option::of((kinds, hub(), 10u8..18, 0u8..60, reason).prop_map(
        |(kind, hub, hour, minute, reason)| {
            format!("{kind} {hub} 2026-11-22T{hour:02}:{minute:02}:00Z {reason}")
        },
    ))
}

fn world() -> impl Strategy<Value = World> {
    let sets = prop::collection::vec((hub(), 0u8..60, any::<bool>()), 0..4);
    let clusters = prop::sample::select(vec!["latest", "Latest", " latest", "skip", "Skip"]);
    (
        hub(),
        sets,
        clusters,
        word(),
        prop::option::of(any::<bool>()),
        0u8..60,
        0i64..900,
    )
        .prop_map(|(own, sets, clusters, word, may, minute, view_age)| World {
            own,
            sets,
            clusters,
            word,
            may,
            minute,
            view_age,
        })
}

fn snapshot(world: &World) -> Snapshot {
    let mut snapshot = passive_hub();
    snapshot.now = at(&format!("16:{:02}:00", world.minute));
    snapshot.hub_id = Fact::known(HubId::new(world.own), snapshot.now);
    let mut location = storage("16:00:00");
    location.synced = Some(snapshot.now - SignedDuration::from_secs(world.view_age));
    snapshot.storage_locations = Fact::known(vec![location], snapshot.now);
    let backups = world.sets.iter().flat_map(|(hub, minute, here)| {
        let run = format!("15{minute:02}00");
        if *here {
            own_set(hub, &run)
        } else {
            synced_set(hub, &run)
        }
    });
    snapshot.backups = Fact::known(backups.collect(), snapshot.now);
    if let Some(may) = world.may {
        snapshot
            .permissions
            .insert(ATTEST, Fact::known(may, snapshot.now));
    }
    snapshot
}

/// Who wrote what would be restored, and whether here; by start, as the operator resolves `latest`.
fn restored_from(snapshot: &Snapshot) -> Vec<(String, bool)> {
    let clusters: Vec<_> = snapshot
        .backups
        .items()
        .iter()
        .filter(|backup| {
            backup
                .meta
                .name
                .starts_with("acm-managed-clusters-schedule-")
        })
        .collect();
    let newest = clusters.iter().filter_map(|backup| backup.started).max();
    clusters
        .iter()
        .filter(|backup| backup.started == newest)
        .map(|backup| {
            (
                backup.writer().as_str().to_owned(),
                backup.meta.created <= backup.completed,
            )
        })
        .collect()
}

fn a_valid_word_is_given(world: &World, snapshot: &Snapshot) -> bool {
    let Some(words) = world
        .word
        .as_deref()
        .map(|word| word.splitn(4, ' ').collect::<Vec<_>>())
    else {
        return false;
    };
    let &[kind, hub, time, reason] = words.as_slice() else {
        return false;
    };
    let age = snapshot
        .now
        .duration_since(time.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH));
    ["down", "fenced", "rebuilt"].contains(&kind)
        && !hub.is_empty()
        && !reason.is_empty()
        && reason != "REASON"
        && age <= SignedDuration::from_hours(4)
        && world.may == Some(true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn nobody_activates_over_another_hub_unattested(world in world()) {
        let snapshot = snapshot(&world);
        let mut object = restore("new", world.clusters);
        if let Some(word) = &world.word {
            object = with(object, &format!("/metadata/annotations/{}", ATTESTATION.replace('/', "~1")), json!(word));
        }
        let passes = !judge(&create(&object), &snapshot).is_denied();
        let from = restored_from(&snapshot);
        // Two hubs may have started at the same moment; then either may be the newest.
        let own = if world.own.is_empty() { "unknown" } else { world.own };
        let may_be_own = from.iter().any(|(writer, here)| *here && writer == own);
        if world.clusters == "skip" {
            prop_assert!(passes || from.is_empty(), "credentials alone must pass");
        } else if passes {
            prop_assert!(world.clusters.trim().eq_ignore_ascii_case("latest"), "{world:?}");
            prop_assert!(!from.is_empty(), "nothing to restore must be refused");
            prop_assert!(may_be_own || a_valid_word_is_given(&world, &snapshot), "{world:?}");
        }
    }
}
