//! Which of the open questions the statements of a request answer, and why others do not count.

use super::used::{stale, used};
use super::{Kind, Statement, VALID_FOR, read, refuted::refutation};
use crate::hub::identity::HubId;
use crate::hub::passage::Question;
use crate::hub::record::Accepted;
use crate::hub::view::{HubView, Standing};
use crate::kinds::backup::Backup;
use crate::kinds::meta::Meta;
use crate::snapshot::Fact;
use crate::time::age;
use crate::time::saturating::Saturating;
use crate::upstream::UNKNOWN_HUB;

/// How a service account's name begins.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// Who sends the request that carries the statements.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The user's name; none where nobody asks (a file, a stored object).
    pub user: Option<&'a str>,
    /// Whether they hold the right to attest.
    pub may: &'a Fact<bool>,
}

/// What the statements stand on.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Kind of the object, as a record names it.
    pub kind: &'static str,
    /// Its metadata.
    pub meta: &'a Meta,
    /// The annotation, where there is one.
    pub text: Option<&'a str>,
    /// The managed-clusters backup that is to be restored.
    pub set: Option<&'a Backup>,
}

/// What became of the statements.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// For each question, in their order, the statement that answers it.
    pub answers: Vec<Option<Statement>>,
    /// Why statements that are there do not count.
    pub refused: Vec<String>,
    /// What is to be recorded when the request passes (OWNERSHIP S6).
    pub accepted: Vec<Accepted>,
    /// Whether the statements were refused for who sends them.
    pub lacks_right: bool,
}

impl Outcome {
    /// Whether every question is answered.
    pub fn answers_all(&self) -> bool {
        self.answers.iter().all(Option::is_some)
    }
}

/// Holds the statements of a request against what has to be answered.
pub fn answer(
    questions: &[Question<'_>],
    subject: Subject<'_>,
    asker: Asker<'_>,
    view: &HubView<'_>,
) -> Outcome {
    let mut outcome = Outcome {
        answers: questions.iter().map(|_| None).collect(),
        ..Outcome::default()
    };
    let Some(text) = subject.text else {
        return outcome;
    };
    let statements = match read(text) {
        Ok(statements) => statements,
        Err(errors) => {
            outcome.refused = errors
                .into_iter()
                .map(|(line, error)| format!("line {line} of it cannot be read: {error}"))
                .collect();
            return outcome;
        }
    };
    if statements.is_empty() {
        outcome.refused.push("it is empty".to_owned());
        return outcome;
    }
    if let Some(why) = may_not(asker) {
        outcome.lacks_right = true;
        outcome.refused.push(why);
        return outcome;
    }
    for statement in statements {
        let checked = resolve(&statement.about, view).and_then(|about| {
            let meaning = Statement::meaning(statement.kind, &about, statement.at);
            let question = questions
                .iter()
                .position(|question| question.about() == about);
            let why = stale(statement.at, view.now)
                .or_else(|| used(&meaning, statement.at, subject.meta, view))
                .or_else(|| {
                    question
                        .and_then(|index| questions.get(index))
                        .and_then(Question::hub)
                        .and_then(|standing| {
                            is_false(statement.kind, standing, statement.at, subject.set, view)
                        })
                });
            why.map_or(Ok((about, meaning, question)), Err)
        });
        match checked {
            Err(why) => outcome.refused.push(format!(
                "\"{} {}\" does not count: {why}",
                statement.kind, statement.about
            )),
            // It answers what nobody asked.
            Ok((_, _, None)) => {}
            Ok((about, meaning, Some(question))) => {
                outcome.accepted.push(Accepted {
                    meaning,
                    kind: statement.kind.word().to_owned(),
                    about,
                    at: statement.at,
                    holder: format!("{}/{}", subject.kind, subject.meta.name),
                    uid: subject.meta.uid.clone().unwrap_or_default(),
                    accepted: view.now.earliest(),
                    open_until: None,
                });
                if let Some(place) = outcome.answers.get_mut(question) {
                    place.get_or_insert(statement);
                }
            }
        }
    }
    outcome
}

/// Whether an accepted statement of an activation still answers for a hub on a BackupSchedule
/// (OWNERSHIP P3).
pub fn recorded(standing: &Standing<'_>, view: &HubView<'_>) -> bool {
    view.accepted().iter().any(|accepted| {
        let Some(kind) = Kind::of_word(&accepted.kind) else {
            return false;
        };
        // One that was only asked for, by whomever, answers for nothing: the Restore has to be there, or to have
        // been there.
        let stored = || {
            let restores = view.snapshot.restores.items();
            restores
                .iter()
                .any(|one| one.meta.uid.as_deref() == Some(accepted.uid.as_str()))
        };
        accepted.holder.starts_with("Restore/")
            && (accepted.open_until.is_none() || stored())
            && accepted.about == standing.hub.id.as_str()
            && !view.now.is_past(accepted.at.plus(VALID_FOR))
            && is_false(kind, standing, accepted.at, None, view).is_none()
    })
}

/// What the statements of an annotation are about, those that can be read and resolved.
pub fn named(text: &str, view: &HubView<'_>) -> Vec<String> {
    read(text)
        .unwrap_or_default()
        .iter()
        .filter_map(|statement| resolve(&statement.about, view).ok())
        .collect()
}

/// The id a statement means: a whole one, the beginning of one that fits no other, `unknown`, or a
/// location (OWNERSHIP S1).
pub(super) fn resolve(about: &str, view: &HubView<'_>) -> Result<String, String> {
    if about == UNKNOWN_HUB || about.starts_with(super::LOCATION) {
        return Ok(about.to_owned());
    }
    let ids: Vec<&HubId> = view
        .others
        .keys()
        .chain(view.own)
        .filter(|id| id.is_known())
        .collect();
    if let Some(id) = ids.iter().find(|id| id.as_str() == about) {
        return Ok(id.as_str().to_owned());
    }
    let mut fitting: Vec<_> = ids
        .iter()
        .filter(|id| id.as_str().starts_with(about))
        .map(|id| id.as_str())
        .collect();
    fitting.sort_unstable();
    fitting.dedup();
    match fitting.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(format!("no hub {about} is known here")),
        several => Err(format!(
            "{about} is the beginning of {} hubs: {}",
            several.len(),
            several.join(", ")
        )),
    }
}

