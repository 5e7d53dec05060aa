//! One cycle on two real hubs with real Velero, played by the stand-in's binary: recorded, replayed as the
//! recordings of the real operator are, and compared with what the real one wrote.

use acm_backup_bed::Bucket;
use acm_backup_domain::upstream::MARKER_PREFIX;
use acm_backup_operator::kinds::Kind;
use acm_backup_operator::recording::Event;
use acm_backup_operator::version::Version;
use serde_json::json;

use crate::live_objects::{CRON, PASSIVE, RECORDED_CRON, passive, populate, schedule};
use crate::live_site::Site;
use crate::stage::{Unrecorded, replay, replay_events};
use crate::tracks::{self, Tracks};

/// Holds a live cycle against the decisions, and against what the real operator wrote in a recording.
fn assert_alike(events: Vec<Event>, id: &str, recording: &str, hub: &str) {
    let version = Version::new(2, 17);
    let live = replay_events(events, id, Unrecorded::default(), version);
    let differences = tracks::differences(&live);
    assert!(
        differences.is_empty(),
        "{hub}, live:\n{}",
        differences.join("\n")
    );

    // How long a validation backup lives follows from the cron.
    let compared = |tracks: &Tracks, cron: &str| {
        let mut shape = tracks.shape(cron);
        shape.retain(|track, _| !track.contains("acm-validation-policy-schedule"));
        for lines in shape.values_mut() {
            // A BackupSchedule beside an active Restore: which of the two survives is a race.
            lines.retain(|line| !line.starts_with("FailedValidation: Restore resource r-b"));
        }
        shape
    };
    let live = compared(&live.expected, CRON);
    let recorded = compared(&replay(recording, hub, version).expected, RECORDED_CRON);
    for track in live.keys().chain(recorded.keys()) {
        assert_eq!(
            live.get(track),
            recorded.get(track),
            "{hub}, {track}: live, and as the real operator"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_cycle_goes_as_decided_and_as_recorded() {
    let bucket = Bucket::start().unwrap();
    let (one, two) = tokio::join!(Site::start(0, &bucket), Site::start(1, &bucket));

    populate(&one.hub).await;
    one.hub.create(&schedule()).await.unwrap();
    one.until_phase(Kind::BackupSchedule, "schedule-acm", "Enabled")
        .await;
    one.until_complete("", 5).await;

    two.velero.nudge().unwrap();
    two.until_complete("", 5).await;
    two.hub.create(&passive()).await.unwrap();
    two.until_phase(Kind::AcmRestore, PASSIVE, "Enabled").await;
    let newer = one.back_up_again("acm-resources-schedule").await;
    two.velero.nudge().unwrap();
    two.until(
        Kind::AcmRestore,
        PASSIVE,
        &format!("have restored {newer}"),
        |object| {
            let tracked = object["status"]["veleroResourcesRestoreName"].as_str();
            object["status"]["phase"] == "Enabled"
                && tracked.is_some_and(|name| name.ends_with(&newer))
        },
    )
    .await;
    two.merge(
        Kind::AcmRestore,
        PASSIVE,
        json!({"spec": {"veleroManagedClustersBackupName": "latest"}}),
    )
    .await;
    two.until_phase(Kind::AcmRestore, PASSIVE, "Finished").await;
    two.until_complete(MARKER_PREFIX, 1).await;

    one.velero.nudge().unwrap();
    one.until_phase(Kind::BackupSchedule, "schedule-acm", "BackupCollision")
        .await;

    two.hub.create(&schedule()).await.unwrap();
    two.until_phase(Kind::BackupSchedule, "schedule-acm", "Enabled")
        .await;
    two.merge(
        Kind::BackupSchedule,
        "schedule-acm",
        json!({"spec": {"paused": true}}),
    )
    .await;
    // The operator's last word: that it saw the Velero Schedules paused.
    two.until(
        Kind::BackupSchedule,
        "schedule-acm",
        "show the pause",
        |object| object["status"]["veleroScheduleCredentials"]["spec"]["paused"] == true,
    )
    .await;

    let (one_id, two_id) = (one.id, two.id);
    let (_one_hub, _one_velero, of_one) = one.stop().await;
    let (_two_hub, _two_velero, of_two) = two.stop().await;
    assert_alike(of_one, one_id, "2.17-traps", "hub1");
    assert_alike(of_two, two_id, "2.17", "hub2");
}
