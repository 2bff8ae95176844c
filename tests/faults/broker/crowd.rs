//! More than there is room for, and one address that wants all of it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use broker::EndpointId;
use broker::data::Data;
use ostler_runtime::now;
use ostler_tests::broker_peer::{LARGE, Node as Peer};
use ostler_tests::broker_program::Setup;
use ostler_tests::clients::{connect_from, make_room_for_connections};
use ostler_tests::websocket::request;
use ostler_tests::{Fault, wait_for};

use super::{PLAIN, Through, figure, local, node, subscribed_over};

/// Connections of peers that a node has at most, and clients that it is told to have.
const PEERS: usize = 1024;
const CLIENTS: usize = 8;
/// So many more come.
const SURPLUS: usize = 50;
/// How soon one that is too many is told.
const SOON: f64 = 0.010;
/// Strangers of one address that a node has at most.
const STRANGERS: u64 = 64;

/// The id of a peer with this number.
pub(super) fn numbered(number: usize) -> EndpointId {
    let mut id = [0x22; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    EndpointId(id)
}

/// Connects so often from an address of its own, says these words, is refused each time, and how long that took in the
/// middle and at most.
fn surplus(to: SocketAddr, words: &str) -> [Duration; 2] {
    let refused = |_| {
        let began = now();
        let mut stream = connect_from(Ipv4Addr::new(127, 0, 9, 9), to);
        // It may be closed before.
        let _ = stream.write_all(words.as_bytes());
        let mut said = Vec::new();
        // A reset is as good as an end.
        let _ = stream.read_to_end(&mut said);
        assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 503"), "{}", said.escape_ascii());
        now().duration_since(began)
    };
    let mut all: Vec<Duration> = (0..SURPLUS).map(refused).collect();
    all.sort_unstable();
    [all[SURPLUS / 2], all[SURPLUS - 1]]
}

#[test]
fn brk_n11_those_who_are_too_many_are_told_at_once_and_the_others_unharmed() {
    make_room_for_connections();
    let max = format!("--broker.web-socket.max-clients={CLIENTS}");
    let node = Setup::new(PLAIN)
        .arguments(&["-p", "0", "--web-socket-port=0", "--metrics-port=0", &max])
        .start();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N11");
    let enter = |fault: &mut Fault, what: &str, [median, longest]: [Duration; 2]| {
        fault.within(&format!("{what}: each refused, half of them"), median, SOON);
        fault.saw(format_args!("the latest {:.1} ms", longest.as_secs_f64() * 1000.0));
    };
    let clients = local(node.port("WebSocket clients"));
    // An address alone gets three quarters.
    let client = |number| {
        let source = Ipv4Addr::new(127, 0, 2, u8::try_from(number % 4).unwrap() + 1);
        subscribed_over(connect_from(source, clients), &[])
    };
    let mut connected: Vec<_> = (0..CLIENTS).map(client).collect();
    let took = surplus(clients, &request("GET", "/v1/messages/json", &[]));
    enter(&mut fault, &format!("{SURPLUS} more than {CLIENTS} clients"), took);
    through.goes();
    let port = node.port("peers");
    let open = "broker_open_connections";
    let rest =
        PEERS - usize::try_from(figure(&node, "broker_connections{type=\"native\"}")).unwrap();
    let peers: Vec<Peer> =
        (0..rest).map(|number| Peer::peer(port, numbered(number), &[])).collect();
    wait_for("all are there", || figure(&node, open) >= PEERS as u64);
    let took = surplus(local(port), "");
    enter(&mut fault, &format!("{SURPLUS} more than {PEERS} peers"), took);
    through.goes();
    assert_eq!(figure(&node, "broker_connections{type=\"native\"}"), PEERS as u64);
    for (number, client) in (0..).zip(&mut connected) {
        client.publish("/x", "count", &number.to_string());
        assert_eq!(through.comes(), Data::Count(number));
    }
    drop(peers);
    wait_for("they have gone", || figure(&node, "broker_connections{type=\"native\"}") == 2);
    drop(Peer::peer(port, LARGE, &[]));
    fault.saw("all who were there stayed, and once they have gone others are let in");
}

#[test]
fn brk_n12_one_address_full_of_strangers_is_no_obstacle_to_who_speaks() {
    let node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N12");
    let places = ["peers", "WebSocket clients"].map(|what| local(node.port(what)));
    let mut longest = Duration::ZERO;
    let mut silent: Vec<TcpStream> = Vec::new();
    let mut most = 0;
    for round in 0..10 {
        for place in places {
            silent.extend((0..20).map(|_| connect_from(Ipv4Addr::LOCALHOST, place)));
        }
        fault.injected();
        drop(Peer::peer(places[0].port(), numbered(round), &[]));
        longest = longest.max(fault.elapsed());
        fault.injected();
        drop(subscribed_over(connect_from(Ipv4Addr::LOCALHOST, places[1]), &[]));
        longest = longest.max(fault.elapsed());
        through.goes();
        most = most.max(figure(&node, "broker_unestablished_connections"));
    }
    fault.within("200 silent on each port: who speaks is let in, at most", longest, 0.5);
    fault.figure(format!("{most} strangers at the same time"), most <= 2 * STRANGERS);
    let closed = |mut stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let mut bytes = [0; 64];
        loop {
            match stream.read(&mut bytes) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
            }
        }
    };
    wait_for("the oldest have made room", || silent[..40].iter().all(closed));
    assert!(!closed(silent.last().unwrap()), "the newest stays");
    fault.saw("the oldest silent ones made room");
}
