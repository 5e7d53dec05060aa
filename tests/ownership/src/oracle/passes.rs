//! What passes (P1 to P3), and what status says once a statement is refuted (S7).

use super::facts::{Facts, Who};
use super::names::CLUSTERS;
use super::question::{
    Evidence, four, is_live, is_nameless_seen, is_superseded, latest, newest_completed, others,
    period, unread,
};
use super::readings;
use super::statements::{About, Court, KINDS, Requester, Statement, is_refuted};
use super::takeovers::{Owner, Takeover, owners, takeovers};
use crate::seen::{HOUR, MINUTE, Time};
use acm_backup_domain::snapshot::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// The rule that judges activations, and the right asked for it.
pub const OLD_HUB_LIVE: &str = "restore/old-hub-live";
/// The rule that judges BackupSchedules.
pub const OWNED_ELSEWHERE: &str = "backup-schedule/fleet-owned-elsewhere";

/// What an activation asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// All of it by `latest`.
    Latest,
    /// A backup of managed clusters by name; the rest by `latest`, by name or not at all, which P2 does not
    /// ask.
    Named(String),
}

/// What the sentences say of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What no statement answers for, though one could.
    pub open: Vec<String>,
    /// Why `latest` will not do (P2, E2); a set named outright will.
    pub refused: Vec<String>,
    /// What could not be looked up (Q6).
    pub blind: Vec<String>,
    /// The operator's own choice is open (two backups begun in one second), and so is the outcome.
    pub undecided: bool,
}

impl Outcome {
    /// It passes.
    pub fn passes(&self) -> bool {
        self.open.is_empty() && self.refused.is_empty() && self.blind.is_empty()
    }
}

/// Everything worked out once.
pub struct Opinion<'a, 's> {
    /// The evidence.
    pub facts: &'a Facts<'s>,
    /// K1 to K4.
    pub takeovers: Vec<Takeover<'a>>,
    /// Q1.
    pub others: BTreeMap<Who, Evidence<'a>>,
    /// Q2.
    pub superseded: BTreeSet<Who>,
}

impl<'a, 's> Opinion<'a, 's> {
    /// Works it out.
    pub fn new(facts: &'a Facts<'s>) -> Self {
        let takeovers = takeovers(facts);
        let others = others(facts);
        let superseded = others
            .iter()
            .filter(|(who, evidence)| is_superseded(facts, &takeovers, who, evidence))
            .map(|(who, _)| who.clone())
            .collect();
        Self {
            facts,
            takeovers,
            others,
            superseded,
        }
    }

    /// K5.
    pub fn owners(&self) -> Vec<Owner<'_, 'a>> {
        owners(self.facts, &self.takeovers)
    }

    /// Hubs in question, each with whether it is live.
    pub fn in_question(&self) -> Vec<(&Who, bool)> {
        self.others
            .iter()
            .filter(|(who, _)| !self.superseded.contains(who))
            .map(|(who, evidence)| (who, is_live(self.facts, evidence)))
            .collect()
    }

    /// P1 and P2, given the statements on the request.
    pub fn activation(&self, ask: &Ask, statements: &str, requester: &Requester) -> Outcome {
        let facts = self.facts;
        let sets: Vec<&str> = match ask {
            Ask::Latest => latest(facts, CLUSTERS),
            Ask::Named(name) => vec![name.as_str()],
        };
        let outcomes: Vec<_> = sets
            .iter()
            .map(|set| Some(*set))
            .chain(sets.is_empty().then_some(None))
            .map(|set| self.activation_of(set, ask, statements, requester))
            .collect();
        let mut first = outcomes[0].clone();
        let tied = *ask == Ask::Latest && four().any(|prefix| latest(facts, prefix).len() > 1);
        first.undecided = tied
            && (outcomes.iter().any(|other| *other != outcomes[0]) || !facts.unlabelled.is_empty());
        first
    }

