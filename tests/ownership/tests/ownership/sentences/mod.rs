//! The oracle by hand: at least one storage a sentence, in tests that name it.

mod evidence;
mod passes;
mod question;
mod statements;
mod takeovers;
mod times;

use acm_backup_ownership::oracle::facts::{Facts, Who};
use acm_backup_ownership::oracle::names::{
    CLUSTERS, DR, FIVE, LOCATION, MARKER, RESTORE, RESTORED, SCHEDULE, TAKER, TYPE, VALIDATION,
    VELERO_SCHEDULE, WRITER,
};
use acm_backup_ownership::oracle::passes::{Ask, Opinion, Outcome};
use acm_backup_ownership::oracle::statements::Requester;
use acm_backup_ownership::render;
use acm_backup_ownership::seen::{
    DAY, HOUR, MINUTE, Seen, SeenAccepted, SeenBackup, SeenCluster, SeenLocation, SeenRestore,
    SeenVelero, Time, stamped, timestamp,
};

/// A Friday morning.
const NOW: Time = 1_800_000_000;
const OWN: &str = "0aa00000-own";
const A: &str = "1aa00000-a";
const B: &str = "2bb00000-b";

/// A hub that sees nothing yet but a location it has just read.
fn view() -> Seen {
    Seen {
        now: NOW,
        own_id: Some(OWN.to_owned()),
        kube_system: Some(NOW - 100 * DAY),
        locations: vec![location("default")],
        clusters: vec![SeenCluster {
            name: "local-cluster".to_owned(),
            local: true,
            created: NOW - 100 * DAY,
            ..SeenCluster::default()
        }],
        ..Seen::default()
    }
}

fn location(name: &str) -> SeenLocation {
    SeenLocation {
        name: name.to_owned(),
        default: name == "default",
        available: true,
        synced: Some(NOW - 20),
        ..SeenLocation::default()
    }
}

/// The five of another hub: made so long ago, over in ten seconds, here half a minute later.
fn set(id: &str, ago: Time) -> Vec<SeenBackup> {
    let made = NOW - ago;
    FIVE.iter()
        .map(|(prefix, kind)| SeenBackup {
            name: stamped(prefix, made),
            generation: Some(1),
            created: Some(made + 30),
            labels: vec![
                (WRITER, id.to_owned()),
                (SCHEDULE, "schedule-acm".to_owned()),
                (TYPE, (*kind).to_owned()),
                (VELERO_SCHEDULE, (*prefix).to_owned()),
                (LOCATION, "default".to_owned()),
            ],
            location: Some("default".to_owned()),
            phase: "Completed",
            started: Some(made + 1),
            completed: Some(made + 10),
            ttl: Some(if *prefix == VALIDATION {
                HOUR + 5 * MINUTE
            } else {
                30 * DAY
            }),
            items: Some(10),
            ..SeenBackup::default()
        })
        .collect()
}

/// The five of this hub.
fn own_set(ago: Time) -> Vec<SeenBackup> {
    let mut set = set(OWN, ago);
    for backup in &mut set {
        backup.generation = Some(8);
        backup.created = Some(NOW - ago);
    }
    set
}

/// A marker of another hub, here half a minute after it was made.
fn marker(taker: &str, source: &str, ago: Time, restored: &str) -> SeenBackup {
    let made = NOW - ago;
    SeenBackup {
        name: stamped(MARKER, made),
        generation: Some(1),
        created: Some(made + 30),
        labels: vec![
            (DR, "true".to_owned()),
            (WRITER, source.to_owned()),
            (TAKER, taker.to_owned()),
            (RESTORED, restored.to_owned()),
            (RESTORE, "activate".to_owned()),
            (LOCATION, "default".to_owned()),
        ],
        location: Some("default".to_owned()),
        phase: "Completed",
        started: Some(made),
        completed: Some(made + 1),
        ttl: Some(30 * DAY),
        items: Some(1),
        ..SeenBackup::default()
    }
}

/// A marker of this hub.
fn own_marker(source: &str, ago: Time, restored: &str) -> SeenBackup {
    let mut marker = marker(OWN, source, ago, restored);
    marker.generation = Some(9);
    marker.created = Some(NOW - ago);
    marker
}

fn clusters_backup(ago: Time) -> String {
    stamped(CLUSTERS, NOW - ago)
}

/// A ManagedCluster restored from a backup, by a restore of the Restore `activate`.
fn restored(from: &str, ago: Time) -> SeenCluster {
    SeenCluster {
        name: "fleet".to_owned(),
        local: false,
        created: NOW - ago,
        from: Some(from.to_owned()),
        by: Some(format!("activate-{from}")),
    }
}

fn imported() -> SeenCluster {
    SeenCluster {
        name: "imported".to_owned(),
        created: NOW - 30 * DAY,
        ..SeenCluster::default()
    }
}

/// The Velero Restore of managed clusters of the Restore `activate`.
fn velero(from: &str, ago: Time) -> SeenVelero {
    SeenVelero {
        name: format!("activate-{from}"),
        owner: "activate".to_owned(),
        backup: from.to_owned(),
        source: None,
        created: NOW - ago - 5,
        phase: "Completed",
        completed: Some(NOW - ago),
    }
}

