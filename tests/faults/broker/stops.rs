//! The end of a node: with messages under way, twice, and at any moment.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;

use broker::data::Data;
use broker::{Kind, Message};
use ostler_tests::broker_peer::{LARGE, Node as Peer, SMALL};
use ostler_tests::broker_program::{Node, Setup};
use ostler_tests::process::command;
use ostler_tests::{Fault, wait_for};
use rustix::process::Signal;

use super::signals::hung;
use super::{PLAIN, figure, local, node, subscribed};
use crate::signals::flood::{BURSTS, Threads};

/// Messages under way, of so many bytes each: more than the kernel takes.
const MANY: u64 = 400;
const LONG: usize = 10_000;

/// Where nobody answers questions about names. Its port is that of all such servers.
const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(127, 53, 53, 53);

/// The numbers of the messages that a peer is sent until it is told farewell, which it answers.
fn numbers(peer: &mut Peer) -> Vec<u64> {
    let mut numbers = Vec::new();
    loop {
        let message = peer.message();
        match message.kind() {
            Kind::Data => {
                let Data::Vector(fields) = message.decode().unwrap() else { panic!("no vector") };
                let Data::Count(number) = fields[0] else { panic!("no number") };
                numbers.push(number);
            }
            Kind::Ping if message.payload().starts_with(b"BYE") => return numbers,
            _ => {}
        }
    }
}

#[test]
fn brk_s02_what_was_published_before_sigterm_arrives() {
    let mut node = node();
    let clients = local(node.port("WebSocket clients"));
    let mut fault = Fault::begin("BRK-S02");
    let mut reading = Peer::peer(node.port("peers"), LARGE, &["/x"]);
    let mut client = subscribed(clients, &["/x"]);
    wait_for("both are there", || {
        figure(&node, "broker_connections{type=\"native\"}") == 1
            && figure(&node, "broker_connections{type=\"web-socket\"}") == 1
    });
    let mut from = Peer::peer(node.port("peers"), SMALL, &[]);
    for number in 0..MANY {
        let text = Data::String(vec![b'x'; LONG]);
        let value = Data::Vector(vec![Data::Count(number), text]);
        let nobody = broker::EndpointId::NIL;
        from.publish(&Message::data(SMALL, nobody, b"/x", &value).unwrap());
    }
    let taken = "broker_processed_messages_total{type=\"data\"}";
    wait_for("the node has taken all", || figure(&node, taken) == MANY);
    node.signal(Signal::TERM);
    fault.injected();
    wait_for("nobody else is let in", || TcpStream::connect(local(node.port("peers"))).is_err());
    fault.within("new connections refused", fault.elapsed(), 0.05);
    // Nothing was read until now.
    let come = numbers(&mut reading);
    assert!(come.iter().copied().eq(0..MANY), "{come:?}");
    for number in 0..MANY {
        assert_eq!(client.json()["data"][0]["data"], number);
    }
    fault.saw(format_args!("all {MANY} of {LONG} bytes came, to a peer and a WebSocket client"));
    drop((client, reading, from));
    fault.injected();
    node.ended();
    fault.within("exit 0 after the last one has gone", fault.elapsed(), 0.5);
}

#[test]
fn brk_s04_a_second_signal_ends_it_at_once() {
    let mut fault = Fault::begin("BRK-S04");
    for (second, name) in [(Signal::TERM, "TERM"), (Signal::INT, "INT")] {
        let (mut node, deaf) = hung();
        node.signal(Signal::TERM);
        node.log().wait("stopping");
        fault.injected();
        node.signal(second);
        node.ended();
        fault.within(&format!("exit 0 upon {name} after TERM"), fault.elapsed(), 0.5);
        drop(deaf);
    }
}

/// A node that has such peers.
fn with_peers(peers: &str) -> Setup {
    Setup::new(&format!("{PLAIN}peers = [<tcp://{peers}>]\nretry = 1h\n")).arguments(&[
        "-p",
        "0",
        "--metrics-port=0",
    ])
}

/// One whose names are asked for where nobody answers.
fn nameless(node: &Path) -> Command {
    let mut private = command("unshare");
    private.args(["--mount", "sh", "-c"]);
    private.arg("mount --bind resolv.conf /etc/resolv.conf && exec \"$0\" \"$@\"").arg(node);
    private
}

#[test]
fn brk_s08_it_can_be_stopped_at_any_moment() {
    let mut fault = Fault::begin("BRK-S08");
    let stops = |fault: &mut Fault, what: &str, mut node: Node| {
        node.signal(Signal::TERM);
        fault.injected();
        node.ended();
        fault.within(&format!("exit 0 during {what}"), fault.elapsed(), 1.0);
    };
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let node = with_peers(&nobody.to_string()).start();
    wait_for("it has tried", || figure(&node, "broker_failed_connects_total") == 1);
    stops(&mut fault, "a wait for the next attempt", node);

    // It is connected, and says nothing.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let node = with_peers(&silent.local_addr().unwrap().to_string()).start();
    let connected = silent.accept().unwrap();
    stops(&mut fault, "a handshake", node);
    drop(connected);

    let mut node = super::node();
    node.port("figures");
    for _ in 0..10 {
        node.signal(Signal::HUP);
    }
    stops(&mut fault, "reloads", node);

    // As soon as it can be heard at all.
    let node = Setup::new(PLAIN).arguments(&["-p", "0"]).start();
    node.port("peers");
    stops(&mut fault, "its start", node);

    let Ok(asked) = UdpSocket::bind((NAME_SERVER, 53)) else {
        return fault.explain("this user cannot be a server of names");
    };
    let setup = with_peers("nobody.example:9999");
    let setup = setup.through(nameless);
    fs::write(setup.directory().join("resolv.conf"), format!("nameserver {NAME_SERVER}\n"))
        .unwrap();
    let node = setup.start();
    asked.set_read_timeout(Some(ostler_tests::PATIENCE)).unwrap();
    asked.recv_from(&mut [0; 512]).expect("a question about a name");
    stops(&mut fault, "a question about a name that is not answered", node);
}

#[test]
fn brk_s10_no_reload_and_no_stop_is_lost_on_any_thread() {
    const READ: &str = "the configuration was read again";
    let mut node = node();
    let mut through = super::Through::new(&node);
    let mut fault = Fault::begin("BRK-S10");
    let mut sent = 0;
    for burst in 1..=BURSTS {
        let before = node.log().count(READ);
        sent += Threads::of(node.pid()).burst(burst, Signal::HUP);
        wait_for("the reload was heard", || node.log().count(READ) > before);
        through.goes();
    }
    let seconds = fault.elapsed().as_secs_f64();
    fault.figure(
        format!("{sent} signals in {seconds:.1} s, of {BURSTS} reloads none lost"),
        sent >= 10_000 && seconds <= 60.0,
    );
    drop(through);
    let threads = Threads::of(node.pid());
    threads.burst(0, Signal::TERM);
    node.ended();
    let aimed = if threads.aimed { "at one thread after the other" } else { "at the process" };
    fault.saw(format!("nor the stop among the last ones, aimed {aimed}"));
    fault.saw(format!("{BURSTS} messages meanwhile, none lost"));
}
