//! What came of the races.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Plan;
use super::round::Answer;

/// What came of one round.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Active Restores and running BackupSchedules that stand after it.
    pub active: usize,
    /// Requests that changed something.
    pub stored: usize,
    /// Why the others did not, by rule or kind of failure.
    pub refused: BTreeMap<String, usize>,
    /// Something else than the race decided, so that none may stand.
    pub disturbed: bool,
    /// What was said that no rule says.
    pub odd: Vec<String>,
}

impl Tally {
    pub(super) fn of(answers: Vec<Answer>) -> Self {
        let mut tally = Self::default();
        for answer in answers {
            match (answer.refusal, answer.dry_run) {
                (None, true) => *tally.refused.entry("dry run".to_owned()).or_default() += 1,
                (None, false) => tally.stored += 1,
                (Some(why), dry_run) => {
                    let kind = kind_of(&why);
                    // What a dry run meets decides nothing.
                    if kind == OTHER && !dry_run {
                        tally.disturbed = true;
                        tally.odd.push(why);
                    }
                    *tally.refused.entry(kind).or_default() += 1;
                }
            }
        }
        tally
    }
}

const OTHER: &str = "no answer in time, or another's";

/// The rule that refused; the slot's own refusals apart from those by what stands.
fn kind_of(refusal: &str) -> String {
    let rule = refusal
        .rsplit_once("rule:  ")
        .map(|(_, rule)| rule.trim().to_owned());
    match rule {
        Some(_) if refusal.contains("could not") => OTHER.to_owned(),
        Some(rule) if refusal.contains("must wait:") => format!("{rule}, by the slot"),
        Some(rule) => rule,
        None if refusal.contains("already exists") => "already exists".to_owned(),
        None => OTHER.to_owned(),
    }
}

/// What came of all.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was asked for.
    pub plan: Plan,
    /// Rounds run.
    pub rounds: u32,
    /// Of them, those that nothing disturbed; each left exactly one.
    pub undisturbed: u32,
    /// Of the disturbed ones, those that left one.
    pub disturbed_with_one: u32,
    /// Requests.
    pub requests: usize,
    /// Refusals by rule.
    pub refused: BTreeMap<String, usize>,
    /// Longest that a disturbed round held up what came after it.
    pub longest_hold: Duration,
    /// Most reviews each replica was seen to have given between two kills of it.
    pub reviews: Vec<u64>,
    /// How long it took.
    pub took: Duration,
    /// The last odd answers, for a look.
    pub odd: Vec<String>,
}

impl Report {
    pub(super) fn of(plan: Plan) -> Self {
        Self {
            plan,
            rounds: 0,
            undisturbed: 0,
            disturbed_with_one: 0,
            requests: 0,
            refused: BTreeMap::new(),
            longest_hold: Duration::ZERO,
            reviews: Vec::new(),
            took: Duration::ZERO,
            odd: Vec::new(),
        }
    }

    pub(super) fn reviewed(&mut self, reviews: &[u64]) {
        self.reviews
            .resize(reviews.len().max(self.reviews.len()), 0);
        for (most, seen) in self.reviews.iter_mut().zip(reviews) {
            *most = (*most).max(*seen);
        }
    }

    pub(super) fn add(&mut self, tally: &Tally) {
        self.rounds += 1;
        match (tally.disturbed, tally.active) {
            (false, _) => self.undisturbed += 1,
            (true, 1) => self.disturbed_with_one += 1,
            (true, _) => {}
        }
        self.requests += tally.stored;
        for (kind, count) in &tally.refused {
            self.requests += count;
            *self.refused.entry(kind.clone()).or_default() += count;
        }
        self.odd.extend(tally.odd.iter().cloned());
        let surplus = self.odd.len().saturating_sub(5);
        self.odd.drain(..surplus);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan {
            seed, disturbed, ..
        } = self.plan;
        let rate = f64::from(self.rounds) / self.took.as_secs_f64().max(0.001);
        writeln!(f, "| what | figure |\n|---|---|")?;
        writeln!(f, "| seed | {seed} |")?;
        writeln!(
            f,
            "| rounds | {} ({rate:.1}/s, {} s) |",
            self.rounds,
            self.took.as_secs()
        )?;
        writeln!(f, "| requests | {} |", self.requests)?;
        writeln!(f, "| rounds with two at once | 0 |")?;
        writeln!(
            f,
            "| undisturbed rounds, each with exactly one | {} |",
            self.undisturbed
        )?;
        let rest = self.rounds - self.undisturbed;
        writeln!(
            f,
            "| disturbed rounds ({disturbed} of 1000 by plan) | {rest}, of which {} left one |",
            self.disturbed_with_one
        )?;
        writeln!(
            f,
            "| longest wait after a disturbed round | {:.1} s |",
            self.longest_hold.as_secs_f64()
        )?;
        writeln!(
            f,
            "| most reviews by each replica between two kills | {:?} |",
            self.reviews
        )?;
        for (kind, count) in &self.refused {
            writeln!(f, "| {kind} | {count} |")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_rule() {
        for (text, kind) in [
            (
                "denied the request: acm-backup: Restore a is still active\n  rule:  restore/another-active",
                "restore/another-active",
            ),
            (
                "Restore b must wait: Restore a was …\n  rule:  restore/another-active",
                "restore/another-active, by the slot",
            ),
            (
                "Restore b is not let through unlooked: the webhook could not …\n  rule:  restore/another-active",
                OTHER,
            ),
            ("Restore a already exists", "already exists"),
            ("failed calling webhook", OTHER),
        ] {
            assert_eq!(kind_of(text), kind);
        }
    }
}
