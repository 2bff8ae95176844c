//! The one place where a test looks again and again: for what tells nobody that it has happened,
//! like a process that has gone or a file that has changed.

use std::time::Duration;

use ostler_runtime::Deadline;

/// No wait of a test is longer. Nothing takes so long that works: it is here so that what does not
/// work fails by itself, on a slow and busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long the thread rests between two looks.
const REST: Duration = Duration::from_millis(5);

/// Looks until `found` gives something.
///
/// # Panics
/// With `what` in words, when the deadline passes first.
pub fn wait_until<T>(deadline: Deadline, what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(!deadline.passed(), "waited in vain: {what}");
        std::thread::park_timeout(REST);
    }
}

/// The same under [`PATIENCE`], for a condition.
///
/// # Panics
/// With `what` in words, when the condition does not come true.
pub fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    wait_until(Deadline::after(PATIENCE), what, || holds().then_some(()));
}
