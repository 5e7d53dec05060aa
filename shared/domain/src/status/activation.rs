//! "Can I activate here now?", answered by the rules that would refuse it.

use super::backups::Set;
use super::facts::Facts;
use super::following::{Following, SyncState};
use super::ownership::taken_back;
use super::role::Role;
use crate::hub::sets::BackupSet;
use crate::hub::{Findings, HubView};
use crate::kinds::backup::BackupType;
use crate::kinds::meta::Meta;
use crate::kinds::restore::Restore;
use crate::rules::finding::Finding;
use crate::rules::review::{Operation, Origin, Review, Subject};
use crate::rules::{self, restore::old_hub_live};
use crate::snapshot::Snapshot;
use crate::time::age;
use serde::Serialize;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// Nothing stands in the way.
    Yes,
    /// Only a person can know what no storage tells; once they do, yes.
    OnceKnown,
    /// Something stands in the way.
    No,
    /// There is nothing to activate: this hub has the fleet.
    AlreadyActive,
    /// Too little could be looked up.
    NotKnown,
}

/// The answer with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Activation {
    /// The answer.
    pub answer: Answer,
    /// Because of what.
    pub because: String,
    /// The rules that would refuse it.
    pub rules: Vec<&'static str>,
}

impl Activation {
    fn new(answer: Answer, because: impl Into<String>) -> Self {
        Self {
            answer,
            because: because.into(),
            rules: Vec::new(),
        }
    }
}

/// Answers for this hub as it is. The operator would let almost anything pass; the answer is what an
/// administrator should go by, and what our webhook goes by.
pub(super) fn activation(
    facts: &Facts<'_>,
    role: Role,
    set: Option<&Set>,
    following: Option<&Following>,
) -> Activation {
    match role {
        Role::Active => return Activation::new(Answer::AlreadyActive, "this hub is active"),
        Role::Activating => return Activation::new(Answer::No, "an activation is running"),
        Role::Unknown => {
            return Activation::new(
                Answer::NotKnown,
                "what is on this hub could not be looked up",
            );
        }
        Role::Passive if taken_back(facts).is_some() => {
            return Activation::new(Answer::AlreadyActive, "this hub has taken the fleet over");
        }
        Role::Passive | Role::Collision | Role::Idle | Role::Replaced | Role::Stray => {}
    }
    if facts.snapshot.backups.value().is_none() {
        return Activation::new(Answer::NotKnown, "the backups could not be looked up");
    }
    match following.map(|following| following.state) {
        Some(SyncState::HoldsNothing) => {
            return Activation::new(
                Answer::No,
                "Velero restored nothing here, so it would restore no cluster either",
            );
        }
        Some(SyncState::Incomplete) => {
            return Activation::new(Answer::No, "Velero restores fail here");
        }
        _ => {}
    }
    let Some((previous, restore)) = named(facts.view) else {
        return Activation::new(
            Answer::No,
            if facts.sets.is_empty() {
                "there is no backup in the storage to restore"
            } else {
                "there is no whole set in the storage that the fleet's hub wrote"
            },
        );
    };
    let refused = refusals(previous, restore, facts.snapshot);
    let what = what_comes_back(facts, set);
    let Some(first) = refused.first() else {
        return Activation::new(Answer::Yes, what);
    };
    // What only a person can answer is the whole answer only when nothing else refuses.
    let mut other = refused
        .iter()
        .filter(|finding| finding.rule != old_hub_live::RULE.id);
    let hard = other.clone().find(|finding| !finding.blind);
    let questions = questions(facts);
    let (answer, because) = match (hard, questions) {
        (Some(hard), _) => (Answer::No, headline(hard)),
        (None, Open::Blind) => (Answer::NotKnown, headline(first)),
        (None, Open::Refused | Open::Live) => (Answer::No, headline(first)),
        (None, Open::Questions(about)) => match other.next() {
            Some(unseen) => (Answer::NotKnown, headline(unseen)),
            None => (
                Answer::OnceKnown,
                format!("once you know that {about}; {what}"),
            ),
        },
    };
    Activation {
        answer,
        because,
        rules: refused.iter().map(|finding| finding.rule).collect(),
    }
}