    fn activation_of(
        &self,
        set: Option<&str>,
        ask: &Ask,
        statements: &str,
        requester: &Requester,
    ) -> Outcome {
        let facts = self.facts;
        let backup = set.and_then(|name| {
            let all = facts.snapshot.backups.items();
            all.iter().find(|backup| backup.meta.name == name)
        });
        let location = backup.and_then(|backup| {
            let label = backup.meta.label(super::names::LOCATION);
            backup
                .location
                .as_deref()
                .filter(|it| !it.is_empty())
                .or(label)
        });
        let read_only = facts
            .snapshot
            .storage_locations
            .items()
            .iter()
            .any(|it| Some(it.meta.name.as_str()) == location && it.read_only);
        let court = Court {
            facts,
            others: &self.others,
            takeovers: &self.takeovers,
            requester,
            set_is_read_only: read_only,
        };
        let standing = court.standing(statements);
        let mut outcome = Outcome::default();
        for (who, _) in self.in_question() {
            if !speaks_of(&standing, who) {
                outcome.open.push(format!("{who:?}"));
            }
        }
        if is_nameless_seen(facts) && !speaks_of(&standing, &Who::Nameless) {
            outcome.open.push("unknown".to_owned());
        }
        for name in unread(facts, location) {
            let answer = About::Location(name);
            if !standing.iter().any(|statement| statement.about == answer) {
                outcome.open.push(format!("{answer:?}"));
            }
        }
        outcome.blind = facts.blind.iter().map(|&it| it.to_owned()).collect();
        if *ask == Ask::Latest {
            outcome.refused.extend(self.refuses_latest(set));
        }
        outcome
    }

    /// P2 and E2.
    fn refuses_latest(&self, set: Option<&str>) -> Vec<String> {
        let facts = self.facts;
        // E2. reading: whichever of the four types resolves to it.
        let mut refused: Vec<_> = four()
            .filter(|prefix| readings::E2_ASKS_ALL_FOUR || *prefix == CLUSTERS)
            .flat_map(|prefix| latest(facts, prefix))
            .filter(|name| facts.unlabelled.contains(*name))
            .map(|name| format!("{name} has only the operator's name"))
            .collect();
        let Some(set) = set.and_then(|name| facts.written.iter().find(|it| it.name == name)) else {
            return refused;
        };
        let owners = self.owners();
        // reading: where nobody owns, nobody's set is another's.
        let allowed = owners.is_empty()
            || owners.iter().any(|owner| {
                owner.who == set.who
                    || owner.by.is_some_and(|by| {
                        let completed_since = facts.written.iter().any(|it| {
                            it.who == owner.who && it.completed_clusters() && it.made > by.at
                        });
                        !completed_since && by.sources.contains(&set.who)
                    })
            });
        if !allowed {
            refused.push(format!("{} is of no owner", set.name));
        }
        if set.who == Who::Us && !facts.holds_clusters() && !self.in_question().is_empty() {
            refused.push(format!("{} is our own, and we hold nothing", set.name));
        }
        let mut newest: Vec<_> = owners
            .iter()
            .filter_map(|owner| newest_completed(facts, &owner.who))
            .collect();
        if !readings::P2_HALF_OF_EACH_OWNER {
            newest = newest
                .into_iter()
                .max_by_key(|it| it.made)
                .into_iter()
                .collect();
        }
        for newest in newest {
            // Velero writes no number where it is 0.
            let (ours, theirs) = (set.items.unwrap_or(0), newest.items.unwrap_or(0));
            if ours.saturating_mul(2) < theirs {
                refused.push(format!(
                    "{} has less than half of {}",
                    set.name, newest.name
                ));
            }
        }
        refused
    }

