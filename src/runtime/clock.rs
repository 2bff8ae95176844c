//! The clock: the only place that reads it, and deadlines made from it.
//!
//! All waits are measured on the monotonic clock, so a system clock that jumps changes nothing.

use std::time::{Duration, Instant};

/// The monotonic time now.
#[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// The moment by which something must have happened: one for a whole request, not one a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// The deadline that never passes.
    pub const NEVER: Self = Self(None);

    /// `wait` from now. A wait too long for the clock never ends.
    pub fn after(wait: Duration) -> Self {
        Self(now().checked_add(wait))
    }

    /// At `moment`.
    pub fn at(moment: Instant) -> Self {
        Self(Some(moment))
    }

    /// The earlier of the two.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }

    /// The moment itself; `None` if it never comes.
    pub fn instant(self) -> Option<Instant> {
        self.0
    }

    /// What is left of it, zero once it has passed; `None` if it never passes.
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|moment| moment.saturating_duration_since(now()))
    }

    /// Whether it has passed.
    pub fn passed(self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_of_two_deadlines_wins_and_never_is_the_latest() {
        let soon = Deadline::after(Duration::from_secs(1));
        let late = Deadline::after(Duration::from_secs(9));
        assert_eq!(soon.earlier(late), soon);
        assert_eq!(Deadline::NEVER.earlier(soon), soon);
        assert_eq!(Deadline::NEVER.earlier(Deadline::NEVER), Deadline::NEVER);
    }

    #[test]
    fn a_deadline_without_wait_has_passed_and_never_does_not() {
        assert!(Deadline::after(Duration::ZERO).passed());
        assert!(!Deadline::NEVER.passed());
        assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
    }
}
