//! One leader at a time, by compare-and-swap.

use std::time::Duration;

use acm_backup_webhook::reconcile::lease::{Election, Standing};

use crate::api::Api;

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/acm-backup-system/leases";

fn candidate(api: &Api, name: &str) -> Election {
    Election::new(api.client(), "acm-backup-system", name).holding_for(Duration::ZERO)
}

async fn leads(election: &mut Election) -> bool {
    matches!(election.round().await.unwrap(), Standing::Leader { .. })
}

#[tokio::test]
async fn the_first_leads_and_the_others_follow_while_it_renews() {
    let api = Api::default();
    let (mut a, mut b) = (candidate(&api, "a"), candidate(&api, "b"));
    assert!(leads(&mut a).await);
    // However short a Lease holds: one that changes is not lapsed.
    for _ in 0..3 {
        assert!(!leads(&mut b).await);
        assert!(leads(&mut a).await);
    }
    let lease = api.get(LEASES, "acm-backup-labeller").unwrap();
    assert_eq!(lease["spec"]["holderIdentity"], "a");
    assert_eq!(
        lease["metadata"]["labels"]["velero.io/exclude-from-backup"],
        "true"
    );
}

#[tokio::test]
async fn a_holder_that_is_silent_for_the_leases_time_is_replaced() {
    let api = Api::default();
    let (mut a, mut b) = (candidate(&api, "a"), candidate(&api, "b"));
    assert!(leads(&mut a).await);
    assert!(!leads(&mut b).await, "seen for the first time");
    assert!(leads(&mut b).await, "unchanged for its whole time");
    assert!(!leads(&mut a).await);
    let lease = api.get(LEASES, "acm-backup-labeller").unwrap();
    assert_eq!(lease["spec"]["leaseTransitions"], 1);
}

/// Failed before: whoever came back after an outage of all of them waited for a Lease of nobody's to lapse.
#[tokio::test]
async fn a_holder_that_has_not_written_for_long_by_the_api_servers_clock_is_gone() {
    for (passed, gone) in [(0, false), (59, false), (60, true), (-3600, false)] {
        let api = Api::default();
        let mut a = Election::new(api.client(), "acm-backup-system", "a");
        let mut b = Election::new(api.client(), "acm-backup-system", "b");
        assert!(leads(&mut a).await);
        api.pass(passed);
        assert_eq!(leads(&mut b).await, gone, "{passed}");
        assert_eq!(leads(&mut a).await, !gone, "{passed}");
    }
}

#[tokio::test]
async fn a_released_lease_is_taken_at_once() {
    let api = Api::default();
    let mut a = candidate(&api, "a");
    let mut b = Election::new(api.client(), "acm-backup-system", "b");
    assert!(leads(&mut a).await);
    a.release().await.unwrap();
    assert!(leads(&mut b).await);
    // Whoever does not hold it releases nothing.
    a.release().await.unwrap();
    assert!(leads(&mut b).await);
}

#[tokio::test]
async fn of_two_who_take_it_in_the_same_instant_one_wins() {
    let api = Api::default();
    let (mut a, mut b) = (candidate(&api, "a"), candidate(&api, "b"));
    assert!(leads(&mut a).await);
    a.release().await.unwrap();
    // B takes it after A has looked and before A writes.
    let (sent, taken) = std::sync::mpsc::channel();
    api.before_write(move |api| {
        let mut lease = api.get(LEASES, "acm-backup-labeller").unwrap();
        lease["spec"]["holderIdentity"] = "b".into();
        api.put(LEASES, lease);
        sent.send(()).unwrap();
    });
    assert!(!leads(&mut a).await);
    taken.recv().unwrap();
    assert!(leads(&mut b).await);
}

#[tokio::test]
async fn an_api_server_that_refuses_makes_nobody_leader() {
    let api = Api::default();
    api.fail_once("leases", 503);
    assert!(candidate(&api, "a").round().await.is_err());
    assert_eq!(api.requests().len(), 1, "asked once: no blind retries");
}
