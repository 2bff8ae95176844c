//! HTTP as its clients see it, over real sockets and with bytes written by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod connections;
mod refusals;
mod upgrades;

/// A request without a body.
fn plain(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}
