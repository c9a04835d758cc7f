//! Random numbers of our own, so that a seed means the same for years: splitmix64 (Steele, Lea, Flood 2014).

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream for `purpose` under `seed`: one more purpose shifts no other's numbers.
    pub fn new(seed: u64, purpose: u64) -> Rng {
        let mut mixed = Rng(seed ^ purpose.wrapping_mul(0xa076_1d64_78bd_642f));
        mixed.next_u64();
        mixed
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not zero (Lemire's multiplication; the bias is below 2^-32 for the small
    /// bounds used here).
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below zero");
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut rng = Rng(1234567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
        let mut dice = Rng::new(1, 2);
        assert!((0..1000).all(|_| dice.below(6) < 6));
    }
}