/// A sync that still follows, and the Velero Restore of its last pass.
fn sync(source: Option<&str>, backup: &str) -> (SeenRestore, SeenVelero) {
    let name = "restore-acm-passive-sync".to_owned();
    let velero = SeenVelero {
        name: format!("{name}-{backup}"),
        owner: name.clone(),
        backup: backup.to_owned(),
        source: source.map(str::to_owned),
        created: NOW - 100,
        phase: "Completed",
        completed: Some(NOW - 90),
    };
    let restore = SeenRestore {
        name,
        uid: "uid-sync".to_owned(),
        clusters: "skip".to_owned(),
        credentials: "latest".to_owned(),
        resources: "latest".to_owned(),
        sync: true,
        phase: "Enabled",
        ..SeenRestore::default()
    };
    (restore, velero)
}

fn accepted(kind: &'static str, about: &str, ago: Time, holder: &str) -> SeenAccepted {
    SeenAccepted {
        kind,
        about: about.to_owned(),
        at: NOW - ago,
        holder: holder.to_owned(),
        uid: "uid-then".to_owned(),
        accepted: NOW - ago + 5,
    }
}

fn says(kind: &str, about: &str, ago: Time) -> String {
    format!("{kind} {about} {} seen on site", timestamp(NOW - ago))
}

fn alice() -> Requester {
    Requester {
        user: "alice".to_owned(),
        holder: "Restore/activate-now".to_owned(),
        uid: "uid-now".to_owned(),
        may_attest: Some(true),
        accounts: Vec::new(),
    }
}

/// What the oracle makes of a view.
fn opinion<T>(seen: &Seen, tell: impl FnOnce(&Opinion<'_, '_>) -> T) -> T {
    let snapshot = render::snapshot(seen);
    let facts = Facts::new(&snapshot);
    tell(&Opinion::new(&facts))
}

fn word(who: &Who) -> String {
    match who {
        Who::Us => "us".to_owned(),
        Who::Twin => "twin".to_owned(),
        Who::Nameless => "unknown".to_owned(),
        Who::Hub(id) => id.clone(),
    }
}

/// Hubs in question, in order.
fn in_question(seen: &Seen) -> Vec<String> {
    opinion(seen, |it| {
        it.in_question().iter().map(|(who, _)| word(who)).collect()
    })
}

/// Hubs in question that are live.
fn live(seen: &Seen) -> Vec<String> {
    opinion(seen, |it| {
        let live = it.in_question().into_iter().filter(|(_, live)| *live);
        live.map(|(who, _)| word(who)).collect()
    })
}

fn superseded(seen: &Seen) -> Vec<String> {
    opinion(seen, |it| it.superseded.iter().map(word).collect())
}

fn owners(seen: &Seen) -> Vec<String> {
    let mut owners: Vec<_> = opinion(seen, |it| {
        it.owners().iter().map(|it| word(&it.who)).collect()
    });
    owners.sort();
    owners.dedup();
    owners
}

/// By `latest`, stating that.
fn latest(seen: &Seen, statements: &str) -> Outcome {
    opinion(seen, |it| it.activation(&Ask::Latest, statements, &alice()))
}

/// By the name of a backup of managed clusters.
fn pinned(seen: &Seen, ago: Time, statements: &str) -> Outcome {
    let ask = Ask::Named(clusters_backup(ago));
    opinion(seen, |it| it.activation(&ask, statements, &alice()))
}

/// A new BackupSchedule.
fn schedule(seen: &Seen, statements: &str) -> Outcome {
    opinion(seen, |it| it.schedule(statements, &alice()))
}

/// B took over from A half an hour ago, wrote a set since, and is dead silent since then; A is older.
fn b_took_over_from_a() -> Seen {
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    seen.backups
        .push(marker(B, A, 2 * HOUR, &clusters_backup(3 * HOUR)));
    seen.backups.extend(set(B, HOUR));
    seen
}

/// This hub took over from A two hours ago, and holds the fleet.
fn we_took_over_from_a() -> Seen {
    let mut seen = view();
    seen.backups.extend(set(A, 3 * HOUR));
    seen.backups
        .push(own_marker(A, 2 * HOUR, &clusters_backup(3 * HOUR)));
    seen.clusters
        .push(restored(&clusters_backup(3 * HOUR), 2 * HOUR));
    seen
}

#[test]
fn every_sentence_is_named_by_a_test() {
    let sources = [
        include_str!("evidence.rs"),
        include_str!("passes.rs"),
        include_str!("question.rs"),
        include_str!("statements.rs"),
        include_str!("takeovers.rs"),
        include_str!("times.rs"),
    ];
    let names: Vec<_> = sources
        .iter()
        .flat_map(|source| source.split("#[test]\nfn ").skip(1))
        .filter_map(|rest| rest.split('(').next())
        .collect();
    let chapters = [("e", 6), ("t", 4), ("k", 5), ("q", 6), ("p", 4), ("s", 8)];
    for (chapter, last) in chapters {
        for number in 1..=last {
            let start = format!("{chapter}{number}_");
            assert!(
                names.iter().any(|name| name.starts_with(&start)),
                "no test is named after {}{number}",
                chapter.to_uppercase()
            );
        }
    }
}
