//! What `status` must never say, whatever the model: of both hubs, at every moment.

use crate::moments::{self, Moment};
use acm_backup_domain::hub::restores::RestoreState;
use acm_backup_domain::rules;
use acm_backup_domain::status::{self, Answer, Role, Verdict};
use acm_backup_operator::recording::HUBS;
use acm_backup_recorded::judged::{Site, look_up};
use acm_backup_recorded::truth::Truth;
use serde_json::Value;
use std::collections::BTreeMap;

/// Every text of a report, with the path that leads to it.
fn texts(value: &Value, path: &str, into: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => into.push((path.to_owned(), text.clone())),
        Value::Array(items) => {
            for item in items {
                texts(item, path, into);
            }
        }
        Value::Object(fields) => {
            let id = fields.get("id").and_then(Value::as_str);
            let path = &id.map_or_else(|| path.to_owned(), |id| format!("{path}[{id}]"));
            for (key, value) in fields {
                texts(value, &format!("{path}.{key}"), into);
            }
        }
        _ => {}
    }
}

/// The texts a person reads: not the fields that are names, ids and times.
fn said(moment: &Moment<'_>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    texts(&serde_json::to_value(&moment.report).unwrap(), "", &mut all);
    all.retain(|(path, text)| {
        text.contains(' ') && !path.starts_with(".restores") && !path.starts_with(".schedules")
    });
    all
}

/// What must not be said, by its words without times and numbers: when it was said first, and how often.
#[derive(Default)]
struct Broken(BTreeMap<String, (String, usize)>);

impl Broken {
    fn add(&mut self, letter: char, moment: &Moment<'_>, what: &str) {
        let words: String = what
            .chars()
            .filter(|letter| !letter.is_ascii_digit())
            .collect();
        let first = || (format!("{} ({letter}) {what}", moment.now), 0);
        self.0
            .entry(format!("{letter}{words}"))
            .or_insert_with(first)
            .1 += 1;
    }
}

/// (a) No hub is told about itself as about another.
fn itself(moment: &Moment<'_>, own: &str, broken: &mut Broken) {
    let short = own.split('-').next().unwrap();
    for (path, text) in said(moment) {
        if text.contains(&format!("--context HUB-{short}")) {
            broken.add('a', moment, &format!("{path}: {text}"));
        }
        for (start, _) in text.match_indices(&format!("hub {short}")) {
            let before = text[..start].trim_end();
            let id = &text[start + "hub ".len()..];
            let after = id.strip_prefix(own).or(id.strip_prefix(short)).unwrap();
            let as_this = before.ends_with("this")
                || before.ends_with("this hub,")
                || after.starts_with(" (this hub")
                || after.starts_with(", this hub");
            if !as_this {
                broken.add('a', moment, &format!("{path}: {text}"));
            }
        }
    }
}

/// (b) One screen never calls one hub both silent and alive.
fn silent_and_alive(moment: &Moment<'_>, broken: &mut Broken) {
    for writer in moment
        .report
        .writers
        .iter()
        .filter(|writer| !writer.this_hub)
    {
        let short = writer.hub.short();
        for (path, text) in said(moment) {
            let text = text.replace("alive until", "");
            let of_it = |word: &str| {
                text.split(['.', ';', '\n'])
                    .any(|part| part.contains(short) && part.contains(word))
            };
            if writer.live && of_it("silent") {
                broken.add('b', moment, &format!("alive, but {path}: {text}"));
            }
            if !writer.live && (of_it("alive") || of_it("is live")) {
                broken.add('b', moment, &format!("silent, but {path}: {text}"));
            }
        }
    }
}

/// (c) A hub without clusters is never active while another one has them.
fn active_without_clusters(moment: &Moment<'_>, hub: &str, truth: &Truth, broken: &mut Broken) {
    let holders = truth.holders(moment.now);
    let empty = moment
        .snapshot
        .managed_clusters
        .items()
        .iter()
        .all(|cluster| cluster.is_local());
    let active = moment.report.role == Role::Active
        || moment.report.activation.answer == Answer::AlreadyActive;
    if empty && active && !holders.is_empty() && !holders.contains(&hub) {
        broken.add(
            'c',
            moment,
            &format!(
                "active, without a cluster, while {} has them",
                holders.join(", ")
            ),
        );
    }
}

/// (d) `status` and the guard agree about the activation that `status` names.
fn one_answer(moment: &Moment<'_>, broken: &mut Broken) {
    let answer = moment.report.activation.answer;
    let because = &moment.report.activation.because;
    let Some(review) = status::named_activation(&moment.snapshot) else {
        if matches!(answer, Answer::Yes | Answer::OnceKnown) {
            broken.add('d', moment, &format!("{answer:?}, but it names none"));
        }
        return;
    };
    let mut snapshot = moment.snapshot.clone();
    look_up(&mut snapshot, &review);
    let judgement = rules::judge(&review, &snapshot);
    let denied = judgement.is_denied();
    let rules: Vec<_> = judgement.denials().map(|finding| finding.rule).collect();
    let agree = match answer {
        Answer::Yes => !denied,
        Answer::OnceKnown => denied,
        // It says no for other reasons too: one is running, or nothing has to be activated.
        Answer::No | Answer::AlreadyActive | Answer::NotKnown => true,
    };
    if !agree {
        broken.add(
            'd',
            moment,
            &format!("status: {answer:?} ({because}); guard denies by {rules:?}"),
        );
    }
}

