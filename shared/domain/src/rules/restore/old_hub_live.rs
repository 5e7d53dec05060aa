//! `restore/old-hub-live`: two hubs that both manage the fleet.
//!
//! A bucket cannot tell a dead hub from a quiet one. So only a hub that is known to be fenced lets an
//! activation pass, and who states that is asked for a name, a time and a reason.

mod attested;
mod suspects;
mod text;

use crate::identity::HubId;
use crate::kinds::restore::Restore;
use crate::names;
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::snapshot::{Need, Permission, Snapshot};

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/old-hub-live",
    protects_from: "activation while the hub that wrote the backups still runs: both hubs fight for the \
                    clusters, and the operator does not look (operator-facts §12, G5)",
    subject: SubjectKind::Restore,
    operations: &[Operation::Create, Operation::Update],
    denies_when_blind: true,
    can_be_attested: true,
    since: "2.7",
    until: None,
    needs,
    judge,
};

/// The right to attest, asked for the user of the request that activates.
pub const ATTEST: Permission = Permission {
    verb: names::VERB_ATTEST,
    rule: RULE.id,
};

/// The other hubs that count as alive, were `restore` to activate this one now.
pub fn live_hubs(restore: &Restore, snapshot: &Snapshot) -> impl Iterator<Item = HubId> {
    suspects::of(restore, snapshot)
        .into_iter()
        .filter(|suspect| matches!(suspect.state, suspects::State::Live(_)))
        .filter_map(|suspect| suspect.hub)
}

fn needs(review: &Review) -> Vec<Need> {
    let Some(restore) = review.activating_restore() else {
        return Vec::new();
    };
    let mut needs = vec![
        Need::HubId,
        Need::Backups,
        Need::StorageLocations,
        Need::Restores,
    ];
    if let Some(name) = suspects::named_backup(restore) {
        needs.push(Need::BackupNamed(name));
    }
    if restore.meta.annotations.contains_key(names::ATTESTATION) {
        needs.push(Need::Permission(ATTEST));
    }
    needs
}

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let Some(restore) = review.activating_restore() else {
        return Verdict::Pass;
    };
    if let Some(misspelt) = suspects::misspelt_skip(restore) {
        return text::misspelt_skip(restore, misspelt).into();
    }
    let suspects = suspects::of(restore, snapshot);
    let request = text::Request {
        restore,
        operation: review.operation,
        origin: &review.origin,
        now: snapshot.now,
    };
    let mut accepted = None;
    for suspect in &suspects {
        match attested::check(restore, suspect, snapshot) {
            Ok(attestation) => accepted = Some((suspect, attestation)),
            Err(refused) => {
                return text::denial(&request, suspect, refused.as_ref(), snapshot).into();
            }
        }
    }
    match accepted {
        Some((suspect, attestation)) => text::accepted(&request, suspect, &attestation).into(),
        None => Verdict::Pass,
    }
}
