//! A second hub has this hub's id, cloned or rebuilt from one image: it is told as the twin it is, never as
//! a hub to go to by this hub's own name.

use super::hubs::{Hub, at, marker, set_of};
use crate::hub::record::Accepted;
use crate::hub::statement::{Kind, Statement};
use crate::kinds::backup::Backup;
use crate::snapshot::{Fact, Snapshot};
use crate::status::assess;
use jiff::SignedDuration;

const OWN: &str = "b0000000-89e1-59cb-84bc-9815403f475d";

/// As copies that came from the bucket.
fn copied(mut backups: Vec<Backup>) -> Vec<Backup> {
    for backup in &mut backups {
        backup.meta.generation = Some(1);
        backup.meta.created = backup.completed.map(|at| at + SignedDuration::from_secs(5));
    }
    backups
}

/// What is said of this hub's id as if it were another's.
fn as_another(snapshot: &Snapshot) -> Vec<String> {
    let report = assess(snapshot);
    let mut said = vec![report.summary.clone(), report.activation.because.clone()];
    for finding in &report.findings {
        said.push(finding.headline.clone());
        said.extend(finding.evidence.clone());
        for step in &finding.steps {
            said.push(step.text.clone());
            said.extend(step.command.as_deref().map(str::to_owned));
        }
    }
    said.retain(|text| {
        text.contains("HUB-b0000000")
            || text
                .match_indices("hub b0000000")
                .any(|(start, _)| !text[..start].ends_with("this "))
    });
    said
}

#[test]
fn no_text_names_it_as_another_hub() {
    let with = |mut hub: Hub, more: Vec<Backup>| {
        hub.backups.extend(copied(more));
        hub
    };
    // It activates beside its twin.
    let mut activating = Hub::passive(OWN, OWN);
    activating.backups = copied(activating.backups);
    activating.restores[0].managed_clusters = Some("latest".into());
    activating.restores[0].phase = "Started".into();
    // It waits beside it, and beside one that is silent.
    let waits = with(Hub::passive(OWN, "a"), set_of(OWN, "160030"));
    let silent = with(Hub::passive(OWN, "a"), set_of(OWN, "120000")).seen_at("23:00:00");
    // Both back up.
    let both = with(Hub::active(OWN), set_of(OWN, "160030"));
    // The twin took over; and it wrote on after a third hub did; or after this one did.
    let taker = vec![marker(OWN, "a", "16:00:40")];
    let taken = with(Hub::active(OWN), taker.clone());
    let stray = with(
        Hub::new(OWN).scheduled(),
        [set_of("a", "160000"), taker].concat(),
    );
    let third = with(
        Hub::active(OWN),
        [vec![marker("a", OWN, "16:00:10")], set_of(OWN, "160030")].concat(),
    );
    let mut winner = Hub::active(OWN)
        .with_restored_clusters(2, 2)
        .seen_at("16:31:00");
    winner.backups.push(marker(OWN, "a", "16:20:00"));
    let winner = with(winner, set_of(OWN, "162500"));
    for (what, hub) in [
        ("activating", activating),
        ("waits", waits),
        ("silent", silent),
        ("both", both),
        ("taken", taken),
        ("stray", stray),
        ("third", third),
        ("winner", winner),
    ] {
        let told = as_another(&hub.snapshot());
        assert_eq!(told, Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_word_about_it_that_is_refuted_is_about_the_twin() {
    let mut hub = Hub::passive(OWN, "a").seen_at("16:40:00");
    hub.backups.extend(copied(set_of(OWN, "163500")));
    let mut snapshot = hub.snapshot();
    snapshot.accepted = Fact::known(
        vec![Accepted {
            meaning: Statement::meaning(Kind::Down, OWN, at("16:30:00")),
            kind: "down".into(),
            about: OWN.into(),
            at: at("16:30:00"),
            holder: "Restore/sync".into(),
            uid: "1".into(),
            accepted: at("16:30:10"),
            open_until: None,
        }],
        snapshot.now,
    );
    let report = assess(&snapshot);
    let told = report
        .findings
        .iter()
        .find(|finding| finding.id == "hub/statement-refuted")
        .unwrap();
    assert_eq!(
        told.headline,
        "the twin of this hub (b0000000) was said to be down, and began a backup since"
    );
    assert_eq!(as_another(&snapshot), Vec::<String>::new());
}
