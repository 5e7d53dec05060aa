//! Whether the guards stand.

use super::super::*;
use super::hubs::Hub;
use crate::kinds::guards::{Entry, Guards};
use crate::snapshot::{Fact, Footing, Missing};

#[test]
fn a_lifted_guard_is_critical_and_a_label_that_lifts_nothing_is_told() {
    let mut hub = Hub::active("a");
    hub.guard_label = Some("lifted");
    let report = assess(&hub.snapshot());
    assert_eq!(report.verdict, Verdict::Critical);
    assert_eq!(report.findings[0].id, "guard/lifted");
    let undo = "oc label namespace open-cluster-management-backup acm-backup.dev/guard-";
    assert_eq!(report.findings[0].steps[0].command.as_deref(), Some(undo));

    for value in ["Lifted", "off", "true", ""] {
        hub.guard_label = Some(value);
        let report = assess(&hub.snapshot());
        assert_eq!(report.verdict, Verdict::Warning, "{value:?}");
        assert_eq!(report.findings[0].id, "guard/label-without-effect");
        assert_eq!(report.findings[0].steps[0].command.as_deref(), Some(undo));
    }
    hub.guard_label = None;
    assert_eq!(assess(&hub.snapshot()).verdict, Verdict::Ok);
}

#[test]
fn whether_the_guard_is_lifted_is_not_assumed_but_not_every_dump_tells() {
    let mut snapshot = Hub::active("a").snapshot();
    snapshot.guard_label = Fact::Missing(Missing::Forbidden {
        verb: "get".to_owned(),
        resource: "namespaces".to_owned(),
        namespace: None,
    });
    let report = assess(&snapshot);
    assert_eq!(report.verdict, Verdict::Warning);
    assert_eq!(report.summary, "not checked: guard");
    snapshot.guard_label = Fact::Missing(Missing::NotCollected {
        resource: "namespaces".to_owned(),
        namespace: None,
    });
    assert_eq!(assess(&snapshot).verdict, Verdict::Ok);
}

const STANDS: Footing = Footing {
    asked: true,
    service: true,
    account: true,
    available: true,
};

fn installed(armed: bool) -> Hub {
    let mut hub = Hub::active("a");
    let entry = Entry {
        armed,
        fails_closed: armed,
        if_installed: armed,
    };
    hub.guards = Some(Guards {
        entries: vec![entry, entry],
    });
    hub.footing = STANDS;
    hub
}

#[test]
fn what_stands_as_it_should_is_told_and_is_no_finding() {
    for (hub, told) in [
        (Hub::active("a"), Guard::NotInstalled),
        (installed(false), Guard::Warn),
        (installed(true), Guard::Deny),
    ] {
        let report = assess(&hub.snapshot());
        assert_eq!(report.guard, Some(told));
        assert_eq!((report.verdict, report.findings), (Verdict::Ok, vec![]));
    }
    let mut emptied = installed(true);
    emptied.guards = Some(Guards::default());
    assert_eq!(emptied.report().guard, Some(Guard::NotInstalled));
}

