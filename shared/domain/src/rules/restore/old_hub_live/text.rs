//! What is told to whoever is refused, and to whoever is not. Read at 3am: what is wrong, what was seen,
//! one way on.

mod isolated;
mod patch;
mod question;

use super::RULE;
use crate::hub::statement::{Kind, Outcome};
use crate::hub::{HubView, Objection, Party, Passage, Question};
use crate::kinds::restore::Restore;
use crate::rules::finding::Finding;
use crate::rules::review::Review;
use crate::rules::words::command;
use crate::rules::words::{told, way_out};
use crate::snapshot::Fact;
use crate::time::age;

/// The request a text answers.
pub(super) struct Request<'a> {
    pub restore: &'a Restore,
    pub review: &'a Review,
    pub view: &'a HubView<'a>,
    pub passage: &'a Passage<'a>,
    pub may: &'a Fact<bool>,
}

const FIELD: &str = "spec.veleroManagedClustersBackupName";

/// The refusal of a `skip` in other letters.
pub(super) fn misspelt_skip(restore: &Restore, raw: &str) -> Finding {
    let field = format!("{FIELD}: {raw:?}");
    Finding::deny(RULE.id, format!("{raw:?} is not \"skip\": no cluster would be restored, and yet the other hub's backups would stop"))
        .seen("the operator skips the clusters but writes an activation marker all the same; the hub that manages the fleet then goes to BackupCollision")
        .about(field)
        .todo(format!("write skip, in small letters and without blanks, in Restore {}", restore.meta.name))
}

/// The refusal for what could not be looked up: no statement answers that (OWNERSHIP Q6).
pub(super) fn blind(request: &Request<'_>) -> Option<Finding> {
    let of_set = request
        .passage
        .set_missing
        .as_ref()
        .map(|missing| ("the backup it names", missing));
    let all: Vec<_> = request
        .view
        .blind
        .iter()
        .map(|blind| (blind.what, &blind.missing))
        .chain(of_set)
        .collect();
    let (first, _) = all.first()?;
    let more = all.len().saturating_sub(1);
    let headline = match more {
        0 => {
            format!("activation refused: could not look up {first}, so the other hub may be alive")
        }
        _ => format!(
            "activation refused: could not look up {first} and {more} more, so the other hub may be alive"
        ),
    };
    let mut finding = Finding::deny(RULE.id, headline);
    for (what, missing) in &all {
        finding = finding.seen(format!("{what}: {}", told(missing, &request.review.origin)));
    }
    let mut ways: Vec<_> = all
        .iter()
        .map(|(_, missing)| way_out(missing, &request.review.origin, request.view.snapshot.cli()))
        .collect();
    ways.dedup();
    for way in ways {
        finding = finding.todo(way);
    }
    Some(finding.about(field(request.restore)))
}

/// The refusal of an activation.
pub(super) fn denial(request: &Request<'_>, outcome: &Outcome) -> Finding {
    let open: Vec<_> = request
        .passage
        .open
        .iter()
        .zip(&outcome.answers)
        .filter(|(_, answer)| answer.is_none())
        .map(|(question, _)| question)
        .collect();
    let refused = request
        .passage
        .objection
        .as_ref()
        .filter(|_| request.passage.refused);
    let headline = match (refused, open.as_slice()) {
        (Some(objection), []) => objection_headline(objection, request),
        (_, [one]) => question::headline(one, request.view),
        (_, several) => format!(
            "activation refused: {} things must be answered for first: {}",
            several.len(),
            several
                .iter()
                .map(|one| question::short(one))
                .collect::<Vec<_>>()
                .join("; ")
        ),
    };
    let mut finding = Finding::deny(RULE.id, headline);
    if let Some(objection) = refused {
        for line in objection_evidence(objection, request) {
            finding = finding.seen(line);
        }
    }
    for question in &open {
        for line in question::evidence(question, request.view) {
            finding = finding.seen(line);
        }
    }
    for line in view_and_loss(request) {
        finding = finding.seen(line);
    }
    for why in &outcome.refused {
        finding = finding.seen(format!("the attestation on this Restore: {why}"));
    }
    finding = finding.about(field(request.restore));
    if !open.is_empty() {
        for (text, command) in question::ways(&open, request) {
            finding = match command {
                Some(command) => finding.run(text, command),
                None => finding.todo(text),
            };
        }
    }
    patch::way_on(finding, request, &open)
}

