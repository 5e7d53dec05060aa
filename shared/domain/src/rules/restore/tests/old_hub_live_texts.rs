//! What is told at 3am: each situation's whole text, and that its one way on leads on.

use super::*;
use crate::kinds::definition::Definition;
use crate::names::ATTESTATION;
use crate::rules::restore::old_hub_live::ATTEST;
use crate::snapshot::Missing;

const HUB_C: &str = "c0ffee00-89e1-59cb-84bc-9815403f475d";

fn silent() -> Snapshot {
    let mut snapshot = passive_hub();
    snapshot.now = at("16:10:00").into();
    snapshot.storage_locations = Fact::known(vec![storage("16:09:55")], snapshot.now);
    may(snapshot, true)
}

fn may(mut snapshot: Snapshot, may: bool) -> Snapshot {
    let now = snapshot.now;
    snapshot.permissions.insert(ATTEST, Fact::known(may, now));
    snapshot
}

fn sync() -> (Value, Value) {
    let sync = with(
        restore("sync", "skip"),
        "/spec/syncRestoreWithNewBackups",
        json!(true),
    );
    let sync = in_phase(sync, "Enabled");
    let edit = with(
        sync.clone(),
        "/spec/veleroManagedClustersBackupName",
        json!("latest"),
    );
    (sync, edit)
}

fn text(snapshot: &Snapshot) -> String {
    let (sync, edit) = sync();
    let mut snapshot = snapshot.clone();
    snapshot.restores = Fact::known(vec![Restore::read(&sync)], snapshot.now);
    judge(&update(&sync, &edit), &snapshot).refusal().unwrap()
}

/// Two hubs in question: A, which returned and writes, and C, which died.
fn two() -> Snapshot {
    let mut snapshot = silent();
    let mut backups = synced_set(HUB_A, "160800");
    backups.extend(synced_set(HUB_C, "150000"));
    snapshot.backups = Fact::known(backups, snapshot.now);
    snapshot
}

#[test]
fn each_situation_has_its_own_text() {
    insta::assert_snapshot!("live", text(&may(passive_hub(), true)));
    insta::assert_snapshot!("silent", text(&silent()));
    insta::assert_snapshot!("who_may_not", text(&may(silent(), false)));
    insta::assert_snapshot!("two_hubs", text(&two()));
    let mut stale = silent();
    stale.storage_locations = Fact::known(vec![storage("16:00:25")], stale.now);
    insta::assert_snapshot!("stale_view", text(&stale));
    let mut twin = silent();
    twin.backups = Fact::known(synced_set(HUB_B, "160000"), twin.now);
    insta::assert_snapshot!("twin", text(&twin));
    let mut before_pauses = may(passive_hub(), true);
    before_pauses.backup_schedule_definition =
        Fact::known(Definition::with_spec_fields(&[]), before_pauses.now);
    insta::assert_snapshot!("live_before_2_12", text(&before_pauses));
    let mut nameless = silent();
    nameless.backups = Fact::known(synced_set("", "160000"), nameless.now);
    insta::assert_snapshot!("nameless", text(&nameless));
    let mut stray = silent();
    let mut backups = synced_set(HUB_A, "160000");
    backups.extend(own_set(HUB_B, "160200"));
    stray.backups = Fact::known(backups, stray.now);
    insta::assert_snapshot!("latest_is_a_stray_set", text(&stray));
    // What is still to be created cannot be deleted.
    let with_sync = with(
        restore("new", "latest"),
        "/spec/syncRestoreWithNewBackups",
        json!(true),
    );
    let created = judge(&create(&with_sync), &stray).refusal().unwrap();
    assert!(
        created.contains(
            "create another one instead, that says what you saw and names the set outright"
        ),
        "{created}"
    );
    assert!(!created.contains("delete this Restore"), "{created}");
    let mut ahead = silent();
    let mut backups = synced_set(HUB_A, "160000");
    backups.iter_mut().for_each(|backup| {
        backup.started = Some("9999-12-30T00:00:00Z".parse().unwrap());
    });
    ahead.backups = Fact::known(backups, ahead.now);
    insta::assert_snapshot!("a_clock_ahead", text(&ahead));
    let create =
        |object: &Value, snapshot: &Snapshot| judge(&create(object), snapshot).refusal().unwrap();
    insta::assert_snapshot!(
        "live_for_a_new_restore",
        create(&restore("activate", "latest"), &may(passive_hub(), true))
    );
    insta::assert_snapshot!(
        "skip_with_a_capital",
        create(&restore("t1", "Skip"), &silent())
    );
    let mut blind = silent();
    blind.backups = Fact::Missing(Missing::Forbidden {
        verb: "list".into(),
        resource: "backups.velero.io".into(),
        namespace: Some("ocm-backup".into()),
    });
    blind.hub_id = Fact::Missing(Missing::TimedOut {
        resource: "clusterversions.config.openshift.io".into(),
        seconds: std::time::Duration::from_secs(4).into(),
    });
    insta::assert_snapshot!(
        "no_permission",
        create(&restore("activate", "latest"), &blind)
    );
}

