//! An activation that runs although a hub in question was not answered for: nobody was asked, or the
//! guard was not there.

use crate::hub::Question;
use crate::hub::statement::named;
use crate::kinds::restore::Restore;
use crate::names;
use crate::status::facts::Facts;
use crate::status::finding::Finding;
use crate::status::role::Role;

/// What of the running activation nobody answered for.
pub(super) fn unanswered(facts: &Facts<'_>, role: Role) -> Option<Finding> {
    let restore = facts
        .restores()
        .iter()
        .filter(|_| role == Role::Activating)
        .find(|restore| restore.activates() && restore.is_active())?;
    let passage = facts
        .view
        .passage(restore, |name| facts.snapshot.named_backups.get(name));
    let stated = stated(facts, restore);
    let open: Vec<_> = passage
        .open
        .iter()
        .filter_map(|question| match question {
            Question::Hub(standing) if !stated.contains(&question.about()) => Some(standing),
            _ => None,
        })
        .collect();
    let live = open.iter().find(|standing| standing.is_live());
    let first = live.or(open.first())?;
    let hub = facts.name(&first.hub.id);
    let name = &restore.meta.name;
    let headline = if live.is_some() {
        format!(
            "Restore {name} activates this hub while {hub} is alive, and nobody answered for it"
        )
    } else {
        format!(
            "Restore {name} activates this hub, and nobody answered for {hub}, which may manage the fleet"
        )
    };
    let finding = if live.is_some() {
        Finding::critical("hub/activating-unanswered", headline)
    } else {
        Finding::warning("hub/activating-unanswered", headline)
    };
    let finding = match first.activity.sign {
        Some(sign) => finding.seen(format!(
            "its last sign of life is {} of {}",
            sign.backup,
            facts.when(sign.at)
        )),
        None => finding,
    };
    Some(
        finding
            .todo(format!("is {hub} down? If it is not, both hubs will fight for the clusters: end its backups and its imports there now"))
            .todo("do not take this activation back half-way: wait until it is Finished"),
    )
}

/// What was stated for the Restore: in the record, else in its annotation.
fn stated(facts: &Facts<'_>, restore: &Restore) -> Vec<String> {
    let holder = format!("Restore/{}", restore.meta.name);
    let recorded = facts
        .view
        .accepted()
        .iter()
        .filter(|accepted| accepted.holder == holder)
        .map(|accepted| accepted.about.clone());
    let written = restore
        .meta
        .annotation(names::ATTESTATION)
        .map(|text| named(text, facts.view))
        .unwrap_or_default();
    recorded.chain(written).collect()
}
