//! How the replicas are run: with flags the program has, hardened, and leaving one by one.

use acm_backup_webhook::args::Args;
use clap::Parser;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, Service};
use serde_json::Value;

use crate::manifests::one;

fn container() -> Container {
    let deployment: Deployment = one("workload/deployment.yaml", "Deployment");
    deployment
        .spec
        .unwrap()
        .template
        .spec
        .unwrap()
        .containers
        .remove(0)
}

#[test]
fn the_deployments_flags_are_the_programs() {
    let container = container();
    let flags = container.args.unwrap();
    let args = Args::try_parse_from(std::iter::once("webhook".to_owned()).chain(flags)).unwrap();
    let ports = container.ports.unwrap();
    let port = |name: &str| {
        ports
            .iter()
            .find(|port| port.name.as_deref() == Some(name))
            .unwrap()
            .container_port
    };
    assert_eq!(i32::from(args.listen.port()), port("webhook"));
    assert_eq!(i32::from(args.probe_listen.port()), port("probes"));
    let mount = &container.volume_mounts.unwrap()[0].mount_path;
    assert!(args.tls_certificate.starts_with(mount) && args.tls_key.starts_with(mount));
    let service: Service = one("workload/service.yaml", "Service");
    let service = service.spec.unwrap();
    assert_eq!(service.ports.unwrap()[0].port, 8443);
    assert_eq!(service.cluster_ip, None);
    // All bodies there is room for, each at its worst, and what a replica takes besides.
    let memory = &container.resources.unwrap().limits.unwrap()["memory"].0;
    let limit: usize = memory.strip_suffix("Mi").unwrap().parse().unwrap();
    let bodies = acm_backup_webhook::admission::room::ROOM / (1024 * 1024);
    assert!(
        limit >= 3 * bodies + 64,
        "{limit} MiB for {bodies} MiB of bodies"
    );
}

#[test]
fn replicas_are_hardened_and_leave_one_by_one() {
    let deployment: Deployment = one("workload/deployment.yaml", "Deployment");
    let spec = deployment.spec.unwrap();
    assert!(spec.replicas.unwrap() >= 2);
    let rolling = spec.strategy.unwrap().rolling_update.unwrap();
    assert_eq!(serde_json::to_value(rolling.max_unavailable).unwrap(), 0);
    let pod = spec.template.spec.unwrap();
    let security = pod.security_context.unwrap();
    assert_eq!(security.run_as_non_root, Some(true));
    assert_eq!(security.run_as_user, None, "OpenShift chooses");
    assert_eq!(security.seccomp_profile.unwrap().type_, "RuntimeDefault");
    let container = container();
    let security = container.security_context.unwrap();
    assert_eq!(security.read_only_root_filesystem, Some(true));
    assert_eq!(security.allow_privilege_escalation, Some(false));
    assert_eq!(security.capabilities.unwrap().drop.unwrap(), ["ALL"]);
    let args = Args::try_parse_from(["webhook"]).unwrap();
    let grace = u64::try_from(pod.termination_grace_period_seconds.unwrap()).unwrap();
    assert!(grace > args.drain_delay.as_secs() + 10);
}

/// What the platform can say of its API server is the host network; monitoring gets the metrics and no more.
#[test]
fn on_openshift_only_the_host_network_reaches_the_reviews() {
    let overlay = crate::manifests::whole("overlays/openshift/workload/kustomization.yaml");
    let patches = overlay["patches"].as_array().unwrap();
    let of_policy = patches
        .iter()
        .find(|patch| patch["target"]["kind"] == "NetworkPolicy");
    let operations = of_policy.unwrap()["patch"].as_str().unwrap();
    let operations: Vec<Value> = serde_saphyr::from_str(operations).unwrap();
    assert_eq!(operations.len(), 1);
    assert_eq!(operations[0]["path"], "/spec/ingress");
    let mut reached = Vec::new();
    for rule in operations[0]["value"].as_array().unwrap() {
        let from = rule["from"].as_array().unwrap();
        let [from] = &from[..] else { panic!("{rule}") };
        let labels = &from["namespaceSelector"]["matchLabels"];
        for port in rule["ports"].as_array().unwrap() {
            let (label, _) = labels.as_object().unwrap().iter().next().unwrap();
            reached.push((port["port"].as_u64().unwrap(), label.clone()));
        }
    }
    let host = "policy-group.network.openshift.io/host-network".to_owned();
    let monitoring = "network.openshift.io/policy-group".to_owned();
    assert_eq!(
        reached,
        [(8443, host.clone()), (8080, host), (8080, monitoring)]
    );
}
