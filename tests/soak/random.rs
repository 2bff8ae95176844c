//! Chance that can be repeated: the same seed gives the same run, as far as the machine does.

use std::sync::Mutex;
use std::sync::PoisonError;

/// A source of numbers that many threads draw from (splitmix64).
#[derive(Debug)]
pub(crate) struct Chance(Mutex<u64>);

impl Chance {
    /// Begins at `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// Any number.
    pub(crate) fn number(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        scramble(*state)
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// True so many times in a thousand.
    pub(crate) fn per_mille(&self, times: u64) -> bool {
        self.below(1000) < times
    }

    /// One of `all`, which is not empty.
    pub(crate) fn one<'a, T>(&self, all: &'a [T]) -> &'a T {
        let index = self.below(all.len() as u64);
        &all[usize::try_from(index).expect("an index")]
    }

    /// One of `all`, each as likely as its weight says.
    pub(crate) fn weighted<T: Copy>(&self, all: &[(T, u64)]) -> T {
        let mut left = self.below(all.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in all {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        all[0].0
    }

    /// So many bytes.
    pub(crate) fn bytes(&self, size: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.number().to_le_bytes());
        words.flatten().take(size).collect()
    }
}

/// A number that looks like chance and depends on `number` alone.
pub(crate) fn scramble(number: u64) -> u64 {
    let mut z = number;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
