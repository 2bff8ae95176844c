//! Clients of others, from `PyPI`: `websockets`, `websocket-client` and `zeek-client`.
//!
//! Only with `BROKER_CLIENTS` set to a Python that has them, as `tests/websocket/run` sets it.

use std::process::Stdio;

use broker::WebSocketLimits;
use ostler_runtime::environment::variable;
use ostler_tests::Process;
use ostler_tests::binaries::workspace;
use ostler_tests::process::command;
use ostler_tests::websocket::Node;

#[test]
fn clients_of_others_send_and_get_each_type() {
    let Some(python) = variable("BROKER_CLIENTS") else { return };
    let node = Node::new(WebSocketLimits::default());
    let mut peers = command(python);
    peers.arg(workspace().join("tests/websocket/peers.py"));
    peers.arg(node.address().port().to_string()).stdin(Stdio::null());
    assert!(Process::start(&mut peers).ended().success(), "see what the clients say above");
}
