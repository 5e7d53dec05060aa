//! How the replicas are run: with flags the program has, hardened, and leaving one by one.

use acm_backup_webhook::args::Args;
use clap::Parser;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, Service};

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
    // Bodies under review must fit the memory, with as much again for the rest.
    let memory = &container.resources.unwrap().limits.unwrap()["memory"].0;
    let limit: usize = memory.strip_suffix("Mi").unwrap().parse().unwrap();
    let bodies = args.max_reviews * acm_backup_webhook::admission::body::LIMIT / (1024 * 1024);
    assert!(
        limit >= 2 * bodies,
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
