//! Randomness out of one number, so that a run that failed can be had again, as far as the machine's own timing allows.

/// A stream of random numbers (`SplitMix64`). Not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another stream, which belongs to `label`: what one visitor draws does not depend on when the others draw.
    pub fn fork(&self, label: u64) -> Self {
        let mut forked = Self(self.0 ^ label.wrapping_mul(0xd6e8_feb8_6659_fd93));
        forked.next();
        forked
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, and without, `n`. The bias of a remainder is of no account here.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn is_one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_each_fork_its_own() {
        let draw = |mut random: Random| -> Vec<u64> { (0..4).map(|_| random.next()).collect() };
        assert_eq!(draw(Random::new(7)), draw(Random::new(7)));
        assert_eq!(draw(Random::new(7).fork(1)), draw(Random::new(7).fork(1)));
        assert_ne!(draw(Random::new(7).fork(1)), draw(Random::new(7).fork(2)));
        assert_ne!(draw(Random::new(7)), draw(Random::new(8)));
    }

    #[test]
    fn a_draw_stays_within_its_bounds() {
        let mut random = Random::new(1);
        for _ in 0..1000 {
            assert!(random.below(3) < 3);
            assert!((0.0..1.0).contains(&random.fraction()));
        }
        assert_eq!(random.below(1), 0);
    }
}
