//! Many cases, counted.

use crate::check::{self, Comparison, Difference};
use crate::oracle::facts::Facts;
use crate::oracle::passes::Opinion;
use crate::render;
use crate::requests::{self, Request};
use crate::rng::Rng;
use crate::seen::Seen;
use crate::shrink;
use crate::truth::{self, UNKNOWN_KIND};
use crate::world::{World, odd, view};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// How many failures are kept with their storages; the others are counted.
const SHOWN: usize = 5;

/// One case: what a hub sees, and what is so.
pub struct Case {
    /// Its name.
    pub seed: u64,
    /// The world it was taken from.
    pub world: World,
    /// Index of the hub that looks.
    pub viewer: usize,
    /// What it sees.
    pub seen: Seen,
    /// It was bent: the truth no longer stands behind it.
    pub bent: bool,
    /// What the requests are drawn from.
    pub rng: Rng,
}

/// All cases of a seed: every hub of its world looks.
pub fn cases(seed: u64) -> impl Iterator<Item = Case> {
    let world = World::new(seed);
    (0..world.hubs.len()).map(move |viewer| {
        let mut rng = Rng::new(seed.wrapping_mul(31).wrapping_add(viewer as u64));
        let mut seen = view::of(&world, viewer, &mut rng);
        let bent = rng.chance(35);
        if bent {
            odd::bend(&mut seen, &mut rng);
        }
        Case {
            seed,
            world: world.clone(),
            viewer,
            seen,
            bent,
            rng,
        }
    })
}

/// A difference with its storage.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which of the comparisons.
    pub what: &'static str,
    /// The world.
    pub seed: u64,
    /// The hub that looks.
    pub viewer: usize,
    /// What differs.
    pub difference: Difference,
    /// The request.
    pub request: String,
    /// The smallest view that still differs.
    pub seen: Seen,
}

/// What a soak found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The first seed.
    pub seed: u64,
    /// The first seed that was not tried.
    pub next: u64,
    /// Cases tried.
    pub cases: u64,
    /// How long it took.
    pub took: Duration,
    /// Differences by comparison.
    pub differences: BTreeMap<&'static str, u64>,
    /// The first of each, with its storage.
    pub failures: Vec<Failure>,
    /// Activations that passed unattested.
    pub passed: u64,
    /// Of those with a truth behind them.
    pub told: u64,
    /// Of those: another hub holds the fleet, and lives; by why nobody could see it.
    pub unsafe_passes: BTreeMap<&'static str, u64>,
    /// One seed of each.
    pub examples: BTreeMap<&'static str, (u64, usize)>,
}

impl Report {
    /// No difference, and no unsafe pass of a kind that is not known.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && !self.unsafe_passes.contains_key(UNKNOWN_KIND)
    }

    /// Storages a second.
    pub fn per_second(&self) -> f64 {
        self.cases as f64 / self.took.as_secs_f64().max(0.001)
    }

    /// Adds another one's counts.
    pub fn add(&mut self, other: Self) {
        self.next = self.next.max(other.next);
        self.cases += other.cases;
        self.passed += other.passed;
        self.told += other.told;
        for (what, count) in other.differences {
            *self.differences.entry(what).or_default() += count;
        }
        for (kind, count) in other.unsafe_passes {
            *self.unsafe_passes.entry(kind).or_default() += count;
        }
        for (kind, example) in other.examples {
            self.examples.entry(kind).or_insert(example);
        }
        for failure in other.failures {
            self.keep(failure);
        }
    }

    fn keep(&mut self, failure: Failure) {
        let same = |it: &&Failure| it.what == failure.what;
        if self.failures.iter().filter(same).count() < SHOWN {
            self.failures.push(failure);
        }
    }
}

/// Tries so many cases from a seed on, on two threads.
pub fn soak(seed: u64, cases: u64) -> Report {
    let start = Instant::now();
    let shards = 2;
    let mut report = Report {
        seed,
        ..Report::default()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..shards)
            .map(|shard| {
                let share = cases / shards + u64::from(shard < cases % shards);
                scope.spawn(move || run(seed, shard, shards, share))
            })
            .collect();
        for thread in threads {
            report.add(thread.join().expect("a shard ends"));
        }
    });
    report.took = start.elapsed();
    report
}

fn run(seed: u64, shard: u64, shards: u64, cases_wanted: u64) -> Report {
    let mut report = Report::default();
    let mut next = seed.wrapping_add(shard);
    while report.cases < cases_wanted {
        for case in cases(next) {
            report.cases += 1;
            try_one(case, &mut report);
        }
        next = next.wrapping_add(shards);
    }
    report.next = next;
    report
}

