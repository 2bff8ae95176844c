//! Where a node listens, and where it cannot.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use ostler_tests::Fault;
use ostler_tests::binaries::broker_node;
use ostler_tests::broker_peer::Node as Peer;
use ostler_tests::broker_program::{Node, Setup};
use ostler_tests::process::command;
use ostler_tests::websocket::stream;

use super::crowd::numbered;
use super::{PLAIN, subscribed};

/// A node at this address, on ports of its own.
fn at(address: &str) -> Node {
    let places =
        [format!("address = {address:?}"), format!("broker.web-socket.address = {address:?}")];
    let config = format!("{PLAIN}{}\n", places.join("\n"));
    Setup::new(&config).arguments(&["-p", "0", "--web-socket-port=0"]).start()
}

/// It serves a peer of this number, and a client, there.
fn serves(node: &Node, number: usize, place: impl Fn(u16) -> SocketAddr) {
    let mut peer = Peer::on(stream(place(node.port("peers"))));
    peer.shake_hands(numbered(number), &[]);
    drop(subscribed(place(node.port("WebSocket clients")), &[]));
}

#[test]
fn brk_n14_every_family_is_served_and_a_place_that_cannot_be_had_is_named() {
    let mut fault = Fault::begin("BRK-N14");
    let four = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let six = |port| SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let mapped = |port| SocketAddr::from((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), port));
    let node = at("127.0.0.1");
    serves(&node, 1, four);
    // Where this machine has both families.
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        serves(&node, 2, mapped);
        serves(&at("::1"), 3, six);
        // What is mapped is IPv4, from either side.
        let node = at("::ffff:127.0.0.1");
        serves(&node, 4, four);
        serves(&node, 5, mapped);
        fault.saw("IPv4, IPv6 and v4-mapped served, for peers and clients");
    } else {
        fault.explain("IPv4 served; this machine has no IPv6");
    }
    // Set aside for documentation, so nobody has it.
    ends(&mut fault, "an address of another machine", ("192.0.2.1", 9999), 69, |node| {
        command(node)
    });
}

/// It ends with this code and one line that names the place.
fn ends(
    fault: &mut Fault,
    what: &str,
    (address, port): (&str, u16),
    code: i32,
    runner: fn(&Path) -> Command,
) {
    let setup = Setup::new(&format!("{PLAIN}address = {address:?}\n")).through(runner);
    fault.injected();
    let (ended, printed, told) = setup.arguments(&["-p", &port.to_string()]).output();
    fault.within(&format!("{what}: {code}"), fault.elapsed(), 1.0);
    assert_eq!((ended, printed.as_str()), (Some(code), ""), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains(&format!("cannot listen on {address}:{port}")), "{told}");
}

/// One that may not open ports that only root may.
fn without_the_right(node: &Path) -> Command {
    if !rustix::process::getuid().is_root() {
        return command(node);
    }
    let mut command = command("setpriv");
    command.args(["--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service"]).arg(node);
    command
}

#[test]
fn brk_n15_a_port_that_cannot_be_had_is_told_in_one_line() {
    // Not to be measured.
    broker_node();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut fault = Fault::begin("BRK-N15");
    ends(&mut fault, "in use", ("127.0.0.1", port), 69, |node| command(node));
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    if first.trim().parse::<u16>().is_ok_and(|first| first > 7) {
        ends(&mut fault, "privileged", ("127.0.0.1", 7), 77, without_the_right);
    } else {
        // As in some containers.
        fault.explain("every port is everybody's here");
    }
}
