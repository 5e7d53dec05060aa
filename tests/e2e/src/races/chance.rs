//! Drawing by a seed: SplitMix64, the same on every machine.

/// A sequence of draws.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The sequence of a seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..bound`; 0 where that is empty.
    pub fn below(&mut self, bound: u32) -> u32 {
        // The bias of a 64-bit draw over a few values is nothing.
        u32::try_from(self.next() % u64::from(bound.max(1))).unwrap_or(0)
    }

    /// Whether a thing that happens so often in a thousand happens now.
    pub fn of_thousand(&mut self, times: u32) -> bool {
        self.below(1000) < times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_again_and_every_value() {
        let draws = |seed| {
            let mut chance = Chance::of(seed);
            (0..200).map(|_| chance.below(6)).collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
        assert!((0..6).all(|value| draws(7).contains(&value)));
        assert!(Chance::of(1).of_thousand(1000));
        assert!(!Chance::of(1).of_thousand(0));
    }
}
