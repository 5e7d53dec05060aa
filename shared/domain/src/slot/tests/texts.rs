//! What a person reads.

use super::super::text::{blind, held};
use super::*;
use crate::snapshot::Missing;

fn asked(kind: &str) -> Review {
    review(kind, Operation::Create, named(json!({})), None)
}

#[test]
fn who_waits_for_whom_and_what_to_do() {
    let restore = creation("Restore/take-over", "7");
    let schedule = creation("BackupSchedule/acm", "8");
    let texts = [
        held(&asked("Restore"), "oc", &restore, &look(13)),
        held(&asked("Restore"), "oc", &schedule, &look(13)),
        held(&asked("BackupSchedule"), "oc", &restore, &look(13)),
        held(&asked("BackupSchedule"), "oc", &schedule, &look(13)),
        held(&asked("Restore"), "oc", &Entry::default(), &look(13)),
        blind(
            &asked("Restore"),
            "oc",
            "reserve the hub for it",
            &Missing::Forbidden {
                verb: "patch".to_owned(),
                resource: "leases.coordination.k8s.io".to_owned(),
                namespace: Some("acm-backup-system".to_owned()),
            },
        ),
        blind(
            &asked("BackupSchedule"),
            "oc",
            "reserve the hub for it",
            &Missing::TimedOut {
                resource: "leases.coordination.k8s.io".to_owned(),
                seconds: std::time::Duration::from_secs(2).into(),
            },
        ),
        blind(
            &asked("Restore"),
            "oc",
            "reserve the hub for it",
            &Missing::Failed {
                resource: "leases.coordination.k8s.io".to_owned(),
                why: "leases.coordination.k8s.io \"acm-backup-slot-x\" is forbidden: exceeded quota: no-leases, requested: \
                      count/leases.coordination.k8s.io=1, used: count/leases.coordination.k8s.io=1, limited: \
                      count/leases.coordination.k8s.io=0"
                    .to_owned(),
            },
        ),
    ];
    let texts: Vec<_> = texts.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n\n"));
}
