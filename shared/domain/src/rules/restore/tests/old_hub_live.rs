use super::*;
use crate::names::ATTESTATION;
use crate::rules::needs;
use crate::rules::restore::old_hub_live::ATTEST;
use crate::snapshot::{Missing, Need};

const RULE: &str = "restore/old-hub-live";

/// The hub is silent at 16:10: A's period of 2 min and its delay of 2 min have passed twice over.
fn silent() -> Snapshot {
    let mut snapshot = passive_hub();
    snapshot.now = at("16:10:00").into();
    snapshot.storage_locations = Fact::known(vec![storage("16:09:55")], snapshot.now);
    snapshot
}

/// As [`silent`], asked by someone who may attest.
fn may_attest() -> Snapshot {
    let mut snapshot = silent();
    snapshot
        .permissions
        .insert(ATTEST, Fact::known(true, snapshot.now));
    snapshot
}

fn attested(text: &str) -> Review {
    let annotation = format!("/metadata/annotations/{}", ATTESTATION.replace('/', "~1"));
    create(&with(
        restore("activate", "latest"),
        &annotation,
        json!(text),
    ))
}

fn down_at(time: &str) -> String {
    format!("down {HUB_A} 2026-11-22T{time}Z rack is off, seen on site")
}

/// Why the attestation counts as none; empty where the activation passes.
fn refused(review: &Review, snapshot: &Snapshot) -> String {
    let judgement = judge(review, snapshot);
    let Some(denial) = judgement.denials().find(|finding| finding.rule == RULE) else {
        return String::new();
    };
    denial
        .evidence
        .iter()
        .find_map(|line| line.strip_prefix("the attestation on this Restore: "))
        .unwrap_or("denied without a word about the attestation")
        .to_owned()
}

#[test]
fn only_what_activates_is_judged() {
    for (clusters, judged) in [
        ("skip", false),
        ("latest", true),
        ("acm-managed-clusters-schedule-20261122160000", true),
    ] {
        let review = create(&restore("new", clusters));
        assert_eq!(
            needs(&review).contains(&Need::StorageLocations),
            judged,
            "{clusters}"
        );
    }
    assert!(!denies(
        RULE,
        &create(&restore("credentials-only", "skip")),
        &passive_hub()
    ));
}

#[test]
fn an_edit_of_the_sync_restore_is_an_activation() {
    let stored = in_phase(restore("sync", "skip"), "Enabled");
    let activated = with(
        stored.clone(),
        "/spec/veleroManagedClustersBackupName",
        json!("latest"),
    );
    assert!(denies(RULE, &update(&stored, &activated), &passive_hub()));
    assert!(!denies(
        RULE,
        &update(&activated, &activated),
        &passive_hub()
    ));
}

#[test]
fn skip_in_other_letters_is_refused_as_what_it_does() {
    for raw in ["Skip", "SKIP", " skip", "skip "] {
        assert!(
            denies(RULE, &create(&restore("new", raw)), &passive_hub()),
            "{raw:?}"
        );
    }
}

#[test]
fn neither_life_nor_silence_passes() {
    assert!(
        headline(RULE, &create(&restore("new", "latest")), &passive_hub())
            .contains("counts as alive")
    );
    assert!(headline(RULE, &create(&restore("new", "latest")), &silent()).contains("is silent"));
}

#[test]
fn a_stale_view_is_neither() {
    let mut stale = silent();
    stale.storage_locations = Fact::known(vec![storage("16:00:25")], stale.now);
    let told = |snapshot: &Snapshot| {
        judge(&create(&restore("new", "latest")), snapshot).findings[0].to_string()
    };
    assert!(
        told(&stale).contains("location default: Velero last read it"),
        "{}",
        told(&stale)
    );
    stale.storage_locations = Fact::known(vec![], stale.now);
    assert!(
        told(&stale).contains("there is no such location on this hub"),
        "{}",
        told(&stale)
    );
}

