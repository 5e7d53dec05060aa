//! The phases whoever writes a kind's status is known to have, one list a kind, in that kind's file.

/// The phases of one kind; the empty one, before anybody has looked at the object, is always known.
#[derive(Clone, Copy, Debug)]
pub struct Phases(pub &'static [&'static str]);

impl Phases {
    /// Whether anybody knows it.
    pub fn know(self, phase: &str) -> bool {
        phase.is_empty() || self.0.contains(&phase)
    }

    /// A phase for a text, with what is odd about one that nobody knows.
    pub fn told(self, phase: &str) -> String {
        if self.know(phase) {
            phase.to_owned()
        } else {
            format!("{phase} (not a phase this program knows)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_phase_that_nobody_knows_is_told_with_a_word_of_its_own() {
        let phases = Phases(&["New", "Enabled"]);
        for (phase, told) in [
            ("", ""),
            ("New", "New"),
            ("new", "new (not a phase this program knows)"),
            ("Sealed", "Sealed (not a phase this program knows)"),
        ] {
            assert_eq!(phases.told(phase), told);
        }
    }
}
