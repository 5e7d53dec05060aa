//! "Can I activate here now?", answered by the rules that would refuse it.

use super::backups::Set;
use super::facts::Facts;
use super::following::{Following, SyncState};
use super::role::Role;
use crate::kinds::meta::Meta;
use crate::kinds::restore::Restore;
use crate::rules::review::{Operation, Origin, Review, Subject};
use crate::rules::{self, restore::old_hub_live};
use serde::Serialize;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// Nothing stands in the way.
    Yes,
    /// Something does.
    No,
    /// Only a person can know whether the other hub is fenced; with an attestation, yes.
    IfFenced,
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
        Role::Replaced => {
            let owner = facts
                .owner()
                .map(|owner| owner.hub.short())
                .unwrap_or_default();
            return Activation::new(
                Answer::No,
                format!("hub {owner} took over and owns the fleet"),
            );
        }
        Role::Passive | Role::Collision | Role::Idle => {}
    }
    if facts.snapshot.backups.value().is_none() {
        return Activation::new(Answer::NotKnown, "the backups could not be looked up");
    }
    let Some(set) = set else {
        return Activation::new(Answer::No, "there is no backup in the storage to restore");
    };
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
    let refused = refusals(facts);
    match refused.as_slice() {
        [] if set.complete => Activation::new(Answer::Yes, "nothing stands in the way"),
        [] => Activation::new(
            Answer::Yes,
            "nothing stands in the way, but the set is not complete",
        ),
        [first, ..] => {
            // What only a person can answer is the whole answer only when nothing else refuses.
            let hard = refused
                .iter()
                .find(|finding| finding.rule != old_hub_live::RULE.id);
            let answer = if hard.is_some() || another_hub_lives(facts) {
                Answer::No
            } else {
                Answer::IfFenced
            };
            let headline = &hard.unwrap_or(first).headline;
            Activation {
                answer,
                because: headline
                    .strip_prefix("activation refused: ")
                    .unwrap_or(headline)
                    .to_owned(),
                rules: refused.iter().map(|finding| finding.rule).collect(),
            }
        }
    }
}

/// Whether a hub other than this one counts as alive: then nobody should even think of fencing.
fn another_hub_lives(facts: &Facts<'_>) -> bool {
    old_hub_live::live_hubs(&activating(facts).1, facts.snapshot)
        .next()
        .is_some()
}

/// What the webhook would say to an activation by the usual way: by editing the sync Restore where
/// there is one, else by a new Restore of the latest backups.
fn refusals(facts: &Facts<'_>) -> Vec<rules::finding::Finding> {
    let (previous, restore) = activating(facts);
    let review = Review {
        operation: if previous.is_some() {
            Operation::Update
        } else {
            Operation::Create
        },
        previous: previous.map(Subject::Restore),
        subject: Subject::Restore(restore),
        origin: Origin::Stored,
        by_operator: false,
    };
    rules::judge(&review, facts.snapshot)
        .denials()
        .cloned()
        .collect()
}

/// The Restore that would activate, and what it is now: the sync Restore where there is one.
fn activating(facts: &Facts<'_>) -> (Option<Restore>, Restore) {
    let latest = || Some("latest".to_owned());
    match facts.passive_sync() {
        Some(sync) => (
            Some(sync.clone()),
            Restore {
                managed_clusters: latest(),
                ..sync.clone()
            },
        ),
        None => {
            let meta = Meta {
                name: "activate".to_owned(),
                namespace: facts.snapshot.namespace.clone(),
                ..Meta::default()
            };
            let restore = Restore {
                meta,
                managed_clusters: latest(),
                credentials: latest(),
                resources: latest(),
                ..Restore::default()
            };
            (None, restore)
        }
    }
}
