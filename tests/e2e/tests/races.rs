//! Several requests in the same instant, on a real API server: one starts.

use acm_backup_e2e::races::{Plan, Stage, run};

use crate::support::alone;

/// Odd ones cost seconds each: what was never stored must be waited for.
const PLAN: Plan = Plan {
    rounds: 600,
    seed: 20_261_125,
    disturbed: 12,
};

#[test]
fn of_requests_in_the_same_instant_through_three_replicas_one_starts() {
    alone(async {
        let stage = Stage::start(3).await.unwrap();
        let report = run(&stage, PLAN, |_| {}).await.unwrap();
        println!("{report}");
        assert_eq!(report.rounds, PLAN.rounds);
        // Nothing but the plan disturbs more than a few of them, or nothing was shown.
        assert!(
            report.undisturbed > PLAN.rounds / 10 * 9,
            "{report}\n{:?}",
            report.odd
        );
        // All of them were asked.
        assert!(
            report.reviews.iter().all(|reviews| *reviews > 0),
            "{report}"
        );
    });
}
