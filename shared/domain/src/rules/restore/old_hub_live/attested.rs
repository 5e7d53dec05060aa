//! Whether an attestation counts: for this hub, for now, for this activation, and from someone who
//! may give it.

use super::ATTEST;
use super::suspects::{State, Suspect};
use crate::attestation::{Attestation, AttestedState};
use crate::identity::HubId;
use crate::kinds::restore::Restore;
use crate::liveness;
use crate::names;
use crate::snapshot::Snapshot;
use crate::time::age;

/// Why an attestation counts as none; nothing where there is none.
pub(super) type Refused = Option<String>;

/// The attestation that answers for `suspect`, or why the one that is there does not.
pub(super) fn check(
    restore: &Restore,
    suspect: &Suspect,
    snapshot: &Snapshot,
) -> Result<Attestation, Refused> {
    let text = restore.meta.annotation(names::ATTESTATION).ok_or(None)?;
    let attestation: Attestation = text
        .parse()
        .map_err(|error| Some(format!("it cannot be read: {error}")))?;
    let refused = names_another_hub(&attestation, suspect)
        .or_else(|| attestation.staleness(snapshot.now))
        .or_else(|| does_not_fit(&attestation, suspect, snapshot))
        .or_else(|| was_used(&attestation, restore, snapshot))
        .or_else(|| was_copied(text, restore, snapshot))
        .or_else(|| is_refuted(&attestation, snapshot))
        .or_else(|| may_not_attest(snapshot));
    refused.map_or(Ok(attestation), |why| Err(Some(why)))
}

fn names_another_hub(attestation: &Attestation, suspect: &Suspect) -> Option<String> {
    let hub = suspect.hub.as_ref()?;
    (attestation.hub != *hub).then(|| {
        format!(
            "it names hub {}, but the hub in question is {hub}",
            attestation.hub
        )
    })
}

fn does_not_fit(
    attestation: &Attestation,
    suspect: &Suspect,
    snapshot: &Snapshot,
) -> Option<String> {
    let isolated = attestation.state == AttestedState::IsolatedCopy;
    if isolated
        && !snapshot
            .storage_locations
            .items()
            .iter()
            .any(|location| location.read_only)
    {
        return Some(
            "it says isolated-copy, but no storage location here is ReadOnly: this hub would write where the other one does"
                .to_owned(),
        );
    }
    let twin = matches!(suspect.state, State::Twin { .. });
    (twin && !isolated && attestation.state != AttestedState::Rebuilt).then(|| {
        format!("it says {}, but the id in question is this hub's own: only rebuilt or isolated-copy can be true", attestation.state)
    })
}

/// One attestation, one activation: what was true before the last one says nothing about this one.
fn was_used(attestation: &Attestation, restore: &Restore, snapshot: &Snapshot) -> Option<String> {
    let restores = match snapshot.restores.get() {
        Ok(restores) => restores,
        Err(missing) => {
            return Some(format!(
                "whether it was used before cannot be seen ({missing})"
            ));
        }
    };
    let by_restore = restores
        .iter()
        .filter(|other| !other.meta.is_same_object(&restore.meta))
        .filter(|other| other.activates() && other.is_terminal() && !other.was_refused())
        .filter_map(|other| Some((other.completed?, format!("Restore {}", other.meta.name))));
    let by_marker = snapshot
        .hub_id
        .value()
        .and_then(|own| liveness::last_activation(own, snapshot.backups.items()))
        .map(|activation| (activation.at, format!("marker {}", activation.marker)));
    by_restore
        .chain(by_marker)
        .filter(|(at, _)| *at > attestation.at)
        .max()
        .map(|(at, what)| {
            format!(
                "it was used: this hub activated after it was written ({what}, {}, {})",
                age::stamp(at),
                age::ago(snapshot.now, at)
            )
        })
}

fn was_copied(text: &str, restore: &Restore, snapshot: &Snapshot) -> Option<String> {
    snapshot
        .restores
        .items()
        .iter()
        .filter(|other| !other.meta.is_same_object(&restore.meta))
        .find(|other| other.meta.annotation(names::ATTESTATION) == Some(text))
        .map(|other| {
            format!(
                "it was copied: Restore {} carries the very same one",
                other.meta.name
            )
        })
}

fn is_refuted(attestation: &Attestation, snapshot: &Snapshot) -> Option<String> {
    refuting_backup(&attestation.hub, attestation.at, snapshot).map(|(name, at)| {
        format!(
            "it is refuted: hub {} began backup {name} after it, at {}",
            attestation.hub,
            age::when(snapshot.now, at)
        )
    })
}

fn refuting_backup(
    hub: &HubId,
    since: jiff::Timestamp,
    snapshot: &Snapshot,
) -> Option<(String, jiff::Timestamp)> {
    let activity = liveness::Activity::of(hub, snapshot.backups.items(), &[], Some(since));
    activity
        .last_started
        .filter(|_| hub.is_known())
        .map(|last| (last.backup, last.at))
}

fn may_not_attest(snapshot: &Snapshot) -> Option<String> {
    let check = format!(
        "kubectl auth can-i {} {}.{}/{}",
        ATTEST.verb,
        names::GUARD_RULES,
        names::GROUP,
        ATTEST.rule
    );
    match snapshot.permission(&ATTEST).get() {
        Ok(true) => None,
        Ok(false) => Some(format!(
            "you do not hold the right to attest; ask someone for whom this says yes: {check}"
        )),
        Err(missing) => Some(format!(
            "whether you may attest cannot be seen ({missing}); check with: {check}"
        )),
    }
}