/// (e) No command hits more than it should.
fn commands(moment: &Moment<'_>, broken: &mut Broken) {
    // By what Velero does too: a phase is a claim.
    let running: Vec<_> = moment
        .snapshot
        .restores
        .items()
        .iter()
        .map(|restore| RestoreState::seen(restore, &moment.snapshot.velero_restores))
        .filter(|state| !state.is_over() && !state.is_at_rest())
        .map(|state| state.restore.meta.name.as_str())
        .collect();
    for (path, text) in said(moment) {
        let words: Vec<_> = text.split([' ', ',', ';', '\'', '"']).collect();
        let deletes = words.contains(&"delete") || words.contains(&"deleted");
        let restore = [
            "crst",
            "restores.cluster.open-cluster-management.io",
            "Restore",
        ]
        .iter()
        .any(|kind| words.contains(kind));
        let all = text.contains("annotate")
            && text.contains("managedclusters")
            && words.contains(&"--all");
        let runs = restore && deletes && running.iter().any(|name| words.contains(name));
        if all || runs || text.contains("manifests/base") {
            broken.add('e', moment, &format!("{path}: {text}"));
        }
    }
}

/// (f) OK is never said of a split brain that was to be seen.
fn ok_over_a_split(moment: &Moment<'_>, hub: &str, truth: &Truth, broken: &mut Broken) {
    if moment.report.verdict == Verdict::Ok && truth.split_is_to_be_seen(hub, moment.now) {
        broken.add('f', moment, &format!("OK: {}", moment.report.summary));
    }
}

/// (g) What was never read has not stopped being read.
fn never_read(moment: &Moment<'_>, broken: &mut Broken) {
    let locations = moment.snapshot.storage_locations.items();
    if locations.iter().all(|location| location.synced.is_none()) {
        for (path, text) in said(moment) {
            if text.contains("stopped") && text.contains("stor") {
                broken.add('g', moment, &format!("{path}: {text}"));
            }
        }
    }
}

/// (h) One screen never tells to stop the hub that it says owns the fleet.
fn against_the_owner(moment: &Moment<'_>, broken: &mut Broken) {
    let said = said(moment);
    let owns = |short: &str| {
        said.iter().any(|(_, text)| {
            text.contains(&format!("hub {short} took over")) && text.contains("it owns the fleet")
                || text.contains(&format!("hub {short}, which owns the fleet"))
                || text.contains(&format!("hub {short} owns the fleet"))
        })
    };
    for (path, text) in &said {
        let Some((_, there)) = text.split_once("--context HUB-") else {
            continue;
        };
        let short = there.split(' ').next().unwrap();
        let stops = text.contains("\"paused\":true") || text.contains("disable-auto-import");
        if stops && owns(short) {
            broken.add('h', moment, &format!("{path}: {text}"));
        }
    }
}

/// (i) No pause where the operator knows none, in what `status` says and in what the guard answers to the
/// activation that it names; and nobody is asked for a version that can be looked up.
fn no_pause_that_is_not_there(moment: &Moment<'_>, broken: &mut Broken) {
    let can = moment.snapshot.can_pause();
    let mut texts = said(moment);
    if let Some(review) = status::named_activation(&moment.snapshot) {
        let mut snapshot = moment.snapshot.clone();
        look_up(&mut snapshot, &review);
        let refusal = rules::judge(&review, &snapshot).refusal();
        texts.extend(refusal.map(|text| ("the guard".to_owned(), text)));
    }
    for (path, text) in texts {
        // Velero's own Schedules could always be paused.
        let pause = |line: &str| line.contains("patch bsch") && line.contains("\"paused\":");
        let pause = text.lines().any(pause) || text.contains("spec.paused");
        if can == Some(false) && pause || text.contains("2.12") {
            broken.add('i', moment, &format!("{path}: {text}"));
        }
    }
}

fn assert_never(recording: &'static str, at_least: usize) {
    let site = Site::open(recording).unwrap();
    let truth = Truth::of(recording).unwrap();
    let mut found = String::new();
    let mut moments = 0;
    for (hub, own) in HUBS {
        let mut broken = Broken::default();
        moments += moments::each(&site, hub, |_, moment| {
            itself(moment, own, &mut broken);
            silent_and_alive(moment, &mut broken);
            active_without_clusters(moment, hub, &truth, &mut broken);
            one_answer(moment, &mut broken);
            commands(moment, &mut broken);
            ok_over_a_split(moment, hub, &truth, &mut broken);
            never_read(moment, &mut broken);
            against_the_owner(moment, &mut broken);
            no_pause_that_is_not_there(moment, &mut broken);
        });
        for (first, count) in broken.0.into_values() {
            found.push_str(&format!("\n{hub} {count} times, first {first}"));
        }
    }
    assert!(moments >= at_least, "only {moments} moments of {recording}");
    assert!(found.is_empty(), "{recording}, {moments} moments:{found}");
}

#[test]
fn of_2_9_guarded() {
    assert_never("2.9-guarded", 500);
}

#[test]
fn of_2_13() {
    assert_never("2.13", 500);
}

#[test]
fn of_2_17() {
    assert_never("2.17", 500);
}

#[test]
fn of_2_17_guarded() {
    assert_never("2.17-guarded", 1500);
}

#[test]
fn of_2_17_loss() {
    assert_never("2.17-loss", 300);
}

#[test]
fn of_2_17_traps() {
    assert_never("2.17-traps", 200);
}
