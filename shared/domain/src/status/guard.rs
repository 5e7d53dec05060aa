//! Whether the guards stand: how they are installed, whether the API server asks them, and whether a label on the
//! namespace lifts them, which their own namespaceSelector reads.

use super::facts::Facts;
use super::finding::Finding;
use super::not_checked::{self, NotChecked};
use crate::act::command::Command;
use crate::kinds::guards::Guards;
use crate::names;
use crate::snapshot::{Footing, Missing};
use serde::Serialize;

/// How the question is called where it could not be answered.
pub(super) const WHAT: &str = "guard";

/// What becomes of a Restore that the guards would object to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Guard {
    /// Nobody asks them.
    NotInstalled,
    /// It passes, with a warning.
    Warn,
    /// It is refused, as far as their configuration tells.
    Deny,
    /// It passes: the label on the namespace says so.
    Lifted,
    /// It passes: they are armed, and not asked.
    Disarmed,
    /// It is refused, and so is everything else: they are armed, and cannot answer.
    Unanswered,
}

/// What is known of them; none where that is nothing.
pub(super) fn state(facts: &Facts<'_>) -> Option<Guard> {
    let s = facts.snapshot;
    let lifted = matches!(s.guard_label.value(), Some(Some(value)) if value == names::GUARD_LIFTED);
    let Some(guards) = s.guards.value() else {
        return lifted.then_some(Guard::Lifted);
    };
    let Some(guards) = guards.as_ref().filter(|guards| !guards.entries.is_empty()) else {
        return Some(Guard::NotInstalled);
    };
    Some(match s.guard_footing.value() {
        _ if lifted => Guard::Lifted,
        _ if !guards.are_armed() => Guard::Warn,
        Some(footing) if !footing.asked && guards.need_the_right() => Guard::Disarmed,
        Some(footing) if !answers(footing) && guards.fail_closed() => Guard::Unanswered,
        Some(footing) if !answers(footing) => Guard::Disarmed,
        _ => Guard::Deny,
    })
}

fn answers(footing: &Footing) -> bool {
    footing.service && footing.account && footing.available
}

/// What is wrong with them.
pub(super) fn findings(facts: &Facts<'_>) -> impl Iterator<Item = Finding> {
    [label(facts), footing(facts)].into_iter().flatten()
}

/// Lifted is critical until it is undone; a value that lifts nothing is told, too: somebody believes it does.
fn label(facts: &Facts<'_>) -> Option<Finding> {
    let namespace = &facts.snapshot.namespace;
    let value = facts.snapshot.guard_label.value()?.as_deref()?;
    let seen = format!("label {}={value} on namespace {namespace}", names::GUARD);
    let undo = Command::new(facts.snapshot.cli())
        .say("label namespace")
        .name(namespace)
        .value(format!("{}-", names::GUARD));
    Some(match value {
        names::GUARD_LIFTED => Finding::critical(
            "guard/lifted",
            format!("the guard is lifted on namespace {namespace}: nothing is refused there"),
        )
        .seen(seen)
        .run("once you are through, put it back:", undo),
        _ => Finding::warning(
            "guard/label-without-effect",
            format!(
                "the guard of namespace {namespace} is not lifted: only the value {} does that",
                names::GUARD_LIFTED
            ),
        )
        .seen(seen)
        .run("take the label off:", undo),
    })
}

/// Armed guards that are not asked, or cannot answer: neither shows in their configuration.
fn footing(facts: &Facts<'_>) -> Option<Finding> {
    let s = facts.snapshot;
    let footing = s.guard_footing.value()?;
    let armed = format!(
        "{} is in mode deny, and {}",
        names::GUARD_CONFIGURATION,
        lacks(footing)
    );
    let is_complete = footing.asked && footing.service && footing.account;
    let again = match is_complete {
        true => "mend what keeps its pods from being ready (their events and logs tell)",
        false => {
            "put back what is missing: apply the part workload of the manifests again \
             (manifests/README.md)"
        }
    };
    match state(facts)? {
        Guard::Disarmed => Some(
            Finding::critical(
                "guard/disarmed",
                "the guard is armed, and yet nothing is refused: nobody asks it, or nobody answers",
            )
            .seen(armed)
            .run(
                "see what is left of the webhook:",
                Command::new(s.cli())
                    .namespace(names::NAMESPACE)
                    .say("get serviceaccount,role,rolebinding,service,deployment"),
            )
            .todo(again)
            .run(
                "or, where the guard was removed on purpose, remove the rest of it:",
                Command::new(s.cli())
                    .say("delete validatingwebhookconfiguration")
                    .name(names::GUARD_CONFIGURATION),
            ),
        ),
        Guard::Unanswered => Some(
            Finding::critical(
                "guard/unanswered",
                "the guard is armed, but it cannot answer: every Restore is refused",
            )
            .seen(armed)
            .todo(again)
            .run(
                "until then, to restore, lift the guard:",
                // Whatever somebody tried before.
                Command::new(s.cli())
                    .say("label --overwrite namespace")
                    .name(&s.namespace)
                    .value(format!("{}={}", names::GUARD, names::GUARD_LIFTED)),
            ),
        ),
        _ => None,
    }
}

fn lacks(footing: &Footing) -> String {
    let namespace = names::NAMESPACE;
    let (service, account) = (names::SERVICE, names::SERVICE_ACCOUNT);
    match footing {
        Footing { asked: false, .. } => format!(
            "{account} may not {} leases in namespace {namespace}, by which it is asked",
            names::INSTALLED_VERB
        ),
        Footing { service: false, .. } => {
            format!("there is no Service {service} in namespace {namespace}")
        }
        Footing { account: false, .. } => format!("there is no {account}"),
        _ => format!("no replica of Deployment {service} in namespace {namespace} is available"),
    }
}

/// The question, where it could not be answered. Not every dump holds the namespace itself, and hardly one the
/// configuration and what it rests on.
pub(super) fn not_checked(facts: &Facts<'_>) -> Option<NotChecked> {
    let s = facts.snapshot;
    let row = |fact: Option<NotChecked>| {
        fact.filter(|row| !matches!(row.missing, Missing::NotCollected { .. }))
    };
    let cli = s.cli();
    let lifted = "whether the guard is lifted";
    let stands = "whether the guard stands";
    row(not_checked::row(cli, &s.guard_label, WHAT, lifted, false))
        .or_else(|| row(not_checked::row(cli, &s.guards, WHAT, stands, false)))
        .or_else(|| {
            // What nobody rests on need not be known.
            let armed = |guards: &Option<_>| guards.as_ref().is_some_and(Guards::are_armed);
            s.guards.value().filter(|guards| armed(guards))?;
            row(not_checked::row(
                cli,
                &s.guard_footing,
                WHAT,
                "whether the armed guard is asked, and can answer",
                false,
            ))
        })
}
