//! `cargo xtask attach` as a contributor uses it, on a real API server.

mod refusals;
mod running;

use acm_backup_bed::{HubOptions, wait};
use running::{Attached, LIMIT, attach, hub, it_guards, kubectl, nothing_is_installed};
use rustix::process::{Pid, Signal, kill_process};

const JANITOR: &str = r"get namespace acm-backup-system -o jsonpath={.metadata.annotations.acm-backup\.dev/attached-by}";

#[tokio::test(flavor = "multi_thread")]
async fn it_works_as_it_says_and_nothing_is_left_after_ctrl_c() {
    let hub = hub(HubOptions::default()).await;
    let attached = Attached::start(&hub).unwrap();
    it_guards(&hub);
    // A range of Services on loopback: called as in production.
    let called = kubectl(
        &hub,
        "get validatingwebhookconfiguration acm-backup-guards -o jsonpath={.webhooks[0].clientConfig}",
    );
    assert!(called.stdout.contains(r#""service":"#), "{called}");

    let secret = attached.file("/secret.json");
    let made = kubectl(
        &hub,
        &format!("create --dry-run=server -o yaml -f {secret}"),
    );
    let label = "cluster.open-cluster-management.io/backup: ";
    assert!(made.stdout.contains(label), "{made}");
    let restore = attached.file("/restore.json");
    let refused = kubectl(&hub, &format!("create --dry-run=server -f {restore}"));
    assert!(refused.stderr.contains("denied the request"), "{refused}");
    let second = running::refusal(attach(&hub.admin_kubeconfig(), &[]));
    assert!(second.contains("a webhook is attached to"), "{second}");

    assert_eq!(attached.end(Signal::INT), Some(0));
    nothing_is_installed(&hub).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_attach_installed_is_removed() {
    let hub = hub(HubOptions::default()).await;
    let attached = Attached::start(&hub).unwrap();
    // Even the one that cleans up is killed, say with the machine: the next attach does its work.
    let janitor = kubectl(&hub, JANITOR).ok().unwrap();
    let janitor = Pid::from_raw(janitor.parse().unwrap()).unwrap();
    kill_process(janitor, Signal::KILL).unwrap();
    assert_eq!(attached.end(Signal::KILL), None);

    let attached = Attached::start(&hub).unwrap();
    assert!(
        attached.said.contains("left its webhook behind"),
        "{}",
        attached.said
    );
    it_guards(&hub);
    assert_eq!(attached.end(Signal::KILL), None);
    wait::until("everything to be removed", LIMIT, || async {
        nothing_is_installed(&hub)?;
        Ok(wait::Seen::Yes(()))
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_alone_with_services_elsewhere_is_served_by_url() {
    // As envtest starts it: no controller ends namespaces, and Services are not on loopback.
    let hub = hub(HubOptions {
        controllers: false,
        apiserver_args: vec!["--service-cluster-ip-range=10.0.0.0/24".to_owned()],
        ..HubOptions::default()
    })
    .await;
    let attached = Attached::start(&hub).unwrap();
    it_guards(&hub);
    let called = kubectl(
        &hub,
        "get validatingwebhookconfiguration acm-backup-guards -o jsonpath={.webhooks[0].clientConfig.url}",
    );
    assert!(called.stdout.starts_with("https://127."), "{called}");
    assert_eq!(attached.end(Signal::TERM), Some(0));
    nothing_is_installed(&hub).unwrap();
}