fn try_one(mut case: Case, report: &mut Report) {
    let by_latest = case.rng.chance(40);
    let plain = requests::activation(&case.seen, by_latest, "");
    let schedule = requests::schedule("");
    let statements = requests::statements(&case.seen, &mut case.rng);
    let stated = requests::activation(&case.seen, by_latest, &statements);
    let stated = requests::sent_by_anyone(stated, &mut case.rng);
    let stated_schedule = requests::schedule(&statements);
    let stated_schedule = requests::sent_by_anyone(stated_schedule, &mut case.rng);

    let snapshot = render::snapshot(&case.seen);
    let facts = Facts::new(&snapshot);
    let opinion = Opinion::new(&facts);
    let mut judged = snapshot.clone();
    let mut compare = |what, request: &Request, comparison: Comparison| {
        if let Some(difference) = comparison(&opinion, &mut judged, request) {
            differs(&case, what, request, comparison, difference, report);
        }
    };
    compare("activation", &plain, check::guard);
    compare("status", &plain, check::status);
    compare("warning", &plain, check::warning);
    compare("schedule", &schedule, check::guard);
    compare("statements", &stated, check::guard);
    compare("schedule statements", &stated_schedule, check::guard);
    truth(&case, &opinion, &plain, report);
}

fn differs(
    case: &Case,
    what: &'static str,
    request: &Request,
    comparison: Comparison,
    difference: Difference,
    report: &mut Report,
) {
    let count = report.differences.entry(what).or_default();
    *count += 1;
    if *count as usize > SHOWN {
        return;
    }
    let again = |seen: &Seen| check::of_view(seen, request, comparison);
    let seen = shrink::smallest(&case.seen, |seen| again(seen).is_some());
    let difference = again(&seen).unwrap_or(difference);
    report.keep(Failure {
        what,
        seed: case.seed,
        viewer: case.viewer,
        difference,
        request: format!(
            "{:?} by {:?}\n{}",
            request.ask, request.requester, request.statements
        ),
        seen,
    });
}

/// Whether an activation that passes unattested takes the fleet from a living hub.
fn truth(case: &Case, opinion: &Opinion<'_, '_>, request: &Request, report: &mut Report) {
    if !check::oracle(request, opinion).passes() {
        return;
    }
    report.passed += 1;
    if case.bent {
        return;
    }
    report.told += 1;
    let Some(kind) = truth::unsafe_kind(case) else {
        return;
    };
    *report.unsafe_passes.entry(kind).or_default() += 1;
    report
        .examples
        .entry(kind)
        .or_insert((case.seed, case.viewer));
}

/// Markdown, for the documents.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = self.per_second();
        writeln!(f, "# Ownership: product against oracle\n")?;
        writeln!(
            f,
            "{} storages from seed {}, {per_second:.0} a second.\n",
            self.cases, self.seed
        )?;
        writeln!(f, "| comparison | differences |\n|---|---|")?;
        for what in [
            "activation",
            "status",
            "warning",
            "schedule",
            "statements",
            "schedule statements",
        ] {
            let count = self.differences.get(what).copied().unwrap_or_default();
            writeln!(f, "| {what} | {count} |")?;
        }
        writeln!(
            f,
            "\nActivations that pass unattested: {} ({} with a truth behind them). Of those another hub holds the \
             fleet and lives:\n",
            self.passed, self.told
        )?;
        writeln!(
            f,
            "| why nobody could see it | passes | in 10,000 | example |\n|---|---|---|---|"
        )?;
        for (kind, count) in &self.unsafe_passes {
            let share = *count as f64 * 10_000.0 / (self.told.max(1)) as f64;
            let example = self
                .examples
                .get(kind)
                .map_or(String::new(), |(seed, viewer)| {
                    format!("seed {seed}, hub {viewer}")
                });
            writeln!(f, "| {kind} | {count} | {share:.1} | {example} |")?;
        }
        for failure in &self.failures {
            writeln!(
                f,
                "\n## {} differs: seed {}, hub {}\n\n```\nasked: {}\noracle: {}\nproduct: {}\n{}```",
                failure.what,
                failure.seed,
                failure.viewer,
                failure.request,
                failure.difference.oracle,
                failure.difference.product,
                failure.seen
            )?;
        }
        Ok(())
    }
}
