//! The webhook itself where a cluster's proxy settings are put into its pod.
//!
//! A loopback address never goes through a proxy, so the API server is called by one that is none, and leads there all
//! the same: 0.0.0.0. It is in no way special for who decides about proxies.

use std::time::Duration;

use acm_backup_bed::wait::{Seen as Is, until};
use acm_backup_bed::{
    BACKUP_NAMESPACE, Balancer, Hub, Part, Program, Replica, Webhook, WebhookOptions,
};
use acm_backup_e2e::{install_crds, install_velero_crds};
use serde_json::Value;

use super::server::{Seen, dead_proxy, http_proxy};
use crate::support::alone;

const LIMIT: Duration = Duration::from_secs(60);
const CHECK: &str = "manifests/check/restore.yaml";

/// The answer of the guards to a Restore came of what this replica has looked up, or the API server would have none.
async fn judges(hub: &Hub, replica: &Replica) {
    let check = hub.file(CHECK);
    let args = ["create", "--dry-run=server", "-f", check.to_str().unwrap()];
    until("the guards to judge", LIMIT, || async {
        let answered = hub.kubectl(&args)?;
        let judged = answered
            .stderr
            .contains("there is no backup no-such-backup");
        Ok(match judged {
            true => Is::Yes(()),
            false => Is::NotYet(answered.to_string()),
        })
    })
    .await
    .unwrap();
    let metrics = replica.probe("/metrics").await.unwrap();
    let counted = r#"reviews_total{hook="guard",rule="restore/backup-not-found""#;
    assert!(metrics.contains(counted), "{metrics}");
}

/// Failed before: nothing; only the function that decides was tried, and not the program.
#[test]
fn behind_a_proxy_the_webhook_reaches_the_api_server_as_the_environment_says() {
    alone(async {
        let hub = Hub::start("proxied").await.unwrap();
        install_crds(&hub).await.unwrap();
        install_velero_crds(&hub).await.unwrap();
        hub.create_namespace(BACKUP_NAMESPACE).await.unwrap();
        let way = Balancer::bind([127, 0, 0, 1], 0).unwrap();
        way.add((hub.address().ip(), 6443).into());
        let port = way.address().port();

        let kubeconfig = hub.file("proxied.kubeconfig");
        let binary = tokio::task::spawn_blocking(|| Program::Webhook.path());
        let webhook = Webhook::install(
            hub.site(),
            WebhookOptions {
                replicas: Some(0),
                parts: vec![Part::Workload, Part::Deny],
                args: vec![format!("--kubeconfig={}", kubeconfig.display()).into()],
                ..WebhookOptions::new(binary.await.unwrap().unwrap())
            },
        )
        .await
        .unwrap();
        let account = ("acm-backup-system", "acm-backup-webhook");
        let own = hub
            .site()
            .kubeconfig_of_service_account(account.0, account.1);
        let own = std::fs::read_to_string(own.await.unwrap()).unwrap();
        let mut config: Value = serde_json::from_str(&own).unwrap();
        let cluster = &mut config["clusters"][0]["cluster"];
        cluster["server"] = format!("https://0.0.0.0:{port}").into();
        cluster["tls-server-name"] = "kubernetes.default.svc".into();
        std::fs::write(&kubeconfig, config.to_string()).unwrap();

        // As OpenShift puts it into pods: the networks of pods, Services and machines. The API server's is among them.
        let seen = Seen::default();
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let dead = at(dead_proxy(&seen));
        let spared = ".cluster.local,.svc,.ec2.internal,0.0.0.0/16,10.0.0.0/16,10.128.0.0/14,127.0.0.1,\
                      169.254.169.254,api-int.hub.example.com,localhost";
        let openshift = [
            ("HTTP_PROXY", dead.clone()),
            ("HTTPS_PROXY", dead),
            ("NO_PROXY", spared.to_owned()),
        ];
        let replica = webhook.add_replica_in(&openshift).await.unwrap();
        judges(&hub, &replica).await;
        assert_eq!(seen.take(), Vec::<String>::new(), "the proxy was asked");
        webhook.retire(&replica, Duration::from_secs(30));

        // Where nothing spares it, the proxy is asked, as by every client of Kubernetes.
        let working = [("HTTPS_PROXY", at(http_proxy(port, None, None, &seen)))];
        let replica = webhook.add_replica_in(&working).await.unwrap();
        judges(&hub, &replica).await;
        let asked = seen.take();
        let connect = format!("CONNECT 0.0.0.0:{port} HTTP/1.1 None");
        assert!(
            !asked.is_empty() && asked.iter().all(|one| *one == connect),
            "{asked:?}"
        );
        webhook.retire(&replica, Duration::from_secs(30));

        // And without any.
        let replica = webhook.add_replica_in(&[]).await.unwrap();
        judges(&hub, &replica).await;
        assert_eq!(seen.take(), Vec::<String>::new());
    });
}
