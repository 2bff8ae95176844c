//! A limit for messages that an outsider can provoke at will: few are written, all are counted.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::now;

/// Lets one message through in each period and counts the others.
#[derive(Debug)]
pub struct Seldom {
    every: Duration,
    state: Mutex<(Option<Instant>, u64)>,
}

impl Seldom {
    /// At most one message in `every`.
    pub const fn new(every: Duration) -> Self {
        Self { every, state: Mutex::new((None, 0)) }
    }

    /// `Some` if the message may be written now, with how many were suppressed since the last one.
    pub fn allow(&self) -> Option<u64> {
        self.allow_at(now())
    }

    fn allow_at(&self, moment: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, suppressed) = &mut *state;
        if last.is_some_and(|last| moment.saturating_duration_since(last) < self.every) {
            *suppressed = suppressed.saturating_add(1);
            return None;
        }
        *last = Some(moment);
        Some(std::mem::take(suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seldom_lets_one_through_in_each_period_and_counts_the_rest() {
        let seldom = Seldom::new(Duration::from_secs(60));
        let start = now();
        assert_eq!(seldom.allow_at(start), Some(0));
        assert_eq!(seldom.allow_at(start + Duration::from_secs(1)), None);
        assert_eq!(seldom.allow_at(start + Duration::from_secs(59)), None);
        assert_eq!(seldom.allow_at(start + Duration::from_secs(60)), Some(2));
        assert_eq!(seldom.allow_at(start + Duration::from_secs(61)), None);
    }
}
