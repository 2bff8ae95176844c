//! More than somebody can take, for as long as it lasts.

use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

use broker::data::Data;
use broker::{Kind, Message};
use ostler_runtime::Deadline;
use ostler_tests::binaries::broker_throughput;
use ostler_tests::broker_peer::{Node as Peer, SMALL, data};
use ostler_tests::broker_program::{Node, Setup};
use ostler_tests::fault::is_long;
use ostler_tests::process::{Process, command, memory};
use ostler_tests::{Fault, PATIENCE};
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{AddressFamily, SocketType, connect, socket};

use super::{figure, local};

const EVENTS: &str = "/benchmark/events";
/// What waits for a peer at most, and what it may take besides, in bytes: both sides of two
/// connections, and what is under way.
const QUEUED: u64 = 8 << 20;
const BESIDES: u64 = 16 << 20;
/// What a slow peer takes at once, its pause, and what the kernel may hold for it.
const TAKEN: usize = 20;
const PAUSE: Duration = Duration::from_millis(20);
const HELD: usize = 64 << 10;

/// Floods a node under a policy, whose only reader is slow: how many came to the node, and to the
/// reader; and what the node and the publisher had of memory.
fn flood(policy: &str, time: Duration) -> (u64, u64, [u64; 2]) {
    let config = format!("broker.disable-ssl = true\ntopics = [{EVENTS:?}]\n");
    let overflow = format!("--peer-overflow-policy={policy}");
    let node: Node =
        Setup::new(&config).arguments(&["-p", "0", "--metrics-port=0", &overflow]).start();
    let mut slow = slow(node.port("peers"));
    let mut publisher = command(broker_throughput());
    publisher.args(["-t", "2", "-r", "0", "-s", "1000", &local(node.port("peers")).to_string()]);
    let publisher = Process::start(publisher.stdin(Stdio::null()).stdout(Stdio::null()));
    let mut numbers = vec![number(&mut slow)];
    let before = figure(&node, COME);
    let has_overflowed = || match policy {
        "block" => true,
        "disconnect" => figure(&node, "broker_overflow_disconnects_total") > 0,
        _ => figure(&node, DROPPED) > 0,
    };
    let (end, patience) = (Deadline::after(time), Deadline::after(time + PATIENCE));
    let (_never, pause) = channel::<()>();
    while !end.passed() || !has_overflowed() {
        assert!(!patience.passed(), "{policy}: it was not too much");
        if policy != "disconnect" {
            numbers.extend((0..TAKEN).map(|_| number(&mut slow)));
            // Whoever says nothing for long is thought to be dead.
            slow.publish(&data(SMALL, "/alive", 0));
        }
        // Nothing comes this way: it is only slow.
        let _ = pause.recv_timeout(PAUSE);
    }
    let come = figure(&node, COME) - before;
    assert!(numbers.is_sorted(), "{policy}: in another order than they were sent");
    let is_next = |pair: &[u64]| pair[0] + 1 == pair[1];
    assert!(policy != "block" || numbers.windows(2).all(is_next), "some are missing");
    (come, numbers.len() as u64, [node.pid(), publisher.pid()].map(|pid| memory(pid, "VmHWM")))
}

/// A peer for which the kernel holds little.
fn slow(port: u16) -> Peer {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    set_socket_recv_buffer_size(&socket, HELD).unwrap();
    connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut peer = Peer::on(TcpStream::from(socket));
    peer.shake_hands(SMALL, &[EVENTS]);
    peer
}

/// The number that the next event ends with. What nodes say to each other comes between.
fn number(peer: &mut Peer) -> u64 {
    let is_event = |message: &Message| message.kind() == Kind::Data;
    let event = std::iter::repeat_with(|| peer.message()).find(is_event).unwrap();
    let whole = event.decode().unwrap();
    let mut last = &whole;
    while let Data::Vector(fields) = last {
        last = fields.last().expect("a field");
    }
    let Data::Count(number) = *last else { panic!("{last}") };
    number
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
