//! No cut and no missing file adds a finding or makes the verdict better.

use acm_backup_domain::status::Verdict;
use acm_backup_offline::damage::Cuts;
use acm_backup_offline::judge::{OnDisk, Said};
use acm_backup_offline::layout::Layout;
use acm_backup_offline::mixed::{self, Way};
use acm_backup_offline::{hub, soak};

/// What is said of each hub whole, so that there is something to lose.
#[test]
fn whole_collections_say_what_the_hubs_are() {
    let mut told = Vec::new();
    for hub in hub::all() {
        let dump = Layout::GetYaml.of(&hub);
        let Said::Judged(whole) = OnDisk::write(&dump).unwrap().judged() else {
            panic!("{} is refused", hub.name);
        };
        assert_eq!(whole.not_checked, Vec::<&str>::new(), "{}", hub.name);
        let ids: Vec<_> = whole.findings.iter().map(|(id, ..)| *id).collect();
        told.push((hub.name, whole.verdict, ids.join(" ")));
    }
    let expected = [
        ("active", Verdict::Ok, ""),
        (
            "stalled",
            Verdict::Critical,
            "backup/failed backup/outdated clusters/unavailable schedule/overdue storage/stale",
        ),
        ("passive", Verdict::Ok, ""),
        ("empty-handed", Verdict::Critical, "passive/holds-nothing"),
        ("forsaken", Verdict::Critical, "hub/owner-silent"),
        ("replaced", Verdict::Critical, "hub/backups-after-takeover"),
        ("activated", Verdict::Ok, ""),
        // Lists of kinds do not tell of the namespace.
        ("unguarded", Verdict::Ok, ""),
        ("a-backup-failed", Verdict::Critical, "backup/failed"),
        ("a-backup-lacks-items", Verdict::Warning, "backup/failed"),
        ("a-schedule-refused", Verdict::Critical, "schedule/refused"),
        ("a-storage-away", Verdict::Critical, "storage/unavailable"),
        ("a-restore-failed", Verdict::Critical, "restore/failed"),
        (
            "a-cluster-away",
            Verdict::Warning,
            "clusters/not-reconnected",
        ),
        ("taken-from", Verdict::Critical, "hub/replaced"),
        ("a-second-schedule", Verdict::Warning, "schedule/several"),
        ("a-second-restore", Verdict::Warning, "restore/refused"),
        ("new-passive", Verdict::Ok, ""),
    ];
    let told: Vec<_> = told
        .iter()
        .map(|(hub, verdict, ids)| (*hub, *verdict, ids.as_str()))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn a_lifted_guard_is_told_where_the_namespace_was_collected() {
    let hubs = hub::all();
    let lifted = hubs.iter().find(|hub| hub.lifted).unwrap();
    let dump = Layout::AcmMustGather.of(lifted);
    let Said::Judged(whole) = OnDisk::write(&dump).unwrap().judged() else {
        panic!("it is refused");
    };
    assert_eq!(whole.verdict, Verdict::Critical);
}

/// Of every hub, with a file for each object: whatever is lost is missed, or owned up to.
#[test]
fn no_lost_file_makes_a_verdict_another_but_unknown() {
    let cuts = |layout, _: &str| (layout == Layout::OneByOne).then_some(Cuts::None);
    let report = soak::soak(cuts, |_| ()).unwrap();
    assert!(report.is_clean(), "{report}");
}

#[test]
fn two_hubs_that_were_collected_into_one_directory_are_refused() {
    const SOME: [&str; 6] = [
        "active",
        "passive",
        "activated",
        "replaced",
        "elsewhere",
        "bare",
    ];
    let mut hubs = hub::all();
    hubs.extend(hub::strangers());
    hubs.retain(|hub| SOME.contains(&hub.name));
    for layout in [Layout::Inspect, Layout::GetYaml, Layout::AcmMustGather] {
        let outcome = mixed::try_all(&hubs, layout, Way::Collected).unwrap();
        assert_eq!(outcome.as_the_second, 0, "{layout:?}");
        assert_eq!(outcome.complaints, Vec::<String>::new(), "{layout:?}");
        assert!(outcome.refused > 20, "{layout:?}: {outcome:?}");
    }
}

/// Where no time tells that there were two. What is left of the first under names that the second has not tells of the
/// first in most cases; in these nothing does.
#[test]
fn two_hubs_that_were_copied_over_each_other_are_refused_by_what_they_hold() {
    const UNTOLD: [&str; 5] = [
        "a-restore-failed and then replaced: added [(\"restore/failed\"",
        "a-second-schedule and then replaced: added [(\"schedule/several\"",
        "a-second-restore and then replaced: added [(\"restore/refused\"",
        "empty-handed and then bare: added [(\"passive/holds-nothing\"",
        "forsaken and then bare: added [(\"hub/owner-silent\"",
    ];
    let mut hubs = hub::all();
    hubs.extend(hub::strangers());
    // That one sees another takeover in the bucket than the others that write to it.
    hubs.retain(|hub| hub.name != "taken-from");
    let outcome = mixed::try_all(&hubs, Layout::OneByOne, Way::Copied).unwrap();
    let told = outcome.complaints.iter();
    let told: Vec<_> = told
        .map(|complaint| complaint.split(", ").next().unwrap())
        .collect();
    assert_eq!(told, UNTOLD);
    assert!(outcome.refused > 100, "{outcome:?}");
}

#[test]
fn no_cut_and_no_missing_file_adds_a_finding_or_betters_the_verdict() {
    // All of it: cargo xtask soak offline.
    let cuts = |layout, hub: &str| match (layout, hub) {
        (Layout::Inspect, "stalled" | "passive" | "activated") => Some(Cuts::Lines),
        (Layout::OneByOne, _) => None,
        (Layout::GetYaml, "active" | "empty-handed" | "forsaken" | "activated")
        | (_, "passive" | "unguarded" | "replaced") => Some(Cuts::Sampled(1999)),
        _ => None,
    };
    let report = soak::soak(cuts, |_| ()).unwrap();
    assert!(report.is_clean(), "{report}");
}
