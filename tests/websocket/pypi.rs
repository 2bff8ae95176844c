//! Clients of others, from `PyPI`: `websockets`, `websocket-client` and `zeek-client`.
//!
//! `tests/websocket/run` installs and runs them.

use std::process::Stdio;

use broker::WebSocketLimits;
use ostler_tests::Process;
use ostler_tests::binaries::workspace;
use ostler_tests::websocket::{Node, python};

#[test]
fn clients_of_others_send_and_get_each_type() {
    let node = Node::new(WebSocketLimits::default());
    let mut peers = python();
    peers.arg(workspace().join("tests/websocket/peers.py"));
    peers.arg(node.address().port().to_string()).stdin(Stdio::null());
    assert!(Process::start(&mut peers).ended().success(), "see what the clients say above");
}