/// What is said to whoever activates: on whose word, over which hubs, from which set.
pub(super) fn passed(request: &Request<'_>, outcome: Outcome) -> Option<Finding> {
    let view = request.view;
    let mut lines = Vec::new();
    for (question, answer) in request.passage.open.iter().zip(&outcome.answers) {
        if let Some(answer) = answer {
            lines.push(format!(
                "{} is {} (said {}: {})",
                question::name(question),
                answer.kind,
                age::ago(view.now, answer.at),
                answer.reason
            ));
        }
    }
    let on_word = lines.join("; ");
    let mut finding = if on_word.is_empty() {
        let superseded: Vec<_> = view
            .superseded()
            .map(|(standing, takeover)| {
                format!(
                    "hub {} was superseded by {}",
                    standing.hub.id,
                    takeover.told_by.name()
                )
            })
            .collect();
        let objection = request
            .passage
            .objection
            .as_ref()
            .map(|objection| objection_headline(objection, request));
        let other = stale_elsewhere(request);
        if superseded.is_empty() && objection.is_none() && other.is_empty() {
            return None;
        }
        let headline = objection.clone().unwrap_or_else(|| {
            superseded
                .first()
                .cloned()
                .or_else(|| other.first().cloned())
                .unwrap_or_default()
        });
        let mut finding = Finding::warn(RULE.id, headline);
        for line in superseded
            .into_iter()
            .skip(usize::from(objection.is_none()))
            .chain(other)
        {
            finding = finding.seen(line);
        }
        finding
    } else {
        let by = super::asker(&request.review.origin)
            .map_or_else(String::new, |user| format!(" ({user})"));
        let mut finding = Finding::warn(RULE.id, format!("activating on your word{by}: {on_word}"));
        for (standing, takeover) in view.superseded() {
            finding = finding.seen(format!(
                "hub {} was superseded by {}",
                standing.hub.id,
                takeover.told_by.name()
            ));
        }
        if let Some(objection) = &request.passage.objection {
            finding = finding.seen(objection_headline(objection, request));
        }
        for line in stale_elsewhere(request) {
            finding = finding.seen(line);
        }
        let is_copy = outcome
            .accepted
            .iter()
            .any(|accepted| accepted.kind == Kind::IsolatedCopy.word());
        let then = if is_copy {
            finding = isolated::brought_along(finding, request);
            "then no BackupSchedule here: beside its sets in one storage the hub that has the fleet would stop its own"
        } else {
            "then at once a BackupSchedule here, or nothing backs the fleet up"
        };
        finding.todo(format!(
            "wait for Finished: {}; {then}; then kubectl acm-backup status",
            command(view.snapshot, &request.restore.meta.namespace, "get crst")
                .name(&request.restore.meta.name)
                .say("-w")
        ))
    };
    finding.accepted = outcome.accepted;
    Some(finding)
}

/// How fresh what was seen is, and what is lost by going on.
fn view_and_loss(request: &Request<'_>) -> Vec<String> {
    let view = request.view;
    let deciding = view.deciding_locations(request.passage.set);
    let read = view
        .snapshot
        .storage_locations
        .items()
        .iter()
        .filter(|location| deciding.contains(&location.meta.name))
        .filter(|location| view.unread(&location.meta.name).is_none())
        .filter_map(|location| location.synced)
        .min()
        .map(|at| format!("this hub last read the storage {}", age::when(view.now, at)));
    let lost = request
        .passage
        .set
        .filter(|_| !request.passage.refused)
        .and_then(|set| {
            let undated = match set.run() {
                Some(_) => String::new(),
                None => format!(
                    " (the name of {} tells no time; Velero began it then)",
                    set.meta.name
                ),
            };
            Some(format!(
                "the fleet would go back to {}{undated}; what changed there since is lost",
                age::when(view.now, set.run().or(set.started)?)
            ))
        });
    read.into_iter().chain(lost).collect()
}

/// Other locations only warn (OWNERSHIP Q5).
fn stale_elsewhere(request: &Request<'_>) -> Vec<String> {
    let view = request.view;
    let deciding = view.deciding_locations(request.passage.set);
    view.snapshot
        .storage_locations
        .items()
        .iter()
        .filter(|location| !deciding.contains(&location.meta.name))
        .filter_map(|location| {
            let why = view.unread(&location.meta.name)?;
            Some(format!(
                "what is in location {} is not known: {}",
                location.meta.name,
                question::unread(&why, view.now)
            ))
        })
        .collect()
}

fn field(restore: &Restore) -> String {
    format!(
        "{FIELD}: {}",
        restore.managed_clusters.as_deref().unwrap_or_default()
    )
}

fn party(party: &Party, view: &HubView<'_>) -> String {
    match (party, view.own) {
        (Party::Here, _) => "this hub".to_owned(),
        (Party::Other(id), Some(own)) if id == own => {
            format!("another hub with this hub's own id {}", id.short())
        }
        (Party::Other(id), _) => format!("hub {id}"),
    }
}

fn objection_headline(objection: &Objection<'_>, request: &Request<'_>) -> String {
    let set = request
        .passage
        .set
        .map_or("the set", |set| set.meta.name.as_str());
    match objection {
        Objection::Unlabelled { backup } => format!(
            "{} has the operator's name without its labels, or with labels of another type: nothing tells which hub made it",
            backup.meta.name
        ),
        Objection::NotTheOwners { writer, owners } => format!(
            "{set} was written by {}, but the fleet is owned by {}",
            party(writer, request.view),
            owners
                .iter()
                .map(|owner| party(owner, request.view))
                .collect::<Vec<_>>()
                .join(" or ")
        ),
        Objection::OwnWithoutClusters { other } => format!(
            "{set} is this hub's own, and this hub holds no cluster, while hub {other} may manage the fleet"
        ),
        Objection::Shrunk { items, whole } => format!(
            "{set} holds {items} objects, less than half of the {} in {}",
            whole.items.unwrap_or_default(),
            whole.meta.name
        ),
    }
}

fn objection_evidence(objection: &Objection<'_>, request: &Request<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if !request.passage.open.is_empty() {
        lines.push(format!(
            "latest would take the wrong set: {}",
            objection_headline(objection, request)
        ));
    }
    if let Some(takeover) = request.view.newest_takeover()
        && let Some(at) = takeover.at
    {
        lines.push(format!(
            "{} took over {}, by {}",
            party(&takeover.by, request.view),
            age::when(request.view.now, at),
            takeover.told_by.name()
        ));
    }
    lines
}

/// Every name a set is restored by: the pinned Restore that takes it whole.
pub(super) fn pinned<'v>(request: &'v Request<'_>) -> Option<crate::hub::sets::BackupSet<'v>> {
    request.view.best_set()
}

/// Whether a question is about a hub that is live.
pub(super) fn is_live(question: &Question<'_>) -> bool {
    question.hub().is_some_and(crate::hub::Standing::is_live)
}
