//! `backup-schedule/fleet-owned-elsewhere`: backups of a hub that does not own the fleet.
//!
//! Its sets become the newest in the storage, the owner stops its own for that, and `latest` on a
//! passive hub takes the wrong ones. What speaks against it is worked out in [`crate::hub`]
//! (OWNERSHIP P3).

use crate::act::command::{Manifest, Paste};
use crate::hub::statement::{self, Asker, Kind, Subject, placeholder};
use crate::hub::{Findings, HubView, Question, Rival, RivalWhy};
use crate::kinds::backup_schedule::BackupSchedule;
use crate::names;
use crate::rules::finding::Finding;
use crate::rules::restore::old_hub_live::{ATTEST, asker, may_attest};
use crate::rules::review::{Operation, Review, SubjectKind};
use crate::rules::rule::{Rule, Verdict};
use crate::rules::words::{attested, who_may_attest};
use crate::rules::words::{command, short, told, way_out};
use crate::snapshot::{Fact, Need, Snapshot};
use crate::time::age;

/// See the module.
pub const RULE: Rule = Rule {
    id: "backup-schedule/fleet-owned-elsewhere",
    protects_from: "a BackupSchedule on a hub that does not own the fleet: its sets become the newest, the \
                    owner's backups stop (BackupCollision), and a passive hub restores the wrong ones \
                    (operator-facts §5, §12 G2)",
    subject: SubjectKind::BackupSchedule,
    operations: &[Operation::Create, Operation::Update],
    denies_when_blind: true,
    can_be_attested: true,
    since: "2.7",
    until: None,
    needs: |review| match review.starting_schedule() {
        None => Vec::new(),
        Some(schedule) => {
            let mut needs = HubView::NEEDS.to_vec();
            needs.push(Need::Permission(ATTEST));
            if schedule.meta.annotations.contains_key(names::ATTESTATION) {
                needs.push(Need::KubeSystem);
            }
            needs
        }
    },
    judge,
};

fn judge(review: &Review, snapshot: &Snapshot) -> Verdict {
    let Some(schedule) = review.starting_schedule() else {
        return Verdict::Pass;
    };
    let findings = Findings::gather(snapshot);
    let view = HubView::new(&findings);
    if let Some(blind) = blind(review, &view) {
        return blind.into();
    }
    // What was accepted for the activation answers for the BackupSchedule that follows it.
    let rivals: Vec<_> = view
        .rivals()
        .into_iter()
        .filter(|rival| !statement::recorded(&rival.standing, &view))
        .collect();
    let questions: Vec<_> = rivals
        .iter()
        .map(|rival| Question::Hub(Box::new(rival.standing.clone())))
        .collect();
    let may = may_attest(&review.origin, snapshot);
    let outcome = statement::answer(
        &questions,
        Subject {
            kind: "BackupSchedule",
            meta: &schedule.meta,
            text: schedule.meta.annotation(names::ATTESTATION),
            set: None,
        },
        Asker {
            user: asker(&review.origin),
            may: &may,
        },
        &view,
    );
    let open: Vec<_> = rivals
        .iter()
        .zip(&outcome.answers)
        .filter(|(_, answer)| answer.is_none())
        .map(|(rival, _)| rival)
        .collect();
    if open.is_empty() {
        let mut warned = warning(&view, !outcome.accepted.is_empty());
        if let Some(finding) = &mut warned {
            finding.accepted = outcome.accepted;
        }
        return warned.map_or(Verdict::Pass, Verdict::from);
    }
    let refused: Vec<_> = outcome.refused.iter().map(String::as_str).collect();
    denial(&open, &refused, schedule, review, &view, &may).into()
}

/// What others left is a warning where it does not refuse.
fn warning(view: &HubView<'_>, on_word: bool) -> Option<Finding> {
    let others: Vec<_> = view
        .in_question()
        .map(|standing| standing.hub.id.short().to_owned())
        .collect();
    if others.is_empty() && !on_word {
        return None;
    }
    let headline = if others.is_empty() {
        "backing up on your word".to_owned()
    } else {
        format!(
            "other hubs have written to this storage and are in question: {}",
            others.join(", ")
        )
    };
    Some(
        Finding::warn(RULE.id, headline)
            .todo("if one of them goes on backing up, end its backups there"),
    )
}

