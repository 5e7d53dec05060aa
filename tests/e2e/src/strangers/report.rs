//! What came of it, as a table.

use std::fmt;
use std::time::Duration;

use super::Plan;
use super::attack::{Place, Sent};
use super::calls::Taken;

/// How long a kubelet waits for a probe where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(1);

/// One round, with strangers from one place.
#[derive(Clone, Debug)]
pub struct Attack {
    /// Where they came from.
    pub place: Place,
    /// The requests meanwhile.
    pub taken: Taken,
    /// How long it was.
    pub took: Duration,
    /// What they sent.
    pub sent: Sent,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was run.
    pub plan: Plan,
    /// What held the memory.
    pub confined_by: &'static str,
    /// The same requests before the strangers came.
    pub quiet: Taken,
    /// And while they were there.
    pub attacks: Vec<Attack>,
    /// While only those with hostile bodies were left.
    pub hostile_alone: Taken,
    /// How many of their bodies were answered then.
    pub sent_alone: usize,
    /// Resident before, in KiB.
    pub idle: u64,
    /// Most that was resident, in KiB.
    pub peak: u64,
    /// Most by the kernel's count of the cgroup, in KiB.
    pub cgroup_peak: Option<u64>,
    /// What the replica counted.
    pub metrics: Vec<String>,
}

impl Report {
    /// Each round, as it is told.
    fn rounds(&self) -> impl Iterator<Item = (&'static str, &Taken)> {
        let place = |place: Place| match place {
            Place::Pod => "from one address",
            Place::Pods => "from 100 addresses",
            Place::ApiServer => "from the API server's",
            Place::Indistinguishable => "the same, finishing reviews",
        };
        let attacks = self.attacks.iter();
        attacks
            .map(move |one| (place(one.place), &one.taken))
            .chain([("hostile bodies alone", &self.hostile_alone)])
    }

    /// What was not answered as it should be, where it can be held.
    pub fn missed(&self) -> impl Iterator<Item = &String> {
        let held = |one: &&Attack| Place::HELD.contains(&one.place);
        let attacks = self.attacks.iter().filter(held).map(|one| &one.taken);
        attacks
            .chain([&self.hostile_alone])
            .flat_map(|taken| &taken.missed)
    }

    /// The same where it cannot: strangers are as the API server is.
    fn left(&self) -> Option<&Vec<String>> {
        let attack = |one: &&Attack| one.place == Place::Indistinguishable;
        Some(&self.attacks.iter().find(attack)?.taken.missed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan {
            silent,
            trickling,
            proven,
            hammering,
            hostile,
            limit,
            ..
        } = self.plan;
        writeln!(
            f,
            "One replica held to {limit} MiB by {}; {silent} silent and {trickling} trickling connections, {proven} \
             that finish a forged review and stay, {hostile} that send hostile bodies of 7 MiB, {hammering} at the \
             plain port.\n",
            self.confined_by,
        )?;
        writeln!(
            f,
            "| request | strangers | answered | p50 | p99 | max | before: p50 | p99 |"
        )?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- | --- |")?;
        type Of = fn(&Taken) -> &Vec<Duration>;
        let kinds: [(&str, Of); 3] = [
            ("Secret, labelled", |taken| &taken.secrets),
            ("second Restore, refused", |taken| &taken.restores),
            ("`/readyz` and `/livez`", |taken| &taken.probes),
        ];
        for (round, taken) in self.rounds() {
            for (name, of) in kinds {
                let (now, before) = (of(taken), of(&self.quiet));
                writeln!(
                    f,
                    "| {name} | {round} | {} | {} | {} | {} | {} | {} |",
                    now.len(),
                    quantile(now, 0.5),
                    quantile(now, 0.99),
                    quantile(now, 1.0),
                    quantile(before, 0.5),
                    quantile(before, 0.99),
                )?;
            }
        }
        let mib = |kib: u64| format!("{:.0} MiB", kib as f64 / 1024.0);
        write!(
            f,
            "\nResident {} before, {} at its peak",
            mib(self.idle),
            mib(self.peak)
        )?;
        if let Some(peak) = self.cgroup_peak {
            write!(f, "; {} by the kernel's count of the cgroup", mib(peak))?;
        }
        writeln!(f, ".")?;
        for (attack, (round, _)) in self.attacks.iter().zip(self.rounds()) {
            let Sent {
                silent,
                trickling,
                proven,
                hammering,
                hostile,
            } = attack.sent;
            writeln!(
                f,
                "In {} s {round}: {silent} connections in silence, {trickling} bodies begun, {proven} forged reviews \
                 and {hostile} hostile bodies answered, {hammering} connections to the plain port.",
                attack.took.as_secs()
            )?;
        }
        writeln!(
            f,
            "Hostile bodies alone: {} answered.\nThe replica counted: {}.",
            self.sent_alone,
            self.metrics.join(", ")
        )?;
        let probes = self.rounds().flat_map(|(_, taken)| &taken.probes);
        let late = probes.filter(|taken| **taken > PATIENCE).count();
        writeln!(f, "Probes a kubelet would not have waited for: {late}.")?;
        if let Some(left) = self.left() {
            writeln!(
                f,
                "Missed where strangers are as the API server is: {}.",
                left.len()
            )?;
        }
        writeln!(f, "Missed otherwise: {}.", self.missed().count())?;
        for missed in self
            .missed()
            .chain(self.left().into_iter().flatten())
            .take(10)
        {
            writeln!(f, "missed: {missed}")?;
        }
        Ok(())
    }
}

/// Nearest rank.
fn quantile(sorted: &[Duration], share: f64) -> String {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    match sorted.get(rank.clamp(1, sorted.len().max(1)) - 1) {
        Some(taken) => format!("{:.0} ms", taken.as_secs_f64() * 1000.0),
        None => "-".to_owned(),
    }
}