/// Why what is stated of a hub cannot be so (OWNERSHIP S2).
fn is_false(
    kind: Kind,
    standing: &Standing<'_>,
    at: jiff::Timestamp,
    set: Option<&Backup>,
    view: &HubView<'_>,
) -> Option<String> {
    let hub = &standing.hub;
    if let Some(refutation) = refutation(kind, hub, at, set, view) {
        return Some(format!(
            "it is refuted: hub {} {} {} after it, {}",
            hub.id,
            refutation.verb,
            refutation.deed.backup,
            age::when(view.now, refutation.deed.at)
        ));
    }
    // Copies of our own come back after a loss of etcd or Velero.
    if kind != Kind::Rebuilt || hub.twin {
        return None;
    }
    match view.snapshot.kube_system_created.get() {
        Err(missing) => Some(format!(
            "how old this cluster is cannot be seen ({missing}){}",
            missing.again()
        )),
        Ok(created) => hub
            .begun_at_all
            // Whole seconds: one of the very second is not known to be older.
            .filter(|begun| begun.at >= *created)
            .map(|begun| {
                format!(
                    "hub {} began {} {}, when this cluster was there already (since {})",
                    hub.id,
                    begun.backup,
                    age::when(view.now, begun.at),
                    age::stamp(*created)
                )
            }),
    }
}

/// Why whoever sends the request may not attest (OWNERSHIP S5).
fn may_not(asker: Asker<'_>) -> Option<String> {
    let user = asker.user.unwrap_or("whoever sends it");
    match asker.may.get() {
        Ok(true) => None,
        Ok(false)
            if asker
                .user
                .is_some_and(|user| user.starts_with(SERVICE_ACCOUNT)) =>
        {
            Some(format!(
                "{user} may not attest: a service account does only where it holds the right and the webhook's configuration names it (--attesting-account)"
            ))
        }
        Ok(false) => Some(format!("{user} does not hold the right to attest")),
        Err(missing) => Some(format!(
            "whether {user} may attest cannot be seen ({missing}){}",
            missing.again()
        )),
    }
}
