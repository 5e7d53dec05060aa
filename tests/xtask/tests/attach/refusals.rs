//! What attach says where it cannot work; it changes nothing, or undoes what it changed.

use crate::running::{attach, hub, nothing_is_installed, refusal};
use acm_backup_bed::{Hub, HubOptions};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_it_cannot_use_is_left_alone_with_the_reason() {
    let hub = hub(HubOptions::default()).await;
    let nobody = hub.kubeconfig_for("nobody", &[]).unwrap();
    let error = refusal(attach(&nobody, &[]));
    assert!(error.contains("may not create namespaces"), "{error}");

    let admin = hub.admin_kubeconfig();
    let error = refusal(attach(&admin, &["--context", "elsewhere"]));
    assert!(
        error.contains("has no context elsewhere (it has hub)"),
        "{error}"
    );

    // A webhook that does not come up: everything is in place by then.
    let programs = tempfile::tempdir().unwrap();
    let broken = programs.path().join("acm-backup-webhook");
    std::fs::write(&broken, "#!/bin/sh\necho no luck today\nexit 3\n").unwrap();
    std::fs::set_permissions(&broken, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = attach(&admin, &[]);
    command.env("ACM_BACKUP_PROGRAMS", programs.path());
    let error = refusal(command);
    assert!(error.contains("cannot install the webhook"), "{error}");
    assert!(error.contains("no luck today"), "{error}");
    nothing_is_installed(&hub).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_without_the_crds_is_told_how_to_get_them() {
    let hub = Hub::start("hub").await.unwrap();
    let error = refusal(attach(&hub.admin_kubeconfig(), &[]));
    assert!(
        error.contains("serves no restores and no backupschedules"),
        "{error}"
    );
    assert!(error.contains("--context hub apply -f "), "{error}");
}

#[test]
fn a_server_it_cannot_use_is_named_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let kubeconfig = |server: &str| {
        let path = dir.path().join("config");
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{ "name": "c", "cluster": { "server": server, "insecure-skip-tls-verify": true } }],
            "users": [{ "name": "c", "user": { "token": "t" } }],
            "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "c" } }],
        });
        std::fs::write(&path, config.to_string()).unwrap();
        path
    };
    // A port that was free a moment ago, and an address for documentation (RFC 5737).
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("https://{}", free.local_addr().unwrap());
    drop(free);
    for (server, reason) in [
        (
            closed.as_str(),
            "no API server answers at https://127.0.0.1:",
        ),
        ("https://192.0.2.1:6443", "is not on this machine"),
    ] {
        let error = refusal(attach(&kubeconfig(server), &[]));
        assert!(error.contains(reason), "{error}");
    }

    let error = refusal(attach(&dir.path().join("missing"), &[]));
    assert!(error.contains("there is no kubeconfig"), "{error}");
    let broken = dir.path().join("broken");
    std::fs::write(&broken, "contexts: 7").unwrap();
    let error = refusal(attach(&broken, &[]));
    assert!(error.contains("is no kubeconfig"), "{error}");
}
