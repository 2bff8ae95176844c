//! What is shipped for systemd, run by a systemd of one's own. That bui-monitor serves under its unit
//! is on the scoreboard of faults, as A10, and how little its units leave open, as A09.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod activation;
mod broker;
mod catalogue;
mod logfile;
mod refusals;
mod shipped;
mod supervision;
mod workers;

use ostler_tests::{Installed, PrivateBurp};

/// An installation before this burp. Where this machine grants no systemd of one's own there is
/// nothing to be tested.
fn installed(burp: &PrivateBurp) -> Option<Installed> {
    let refused = |why: &String| eprintln!("nothing was tested: {why}");
    Installed::new(burp).inspect_err(refused).ok()
}
