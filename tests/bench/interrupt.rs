//! SIGINT and SIGTERM as data: the rounds stop, and everything that was started is ended in order,
//! the private burp server too.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::register;

use crate::failure::Failure;

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on the signals are noted instead of ending the process.
pub(crate) fn watch() -> io::Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM] {
        register(signal, Arc::clone(asked))?;
    }
    Ok(())
}

/// Whether the benchmark shall end.
pub(crate) fn asked() -> bool {
    ASKED.get().is_some_and(|asked| asked.load(Ordering::Relaxed))
}

/// Ends the step that calls it once the benchmark shall end.
pub(crate) fn check() -> Result<(), Failure> {
    if asked() { Err(Failure::Interrupted) } else { Ok(()) }
}
