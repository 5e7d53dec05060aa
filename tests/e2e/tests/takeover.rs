//! A take-over with our webhook on both hubs: a Restore that is stored ends without us, and a false
//! attestation passes and is refuted.

use std::time::Duration;

use acm_backup_bed::wait;
use acm_backup_bed::wait::{Seen, until};
use acm_backup_domain::names;
use acm_backup_e2e::people::ATTESTER;
use acm_backup_e2e::{World, WorldOptions, fixtures, look};
use jiff::Timestamp;
use serde_json::json;

use crate::support::{alone, says};

const RESTORES: &str = "restores.cluster.open-cluster-management.io";
const LIMIT: Duration = Duration::from_secs(150);

/// The API server's request timeout and skew, and some.
const BOUND: Duration = Duration::from_secs(120);

#[test]
fn a_stored_restore_ends_without_us_and_a_false_attestation_is_refuted() {
    alone(async {
        let world = World::start(WorldOptions::default()).await.unwrap();
        fixtures::fleet(&world.a.hub).await.unwrap();
        world
            .shell
            .ok(&apply("hub-a", &fixtures::backup_schedule("* * * * *")))
            .await
            .unwrap();
        look::until_set(&world.a.hub, world.a.id).await.unwrap();
        world.b.read_the_bucket().await.unwrap();
        look::until_set(&world.b.hub, world.a.id).await.unwrap();

        with_every_replica_killed_a_stored_restore_ends_and_can_be_deleted(&world).await;
        a_false_attestation_passes_and_the_next_backup_refutes_it(&world).await;
    });
}

fn apply(context: &str, object: &serde_json::Value) -> String {
    format!("kubectl --context {context} apply -f - <<'EOF'\n{object}\nEOF")
}

async fn with_every_replica_killed_a_stored_restore_ends_and_can_be_deleted(world: &World) {
    let hub = &world.b.hub;
    let restore = fixtures::restore("one-shot", "skip", false);
    world.shell.ok(&apply("hub-b", &restore)).await.unwrap();
    world.b.guard().kill();
    look::until_phase(hub, look::ACM, "Restore", "one-shot", &["Finished"])
        .await
        .unwrap();
    let delete = format!("kubectl --context hub-b delete {RESTORES} one-shot --timeout=60s");
    world.shell.ok(&delete).await.unwrap();
    let restores = look::api(hub, look::ACM, "Restore").await.unwrap();
    wait::until_gone(&restores, "one-shot", LIMIT)
        .await
        .unwrap();
    world.b.guard().start_again().await.unwrap();
}

async fn a_false_attestation_passes_and_the_next_backup_refutes_it(world: &World) {
    let (a, b) = (&world.a, &world.b);
    let mut restore = fixtures::restore("take-over", "latest", false);
    let mut attested = || {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        let word = format!("down {} {now} no answer from its console", a.id);
        restore["metadata"]["annotations"] = json!({ names::ATTESTATION: word });
        apply(&format!("hub-b --user {ATTESTER}@hub-b"), &restore)
    };
    // No replica lived to see one-shot stored, so its reservation ends by time only.
    let answer = until("the reservation of one-shot to end", BOUND, || {
        let line = attested();
        async move {
            let answer = world.shell.run(&line).await?;
            Ok(match answer.succeeded() {
                true => Seen::Yes(answer),
                false => {
                    says(
                        &answer.stderr,
                        &["Restore one-shot was let through", "try again in"],
                    );
                    Seen::NotYet(answer.stderr)
                }
            })
        }
    })
    .await
    .unwrap();
    says(&answer.stderr, &["activating on your word", a.id]);
    look::until_phase(&b.hub, look::ACM, "Restore", "take-over", &["Finished"])
        .await
        .unwrap();

    // hub-a never went away, and backs up at the next full minute.
    let activated = Timestamp::now();
    until("hub-a's next backup to be over", LIMIT, || async {
        let backups = look::backups_of(&a.hub, a.id).await?;
        let newer = |backup: &&_| {
            let started: Option<Timestamp> = look::started(backup).parse().ok();
            started.is_some_and(|started| started > activated) && look::phase(backup) == "Completed"
        };
        Ok(match backups.iter().find(newer) {
            Some(_) => Seen::Yes(()),
            None => Seen::NotYet(format!("{} backups, none newer", backups.len())),
        })
    })
    .await
    .unwrap();
    b.read_the_bucket().await.unwrap();
    let status = until("hub-b's status to be critical", LIMIT, || async {
        let status = world
            .shell
            .run("kubectl acm-backup status --context hub-b")
            .await?;
        Ok(match status.code {
            Some(3) => Seen::Yes(status.stdout),
            _ => Seen::NotYet(status.to_string()),
        })
    })
    .await
    .unwrap();
    let (a, b) = (&a.id[..8], &b.id[..8]);
    says(
        &status,
        &[
            "VERDICT   CRITICAL",
            &format!("hub {a} began a backup after this hub ({b}) took over"),
            "it owns the fleet",
            &format!("on hub {a}, end its backups"),
        ],
    );
}
