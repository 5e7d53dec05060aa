//! `restore/old-hub-live`: two hubs that both manage the fleet.
//!
//! No storage tells a dead hub from a quiet one. So an activation passes when every hub in question, and
//! everything that is not known, is answered for by a person who may (OWNERSHIP P1); who that is and what
//! is in question is worked out in [`crate::hub`].

mod text;

use crate::hub::statement::{self, Asker, Subject};
use crate::hub::{Findings, HubView};
use crate::kinds::restore::{BackupChoice, Restore};
use crate::names;
use crate::rules::review::{Operation, Origin, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::snapshot::{Fact, Need, Permission, Snapshot};

/// See the module.
pub const RULE: Rule = Rule {
    id: "restore/old-hub-live",
    protects_from: "activation while the hub that owns the fleet still runs: both hubs fight for the \
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

fn needs(review: &Review) -> Vec<Need> {
    let Some(restore) = review.activating_restore() else {
        return Vec::new();
    };
    let mut needs = HubView::NEEDS.to_vec();
    needs.push(Need::Permission(ATTEST));
    needs.push(Need::BackupScheduleDefinition);
    if let Some(name) = named_backup(restore) {
        needs.push(Need::BackupNamed(name));
    }
    if restore.meta.annotations.contains_key(names::ATTESTATION) {
        needs.push(Need::KubeSystem);
    }
    needs
}

/// The backup named for the managed clusters, if one is.
fn named_backup(restore: &Restore) -> Option<String> {
    match BackupChoice::parse(restore.managed_clusters.as_deref()) {
        BackupChoice::Named(name) => Some(name),
        _ => None,
    }
}

/// A `skip` the operator does not take for one when it writes the activation marker.
fn misspelt_skip(restore: &Restore) -> Option<&str> {
    let raw = restore.managed_clusters.as_deref()?;
    (raw != "skip" && BackupChoice::parse(Some(raw)) == BackupChoice::Skip).then_some(raw)
}

/// Whether the user of a review may attest: a service account only where configuration names it
/// (OWNERSHIP S5).
pub fn may_attest(origin: &Origin, snapshot: &Snapshot) -> Fact<bool> {
    let held = snapshot.permission(&ATTEST);
    match (origin, held) {
        (Origin::Admission { user, .. }, Fact::Known { as_of, .. })
            if user.starts_with("system:serviceaccount:")
                && !snapshot.attesting_accounts.contains(user) =>
        {
            Fact::known(false, as_of)
        }
        (_, held) => held,
    }
}

/// Who asks, for a text.
pub fn asker(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::Admission { user, .. } => Some(user),
        Origin::File | Origin::Stored => None,
    }
}

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let Some(restore) = review.activating_restore() else {
        return Verdict::Pass;
    };
    if let Some(misspelt) = misspelt_skip(restore) {
        return text::misspelt_skip(restore, misspelt).into();
    }
    let findings = Findings::gather(snapshot);
    let view = HubView::new(&findings);
    let passage = view.passage(restore, |name| snapshot.named_backups.get(name));
    let may = may_attest(&review.origin, snapshot);
    let request = text::Request {
        restore,
        review,
        view: &view,
        passage: &passage,
        may: &may,
    };
    if let Some(blind) = text::blind(&request) {
        return blind.into();
    }
    let outcome = statement::answer(
        &passage.open,
        Subject {
            kind: "Restore",
            meta: &restore.meta,
            text: restore.meta.annotation(names::ATTESTATION),
            set: passage.set,
        },
        Asker {
            user: asker(&review.origin),
            may: &may,
        },
        &view,
    );
    if passage.refused || !outcome.answers_all() {
        return text::denial(&request, &outcome).into();
    }
    text::passed(&request, outcome).map_or(Verdict::Pass, Verdict::from)
}