#[test]
fn a_sync_in_the_middle_of_a_pass_is_not_to_be_deleted_for_another_set() {
    let mut stray = silent();
    let mut backups = synced_set(HUB_A, "160000");
    backups.extend(own_set(HUB_B, "160200"));
    stray.backups = Fact::known(backups, stray.now);
    let told = |phase: &str, velero: &str| {
        let (sync, edit) = sync();
        let (sync, edit) = (in_phase(sync, phase), in_phase(edit, phase));
        let mut snapshot = stray.clone();
        snapshot.restores = Fact::known(vec![Restore::read(&sync)], snapshot.now);
        snapshot.velero_restores = Fact::known(vec![velero_restore("sync", velero)], snapshot.now);
        judge(&update(&sync, &edit), &snapshot).refusal().unwrap()
    };
    let rests = told("Enabled", "Completed");
    assert!(rests.contains("may attest: delete this Restore"), "{rests}");
    for (phase, velero) in [("Started", "New"), ("Enabled", "InProgress")] {
        let text = told(phase, velero);
        assert!(
            text.contains("may attest: once its pass has ended, delete this Restore"),
            "{phase} {velero}: {text}"
        );
    }
}

#[test]
fn whoever_activates_is_told_on_what() {
    let mut snapshot = two();
    let (sync, mut edit) = sync();
    snapshot.restores = Fact::known(vec![Restore::read(&sync)], snapshot.now);
    edit["metadata"]["annotations"] = json!({ATTESTATION: format!(
        "fenced {HUB_A} 2026-11-22T16:09:00Z paused there, it doesn't import\ndown c0ff 2026-11-22T16:09:30Z burnt down\n"
    )});
    let judgement = judge(&update(&sync, &edit), &snapshot);
    assert!(!judgement.is_denied(), "{:?}", judgement.refusal());
    insta::assert_snapshot!("accepted", judgement.findings[0].to_string());
    let accepted: Vec<_> = judgement.findings[0]
        .accepted
        .iter()
        .map(|one| (one.kind.as_str(), one.about.as_str(), one.holder.as_str()))
        .collect();
    assert_eq!(
        accepted,
        [
            ("fenced", HUB_A, "Restore/sync"),
            ("down", HUB_C, "Restore/sync")
        ]
    );
}

/// The annotation of the patch a denial prints.
fn printed(denial: &str) -> String {
    let block: Vec<_> = denial
        .lines()
        .skip_while(|line| !line.trim_start().starts_with(&format!("{ATTESTATION}: |")))
        .skip(1)
        .take_while(|line| line.starts_with("      "))
        .map(str::trim)
        .collect();
    assert!(!block.is_empty(), "{denial}");
    block.join("\n")
}

