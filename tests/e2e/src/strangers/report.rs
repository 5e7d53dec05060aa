//! What came of it, as a table.

use std::fmt;
use std::time::Duration;

use super::Plan;
use super::attack::Sent;
use super::calls::Taken;

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
    pub attacked: Taken,
    /// While only those with hostile bodies were left.
    pub hostile_alone: Taken,
    /// How many of their bodies were answered then.
    pub sent_alone: usize,
    /// How long they were.
    pub took: Duration,
    /// What they sent.
    pub sent: Sent,
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
    /// What was not answered as it should be.
    pub fn missed(&self) -> impl Iterator<Item = &String> {
        self.attacked
            .missed
            .iter()
            .chain(&self.hostile_alone.missed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan {
            silent,
            trickling,
            hostile,
            limit,
            ..
        } = self.plan;
        writeln!(
            f,
            "One replica held to {limit} MiB by {}; {silent} silent and {trickling} trickling connections, \
             {hostile} that send hostile bodies of 7 MiB, for {} s.\n",
            self.confined_by,
            self.took.as_secs()
        )?;
        writeln!(
            f,
            "| request | answered | p50 | p99 | max | before: p50 | p99 |"
        )?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- |")?;
        for (name, now, before) in [
            (
                "Secret, labelled",
                &self.attacked.secrets,
                &self.quiet.secrets,
            ),
            (
                "second Restore, refused",
                &self.attacked.restores,
                &self.quiet.restores,
            ),
            ("`/livez`", &self.attacked.livez, &self.quiet.livez),
            (
                "Secret, hostile bodies alone",
                &self.hostile_alone.secrets,
                &self.quiet.secrets,
            ),
            (
                "second Restore, the same",
                &self.hostile_alone.restores,
                &self.quiet.restores,
            ),
            (
                "`/livez`, the same",
                &self.hostile_alone.livez,
                &self.quiet.livez,
            ),
        ] {
            writeln!(
                f,
                "| {name} | {} | {} | {} | {} | {} | {} |",
                now.len(),
                quantile(now, 0.5),
                quantile(now, 0.99),
                quantile(now, 1.0),
                quantile(before, 0.5),
                quantile(before, 0.99),
            )?;
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
        let Sent {
            silent,
            trickling,
            hostile,
        } = self.sent;
        writeln!(
            f,
            ".\nThe strangers opened {silent} connections in silence, began {trickling} bodies and had {hostile} hostile ones answered, {} more when they were alone.\nThe replica counted: {}.",
            self.sent_alone,
            self.metrics.join(", ")
        )?;
        writeln!(f, "Missed: {}.", self.missed().count())?;
        for missed in self.missed().take(10) {
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