    /// P3, given the statements on the BackupSchedule.
    pub fn schedule(&self, statements: &str, requester: &Requester) -> Outcome {
        let facts = self.facts;
        let mut outcome = Outcome {
            blind: facts.blind.iter().map(|&it| it.to_owned()).collect(),
            ..Outcome::default()
        };
        let owners = self.owners();
        if !owners.is_empty()
            && owners
                .iter()
                .all(|owner| owner.who == Who::Us && owner.by.is_some())
        {
            return outcome;
        }
        let court = Court {
            facts,
            others: &self.others,
            takeovers: &self.takeovers,
            requester,
            set_is_read_only: false,
        };
        let standing = court.standing(statements);
        let answered = |who: &Who| speaks_of(&standing, who) || self.was_accepted(who);
        let ours = self
            .takeovers
            .iter()
            .filter(|it| it.by == Who::Us && it.counts)
            .filter_map(|it| it.at)
            .max();
        for takeover in &self.takeovers {
            if takeover.by != Who::Us
                && takeover.at.is_some()
                && takeover.at > ours
                && !answered(&takeover.by)
            {
                outcome.open.push(format!("{:?} took over", takeover.by));
            }
        }
        let holds = facts.holds_clusters();
        for (who, live) in self.in_question() {
            let only_warns = holds && self.others.get(who).is_some_and(Evidence::is_hollow);
            if (live || !holds) && !only_warns && !answered(who) {
                outcome.open.push(format!("{who:?} is in question"));
            }
        }
        outcome
    }

    /// P3 and S6: a statement that was accepted for an activation here, not yet forgotten and not refuted.
    fn was_accepted(&self, who: &Who) -> bool {
        let none = Evidence::default();
        self.facts.snapshot.accepted.items().iter().any(|record| {
            let kind = KINDS.into_iter().find(|(word, _)| *word == record.kind);
            let at = record.at.as_second();
            record.holder.starts_with("Restore/")
                && self.facts.stranger(&record.about) == *who
                && self.facts.now - at <= 4 * HOUR
                && kind.is_some_and(|(_, kind)| {
                    let evidence = self.others.get(who).unwrap_or(&none);
                    !is_refuted(kind, who, at, self.facts, evidence, false)
                })
        })
    }

    /// S7: what status says of an accepted statement that is refuted: `Some(true)` where it is critical,
    /// `Some(false)` where it has fallen to a warning.
    pub fn contradicted(&self, who: &Who) -> Option<bool> {
        let evidence = self.others.get(who)?;
        let refuted = self.facts.snapshot.accepted.items().iter().any(|record| {
            let kind = KINDS.into_iter().find(|(word, _)| *word == record.kind);
            self.facts.stranger(&record.about) == *who
                && kind.is_some_and(|(_, kind)| {
                    is_refuted(
                        kind,
                        who,
                        record.at.as_second(),
                        self.facts,
                        evidence,
                        false,
                    )
                })
        });
        let begun = evidence.wrote.iter().filter_map(|it| it.begun).max();
        let newest = evidence.wrote.iter().filter_map(|it| it.made).max();
        let quiet = begun
            .is_none_or(|begun| self.facts.now - begun > period(self.facts, evidence) + 5 * MINUTE);
        let newer = self.newest_complete_here() > newest;
        refuted.then_some(!(quiet && newer))
    }

    /// When this hub's newest complete set was made: all four of one run, `Completed`.
    fn newest_complete_here(&self) -> Option<Time> {
        let ours = || {
            self.facts
                .written
                .iter()
                .filter(|it| it.here && it.phase == "Completed")
        };
        ours()
            .filter(|it| it.completed_clusters())
            .filter(|clusters| {
                four().all(|prefix| {
                    ours().any(|it| {
                        let apart = it.named.zip(clusters.named);
                        it.prefix == prefix && apart.is_some_and(|(a, b)| (a - b).abs() <= 10)
                    })
                })
            })
            .filter_map(|it| it.made)
            .max()
    }
}

fn speaks_of(standing: &[Statement], who: &Who) -> bool {
    standing
        .iter()
        .any(|statement| statement.about == About::Hub(who.clone()))
}

/// An activation, from a snapshot.
pub fn activation(
    snapshot: &Snapshot,
    ask: &Ask,
    statements: &str,
    requester: &Requester,
) -> Outcome {
    let facts = Facts::new(snapshot);
    Opinion::new(&facts).activation(ask, statements, requester)
}

/// A BackupSchedule, from a snapshot.
pub fn schedule(snapshot: &Snapshot, statements: &str, requester: &Requester) -> Outcome {
    let facts = Facts::new(snapshot);
    Opinion::new(&facts).schedule(statements, requester)
}