#[test]
fn the_printed_patch_passes_once_each_placeholder_is_replaced_and_not_before() {
    let mut snapshot = two();
    let (sync, edit) = sync();
    snapshot.restores = Fact::known(vec![Restore::read(&sync)], snapshot.now);
    let printed = printed(&text(&snapshot));
    assert_eq!(printed.lines().count(), 2);
    let filled = [
        ("KIND", "down"),
        ("WHEN", "2026-11-22T16:09:50Z"),
        (
            "WHAT-I-SAW",
            "it doesn't answer, and its power is \"off\": seen by me",
        ),
    ];
    let denied = |leave: Option<&str>| {
        let annotation = filled
            .iter()
            .filter(|(word, _)| Some(*word) != leave)
            .fold(printed.clone(), |text, (word, by)| text.replace(word, by));
        let mut edit = edit.clone();
        edit["metadata"]["annotations"] = json!({ATTESTATION: annotation});
        judge(&update(&sync, &edit), &snapshot).is_denied()
    };
    for (word, _) in filled {
        assert!(denied(Some(word)), "{word} was left");
    }
    assert!(!denied(None));
}

/// The word is that no cluster is reached; what is restored may reach them all the same.
#[test]
fn an_isolated_copy_is_told_what_it_brings_along() {
    let mut snapshot = may(silent(), true);
    let mut location = storage("16:09:55");
    location.read_only = true;
    snapshot.storage_locations = Fact::known(vec![location], snapshot.now);
    let (sync, mut edit) = sync();
    snapshot.restores = Fact::known(vec![Restore::read(&sync)], snapshot.now);
    edit["metadata"]["annotations"] = json!({ATTESTATION: format!(
        "isolated-copy {HUB_A} 2026-11-22T16:09:00Z a test bed without a route to the fleet"
    )});
    let passed = |snapshot: &Snapshot, edit: &Value| {
        let judgement = judge(&update(&sync, edit), snapshot);
        assert!(!judgement.is_denied(), "{:?}", judgement.refusal());
        judgement.findings[0].to_string()
    };
    let mut held = velero_restore("sync", "Completed");
    held.backup = "acm-credentials-schedule-20261122160000".into();
    held.items = Some(4);
    snapshot.velero_restores = Fact::known(vec![held], snapshot.now);
    insta::assert_snapshot!("isolated_copy", passed(&snapshot, &edit));
    // Nothing is made up where nothing is told.
    snapshot.velero_restores = Fact::known(Vec::new(), snapshot.now);
    let mut backups = synced_set(HUB_A, "160000");
    backups.iter_mut().for_each(|backup| backup.items = None);
    snapshot.backups = Fact::known(backups, snapshot.now);
    edit["spec"]["veleroCredentialsBackupName"] = json!("skip");
    insta::assert_snapshot!("isolated_copy_without_numbers", passed(&snapshot, &edit));
}

/// A location whose phase nobody knows is not read, and the question says why.
#[test]
fn a_phase_nobody_knows_is_told_where_the_answer_rests_on_it() {
    let mut snapshot = silent();
    let mut location = storage("16:09:55");
    location.phase = "Degraded".into();
    snapshot.storage_locations = Fact::known(vec![location], snapshot.now);
    let text = text(&snapshot);
    assert!(
        text.contains("location default: it is Degraded (not a phase this program knows)"),
        "{text}"
    );
}

/// Of a set whose name tells no time it is said what the time is of.
#[test]
fn a_set_without_a_time_in_its_name_is_told_by_when_it_was_begun() {
    let mut snapshot = silent();
    let mut backups = synced_set(HUB_A, "160000");
    backups[1].meta.name = "acm-managed-clusters-schedule-by-hand".into();
    snapshot.backups = Fact::known(backups, snapshot.now);
    let text = text(&snapshot);
    assert!(
        text.contains("the fleet would go back to 2026-11-22 16:00:00Z (10m ago) (the name of acm-managed-clusters-schedule-by-hand tells no time; Velero began it then)"),
        "{text}"
    );
}
