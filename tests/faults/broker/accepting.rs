//! Those who connect: silent ones, slow ones, and more than there are descriptors for.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use broker::EndpointId;
use ostler_tests::broker_peer::{LARGE, Node as Peer, SMALL, hello};
use ostler_tests::process::{memory, processor_time};
use ostler_tests::websocket::{Client, stream};
use ostler_tests::{Fault, PATIENCE, wait_for};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use super::{Through, local, node};

/// How long a handshake may take, by default.
const HANDSHAKE: f64 = 10.0;
/// How long it is watched without descriptors.
const WATCHED: Duration = Duration::from_secs(2);

/// A connection from this address of the machine's own.
fn from(address: Ipv4Addr, port: u16) -> TcpStream {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrV4::new(address, 0)).unwrap();
    connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

#[test]
fn brk_n01_a_thousand_silent_ones_are_closed_and_hold_nobody_up() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N01");
    let port = node.port("peers");
    let before = memory(node.pid(), "VmRSS");
    // From so many addresses that none of them has too many.
    let silent: Vec<TcpStream> =
        (0..1000_u32).map(|number| from((0x7f00_0100 + number % 25).into(), port)).collect();
    fault.injected();
    let good = Peer::peer(port, LARGE, &[]);
    fault.within("meanwhile a good one was a peer", fault.elapsed(), 1.0);
    through.goes();
    let grown = memory(node.pid(), "VmRSS").saturating_sub(before) >> 10;
    for mut one in silent {
        let mut said = Vec::new();
        one.read_to_end(&mut said).unwrap();
        assert_eq!(said, b"\0\0\0\x05\x07ZEEK");
    }
    fault.within("all 1000 were closed", fault.elapsed(), HANDSHAKE + 1.0);
    fault.figure(format!("{grown} KiB more meanwhile"), grown <= 16 << 10);
    through.goes();
    drop(good);
}

#[test]
fn brk_n02_a_handshake_byte_by_byte_ends_at_the_total_deadline() {
    let node = node();
    let mut stream = TcpStream::connect(local(node.port("peers"))).unwrap();
    let mut fault = Fault::begin("BRK-N02");
    let mut said = [0; 9];
    stream.read_exact(&mut said).unwrap();
    // The answer that does not come is waited for between two bytes.
    stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    let hello = hello(EndpointId([7; 16]));
    let length = u32::try_from(hello.len()).unwrap().to_be_bytes();
    let is_closed = |stream: &mut TcpStream| match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    };
    for byte in [&length[..], &hello].concat() {
        if stream.write_all(&[byte]).is_err() || is_closed(&mut stream) {
            fault.within("closed", fault.elapsed(), HANDSHAKE + 1.0);
            return;
        }
    }
    panic!("it was let in after {:?}", fault.elapsed());
}

/// Lets a process have no descriptor that is not below `limit`; what it was before.
fn limit_descriptors(pid: u32, limit: Option<u64>) -> Option<u64> {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap());
    // The hard limit stays what it is for this process, too: lowered, it could not be raised.
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    prlimit(pid, Resource::Nofile, Rlimit { current: limit, maximum }).unwrap().current
}

/// The smallest number that none of its descriptors has.
fn free_descriptor(pid: u32) -> u64 {
    let open: Vec<u64> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    (0..=open.len() as u64).find(|number| !open.contains(number)).unwrap()
}

#[test]
fn brk_n09_without_descriptors_both_ports_rest_and_go_on_at_once() {
    let node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N09");
    let (peers, clients) = (local(node.port("peers")), local(node.port("WebSocket clients")));
    let mut first = free_descriptor(node.pid());
    let before = limit_descriptors(node.pid(), Some(first));
    // Connections that have just ended may free another one.
    loop {
        through.goes();
        let now = free_descriptor(node.pid());
        if now >= first {
            break;
        }
        first = now;
        limit_descriptors(node.pid(), Some(first));
    }
    // Nobody takes them, but the kernel has connected them.
    let connected = |at: SocketAddr| (0..10).map(|_| stream(at)).collect::<Vec<TcpStream>>();
    let (late_peers, late_clients) = (connected(peers), connected(clients));
    wait_for("both ports have failed to accept", || node.log().count("cannot accept") >= 2);
    let used = processor_time(node.pid());
    let mut last = &late_peers[9];
    last.set_read_timeout(Some(WATCHED)).unwrap();
    let error = last.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    last.set_read_timeout(Some(PATIENCE)).unwrap();
    let used = processor_time(node.pid()).saturating_sub(used);
    let share = used.as_secs_f64() / WATCHED.as_secs_f64();
    fault.figure(format!("{:.1} % of CPU", share * 100.0), share <= 0.05);
    through.goes();
    limit_descriptors(node.pid(), before);
    fault.injected();
    for (number, stream) in (0..).zip(late_peers) {
        let mut id = SMALL;
        id.0[15] = number;
        Peer::on(stream).shake_hands(id, &[]);
    }
    for stream in late_clients {
        let mut client = Client::over(stream, "/v1/messages/json", &[]);
        client.send("[]");
        assert_eq!(client.json()["type"], "ack");
    }
    fault.within("all that waited were served", fault.elapsed(), 1.0);
    through.goes();
}
