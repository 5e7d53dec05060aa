//! No cut and no missing file adds a finding or makes the verdict better.

use acm_backup_domain::status::Verdict;
use acm_backup_offline::damage::Cuts;
use acm_backup_offline::judge::{OnDisk, Said};
use acm_backup_offline::layout::Layout;
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
    ];
    for (told, expected) in told.iter().zip(expected) {
        assert_eq!((told.0, told.1, told.2.as_str()), expected);
    }
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

#[test]
fn no_cut_and_no_missing_file_adds_a_finding_or_betters_the_verdict() {
    // All of it: cargo xtask soak offline.
    let cuts = |layout, hub: &str| match (layout, hub) {
        (Layout::Inspect, "stalled" | "passive" | "activated") => Cuts::Lines,
        _ => Cuts::Sampled(1999),
    };
    let report = soak::soak(cuts, |_| ()).unwrap();
    assert!(report.is_clean(), "{report}");
}
