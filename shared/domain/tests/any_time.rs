//! Times are whatever somebody wrote: no arithmetic on one may fail, from the first moment there is to the
//! last, alone or in a whole hub.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use acm_backup_domain::hub::identity::HubId;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::storage_location::StorageLocation;
use acm_backup_domain::rules::review::{Operation, Origin, Review, Subject};
use acm_backup_domain::rules::{judge, needs};
use acm_backup_domain::snapshot::{Fact, Need, Snapshot};
use acm_backup_domain::status::assess;
use acm_backup_domain::time::saturating::Saturating;
use acm_backup_domain::time::{CronSchedule, age};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

const NAMESPACE: &str = "ocm-backup";
const HERE: &str = "75b1a9a2-89e1-59cb-84bc-9815403f475d";
const THERE: &str = "81431db3-2b3e-56e4-93ca-3481bd29fa8b";

/// Any moment at all, both ends of time more often than others, and moments close to each other.
fn moment() -> impl Strategy<Value = Timestamp> {
    let range = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
    prop_oneof![
        4 => range.prop_map(|second| Timestamp::from_second(second).unwrap()),
        2 => (0_i64..600).prop_map(|ahead| Timestamp::MIN.plus(SignedDuration::from_secs(ahead))),
        2 => (0_i64..600).prop_map(|left| Timestamp::MAX.less(SignedDuration::from_secs(left))),
        3 => (0_i64..6000).prop_map(|second| {
            Timestamp::from_second(1_795_363_200 + second).unwrap()
        }),
    ]
}

fn length() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        any::<i64>().prop_map(SignedDuration::from_secs),
        any::<i64>().prop_map(SignedDuration::from_nanos),
        Just(SignedDuration::MIN),
        Just(SignedDuration::MAX),
    ]
}

fn cron() -> impl Strategy<Value = CronSchedule> {
    prop::sample::select(vec![
        "*/10 * * * *",
        "0 */2 * * *",
        "0 0 1 1 *",
        "0 0 29 2 *",
        "30 2 * * 1-5",
        "@yearly",
        "@every 1s",
        "@every 2562047h",
        "CRON_TZ=Europe/Prague 30 2 * * *",
        "CRON_TZ=Pacific/Apia 0 0 * * *",
        "CRON_TZ=America/New_York 0 0 31 12 *",
    ])
    .prop_map(|expression| CronSchedule::parse(expression).unwrap())
}

/// As Velero writes it in names; years that do not fit four digits cannot be written.
fn stamp(moment: Timestamp) -> String {
    moment.strftime("%Y%m%d%H%M%S").to_string()
}

fn backup(prefix: &str, hub: &str, times: &[Timestamp], ttl: i64) -> Value {
    let [named, created, started, completed, expires, ..] = times else {
        unreachable!("a backup has five times");
    };
    json!({
        "metadata": {
            "name": format!("{prefix}-{}", stamp(*named)),
            "namespace": NAMESPACE,
            "creationTimestamp": created.to_string(),
            "labels": {
                "cluster.open-cluster-management.io/backup-cluster": hub,
                "cluster.open-cluster-management.io/restore-cluster": hub,
                "cluster.open-cluster-management.io/backup-schedule-name": "schedule-acm",
                "velero.io/schedule-name": prefix,
                "velero.io/storage-location": "default",
            },
        },
        "spec": {"ttl": format!("{ttl}ns")},
        "status": {
            "phase": "Completed",
            "startTimestamp": started.to_string(),
            "completionTimestamp": completed.to_string(),
            "expiration": expires.to_string(),
        },
    })
}

const PREFIXES: [&str; 6] = [
    "acm-credentials-schedule",
    "acm-managed-clusters-schedule",
    "acm-resources-generic-schedule",
    "acm-resources-schedule",
    "acm-validation-policy-schedule",
    "acm-restore-clusters",
];

fn read<K: Kind>(objects: &[Value]) -> Vec<K> {
    objects.iter().map(K::read).collect()
}

/// Words that send `status` and the rules down their different ways.
#[derive(Clone, Debug)]
struct Words {
    phase: &'static str,
    clusters: &'static str,
    sync: bool,
    schedule: &'static str,
    attested: bool,
    wrote: Vec<bool>,
}

