//! What is asked of a view: an activation, a BackupSchedule, with or without statements.

use crate::oracle::names::{CLUSTERS, FIVE, VALIDATION, time_in};
use crate::oracle::passes::{OLD_HUB_LIVE, OWNED_ELSEWHERE};
use crate::oracle::statements::Requester;
use crate::oracle::{Ask, names};
use crate::render;
use crate::rng::Rng;
use crate::seen::{DAY, HOUR, MINUTE, Seen, SeenBackup, SeenRestore, SeenSchedule, timestamp};
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::backup_schedule::BackupSchedule;
use acm_backup_domain::kinds::restore::{BackupChoice, Restore};
use acm_backup_domain::names::VERB_ATTEST;
use acm_backup_domain::rules::review::{Operation, Origin, Review, Subject};
use acm_backup_domain::snapshot::{Fact, Permission, Snapshot};

/// A request beside what the oracle takes of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What the product judges.
    pub review: Review,
    /// What is asked for; none for a BackupSchedule.
    pub ask: Option<Ask>,
    /// The statements on it.
    pub statements: String,
    /// Who asks.
    pub requester: Requester,
}

/// A person.
const ALICE: &str = "alice";
/// A service account.
const ROBOT: &str = "system:serviceaccount:gitops:argocd";

impl Request {
    /// Adds what the review makes a shell look up.
    pub fn complete(&self, snapshot: &mut Snapshot) {
        let now = snapshot.now.earliest();
        for rule in [OLD_HUB_LIVE, OWNED_ELSEWHERE] {
            let permission = Permission {
                verb: VERB_ATTEST,
                rule,
            };
            let may = self.requester.may_attest;
            let fact = may.map_or(Fact::unasked(), |it| Fact::known(it, now));
            snapshot.permissions.insert(permission, fact);
        }
        let accounts = &self.requester.accounts;
        snapshot.attesting_accounts = accounts.iter().map(|&it| it.to_owned()).collect();
        let Subject::Restore(restore) = &self.review.subject else {
            return;
        };
        for (_, choice) in restore.choices() {
            if let BackupChoice::Named(name) = choice {
                let all = snapshot.backups.items();
                let found = all.iter().find(|it| it.meta.name == name).cloned();
                snapshot.named_backups.insert(name, Fact::known(found, now));
            }
        }
    }
}

/// An activation, as it would be asked for here: the sync's edit where there is a sync, else a one-shot Restore
/// of the newest complete set by name, or of `latest`.
pub fn activation(seen: &Seen, by_latest: bool, statements: &str) -> Request {
    let sync = seen.restores.iter().find(|it| {
        it.sync && it.clusters == "skip" && !matches!(it.phase, "Finished" | "FinishedWithErrors")
    });
    let annotated = |restore: SeenRestore| SeenRestore {
        statement: (!statements.is_empty()).then(|| statements.to_owned()),
        ..restore
    };
    let (previous, restore, ask) = match (sync, newest_complete(seen)) {
        (Some(sync), _) => {
            let after = annotated(SeenRestore {
                clusters: "latest".to_owned(),
                ..sync.clone()
            });
            (Some(sync), after, Ask::Latest)
        }
        (None, Some(set)) if !by_latest => {
            let run = set.name.trim_start_matches(CLUSTERS).to_owned();
            let named = |prefix: &str| format!("{prefix}{run}");
            let one_shot = SeenRestore {
                credentials: named("acm-credentials-schedule"),
                resources: named("acm-resources-schedule"),
                ..one_shot(&set.name)
            };
            (None, annotated(one_shot), Ask::Named(set.name.clone()))
        }
        _ => (None, annotated(one_shot("latest")), Ask::Latest),
    };
    let read = |it: &SeenRestore| Subject::Restore(Restore::read(&render::restore(it)));
    Request {
        requester: Requester {
            user: ALICE.to_owned(),
            holder: format!("Restore/{}", restore.name),
            uid: restore.uid.clone(),
            may_attest: Some(true),
            accounts: Vec::new(),
        },
        review: review(read(&restore), previous.map(read), ALICE),
        ask: Some(ask),
        statements: statements.to_owned(),
    }
}

fn one_shot(clusters: &str) -> SeenRestore {
    SeenRestore {
        name: "activate-now".to_owned(),
        uid: "uid-now".to_owned(),
        clusters: clusters.to_owned(),
        credentials: "latest".to_owned(),
        resources: "latest".to_owned(),
        ..SeenRestore::default()
    }
}

