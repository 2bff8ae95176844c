//! How long to wait before the next start: 0.2 s, doubled with each failure up to 30 s, with jitter.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The wait after the first failure.
pub(crate) const FIRST: Duration = Duration::from_millis(200);
/// The longest wait.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

/// The wait after `failures` failures in a row, between 80 % and 100 % of its nominal length, so
/// that slots that failed together do not come back together. No failure, no wait.
pub(crate) fn wait(failures: u32) -> Duration {
    if failures == 0 {
        return Duration::ZERO;
    }
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX));
    let jitter = u32::try_from(RandomState::new().build_hasher().finish() % 200).unwrap_or(0);
    doubled.min(LONGEST) * (1000 - jitter) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_the_longest() {
        assert_eq!(wait(0), Duration::ZERO);
        for (failures, nominal) in [(1, 200), (2, 400), (5, 3_200), (9, 30_000), (99, 30_000)] {
            let nominal = Duration::from_millis(nominal);
            let wait = wait(failures);
            assert!(wait <= nominal && wait >= nominal * 8 / 10, "{failures}: {wait:?}");
        }
    }
}
