//! Signals to a node with peers and clients.

use std::fs;

use broker::EndpointId;
use ostler_tests::broker_peer::{LARGE, Node as Peer};
use ostler_tests::websocket::{Client, stream};
use ostler_tests::{Fault, wait_for};
use rustix::process::Signal;

use super::{PLAIN, Through, figure, local, node};

/// How long a peer has to answer a farewell.
const FAREWELL: f64 = 3.0;

#[test]
fn brk_s01_sigterm_with_peers_and_clients_that_answer() {
    let mut node = node();
    let mut through = Through::new(&node);
    let mut client =
        Client::over(stream(local(node.port("WebSocket clients"))), "/v1/messages/json", &[]);
    client.send("[]");
    assert_eq!(client.json()["type"], "ack");
    through.goes();
    let mut fault = Fault::begin("BRK-S01");
    node.signal(Signal::TERM);
    assert_eq!(u16::from(client.closed().code), 1001);
    drop(client);
    node.ended();
    fault.within("exit 0", fault.elapsed(), 0.5);
}

/// A node with a peer that answers nothing.
pub(super) fn hung() -> (ostler_tests::broker_program::Node, Peer) {
    let node = node();
    let deaf = Peer::peer(node.port("peers"), LARGE, &["/x"]);
    wait_for("it is a peer", || figure(&node, "broker_connections{type=\"native\"}") == 1);
    (node, deaf)
}

#[test]
fn brk_s03_sigterm_with_a_peer_that_answers_nothing() {
    let (mut node, _deaf) = hung();
    let mut fault = Fault::begin("BRK-S03");
    node.signal(Signal::TERM);
    node.ended();
    fault.within("exit 0", fault.elapsed(), FAREWELL + 1.0);
}

#[test]
fn brk_s06_a_wrong_file_changes_nothing_and_is_told_with_its_line() {
    let mut node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-S06");
    for (count, (text, words)) in [
        ("topics = [\n", "broker.conf:"),
        ("broker.disable-ssl = true\nbroker.peer-buffer-size = 0\n", "broker.conf:2: broker.peer"),
        ("broker.disable-ssl = true\n\nmode = 'fast'\n", "broker.conf:3: mode:"),
    ]
    .into_iter()
    .enumerate()
    {
        let told = node.log().count(words);
        fs::write(node.config(), text).unwrap();
        node.signal(Signal::HUP);
        node.log().wait_count("everything stays as it was", count + 1);
        assert!(node.log().count(words) > told, "{words}: {:?}", node.log().lines());
        through.goes();
    }
    fault.saw("3 wrong files told with their lines, messages go on");
    node.stop();
}

#[test]
fn brk_s07_a_storm_of_reloads_loses_no_message() {
    let mut node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-S07");
    fs::write(node.config(), PLAIN).unwrap();
    for _ in 0..100 {
        node.signal(Signal::HUP);
        node.signal(Signal::CHILD);
        node.signal(Signal::PIPE);
        node.signal(Signal::USR1);
        through.goes();
    }
    node.log().wait(&format!("endpoint {}", dumped(&node)));
    fault.saw("100 messages came, none lost; USR1 writes the state");
    node.stop();
}

/// The id that a state is written under.
fn dumped(node: &ostler_tests::broker_program::Node) -> EndpointId {
    let line = node.log().wait("status: endpoint ");
    let (_, rest) = line.split_once("status: endpoint ").unwrap();
    rest.split(',').next().unwrap().parse().unwrap()
}