fn words() -> impl Strategy<Value = Words> {
    (
        prop::sample::select(vec![
            "",
            "Enabled",
            "Finished",
            "FinishedWithErrors",
            "Running",
            "Error",
        ]),
        prop::sample::select(vec![
            "skip",
            "latest",
            "acm-managed-clusters-schedule-20261122160000",
        ]),
        any::<bool>(),
        prop::sample::select(vec!["", "none", "Enabled", "Paused", "BackupCollision"]),
        any::<bool>(),
        vec(any::<bool>(), 12),
    )
        .prop_map(|(phase, clusters, sync, schedule, attested, wrote)| Words {
            phase,
            clusters,
            sync,
            schedule,
            attested,
            wrote,
        })
}

fn restore(words: &Words, t: &mut impl FnMut() -> String, interval: i64) -> Value {
    let mut restore = json!({
        "metadata": {
            "name": "restore-acm", "namespace": NAMESPACE, "creationTimestamp": t(), "annotations": {},
        },
        "spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": words.clusters,
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest",
            "syncRestoreWithNewBackups": words.sync,
            "restoreSyncInterval": format!("{interval}ns"),
        },
        "status": {
            "phase": words.phase,
            "completionTimestamp": t(),
            "veleroCredentialsRestoreName": "restore-acm-c",
            "veleroManagedClustersRestoreName": "restore-acm-m",
        },
    });
    if words.attested {
        restore["metadata"]["annotations"]["acm-backup.dev/attest-old-hub"] =
            json!(format!("down {THERE} {} seen by me", t()));
    }
    restore
}

