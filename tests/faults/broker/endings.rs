//! Peers and clients that end their side early, or rudely.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use broker::EndpointId;
use broker::data::Data;
use broker::{Kind, Message, TTL};
use ostler_tests::broker_peer::{Node as Peer, SMALL, data, hello, topic};
use ostler_tests::broker_program::Node;
use ostler_tests::clients::reset;
use ostler_tests::websocket::{Client, request, stream};
use ostler_tests::{Fault, wait_for};

use super::{Through, figure, local, node, subscribed};

/// Messages before the last one.
const MANY: u64 = 1000;

/// What is left when everybody but the two of [`Through`] has gone.
fn is_alone(node: &Node) -> bool {
    figure(node, "broker_open_connections") == 2
        && figure(node, "broker_connections{type=\"web-socket\"}") == 0
}

#[test]
fn brk_n05_what_is_shorter_than_announced_is_closed_and_goes_nowhere() {
    let mut node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N05");
    let mut longest = Duration::ZERO;
    let mut ends = |short: &mut dyn FnMut() -> TcpStream| {
        let mut stream = short();
        stream.shutdown(Shutdown::Write).unwrap();
        fault.injected();
        // Nothing, or a close frame, and then the end.
        let _ = stream.read_to_end(&mut Vec::new());
        longest = longest.max(fault.elapsed());
    };
    let peers = local(node.port("peers"));
    let clients = local(node.port("WebSocket clients"));
    let whole = data(SMALL, "/x", 666);
    let half = &whole.frame()[..whole.frame().len() - 1];
    ends(&mut || {
        let mut stream = stream(peers);
        stream.read_exact(&mut [0; 9]).unwrap();
        let hello = hello(EndpointId([7; 16]));
        stream.write_all(&[&[0, 0, 0, 23][..], &hello[..11]].concat()).unwrap();
        stream
    });
    ends(&mut || {
        let stream = stream(peers);
        let mut peer = Peer::on(stream.try_clone().unwrap());
        peer.shake_hands(SMALL, &[]);
        peer.raw(half);
        stream
    });
    ends(&mut || {
        let mut stream = stream(clients);
        let request = request("GET", "/v1/messages/json", &[]);
        stream.write_all(&request.as_bytes()[..request.len() - 2]).unwrap();
        stream
    });
    ends(&mut || {
        let mut client = subscribed(clients, &[]);
        // A masked text of 100 bytes, of which ten come.
        client.stream().write_all(&[&[0x81, 0xe4][..], &[b'{'; 14]].concat()).unwrap();
        client.stream().try_clone().unwrap()
    });
    fault.within("closed, in a handshake, of a peer, of two clients, at most", longest, 1.0);
    through.goes();
    wait_for("they have gone", || is_alone(&node));
    fault.saw("the next message to arrive is one of somebody else");
    node.signal(rustix::process::Signal::TERM);
    node.ended();
}

#[test]
fn brk_n06_what_came_before_somebody_closes_his_side_is_passed_on() {
    let node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N06");
    let clients = local(node.port("WebSocket clients"));
    let mut peer = Peer::peer(node.port("peers"), SMALL, &[]);
    let all: Vec<u8> =
        (0..MANY).flat_map(|number| data(SMALL, "/x", number).frame().to_vec()).collect();
    peer.raw(&all);
    peer.half_close();
    for number in 0..MANY {
        assert_eq!(through.comes(), Data::Count(number));
    }
    fault.saw(format_args!("all {MANY} of a peer"));
    let mut client = subscribed(clients, &[]);
    for number in 0..MANY {
        client.publish("/x", "count", &number.to_string());
    }
    client.stream().shutdown(Shutdown::Write).unwrap();
    for number in 0..MANY {
        assert_eq!(through.comes(), Data::Count(number));
    }
    fault.saw(format_args!("all {MANY} of a WebSocket client"));
    let mut asking = stream(local(node.port("figures")));
    asking.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    asking.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    asking.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    fault.saw("who asks for figures is answered");
    wait_for("they have gone", || is_alone(&node));
}

#[test]
fn brk_n07_a_reset_at_any_moment_harms_nobody_else() {
    const LONG: usize = 1 << 20;
    let mut node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N07");
    let (port, clients) = (node.port("peers"), local(node.port("WebSocket clients")));
    let long = Data::String(vec![b'x'; LONG]);
    let sends_long = |through: &mut Through| {
        // Of which whoever is reset has not read all.
        for _ in 0..4 {
            through.from.publish(&topic("/x"), &long).unwrap();
            assert_eq!(through.comes(), long);
        }
    };
    let framed = Message::new(SMALL, EndpointId::NIL, Kind::Data, TTL, b"/x", &[0x0e, 1]).unwrap();
    let moments: [Moment<'_>; 9] = [
        ("before a word", &|_| Peer::connect(port).reset()),
        ("within a handshake", &|_| {
            let mut peer = Peer::connect(port);
            peer.send(&hello(SMALL));
            assert_eq!(peer.frame(), b"\x07ZEEK");
            peer.reset();
        }),
        ("as a peer", &|_| Peer::peer(port, SMALL, &["/x"]).reset()),
        ("within a message", &|_| {
            let mut peer = Peer::peer(port, SMALL, &[]);
            peer.raw(&framed.frame()[..10]);
            peer.reset();
        }),
        ("while much is sent to it", &|through| {
            let peer = Peer::peer(port, SMALL, &["/x"]);
            sends_long(through);
            peer.reset();
        }),
        ("within a request", &|_| {
            let mut stream = stream(clients);
            stream.write_all(b"GET /v1/mess").unwrap();
            reset(stream);
        }),
        ("as a client", &|_| reset_client(subscribed(clients, &["/x"]))),
        ("within a text", &|_| {
            let mut client = subscribed(clients, &[]);
            client.stream().write_all(&[0x81, 0xfe, 1]).unwrap();
            reset_client(client);
        }),
        ("while much is sent to a client", &|through| {
            let client = subscribed(clients, &["/x"]);
            sends_long(through);
            reset_client(client);
        }),
    ];
    let mut longest = Duration::ZERO;
    for (moment, resets) in moments {
        resets(&mut through);
        fault.injected();
        wait_for(moment, || is_alone(&node));
        longest = longest.max(fault.elapsed());
        through.goes();
    }
    fault.within("at 9 moments, gone at most", longest, 0.1);
    assert_eq!(figure(&node, "broker_internal_errors_total"), 0);
    drop(through);
    node.signal(rustix::process::Signal::TERM);
    node.ended();
    fault.saw("no message of others lost, no SIGPIPE");
}

/// When it is, and what comes up to the reset and with it.
type Moment<'a> = (&'a str, &'a dyn Fn(&mut Through));

fn reset_client(mut client: Client<TcpStream>) {
    let stream = client.stream().try_clone().unwrap();
    drop(client);
    reset(stream);
}
