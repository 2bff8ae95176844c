//! A clone that reads nothing.

use std::time::Duration;

use broker::data::Data;
use broker::{Endpoint, EndpointOptions};
use broker_store::Content;
use ostler_tests::broker_peer::{LARGE, Node, listening, soon};
use ostler_tests::process::memory;
use ostler_tests::{Fault, wait_for};
use rustix::process::Signal;

use super::hostile::says;
use super::{RETRY, clone_of, clone_of_node, has, master, node};

/// Bytes of a value, and how many there are: more than may wait anywhere.
const VALUE: usize = 256 << 10;
const MANY: u64 = 2000;
/// What has come and waits, what came too early, what waits to be acknowledged, what is said of it and
/// what waits for peers, and what is left over in between.
const GROWTH: u64 = 6 * (64 << 20);

/// A clone that asks for a snapshot and never reads a word.
fn deaf(port: u16) -> Node {
    let mut peer = Node::peer(port, LARGE, &["st/<$>/data/clone"]);
    peer.publish(&says(LARGE, 8, 0, Content::asks_for_snapshot()));
    peer
}

#[test]
fn sto_n01_a_clone_reads_nothing() {
    let mut fault = Fault::begin("STO-N01");
    let mut running = node(0, "[store:st]\nrole = master\n").start();
    let port = running.port("peers");
    let (_one, writer) = clone_of_node(&running);
    let (_other, reader) = clone_of_node(&running);
    writer.put("key", 0_u64, None).unwrap();
    writer.flush(soon()).unwrap();
    let before = memory(running.pid(), "VmRSS");
    let slow = deaf(port);
    let value = vec![b'x'; VALUE];
    for number in 0..MANY {
        writer.put(number % 8, Data::String(value.clone()), None).unwrap();
    }
    writer.put("last", MANY, None).unwrap();
    writer.flush(soon()).unwrap();
    has(&reader, "last", MANY);
    let grown = memory(running.pid(), "VmHWM").saturating_sub(before);
    let written = (MANY * VALUE as u64) >> 20;
    fault.figure(
        format_args!(
            "{written} MiB were written by one clone and came to another after {:.3} s; {} MiB more",
            fault.elapsed().as_secs_f64(),
            grown >> 20
        ),
        grown <= GROWTH,
    );
    drop((slow, writer, reader));
    running.signal(Signal::TERM);
    running.ended();

    let (endpoint, port) = listening(EndpointOptions::default());
    let local = master(&endpoint);
    let other = Endpoint::new(EndpointOptions::default()).unwrap();
    other.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    let reader = clone_of(&other);
    let _slow = deaf(port);
    wait_for("both are there", || local.statistics().outputs == 2);
    let mut slowest = Duration::ZERO;
    for number in 0..MANY / 5 {
        fault.injected();
        local.put(number % 8, Data::String(value.clone()), None).unwrap();
        slowest = slowest.max(fault.elapsed());
    }
    local.put("last", MANY, None).unwrap();
    has(&reader, "last", MANY);
    // It may be held up once, by what waits for the peer or by what is not acknowledged.
    fault.within("who writes on the master's node goes on, at most", slowest, 11.0);
}
