//! How long something takes, counted in buckets: exact in number, as coarse as its bounds in time.
//!
//! Recording costs a few instructions and no lock, since every request does it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets in microseconds; what takes longer is in one more bucket. From a
/// cached answer to the longest timeout that makes sense.
pub const BOUNDS: [u64; 17] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 15_000_000,
];

/// All buckets.
const BUCKETS: usize = BOUNDS.len() + 1;

/// See the module.
#[derive(Debug, Default)]
pub struct Latency {
    buckets: [AtomicU64; BUCKETS],
    micros: AtomicU64,
}

impl Latency {
    /// One more, which took so long.
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// The figures now. A request that is recorded meanwhile may be in one of them only.
    pub fn read(&self) -> Snapshot {
        let mut buckets = [0; BUCKETS];
        for (to, from) in buckets.iter_mut().zip(&self.buckets) {
            *to = from.load(Ordering::Relaxed);
        }
        Snapshot { buckets, micros: self.micros.load(Ordering::Relaxed) }
    }
}

/// A moment's picture of a [`Latency`], or what has come between two of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    buckets: [u64; BUCKETS],
    micros: u64,
}

impl Snapshot {
    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// How long they took together, in seconds.
    pub fn seconds(&self) -> f64 {
        Duration::from_micros(self.micros).as_secs_f64()
    }

    /// Each bucket's upper bound in seconds with how many are in it alone; the last has none.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<f64>, u64)> {
        let bounds = BOUNDS.iter().map(|bound| Some(Duration::from_micros(*bound).as_secs_f64()));
        bounds.chain([None]).zip(self.buckets)
    }

    /// What has come since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        for (count, before) in since.buckets.iter_mut().zip(earlier.buckets) {
            *count = count.saturating_sub(before);
        }
        since.micros = since.micros.saturating_sub(earlier.micros);
        since
    }

    /// The time in seconds that `share` (0 to 1) of them took at most, taking those of one bucket
    /// for evenly spread; `None` if there is none. Beyond the last bound it is that bound.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "no count is as large as 2^53")]
        let wanted = self.count() as f64 * share;
        if self.count() == 0 {
            return None;
        }
        let (mut below, mut least) = (0.0, 0.0);
        for (bound, count) in self.buckets() {
            let Some(bound) = bound else { break };
            #[expect(clippy::cast_precision_loss, reason = "no count is as large as 2^53")]
            let count = count as f64;
            if count > 0.0 && below + count >= wanted {
                return Some(least + (bound - least) * ((wanted - below) / count).max(0.0));
            }
            below += count;
            least = bound;
        }
        Some(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: &[u64]) -> Snapshot {
        let latency = Latency::default();
        for micros in micros {
            latency.record(Duration::from_micros(*micros));
        }
        latency.read()
    }

    #[test]
    fn each_time_is_in_the_bucket_whose_bound_it_does_not_exceed() {
        let snapshot = of(&[0, 50, 51, 15_000_000, 15_000_001]);
        let filled: Vec<_> = snapshot.buckets().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(Some(0.000_05), 2), (Some(0.000_1), 1), (Some(15.0), 1), (None, 1)]);
        assert_eq!(snapshot.count(), 5);
        assert!((snapshot.seconds() - 30.000_102).abs() < 1e-9);
    }

    #[test]
    fn quantiles_lie_within_their_bucket() {
        assert_eq!(of(&[]).quantile(0.5), None);
        let snapshot = of(&[200; 99].iter().copied().chain([400_000]).collect::<Vec<_>>());
        let half = snapshot.quantile(0.5).unwrap();
        assert!(half > 0.0001 && half <= 0.00025, "{half}");
        let most = snapshot.quantile(1.0).unwrap();
        assert!(most > 0.25 && most <= 0.5, "{most}");
        assert_eq!(of(&[u64::MAX]).quantile(0.5), Some(15.0));
    }

    #[test]
    fn what_came_between_is_the_difference() {
        let latency = Latency::default();
        latency.record(Duration::from_micros(70));
        let before = latency.read();
        latency.record(Duration::from_millis(3));
        let since = latency.read().since(&before);
        assert_eq!(since, of(&[3000]));
    }
}
