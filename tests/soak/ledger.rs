//! What was done to a daemon's children, and when: by this it is judged whether an error had a
//! cause.
//!
//! A disturbance lasts from the fault until the child it was done to has gone, or until the pool is
//! whole again. An error is justified if enough of them lay in the request's time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ostler_runtime::now;

/// How long a disturbance is remembered that is over.
const MEMORY: Duration = Duration::from_secs(120);

/// Whom a disturbance concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// The child with this process number.
    Child(u32),
    /// One child, which one is not known: over when the pool is whole.
    One,
    /// All of them: the server is away, or nothing can be started. Over when the pool is whole.
    All,
}

#[derive(Clone, Copy, Debug)]
struct Disturbance {
    whom: Whom,
    from: Instant,
    until: Option<Instant>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Ledger {
    entries: Mutex<Vec<Disturbance>>,
    replaced: Duration,
}

/// How a pool was disturbed in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Single children.
    pub(crate) children: usize,
    /// All of them at once.
    pub(crate) all: bool,
}

impl Ledger {
    /// After the end of a child its slot may be without another for so long.
    pub(crate) fn new(replaced: Duration) -> Self {
        Self { entries: Mutex::default(), replaced }
    }

    /// Something is done now.
    pub(crate) fn begin(&self, whom: Whom) {
        self.lock().push(Disturbance { whom, from: now(), until: None });
    }

    /// The process has gone.
    pub(crate) fn gone(&self, pid: u32) {
        let moment = now();
        for entry in self.lock().iter_mut() {
            if entry.whom == Whom::Child(pid) {
                entry.until.get_or_insert(moment);
            }
        }
    }

    /// The pool was seen whole by somebody who asked at `asked`, and nothing was wrong any more.
    pub(crate) fn whole(&self, asked: Instant) {
        let moment = now();
        let mut entries = self.lock();
        for entry in entries.iter_mut() {
            if !matches!(entry.whom, Whom::Child(_)) && entry.from < asked {
                entry.until.get_or_insert(moment);
            }
        }
        entries.retain(|entry| entry.until.is_none_or(|until| until + MEMORY > moment));
    }

    /// Whether anything but single known children is disturbed now.
    pub(crate) fn is_open(&self) -> bool {
        let open =
            |entry: &Disturbance| !matches!(entry.whom, Whom::Child(_)) && entry.until.is_none();
        self.lock().iter().any(open)
    }

    /// Whether something was done to this child.
    pub(crate) fn harmed(&self, pid: u32) -> bool {
        self.lock().iter().any(|entry| entry.whom == Whom::Child(pid))
    }

    /// What lay between these moments.
    pub(crate) fn between(&self, from: Instant, to: Instant) -> Trouble {
        let mut trouble = Trouble::default();
        for entry in self.lock().iter() {
            let over = entry.until.is_some_and(|until| until + self.replaced < from);
            if over || entry.from > to {
                continue;
            }
            match entry.whom {
                Whom::All => trouble.all = true,
                Whom::Child(_) | Whom::One => trouble.children += 1,
            }
        }
        trouble
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Disturbance>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbance_counts_from_its_start_until_its_child_is_replaced() {
        let replaced = Duration::from_millis(1500);
        let ledger = Ledger::new(replaced);
        let before = now();
        ledger.begin(Whom::Child(7));
        let start = now();
        let one = Trouble { children: 1, all: false };
        assert_eq!(ledger.between(before, before), Trouble::default());
        assert_eq!(ledger.between(start, start), one);
        ledger.gone(7);
        let end = now();
        assert_eq!(ledger.between(end, end), one);
        let later = end + replaced + Duration::from_secs(1);
        assert_eq!(ledger.between(later, later), Trouble::default());
    }

    #[test]
    fn what_began_after_the_pool_was_asked_stays_open() {
        let ledger = Ledger::new(Duration::ZERO);
        let asked = now();
        ledger.begin(Whom::All);
        ledger.whole(asked);
        assert!(ledger.is_open());
        ledger.whole(now() + Duration::from_secs(1));
        assert!(!ledger.is_open());
    }
}
