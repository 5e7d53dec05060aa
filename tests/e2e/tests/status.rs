//! `kubectl acm-backup status` as real kubectl finds it, where something is missing: it shows what it could
//! see, says what it could not, and never panics.

use acm_backup_bed::{Finished, Hub, HubOptions, Rule, Subject};
use acm_backup_e2e::Shell;
use jiff::SignedDuration;

use crate::support::{alone, guarded_hub, says};

const STATUS: &str = "kubectl acm-backup status";

async fn status(shell: &Shell, more: &str) -> Finished {
    let finished = shell.run(&format!("{STATUS} {more}")).await.unwrap();
    assert!(!finished.stderr.contains("panicked"), "{finished}");
    finished
}

#[test]
fn with_rights_for_half_of_it() {
    guarded_hub(|hub| async move {
        hub.storage().read(SignedDuration::from_secs(20)).await;
        hub.storage()
            .set(SignedDuration::from_secs(20), SignedDuration::from_hours(1))
            .await;
        let rules = [Rule {
            groups: &["velero.io"],
            resources: &["backups", "backupstoragelocations"],
            verbs: &["get", "list"],
        }];
        hub.hub
            .allow("half", Subject::User("half"), &rules)
            .await
            .unwrap();
        let shell = Shell::new(&[hub.hub.kubeconfig_for("half", &[]).unwrap()]).unwrap();
        let half = status(&shell, "").await;
        says(
            &half.stdout,
            &[
                "VERDICT   UNKNOWN",
                "NOT CHECKED",
                "forbidden: list",
                "auth can-i list",
            ],
        );
        // What it may see it shows.
        says(
            &half.stdout,
            &[
                "by hub 81431db3, complete",
                "default (bucket acm-backups/hub) Available",
            ],
        );
        assert_eq!(half.code, Some(1), "{half}");
    });
}

#[test]
fn without_the_kinds_of_the_operator() {
    alone(async {
        let options = HubOptions {
            controllers: false,
            ..HubOptions::default()
        };
        let hub = Hub::start_with("bare", options).await.unwrap();
        let shell = Shell::new(&[hub.admin_kubeconfig()]).unwrap();
        let bare = status(&shell, "").await;
        says(
            &bare.stdout,
            &[
                "VERDICT   UNKNOWN",
                "this cluster has no cluster-backup operator",
                "NOT CHECKED",
                "this API server has no",
            ],
        );
        assert_eq!(bare.code, Some(1), "{bare}");

        hub.kill();
        let dead = status(&shell, "").await;
        assert_eq!(dead.code, Some(1), "{dead}");
        says(&dead.stderr, &[&hub.url()]);

        let none = status(&shell, "--kubeconfig nowhere").await;
        assert_eq!(none.code, Some(1), "{none}");
        says(&none.stderr, &["nowhere"]);
    });
}