#[test]
fn armed_guards_that_are_not_asked_or_cannot_answer_are_critical_with_the_way_out() {
    let row = |footing: Footing| {
        let mut hub = installed(true);
        hub.footing = footing;
        hub.report()
    };
    let disarmed = row(Footing {
        asked: false,
        ..STANDS
    });
    assert_eq!(disarmed.guard, Some(Guard::Disarmed));
    assert_eq!(disarmed.findings[0].id, "guard/disarmed");
    let commands: Vec<_> = disarmed.findings[0]
        .steps
        .iter()
        .filter_map(|step| step.command.as_deref())
        .collect();
    assert_eq!(
        commands,
        [
            "oc -n acm-backup-system get serviceaccount,role,rolebinding,service,deployment",
            "oc delete validatingwebhookconfiguration acm-backup-guards",
        ]
    );
    for (footing, evidence) in [
        (
            Footing {
                service: false,
                ..STANDS
            },
            "there is no Service acm-backup-webhook in namespace acm-backup-system",
        ),
        (
            Footing {
                account: false,
                ..STANDS
            },
            "there is no system:serviceaccount:acm-backup-system:acm-backup-webhook",
        ),
        (
            Footing {
                available: false,
                ..STANDS
            },
            "no replica of Deployment acm-backup-webhook in namespace acm-backup-system is available",
        ),
    ] {
        let report = row(footing);
        assert_eq!(report.guard, Some(Guard::Unanswered));
        let [finding] = report.findings.as_slice() else {
            panic!("{:?}", report.findings);
        };
        assert_eq!(finding.id, "guard/unanswered");
        assert!(finding.evidence[0].ends_with(evidence), "{finding:?}");
        assert_eq!(
            finding.steps[1].command.as_deref(),
            Some(
                "oc label --overwrite namespace open-cluster-management-backup \
                 acm-backup.dev/guard=lifted"
            )
        );
    }
    for report in [
        disarmed,
        row(Footing {
            account: false,
            ..STANDS
        }),
    ] {
        assert_eq!(report.verdict, Verdict::Critical);
    }
    // Whoever has set it to Ignore in need is in nobody's way, and refuses nothing.
    let mut open = installed(true);
    open.footing.available = false;
    for entry in &mut open.guards.as_mut().unwrap().entries {
        entry.fails_closed = false;
    }
    assert_eq!(open.report().guard, Some(Guard::Disarmed));
    assert_eq!(open.found(), ["!guard/disarmed"]);
    // In mode warn nobody rests on it, and what is lifted is told once.
    let mut warns = installed(false);
    warns.footing = Hub::active("a").footing;
    assert_eq!(warns.found(), Vec::<String>::new());
    let mut lifted = installed(true);
    lifted.footing = warns.footing;
    lifted.guard_label = Some("lifted");
    assert_eq!(lifted.found(), ["!guard/lifted"]);
    // An armed guard without the condition is asked, whatever the account may do.
    let mut unconditional = installed(true);
    unconditional.footing.asked = false;
    for entry in &mut unconditional.guards.as_mut().unwrap().entries {
        entry.if_installed = false;
    }
    assert_eq!(unconditional.report().guard, Some(Guard::Deny));
}

#[test]
fn whether_the_guards_stand_is_not_assumed_but_hardly_a_dump_tells() {
    let forbidden = || Missing::Forbidden {
        verb: "get".to_owned(),
        resource: "validatingwebhookconfigurations.admissionregistration.k8s.io".to_owned(),
        namespace: None,
    };
    let mut snapshot = installed(true).snapshot();
    snapshot.guards = Fact::Missing(forbidden());
    let report = assess(&snapshot);
    assert_eq!((report.guard, report.verdict), (None, Verdict::Warning));
    assert_eq!(report.summary, "not checked: guard");

    let mut snapshot = installed(true).snapshot();
    snapshot.guard_footing = Fact::Missing(forbidden());
    let report = assess(&snapshot);
    assert_eq!(report.guard, Some(Guard::Deny));
    assert_eq!(report.verdict, Verdict::Warning);
    assert_eq!(
        report.not_checked[0].leaves_open,
        "whether the armed guard is asked, and can answer"
    );
    // Not asked for where nothing rests on it.
    let mut snapshot = installed(false).snapshot();
    snapshot.guard_footing = Fact::Missing(forbidden());
    assert_eq!(assess(&snapshot).verdict, Verdict::Ok);

    let collected = || Missing::NotCollected {
        resource: "x".to_owned(),
        namespace: None,
    };
    let mut snapshot = installed(true).snapshot();
    snapshot.guards = Fact::Missing(collected());
    snapshot.guard_footing = Fact::Missing(collected());
    let report = assess(&snapshot);
    assert_eq!((report.guard, report.verdict), (None, Verdict::Ok));
}
