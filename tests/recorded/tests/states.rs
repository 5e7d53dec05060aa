//! What `status` says at each step, one line a step: read by a person for what is true.
//!
//! `TIME role VERDICT answer [findings]`, then the step. Looking (`kubectl get`) is no step.

use crate::moments;
use acm_backup_recorded::judged::Site;
use std::fmt::Write;

/// Moments that no step marks, and what they are kept for.
const ALSO: [(&str, &str, &str, &str); 14] = [
    (
        "2.17-guarded",
        "hub2",
        "19:11:33.941",
        "hub1's set arrives after the activation",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:13:47.415",
        "the BackupSchedule of 3.5 s has made its first backup",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:15:34.647",
        "its set without clusters is complete",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:17:26.939",
        "activated: a takeover that brought nothing (K3)",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:31:03.401",
        "activated with clusters",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:33:33.613",
        "a backup copied in the second it completed (E3)",
    ),
    (
        "2.17-guarded",
        "hub2",
        "19:35:33.719",
        "hub1's marker has arrived",
    ),
    (
        "2.17-guarded",
        "hub1",
        "19:11:21.754",
        "hub2's marker has arrived",
    ),
    ("2.17-guarded", "hub1", "19:20:00.000", "the watch is dead"),
    ("2.17-guarded", "hub1", "19:32:36.733", "back, in collision"),
    (
        "2.17-guarded",
        "hub1",
        "19:35:32.811",
        "a left-over of hub2's queue has arrived (Q2)",
    ),
    (
        "2.9-guarded",
        "hub2",
        "19:54:08.627",
        "what hub1 began after the takeover has arrived",
    ),
    (
        "2.9-guarded",
        "hub2",
        "19:55:08.676",
        "hub1's backups of 19:54:15 have arrived",
    ),
    ("2.9-guarded", "hub1", "19:54:16.313", "in collision"),
];

fn states(recording: &'static str, hub: &'static str) -> String {
    let site = Site::open(recording).unwrap();
    let mut also: Vec<_> = ALSO
        .iter()
        .filter(|(of, who, ..)| *of == recording && *who == hub)
        .map(|(_, _, at, why)| (acm_backup_recorded::at(recording, at).unwrap(), *why))
        .collect();
    also.reverse();
    let mut lines = String::new();
    let mut before = None;
    let mut line = |now: jiff::Timestamp, state: &str, step: &str| {
        let step: String = step.split_whitespace().collect::<Vec<_>>().join(" ");
        let step = step
            .replace("kubectl ", "")
            .replace("-n open-cluster-management-backup ", "")
            .replace("cluster.open-cluster-management.io", "…");
        let step: String = step.chars().take(120).collect();
        writeln!(lines, "{} {state} | {step}", now.strftime("%H:%M:%S%.3f")).unwrap();
    };
    moments::each(&site, hub, |_, moment| {
        let report = &moment.report;
        let findings: Vec<_> = report.findings.iter().map(|finding| finding.id).collect();
        let state = format!(
            "{} {} {} [{}]",
            report.role,
            report.verdict,
            serde_json::to_value(report.activation.answer)
                .unwrap()
                .as_str()
                .unwrap(),
            findings.join(" ")
        );
        while also.last().is_some_and(|(at, _)| *at < moment.now) {
            let (at, why) = also.pop().unwrap();
            line(
                at,
                before.as_deref().unwrap_or_default(),
                &format!("({why})"),
            );
        }
        if let Some(step) = moment
            .step
            .filter(|step| !step.contains("$ kubectl -n open-cluster-management-backup get "))
        {
            line(moment.now, &state, step);
        }
        before = Some(state);
    });
    lines
}

macro_rules! pinned {
    ($($test:ident: $recording:literal $hub:literal,)*) => {
        $(#[test]
        fn $test() {
            insta::assert_snapshot!(states($recording, $hub));
        })*
    };
}

pinned! {
    hub1_of_2_9_guarded: "2.9-guarded" "hub1",
    hub2_of_2_9_guarded: "2.9-guarded" "hub2",
    hub1_of_2_13: "2.13" "hub1",
    hub2_of_2_13: "2.13" "hub2",
    hub1_of_2_17: "2.17" "hub1",
    hub2_of_2_17: "2.17" "hub2",
    hub1_of_2_17_guarded: "2.17-guarded" "hub1",
    hub2_of_2_17_guarded: "2.17-guarded" "hub2",
    hub1_of_2_17_loss: "2.17-loss" "hub1",
    hub2_of_2_17_loss: "2.17-loss" "hub2",
    hub1_of_2_17_traps: "2.17-traps" "hub1",
    hub2_of_2_17_traps: "2.17-traps" "hub2",
}
