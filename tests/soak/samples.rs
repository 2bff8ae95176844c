//! Resident memory over time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ostler_runtime::now;

use crate::census::Census;
use crate::side::Side;

/// Seconds since the start, and the memory of each side in KiB.
type Sample = (f64, Vec<u64>);

/// See the module.
#[derive(Debug)]
pub(crate) struct Samples {
    start: Instant,
    all: Mutex<Vec<Sample>>,
}

impl Samples {
    /// Begins now.
    pub(crate) fn new() -> Self {
        Self { start: now(), all: Mutex::default() }
    }

    /// Measures every side.
    pub(crate) fn take(&self, sides: &[Side]) {
        let resident = sides.iter().map(|side| Census::of(side.daemon.pid()).resident).collect();
        let sample = (self.start.elapsed().as_secs_f64(), resident);
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(sample);
    }

    /// How long it has been.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The samples of one side: seconds and KiB.
    pub(crate) fn of(&self, side: usize) -> Vec<(f64, f64)> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter_map(|(seconds, resident)| Some((*seconds, float(*resident.get(side)?))))
            .collect()
    }
}

/// The slope through the second half of the points, in KiB an hour; with few points, none.
pub(crate) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let late = points.get(points.len() / 2..)?;
    if late.len() < 10 {
        return None;
    }
    let count = float(late.len() as u64);
    let mean = |of: fn(&(f64, f64)) -> f64| late.iter().map(of).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
    let above: f64 = late.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let below: f64 = late.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    (below > 0.0).then(|| above / below * 3600.0)
}

#[expect(clippy::cast_precision_loss, reason = "no figure here is so large")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_a_line_is_found_in_its_second_half() {
        let rises = |n: u64| if n < 20 { 0.0 } else { 2.0 * float(n) };
        let points: Vec<_> = (0..40).map(|n| (float(n), rises(n))).collect();
        assert!((slope(&points).unwrap() - 7200.0).abs() < 1e-6);
        assert_eq!(slope(&points[..5]), None);
    }
}
