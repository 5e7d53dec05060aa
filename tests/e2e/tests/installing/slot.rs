//! Guards that could not write the Lease they need are not armed.

use super::{ARMS, CHECK, Desk, REFUSES, WARNS};
use crate::documents::lines;
use crate::support::alone;

/// What a quota's controller would say, which does not run here.
const NO_LEASES: &str = "kubectl -n acm-backup-system create quota no-leases --hard=count/leases.coordination.k8s.io=0 && \
    kubectl -n acm-backup-system patch quota no-leases --subresource=status --type=merge -p \
    '{\"status\":{\"hard\":{\"count/leases.coordination.k8s.io\":\"0\"},\"used\":{\"count/leases.coordination.k8s.io\":\"1\"}}}'";

/// Failed before: a dry run did not touch the Lease, so its warning came back and armed the guards, which from then on
/// refused every Restore.
#[test]
fn guards_that_could_never_have_the_slot_are_not_armed() {
    alone(async {
        let desk = Desk::new("no-slot").await;
        desk.pods_come_up().await;
        desk.ok("kubectl apply -k $OVERLAY/guards").await;
        desk.until_checked(WARNS).await;
        let arms = lines("manifests/README.md")
            .into_iter()
            .find(|line| line.contains(ARMS) && line.contains(CHECK))
            .unwrap();
        let role_with = |verbs: &str| {
            format!(
                "kubectl -n acm-backup-system patch role acm-backup-webhook --type=json -p '[{{\"op\":\"replace\",\"path\":\"/rules/0/verbs\",\"value\":{verbs}}}]'"
            )
        };
        for (takes, gives, why) in [
            (
                NO_LEASES.to_owned(),
                "kubectl -n acm-backup-system delete quota no-leases",
                "exceeded quota: no-leases",
            ),
            (
                role_with(r#"["get", "patch"]"#),
                "kubectl apply -k $OVERLAY/workload",
                "can-i create leases.coordination.k8s.io",
            ),
            // The second Restore would need it.
            (
                role_with(r#"["get", "create"]"#),
                "kubectl apply -k $OVERLAY/workload",
                "can-i patch leases.coordination.k8s.io",
            ),
            (
                role_with(r#"["create", "patch"]"#),
                "kubectl apply -k $OVERLAY/workload",
                "can-i get leases.coordination.k8s.io",
            ),
        ] {
            desk.ok(&takes).await;
            let told = desk.until_checked(&["Warning: acm-backup", why]).await;
            assert!(!told.contains("no-such-backup"), "{told}");
            let armed = desk.types(&arms).await;
            assert!(!armed.succeeded(), "{armed}");
            assert_eq!(desk.policies().await, ["Ignore", "Ignore"], "{why}");
            desk.ok(gives).await;
            desk.until_checked(WARNS).await;
        }
        // Nothing was stored by all that, and nothing is in the way of arming them any more.
        let leases = "kubectl -n acm-backup-system get leases -o name";
        assert!(!desk.ok(leases).await.contains("slot"));
        desk.ok(&arms).await;
        desk.until_checked(REFUSES).await;
    });
}