/// A new BackupSchedule.
pub fn schedule(statements: &str) -> Request {
    let schedule = SeenSchedule {
        name: "schedule-new".to_owned(),
        cron: "0 */2 * * *",
        paused: false,
        phase: "",
    };
    let mut object = render::schedule(&schedule);
    if !statements.is_empty() {
        object["metadata"]["annotations"][acm_backup_domain::names::ATTESTATION] =
            statements.into();
    }
    Request {
        review: review(
            Subject::BackupSchedule(BackupSchedule::read(&object)),
            None,
            ALICE,
        ),
        ask: None,
        statements: statements.to_owned(),
        requester: Requester {
            user: ALICE.to_owned(),
            holder: format!("BackupSchedule/{}", schedule.name),
            uid: format!("uid-{}", schedule.name),
            may_attest: Some(true),
            accounts: Vec::new(),
        },
    }
}

fn review(subject: Subject, previous: Option<Subject>, user: &str) -> Review {
    Review {
        operation: match previous {
            Some(_) => Operation::Update,
            None => Operation::Create,
        },
        subject,
        previous,
        origin: Origin::Admission {
            user: user.to_owned(),
            dry_run: false,
        },
        by_operator: false,
    }
}

/// The newest backup of managed clusters whose whole run is complete.
fn newest_complete(seen: &Seen) -> Option<&SeenBackup> {
    let complete = |it: &&SeenBackup| it.phase == "Completed" && it.deleted.is_none();
    seen.backups
        .iter()
        .filter(complete)
        .filter(|it| it.name.starts_with(CLUSTERS))
        .filter(|clusters| {
            let run = clusters.name.trim_start_matches(CLUSTERS);
            time_in(&clusters.name).is_some()
                && FIVE
                    .iter()
                    .filter(|(prefix, _)| *prefix != VALIDATION)
                    .all(|(prefix, _)| {
                        let name = format!("{prefix}{run}");
                        seen.backups
                            .iter()
                            .filter(complete)
                            .any(|it| it.name == name)
                    })
        })
        .max_by_key(|it| it.started)
}

/// Lines of statements: mostly what would answer, with everything that may be wrong about one.
pub fn statements(seen: &Seen, rng: &mut Rng) -> String {
    let mut ids: Vec<&str> = seen
        .backups
        .iter()
        .flat_map(|it| &it.labels)
        .filter(|(key, _)| *key == names::WRITER || *key == names::TAKER)
        .map(|(_, id)| {
            if id.is_empty() {
                "unknown"
            } else {
                id.as_str()
            }
        })
        .chain(seen.own_id.as_deref())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut lines = Vec::new();
    let generous = rng.chance(60);
    for id in &ids {
        if generous || rng.chance(60) {
            lines.push(line(seen, id, rng));
        }
    }
    for location in &seen.locations {
        if rng.chance(if generous { 80 } else { 20 }) {
            let at = time(seen, rng);
            let kind = if rng.chance(95) { "unread" } else { "down" };
            lines.push(format!(
                "{kind} location/{} {at} seen on site",
                location.name
            ));
        }
    }
    lines.join("\n")
}

fn line(seen: &Seen, id: &str, rng: &mut Rng) -> String {
    if let Some(accepted) = seen.accepted.first()
        && rng.chance(15)
    {
        // One that was accepted before.
        let at = timestamp(accepted.at);
        return format!("{} {} {at} seen  on site", accepted.kind, accepted.about);
    }
    let kind = rng.weighted(&[
        (30, "down"),
        (30, "fenced"),
        (12, "rebuilt"),
        (12, "isolated-copy"),
        (1, "unread"),
        (1, "Down"),
        (1, "KIND"),
    ]);
    let hub = match rng.below(20) {
        0 => id.get(..8).unwrap_or(id),
        1 => id.get(..3).unwrap_or(id),
        _ => id,
    };
    let reason = rng.weighted(&[(20, "seen on site"), (1, "REASON"), (1, "")]);
    format!("{kind} {hub} {} {reason}", time(seen, rng))
}

fn time(seen: &Seen, rng: &mut Rng) -> String {
    let at = match rng.below(12) {
        0 => seen.now + rng.within(1, 8 * MINUTE),
        1 => seen.now - rng.within(0, 6 * HOUR),
        2 => seen.now - rng.within(0, DAY),
        3 => return "TIME".to_owned(),
        _ => seen.now - rng.span(1, HOUR),
    };
    timestamp(at).to_string()
}

/// Who sends it, and what they may.
pub fn sent_by_anyone(mut request: Request, rng: &mut Rng) -> Request {
    let (user, may, accounts) = rng.weighted(&[
        (12, (ALICE, Some(true), false)),
        (1, (ALICE, Some(false), false)),
        (1, (ALICE, None, false)),
        (1, (ROBOT, Some(true), false)),
        (1, (ROBOT, Some(true), true)),
        (1, (ROBOT, Some(false), true)),
    ]);
    user.clone_into(&mut request.requester.user);
    request.review.origin = Origin::Admission {
        user: user.to_owned(),
        dry_run: false,
    };
    request.requester.may_attest = may;
    request.requester.accounts = if accounts { vec![ROBOT] } else { Vec::new() };
    request
}
