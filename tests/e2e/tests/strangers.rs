//! One replica under its own memory limit, and 1,612 strangers at its ports.

use std::time::Duration;

use acm_backup_e2e::strangers::{LIMIT, Place, Plan, run};

use crate::support::alone;

/// Failed before: 512 connections that said nothing kept the API server out for 120 s, 40 that trickled a body
/// the labels; two hostile bodies took 1.3 GiB.
#[test]
fn strangers_at_the_port_keep_no_call_of_the_api_server_waiting_and_take_no_more_than_the_limit() {
    alone(async {
        let plan = Plan {
            silent: 512,
            trickling: 500,
            proven: 520,
            hammering: 80,
            hostile: 4,
            length: Duration::from_secs(6),
            limit: LIMIT,
        };
        let report = run(plan, &Place::HELD).await.unwrap();
        println!("{report}");
        assert_eq!(report.missed().count(), 0, "{report}");
        // Nothing in any of them was missed; and each was asked. That the replica still lives is in the report as well.
        assert_eq!(report.attacks.len(), 3);
        let attacked = report.attacks.iter().map(|attack| &attack.taken);
        for taken in attacked.chain([&report.hostile_alone]) {
            let asked = [&taken.secrets, &taken.restores, &taken.probes];
            assert!(asked.iter().all(|taken| !taken.is_empty()), "{report}");
        }
        assert!(report.sent_alone > 0, "{report}");
        let most = report.peak.max(report.cgroup_peak.unwrap_or(0));
        assert!(most < LIMIT * 1024, "{report}");
    });
}