#[test]
fn what_cannot_be_looked_up_refuses() {
    let forbidden = |resource: &str| Missing::Forbidden {
        verb: "list".into(),
        resource: resource.into(),
        namespace: Some("ocm-backup".into()),
    };
    let mut no_backups = silent();
    no_backups.backups = Fact::Missing(forbidden("backups.velero.io"));
    let mut no_id = silent();
    no_id.hub_id = Fact::Missing(forbidden("clusterversions.config.openshift.io"));
    let mut no_storage = silent();
    no_storage.storage_locations = Fact::Missing(forbidden("backupstoragelocations.velero.io"));
    for (snapshot, what) in [
        (no_backups, "the backups"),
        (no_id, "own id"),
        (no_storage, "how fresh"),
    ] {
        let headline = headline(RULE, &create(&restore("new", "latest")), &snapshot);
        assert!(
            headline.contains("could not look up") && headline.contains(what),
            "{headline}"
        );
    }
}

#[test]
fn own_backups_pass_unless_they_came_from_elsewhere() {
    let mut own = passive_hub();
    own.backups = Fact::known(own_set(HUB_B, "160000"), own.now);
    assert!(!denies(RULE, &create(&restore("new", "latest")), &own));
    own.backups = Fact::known(synced_set(HUB_B, "160000"), own.now);
    assert!(headline(RULE, &create(&restore("new", "latest")), &own).contains("own id"));
}

#[test]
fn own_backups_do_not_pass_while_another_hub_backs_up_too() {
    let mut both = passive_hub();
    let mut backups = own_set(HUB_B, "160000");
    backups.extend(synced_set(HUB_A, "160010"));
    both.backups = Fact::known(backups, both.now);
    let named = create(&restore(
        "new",
        "acm-managed-clusters-schedule-20261122160000",
    ));
    both.named_backups.insert(
        "acm-managed-clusters-schedule-20261122160000".into(),
        Fact::known(
            own_set(HUB_B, "160000")
                .into_iter()
                .find(|b| b.backup_type() == Some(BackupType::ManagedClusters)),
            both.now,
        ),
    );
    assert!(headline(RULE, &named, &both).contains(&format!("hub {HUB_A} backed up")));
}

#[test]
fn hubs_without_ids_cannot_be_told_apart() {
    let mut nameless = passive_hub();
    nameless.hub_id = Fact::known(HubId::unknown(), nameless.now);
    nameless.backups = Fact::known(synced_set("unknown", "160000"), nameless.now);
    assert!(
        headline(RULE, &create(&restore("new", "latest")), &nameless).contains("carry no hub id")
    );
    nameless.backups = Fact::known(own_set("unknown", "160000"), nameless.now);
    assert!(!denies(RULE, &create(&restore("new", "latest")), &nameless));
}

#[test]
fn a_set_whose_writer_died_mid_run_can_be_restored_on_an_attestation() {
    let mut snapshot = may_attest();
    let cut_short: Vec<_> = synced_set(HUB_A, "160000")
        .into_iter()
        .filter(|backup| backup.backup_type() != Some(BackupType::ResourcesGeneric))
        .collect();
    snapshot.backups = Fact::known(cut_short, snapshot.now);
    assert!(
        judge(&attested(&down_at("16:09:00")), &snapshot)
            .denials()
            .next()
            .is_none()
    );
}

#[test]
fn an_attestation_lets_pass_and_says_so() {
    let judgement = judge(&attested(&down_at("16:09:00")), &may_attest());
    assert_eq!(ids(&judgement), (vec![], vec![RULE]));
    assert!(
        judgement.findings[0]
            .headline
            .contains("on your word (admin): hub")
    );
}

#[test]
fn an_attestation_counts_for_this_hub_this_time_and_this_user_only() {
    let other_hub = format!("down {HUB_B} 2026-11-22T16:09:00Z rack is off");
    for (text, why) in [
        ("down", "line 1 of it cannot be read: "),
        (other_hub.as_str(), "denied without a word"),
        (
            "down 9999 2026-11-22T16:09:00Z rack is off",
            "no hub 9999 is known here",
        ),
        (&down_at("12:09:59"), "it is 4h old and holds for 4h"),
        (
            &down_at("16:30:00"),
            "its time 2026-11-22 16:30:00Z lies in the future",
        ),
        (&down_at("15:59:00"), "it is refuted: hub 81431db3"),
        (
            &down_at("15:59:00").replace("down", "isolated-copy"),
            "it is refuted: hub 81431db3",
        ),
        (
            &down_at("16:09:00").replace("down", "rebuilt"),
            "how old this cluster is cannot be seen",
        ),
    ] {
        let refused = refused(&attested(text), &may_attest());
        assert!(refused.contains(why), "{text}: {refused}");
    }
    let refused_to_others = |permission| {
        let mut snapshot = may_attest();
        snapshot.permissions.insert(ATTEST, permission);
        refused(&attested(&down_at("16:09:00")), &snapshot)
    };
    let now = at("16:10:00");
    assert!(
        refused_to_others(Fact::known(false, now))
            .starts_with("admin does not hold the right to attest")
    );
    assert!(
        refused_to_others(Fact::unasked()).starts_with("whether admin may attest cannot be seen")
    );
}

