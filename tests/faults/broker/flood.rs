//! More than somebody can take, for as long as it lasts.

use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, QueueLimits, Received};
use ostler_runtime::Deadline;
use ostler_tests::binaries::broker_throughput;
use ostler_tests::broker_peer::{soon, topic};
use ostler_tests::broker_program::{Node, Setup};
use ostler_tests::fault::is_long;
use ostler_tests::process::{Process, command, memory};
use ostler_tests::{Fault, PATIENCE};

use super::{figure, local};

const EVENTS: &str = "/benchmark/events";
/// What waits for a peer at most, and what it may take besides, in bytes: both sides of two
/// connections, and what is under way.
const QUEUED: u64 = 8 << 20;
const BESIDES: u64 = 16 << 20;
/// What a slow peer takes at once, and its pause.
const TAKEN: usize = 20;
const PAUSE: Duration = Duration::from_millis(20);

/// Floods a node under a policy, whose only reader is slow: how many came to the node, and to the
/// reader.
fn flood(policy: &str, time: Duration) -> (u64, u64, [u64; 2]) {
    let config = format!("broker.disable-ssl = true\ntopics = [{EVENTS:?}]\n");
    let overflow = format!("--peer-overflow-policy={policy}");
    let node: Node =
        Setup::new(&config).arguments(&["-p", "0", "--metrics-port=0", &overflow]).start();
    let subscriber_buffer = QueueLimits { items: TAKEN, bytes: 1 << 20 };
    let options = EndpointOptions { subscriber_buffer, ..EndpointOptions::default() };
    let slow = Endpoint::new(options).unwrap();
    let mut received = slow.subscribe([topic(EVENTS)]);
    slow.peer("127.0.0.1", node.port("peers"), None, soon()).unwrap();
    let mut publisher = command(broker_throughput());
    publisher.args(["-t", "2", "-r", "0", "-s", "1000", &local(node.port("peers")).to_string()]);
    let publisher = Process::start(publisher.stdin(Stdio::null()).stdout(Stdio::null()));
    let mut numbers: Vec<u64> = received.get_many(TAKEN, soon()).iter().map(number).collect();
    let before = figure(&node, COME);
    let end = Deadline::after(time);
    let (_never, pause) = channel::<()>();
    // The kernel holds much before anything has to be done.
    let has_overflowed = || match policy {
        "block" => true,
        "disconnect" => figure(&node, "broker_overflow_disconnects_total") > 0,
        _ => figure(&node, DROPPED) > 0,
    };
    let patience = Deadline::after(time + PATIENCE);
    while !end.passed() || !has_overflowed() {
        let come = figure(&node, COME) - before;
        let read = numbers.len();
        assert!(!patience.passed(), "{policy}: {come} are not too much, of which {read} were read");
        numbers.extend(received.get_many(TAKEN, Deadline::after(PAUSE)).iter().map(number));
        // Nothing comes this way: it is only slow.
        let _ = pause.recv_timeout(PAUSE);
    }
    let come = figure(&node, COME) - before;
    let is_next = |pair: &[u64]| pair[0] + 1 == pair[1];
    assert!(numbers.is_sorted(), "{policy}: in another order than they were sent");
    let whole = policy == "disconnect" || policy == "block";
    assert!(!whole || numbers.windows(2).all(is_next), "{policy}: some are missing");
    (come, numbers.len() as u64, [node.pid(), publisher.pid()].map(|pid| memory(pid, "VmHWM")))
}

/// The number that an event ends with.
fn number(received: &Received) -> u64 {
    let mut last = &received.data;
    while let Data::Vector(fields) = last {
        last = fields.last().expect("a field");
    }
    let Data::Count(number) = last else { panic!("{last}") };
    *number
}

const COME: &str = "broker_processed_messages_total{type=\"data\"}";
const DROPPED: &str = "broker_dropped_messages_total{reason=\"overflow\"}";

#[test]
fn brk_l05_a_flood_of_ten_times_what_is_taken_grows_nowhere() {
    let time = Duration::from_secs(if is_long() { 60 } else { 3 });
    let mut fault = Fault::begin("BRK-L05");
    for policy in ["disconnect", "drop_newest", "drop_oldest", "block"] {
        let (come, read, [node, publisher]) = flood(policy, time);
        // With block nothing comes that is not taken: the publisher waits.
        if policy != "block" {
            assert!(come > 10 * read, "{policy}: {come} came, {read} were read");
        }
        let words = format!(
            "{policy}: {come} messages in {} s, {read} read, node {} MiB, publisher {} MiB",
            time.as_secs(),
            node >> 20,
            publisher >> 20
        );
        fault.figure(words, node.max(publisher) <= QUEUED + BESIDES);
    }
}
