//! Whether a statement was used before, or copied (OWNERSHIP S4).

use super::{Statement, read};
use crate::hub::view::HubView;
use crate::kinds::meta::Meta;
use crate::names;
use crate::time::Now;
use crate::time::age;
use crate::time::saturating::Saturating;
use jiff::Timestamp;

/// Why a statement that means `meaning` counts no more for `subject`.
pub(super) fn used(
    meaning: &str,
    at: Timestamp,
    subject: &Meta,
    view: &HubView<'_>,
) -> Option<String> {
    if let Err(missing) = view.snapshot.accepted.get() {
        return Some(format!(
            "whether it was used before cannot be seen ({missing}){}",
            missing.again()
        ));
    }
    let recorded = view.accepted().iter().find(|accepted| {
        accepted.meaning == meaning && subject.uid.as_deref() != Some(accepted.uid.as_str())
    });
    if let Some(accepted) = recorded {
        if let Some(until) = accepted.open_until {
            return Some(format!(
                "it is in use: {} was let pass on it, and whether it was stored is known at {}; try again then",
                accepted.holder,
                age::stamp(until)
            ));
        }
        return Some(format!(
            "it was used: accepted for {}, {}",
            accepted.holder,
            age::when(view.now, accepted.accepted)
        ));
    }
    let takeover = view
        .takeovers
        .iter()
        .rev()
        .filter(|takeover| !takeover.hollow)
        .find(|takeover| takeover.at.is_some_and(|taken| taken > at));
    if let Some((takeover, taken)) = takeover.and_then(|takeover| Some((takeover, takeover.at?))) {
        return Some(format!(
            "it is older than a takeover ({}, {}), so it tells of a time before that",
            takeover.told_by.name(),
            age::when(view.now, taken)
        ));
    }
    copied(meaning, subject, view)
}

fn copied(meaning: &str, subject: &Meta, view: &HubView<'_>) -> Option<String> {
    let other = view.snapshot.restores.items().iter().find(|other| {
        !other.meta.is_same_object(subject)
            && other
                .meta
                .annotation(names::ATTESTATION)
                .and_then(|text| read(text).ok())
                .is_some_and(|statements| statements.iter().any(|one| means(one, view) == meaning))
    })?;
    Some(format!(
        "it was copied: Restore {} carries the same one",
        other.meta.name
    ))
}

/// What a statement means, its hub's id written out.
fn means(statement: &Statement, view: &HubView<'_>) -> String {
    let about =
        super::answer::resolve(&statement.about, view).unwrap_or_else(|_| statement.about.clone());
    Statement::meaning(statement.kind, &about, statement.at)
}

/// Why a statement counts no more at all (OWNERSHIP S3).
pub(super) fn stale(at: Timestamp, now: Now) -> Option<String> {
    if now.is_past(at.plus(super::VALID_FOR)) {
        return Some(format!(
            "it is {} old and holds for {}",
            age::age(now, at),
            age::span(super::VALID_FOR)
        ));
    }
    crate::hub::clock::is_ahead(at, now).then(|| {
        format!(
            "its time {} lies in the future (it is {} now)",
            age::stamp(at),
            age::stamp(now.earliest())
        )
    })
}