#[test]
fn an_isolated_copy_is_believed_of_a_read_only_location() {
    let mut snapshot = may_attest();
    let mut location = storage("16:09:55");
    location.read_only = true;
    snapshot.storage_locations = Fact::known(vec![location], snapshot.now);
    assert_eq!(
        refused(
            &attested(&down_at("15:59:00").replace("down", "isolated-copy")),
            &snapshot
        ),
        ""
    );
}

#[test]
fn a_read_only_location_elsewhere_proves_nothing_of_the_set() {
    let mut snapshot = may_attest();
    let mut elsewhere = storage("16:09:55");
    elsewhere.meta.name = "archive".into();
    (elsewhere.is_default, elsewhere.read_only) = (false, true);
    snapshot.storage_locations = Fact::known(vec![storage("16:09:55"), elsewhere], snapshot.now);
    let copy_at = |time: &str| attested(&down_at(time).replace("down", "isolated-copy"));
    assert!(refused(&copy_at("15:59:00"), &snapshot).contains("it is refuted"));
    // A copied bucket may be written to, as long as the other hub does not.
    assert_eq!(refused(&copy_at("16:09:00"), &snapshot), "");
}

#[test]
fn rebuilt_is_no_hub_that_began_a_backup_beside_this_cluster() {
    let said = attested(&down_at("16:09:00").replace("down", "rebuilt"));
    let mut snapshot = may_attest();
    snapshot.kube_system_created = Fact::known(at("15:59:00"), snapshot.now);
    assert!(refused(&said, &snapshot).contains("when this cluster was there already"));
    snapshot.kube_system_created = Fact::known(at("16:05:00"), snapshot.now);
    assert_eq!(refused(&said, &snapshot), "");
}

#[test]
fn without_an_own_id_no_word_about_a_hub_nobody_knows_is_believed() {
    let text = "down 0a0a0a0a-0000-4000-8000-000000000000 2026-11-22T15:59:00Z rack is off";
    let mut forbidden = may_attest();
    forbidden.hub_id = Fact::Missing(Missing::Forbidden {
        verb: "get".into(),
        resource: "clusterversions.config.openshift.io".into(),
        namespace: None,
    });
    let mut nameless = may_attest();
    nameless.hub_id = Fact::known(HubId::unknown(), nameless.now);
    for snapshot in [forbidden, nameless] {
        assert!(denies(RULE, &attested(text), &snapshot));
    }
}

#[test]
fn a_second_writer_under_our_id_is_seen_while_our_newest_set_is_ours() {
    for (own, hub) in [(HubId::new(HUB_B), HUB_B), (HubId::unknown(), "unknown")] {
        let mut snapshot = may_attest();
        snapshot.hub_id = Fact::known(own, snapshot.now);
        let mut backups = own_set(hub, "160800");
        snapshot.backups = Fact::known(backups.clone(), snapshot.now);
        let review = create(&restore("new", "latest"));
        assert!(!denies(RULE, &review, &snapshot), "{hub}");
        backups.extend(synced_set(hub, "160300"));
        snapshot.backups = Fact::known(backups, snapshot.now);
        assert!(denies(RULE, &review, &snapshot), "{hub}");
        // What it began after the word proves it wrong, as of any hub.
        let said = |time: &str| attested(&format!("down {hub} 2026-11-22T{time}Z rack is off"));
        assert!(refused(&said("16:02:00"), &snapshot).contains("it is refuted"));
        assert!(!refused(&said("16:05:00"), &snapshot).contains("it is refuted"));
    }
}

