//! The random numbers of the generator and of the faults, from a seed.
//!
//! The algorithm is SplitMix64. It is written here, and not taken from a library, because its sequence must stay the
//! same for years: the seed in a bug report has to give the same orders again. It makes no secrets; those come from the
//! operating system.

/// A deterministic sequence. Equal seeds give equal sequences.
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // Modulo bias is far below anything visible for bounds of a few hundred.
        self.next().checked_rem(bound as u64).map_or(0, |rest| rest as usize)
    }

    /// True with probability `p` (0.0 to 1.0).
    pub(crate) fn hits(&mut self, p: f64) -> bool {
        // 53 bits: the precision of an f64 in [0, 1).
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        unit < p
    }

    /// One of `from`; the default value of the type if there is none.
    pub(crate) fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let index = self.below(from.len());
        from.get(index).copied().unwrap_or_default()
    }

    /// Twelve hexadecimal digits, for uids.
    pub(crate) fn digits(&mut self) -> String {
        format!("{:012x}", self.next() >> 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_of_a_seed_never_changes() {
        let mut rng = Rng::new(0);
        assert_eq!(rng.next(), 0xE220_A839_7B1D_CDAF, "first value of SplitMix64 with state 0");
        assert_eq!(rng.next(), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn certainty_and_impossibility_hold() {
        let mut rng = Rng::new(7);
        assert!((0..1000).all(|_| rng.hits(1.0)));
        assert!(!(0..1000).any(|_| rng.hits(0.0)));
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.pick::<u8>(&[]), 0);
    }
}
