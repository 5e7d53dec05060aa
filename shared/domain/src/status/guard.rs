//! Whether the guards are lifted: by a label on the namespace, which their own namespaceSelector reads.

use super::facts::Facts;
use super::finding::Finding;
use super::not_checked::{self, NotChecked};
use crate::act::command::Command;
use crate::names;
use crate::snapshot::Missing;

/// How the question is called where it could not be answered.
pub(super) const WHAT: &str = "guard";

/// Lifted is critical until it is undone; a value that lifts nothing is told, too: somebody believes it does.
pub(super) fn finding(facts: &Facts<'_>) -> Option<Finding> {
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

/// The question, where it could not be answered. Not every dump holds the namespace itself.
pub(super) fn not_checked(facts: &Facts<'_>) -> Option<NotChecked> {
    let s = facts.snapshot;
    not_checked::row(
        s.cli(),
        &s.guard_label,
        WHAT,
        "whether the guard is lifted",
        false,
    )
    .filter(|row| !matches!(row.missing, Missing::NotCollected { .. }))
}
