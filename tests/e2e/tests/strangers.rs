//! One replica under its own memory limit, and 1,012 strangers at its port.

use std::time::Duration;

use acm_backup_e2e::strangers::{LIMIT, Plan, run};

use crate::support::alone;

/// Failed before: 512 connections that said nothing kept the API server out for 120 s, 40 that trickled a body
/// the labels; two hostile bodies took 1.3 GiB.
#[test]
fn strangers_at_the_port_keep_no_call_of_the_api_server_waiting_and_take_no_more_than_the_limit() {
    alone(async {
        let report = run(Plan {
            silent: 512,
            trickling: 500,
            hostile: 4,
            length: Duration::from_secs(8),
            limit: LIMIT,
        })
        .await
        .unwrap();
        println!("{report}");
        assert_eq!(report.missed().count(), 0, "{report}");
        for taken in [&report.attacked, &report.hostile_alone] {
            assert!(
                !taken.secrets.is_empty() && !taken.restores.is_empty(),
                "{report}"
            );
        }
        assert!(report.sent_alone > 0, "{report}");
    });
}