fn blind(review: &Review, view: &HubView<'_>) -> Option<Finding> {
    let first = view.blind.first()?;
    let mut finding = Finding::deny(
        RULE.id,
        format!(
            "refused: could not look up {}, so another hub may own the fleet",
            first.what
        ),
    );
    for blind in &view.blind {
        finding = finding.seen(format!(
            "{}: {}",
            blind.what,
            told(&blind.missing, &review.origin)
        ));
    }
    Some(finding.todo(way_out(&first.missing, &review.origin, view.snapshot.cli())))
}

fn denial(
    open: &[&Rival<'_>],
    refused: &[&str],
    schedule: &BackupSchedule,
    review: &Review,
    view: &HubView<'_>,
    may: &Fact<bool>,
) -> Finding {
    let snapshot = view.snapshot;
    let headline = match open {
        [one] => format!("refused: {}", why(one, view)),
        several => format!(
            "refused: {} hubs may own the fleet: {}",
            several.len(),
            several
                .iter()
                .map(|rival| why(rival, view))
                .collect::<Vec<_>>()
                .join("; ")
        ),
    };
    let mut finding = Finding::deny(RULE.id, headline);
    for rival in open {
        if let Some(last) = rival.standing.hub.begun.or(rival.standing.hub.made) {
            finding = finding.seen(format!(
                "hub {} began {} {}",
                rival.standing.hub.id,
                last.backup,
                age::when(view.now, last.at)
            ));
        }
    }
    finding = finding.seen("the sets of this hub would become the newest in the storage, and the hub that manages the fleet stops its own for that");
    for why in refused {
        finding = finding.seen(format!("the attestation on this BackupSchedule: {why}"));
    }
    finding = finding
        .todo("is this the hub you mean? the one that manages the fleet is backed up there; a passive hub gets no BackupSchedule")
        .todo("if the fleet is to move here, activate this hub first: its BackupSchedule passes then");
    let user = asker(&review.origin);
    match (user, may) {
        (Some(user), Fact::Known { value: false, .. }) => finding.run(
            format!("if this hub owns the fleet, that must be said, and {user} may not; who may:"),
            who_may_attest(snapshot),
        ),
        (Some(user), Fact::Missing(missing)) => finding.todo(format!(
            "whether {user} may say that this hub owns the fleet cannot be seen: {missing}{}",
            missing.again()
        )),
        _ => finding.run(
            format!(
                "if this hub owns the fleet, say what became of the other; {} is {} or {}, {} the time you looked:",
                placeholder::KIND,
                Kind::Down,
                Kind::Fenced,
                placeholder::WHEN
            ),
            patch(open, schedule, review, snapshot),
        ),
    }
}

fn why(rival: &Rival<'_>, view: &HubView<'_>) -> String {
    let hub = &rival.standing.hub;
    let name = match (hub.twin, hub.is_nameless()) {
        (true, _) => format!("another hub with this hub's id {}", hub.id.short()),
        (_, true) => "a hub without an id".to_owned(),
        _ => format!("hub {}", hub.id),
    };
    match rival.why {
        RivalWhy::TookOver => {
            let when = hub
                .took_over
                .map_or_else(String::new, |at| format!(" {}", age::ago(view.now, at)));
            format!("{name} took the fleet over{when}, later than this one did")
        }
        RivalWhy::Live => format!("{name} is alive and backs up to this storage"),
        RivalWhy::NoClusterHere => {
            format!("{name} may manage the fleet, and this hub holds no cluster")
        }
    }
}

fn patch(
    open: &[&Rival<'_>],
    schedule: &BackupSchedule,
    review: &Review,
    snapshot: &Snapshot,
) -> Paste {
    let statements = open.iter().map(|rival| {
        format!(
            "{} {} {} {}",
            placeholder::KIND,
            rival.standing.hub.id,
            placeholder::WHEN,
            placeholder::SEEN
        )
    });
    let metadata = attested(Manifest::default().line("metadata:"), statements);
    let unpaused = review
        .previous_backup_schedule()
        .is_some_and(|previous| previous.paused);
    if !unpaused {
        return metadata.into();
    }
    command(snapshot, &schedule.meta.namespace, "patch")
        .say(short::BACKUP_SCHEDULE)
        .name(&schedule.meta.name)
        .say("--type merge --patch-file /dev/stdin")
        .input(&metadata.line("spec:").line("  paused: false"))
        .into()
}