fn headline(finding: &Finding) -> String {
    finding
        .headline
        .strip_prefix("activation refused: ")
        .unwrap_or(&finding.headline)
        .to_owned()
}

/// What there is to be answered before the activation `status` names.
enum Open {
    /// Something could not be looked up.
    Blind,
    /// `latest` would take a wrong set.
    Refused,
    /// Another hub is live.
    Live,
    /// What a person must know.
    Questions(String),
}

fn questions(facts: &Facts<'_>) -> Open {
    let view = facts.view;
    if !view.blind.is_empty() {
        return Open::Blind;
    }
    let Some((_, restore)) = named(facts.view) else {
        return Open::Refused;
    };
    let passage = view.passage(&restore, |name| facts.snapshot.named_backups.get(name));
    if passage.refused {
        return Open::Refused;
    }
    if passage
        .open
        .iter()
        .any(|question| question.hub().is_some_and(|standing| standing.is_live()))
    {
        return Open::Live;
    }
    let about: Vec<_> = passage
        .open
        .iter()
        .map(|question| match question {
            crate::hub::Question::Location { name, .. } => {
                format!("nothing newer is in location {name}")
            }
            crate::hub::Question::Hub(standing) if standing.hub.twin => {
                format!("no other hub has the id {}", standing.hub.id.short())
            }
            crate::hub::Question::Hub(standing) if standing.hub.is_nameless() => {
                "the hub without an id is down".to_owned()
            }
            crate::hub::Question::Hub(standing) => {
                format!("hub {} is down", standing.hub.id.short())
            }
        })
        .collect();
    Open::Questions(about.join(" and "))
}

fn what_comes_back(facts: &Facts<'_>, set: Option<&Set>) -> String {
    match set {
        Some(set) => format!(
            "the fleet goes back to {}, what changed since is lost ({}){}",
            age::stamp(set.run),
            age::age(facts.now, set.run),
            if set.complete {
                ""
            } else {
                "; the set is not complete"
            }
        ),
        None => "nothing stands in the way".to_owned(),
    }
}

/// What the webhook would say, unattested, to the activation `status` names.
fn refusals(previous: Option<Restore>, restore: Restore, snapshot: &Snapshot) -> Vec<Finding> {
    let review = review(previous, restore);
    rules::judge(&review, snapshot).denials().cloned().collect()
}

fn review(previous: Option<Restore>, restore: Restore) -> Review {
    Review {
        operation: if previous.is_some() {
            Operation::Update
        } else {
            Operation::Create
        },
        previous: previous.map(Subject::Restore),
        subject: Subject::Restore(restore),
        origin: Origin::Stored,
        by_operator: false,
    }
}

/// The activation `status` names: the sync's edit where there is one, else a new Restore that pins the
/// newest whole set of the hub that owns the fleet. None where there is no such set.
pub fn named_activation(snapshot: &Snapshot) -> Option<Review> {
    let findings = Findings::gather(snapshot);
    named(&HubView::new(&findings)).map(|(previous, restore)| review(previous, restore))
}

/// The Restore that would activate, and what it is now. No attestation counts: the question is what
/// is asked of whoever comes next.
fn named(view: &HubView<'_>) -> Option<(Option<Restore>, Restore)> {
    let sync = view
        .snapshot
        .restores
        .items()
        .iter()
        .find(|restore| restore.is_passive_sync());
    if let Some(sync) = sync {
        let mut previous = sync.clone();
        previous.meta.annotations.remove(crate::names::ATTESTATION);
        let activating = Restore {
            managed_clusters: Some("latest".to_owned()),
            ..previous.clone()
        };
        return Some((Some(previous), activating));
    }
    view.best_set()
        .map(|set| (None, pinned(&set, &view.snapshot.namespace)))
}

fn pinned(set: &BackupSet<'_>, namespace: &str) -> Restore {
    let name = |kind: BackupType| {
        set.members
            .get(&kind)
            .map(|backup| backup.meta.name.clone())
    };
    Restore {
        meta: Meta {
            name: "activate".to_owned(),
            namespace: namespace.to_owned(),
            ..Meta::default()
        },
        managed_clusters: name(BackupType::ManagedClusters),
        credentials: name(BackupType::Credentials),
        resources: name(BackupType::Resources),
        ..Restore::default()
    }
}