#[test]
fn a_dead_hub_whose_clock_was_ahead_lives_no_longer_for_it_and_it_is_said() {
    let mut snapshot = silent();
    let mut backups = synced_set(HUB_A, "161000");
    for backup in &mut backups {
        backup.meta.created = Some(at("16:00:09"));
    }
    snapshot.backups = Fact::known(backups, snapshot.now);
    let text = refusal(&create(&restore("new", "latest")), &snapshot);
    assert!(text.contains("is silent"), "{text}");
    assert!(text.contains("a clock is wrong"), "{text}");
}

#[test]
fn times_that_lie_ahead_leave_a_way_out() {
    let mut snapshot = may_attest();
    let mut backups = synced_set(HUB_A, "160000");
    let mut ahead = copied(marker(HUB_A, HUB_A, "160000"));
    ahead.meta.name = "acm-restore-clusters-20990101000000".into();
    backups.push(ahead);
    backups.iter_mut().for_each(|backup| {
        backup.started = Some("2027-11-22T16:00:00Z".parse().unwrap());
        backup.completed = Some("2027-11-22T16:00:01Z".parse().unwrap());
        backup.meta.created = Some(at("16:00:10"));
    });
    snapshot.backups = Fact::known(backups, snapshot.now);
    assert!(denies(RULE, &create(&restore("new", "latest")), &snapshot));
    assert_eq!(refused(&attested(&down_at("16:09:00")), &snapshot), "");
}

#[test]
fn a_statement_is_for_one_activation() {
    let accepted = |uid: &str| crate::hub::record::Accepted {
        meaning: crate::hub::statement::Statement::meaning(
            crate::hub::statement::Kind::Down,
            HUB_A,
            at("16:09:00"),
        ),
        kind: "down".into(),
        about: HUB_A.into(),
        at: at("16:09:00"),
        holder: "Restore/activate".into(),
        uid: uid.into(),
        accepted: at("16:09:10"),
        open_until: None,
    };
    let mut used = may_attest();
    used.accepted = Fact::known(vec![accepted("1")], used.now);
    let mut review = attested(&down_at("16:09:00"));
    assert!(refused(&review, &used).contains("it was used: accepted for Restore/activate"));
    // A conflict after our answer burns nothing: the same Restore may present it again.
    if let Subject::Restore(restore) = &mut review.subject {
        restore.meta.uid = Some("1".into());
    }
    assert_eq!(refused(&review, &used), "");
    // By meaning, not by bytes: another reason and the beginning of the id are the same statement.
    let again = format!(
        "down {} 2026-11-22T16:09:00Z  somebody else says so",
        &HUB_A[..8]
    );
    assert!(refused(&attested(&again), &used).contains("it was used"));
    // A record that cannot be read shows nothing.
    used.accepted = Fact::unasked();
    assert!(refused(&attested(&down_at("16:09:00")), &used).contains("cannot be seen"));

    // The Restore is gone, its marker is not, though none of its clusters is here any more.
    let mut used = may_attest();
    let mut backups = synced_set(HUB_A, "160000");
    backups.push(marker(HUB_B, HUB_A, "160930"));
    used.backups = Fact::known(backups, used.now);
    assert!(
        refused(&attested(&down_at("16:09:00")), &used)
            .contains("acm-restore-clusters-20261122160930")
    );
}

#[test]
fn a_copied_statement_counts_as_none() {
    let text = down_at("16:09:00");
    let annotation = format!("/metadata/annotations/{}", ATTESTATION.replace('/', "~1"));
    let other = with(
        in_phase(restore("other", "latest"), "FinishedWithErrors"),
        &annotation,
        json!(format!("{text}  ")),
    );
    let mut snapshot = may_attest();
    snapshot.restores = Fact::known(vec![Restore::read(&other)], snapshot.now);
    assert!(
        refused(&attested(&text), &snapshot)
            .contains("it was copied: Restore other carries the same one")
    );
}