/// A small hub of which every time is one of `times`, used in turn.
fn world(words: &Words, times: &[Timestamp], lengths: &[i64]) -> (Snapshot, Review) {
    let mut turn = times.iter().cycle();
    let now = *turn.next().unwrap();
    let mut length = lengths.iter().copied().cycle();
    let backups: Vec<_> = words
        .wrote
        .iter()
        .zip(PREFIXES.iter().cycle())
        .map(|(here, prefix)| {
            let five: Vec<_> = turn.by_ref().take(5).copied().collect();
            let hub = if *here { HERE } else { THERE };
            backup(prefix, hub, &five, length.next().unwrap())
        })
        .collect();
    let restored_from = backups[1]["metadata"]["name"].clone();
    let mut t = || turn.next().unwrap().to_string();
    let mut before = words.clone();
    before.clusters = "skip";
    let stored = restore(&before, &mut t, length.next().unwrap());
    let asked = restore(words, &mut t, length.next().unwrap());
    let schedule = json!({
        "metadata": {"name": "schedule-acm", "namespace": NAMESPACE, "creationTimestamp": t()},
        "spec": {"veleroSchedule": "@every 2562047h", "veleroTtl": "2562047h"},
        "status": {"phase": words.schedule},
    });
    let location = json!({
        "metadata": {"name": "default", "namespace": NAMESPACE,
            "ownerReferences": [{"kind": "DataProtectionApplication", "name": "dpa"}]},
        "spec": {"default": true, "backupSyncPeriod": format!("{}ns", length.next().unwrap())},
        "status": {"phase": "Available", "lastSyncedTime": t(), "lastValidationTime": t()},
    });
    let velero_restores: Vec<_> = ["restore-acm-c", "restore-acm-m"]
        .iter()
        .map(|name| {
            json!({
                "metadata": {"name": name, "namespace": NAMESPACE, "creationTimestamp": t(),
                    "ownerReferences": [{"kind": "Restore", "name": "restore-acm"}]},
                "spec": {"backupName": restored_from},
                "status": {"phase": "Completed", "startTimestamp": t(), "completionTimestamp": t(),
                    "progress": {"itemsRestored": i64::MAX, "totalItems": i64::MAX}},
            })
        })
        .collect();
    let velero_schedules: Vec<_> = PREFIXES[..5]
        .iter()
        .map(|name| {
            json!({
                "metadata": {"name": name, "namespace": NAMESPACE, "creationTimestamp": t(),
                    "ownerReferences": [{"kind": "BackupSchedule", "name": "schedule-acm"}]},
                "spec": {"schedule": "@every 1s"},
                "status": {"phase": "Enabled", "lastBackup": t()},
            })
        })
        .collect();
    let clusters = json!({
        "metadata": {"name": "edge-1", "creationTimestamp": t(),
            "labels": {"velero.io/backup-name": restored_from, "velero.io/restore-name": "restore-acm-m"}},
    });

    let mut snapshot = Snapshot::empty(now, NAMESPACE);
    snapshot.hub_id = Fact::known(HubId::new(HERE), now);
    snapshot.restores = Fact::known(read(std::slice::from_ref(&stored)), now);
    let schedules = if words.schedule == "none" {
        Vec::new()
    } else {
        read(&[schedule])
    };
    snapshot.backup_schedules = Fact::known(schedules, now);
    snapshot.storage_locations = Fact::known(read(&[location]), now);
    snapshot.backups = Fact::known(read(&backups), now);
    snapshot.velero_restores = Fact::known(read(&velero_restores), now);
    snapshot.velero_schedules = Fact::known(read(&velero_schedules), now);
    snapshot.managed_clusters = Fact::known(read(&[clusters]), now);
    snapshot.kube_system_created = Fact::known(*times.last().unwrap(), now);
    snapshot.accepted = Fact::known(Vec::new(), now);
    let review = Review {
        operation: Operation::Update,
        subject: Subject::Restore(Kind::read(&asked)),
        previous: Some(Subject::Restore(Kind::read(&stored))),
        origin: Origin::Admission {
            user: "jane".into(),
            dry_run: false,
        },
        by_operator: false,
    };
    for need in needs(&review) {
        if let Need::Permission(permission) = need {
            let allowed = Fact::known(true, now);
            snapshot.permissions.insert(permission, allowed);
        }
    }
    (snapshot, review)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn sums_are_never_out_of_range(at in moment(), by in length(), more in length()) {
        prop_assert!(at.plus(by) >= at || by.is_negative());
        prop_assert!(at.less(by) <= at || by.is_negative());
        prop_assert!(by.plus(more) >= by || more.is_negative());
        prop_assert!(by.less(more) <= by || more.is_negative());
        if let Ok(sum) = at.checked_add(by) {
            prop_assert_eq!(at.plus(by), sum);
        }
    }

    #[test]
    fn every_age_can_be_told(now in moment(), then in moment(), any in length()) {
        prop_assert!(!age::when(now, then).is_empty());
        prop_assert!(!age::age(now, then).is_empty());
        prop_assert!(!age::span(any).is_empty());
    }

    #[test]
    fn a_run_is_found_later_or_not_at_all(cron in cron(), at in moment()) {
        if let Some(next) = cron.next(at) {
            prop_assert!(next > at);
        }
        if let Some(period) = cron.period(at) {
            prop_assert!(period.is_positive());
        }
    }

    #[test]
    fn a_view_is_fresh_or_not(now in moment(), synced in moment(), period in any::<i64>()) {
        let location = StorageLocation {
            phase: "Available".into(),
            synced: Some(synced),
            sync_period: Some(acm_backup_domain::time::GoDuration::from_nanos(period)),
            ..StorageLocation::default()
        };
        // Three sync periods of 292 years, and a minute.
        let longest = SignedDuration::from_hours(3 * 2_562_048);
        if location.is_view_fresh(now) {
            prop_assert!(now.duration_since(synced) <= longest);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_hub_of_any_times_is_judged(
        words in words(),
        times in vec(moment(), 24..100),
        lengths in vec(prop_oneof![any::<i64>(), 0..7_200_000_000_000_i64], 4..16),
    ) {
        let (snapshot, review) = world(&words, &times, &lengths);
        let report = assess(&snapshot);
        prop_assert!(serde_json::to_string(&report).is_ok());
        for finding in judge(&review, &snapshot).findings {
            prop_assert!(!finding.to_string().is_empty());
        }
        let create = Review { operation: Operation::Create, previous: None, ..review };
        judge(&create, &snapshot);
    }
}