#[test]
fn what_was_before_this_hubs_own_takeover_is_superseded_while_it_holds_the_clusters() {
    let mut snapshot = passive_hub();
    let mut backups = synced_set(HUB_A, "160000");
    backups.extend(own_set(HUB_B, "160020"));
    backups.push(marker(HUB_B, HUB_A, "160015"));
    snapshot.backups = Fact::known(backups, snapshot.now);
    assert!(
        denies(RULE, &create(&restore("new", "latest")), &snapshot),
        "no cluster of it is here"
    );
    snapshot.managed_clusters = Fact::known(vec![restored_cluster()], snapshot.now);
    assert!(!denies(RULE, &create(&restore("new", "latest")), &snapshot));
    assert!(
        warns(RULE, &create(&restore("new", "latest")), &snapshot),
        "Q3: who was superseded is named"
    );
}

#[test]
fn of_a_twin_every_kind_may_be_said() {
    let mut twin = may_attest();
    twin.backups = Fact::known(synced_set(HUB_B, "160000"), twin.now);
    for word in ["down", "fenced", "rebuilt", "isolated-copy"] {
        let text = format!("{word} {HUB_B} 2026-11-22T16:09:00Z new hardware, old disks are gone");
        assert_eq!(refused(&attested(&text), &twin), "", "{word}");
    }
}

#[test]
fn a_service_account_attests_only_where_configuration_names_it() {
    let argo = "system:serviceaccount:openshift-gitops:argo";
    let mut review = attested(&down_at("16:09:00"));
    review.origin = Origin::Admission {
        user: argo.into(),
        dry_run: false,
    };
    let mut snapshot = may_attest();
    assert!(refused(&review, &snapshot).contains("a service account does only where"));
    // It is read in Argo CD's log, where nobody knows who "you" is.
    let named = |snapshot: &Snapshot| refusal(&review, snapshot).matches(argo).count();
    assert_eq!(named(&snapshot), 2, "{}", refusal(&review, &snapshot));
    snapshot
        .permissions
        .insert(ATTEST, Fact::known(false, snapshot.now));
    assert_eq!(named(&snapshot), 2, "{}", refusal(&review, &snapshot));
    snapshot
        .permissions
        .insert(ATTEST, Fact::known(true, snapshot.now));
    snapshot.attesting_accounts.insert(argo.into());
    assert_eq!(refused(&review, &snapshot), "");
}

#[test]
fn the_returned_primary_does_not_activate_its_own_set_unasked() {
    // A comes back; B took over, and its first set is not here yet.
    let mut snapshot = passive_hub();
    snapshot.hub_id = Fact::known(HubId::new(HUB_A), snapshot.now);
    let mut backups = own_set(HUB_A, "160000");
    backups.push(copied(marker(HUB_B, HUB_A, "160015")));
    snapshot.backups = Fact::known(backups, snapshot.now);
    assert!(denies(RULE, &create(&restore("new", "latest")), &snapshot));
}

#[test]
fn a_schedule_that_ran_for_three_seconds_makes_nobody_the_owner() {
    // B is passive, and its own clusterless set is what latest resolves to; A is silent.
    let mut snapshot = may_attest();
    let mut backups = synced_set(HUB_A, "160000");
    backups.extend(own_set(HUB_B, "160200"));
    snapshot.backups = Fact::known(backups, snapshot.now);
    let told = judge(&create(&restore("new", "latest")), &snapshot).findings[0].to_string();
    assert!(
        told.contains("hub 81431db3")
            && told.contains("acm-managed-clusters-schedule-20261122160000"),
        "{told}"
    );
}

/// Nothing is believed of a backup whose labels contradict its name, whichever label does.
#[test]
fn latest_does_not_take_what_contradicts_itself() {
    for (label, value) in [
        (backup_label::SCHEDULE_TYPE, "credentials"),
        (backup_label::VELERO_SCHEDULE, "acm-credentials-schedule"),
    ] {
        let mut snapshot = silent();
        let mut backups = synced_set(HUB_A, "160000");
        backups[1].meta.labels.insert(label.into(), value.into());
        snapshot.backups = Fact::known(backups, snapshot.now);
        let text = refusal(&create(&restore("activate", "latest")), &snapshot);
        assert!(
            text.contains("acm-managed-clusters-schedule-20261122160000 has the operator's name without its labels, or with labels of another type"),
            "{label}: {text}"
        );
    }
}
