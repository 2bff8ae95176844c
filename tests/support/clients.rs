//! Clients of another sort than `wire`'s: many at once, from many addresses, rude or with a watch
//! in hand.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use ostler_runtime::now;
use rustix::net::{
    AddressFamily, SocketAddrV4, SocketFlags, SocketType, bind, connect, socket_with, sockopt,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::wait::PATIENCE;
use crate::wire::Address;

/// The port, of a daemon that has one.
///
/// # Panics
/// When it listens on a Unix socket.
pub fn port(address: &Address) -> SocketAddr {
    match address {
        Address::Tcp(address) => *address,
        Address::Unix(path) => panic!("{} is no port", path.display()),
    }
}

/// A connection from a certain loopback address, that reads with patience.
///
/// # Panics
/// When it cannot be had.
pub fn connect_from(source: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    let socket = socket.expect("a socket");
    bind(&socket, &SocketAddrV4::new(source, 0)).expect("a loopback address");
    connect(&socket, &to).expect("a connection");
    patient(TcpStream::from(socket))
}

/// A connection that reads with patience and writes at once.
///
/// # Panics
/// When it cannot be had.
pub fn connect_to(to: SocketAddr) -> TcpStream {
    patient(TcpStream::connect_timeout(&to, PATIENCE).expect("a connection"))
}

/// A connection that has room for little.
///
/// # Panics
/// When it cannot be had.
pub fn connect_narrow(to: SocketAddr) -> TcpStream {
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    let socket = socket.expect("a socket");
    sockopt::set_socket_recv_buffer_size(&socket, 16 << 10).expect("an option");
    connect(&socket, &to).expect("a connection");
    patient(TcpStream::from(socket))
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    stream.set_write_timeout(Some(PATIENCE)).expect("an option");
    stream.set_nodelay(true).expect("an option");
    stream
}

/// The loopback address of the client with this number: fifty clients share one.
pub fn source(number: usize) -> Ipv4Addr {
    let shared = u8::try_from(number / 50).expect("fewer clients");
    Ipv4Addr::new(127, 0, 1, shared + 1)
}

/// Ends a connection by a reset, as a client does that is killed over unread bytes.
pub fn reset(stream: TcpStream) {
    sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).expect("an option");
    drop(stream);
}

/// Lets this process open as many descriptors as it may.
pub fn make_room_for_connections() {
    let granted = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: granted.maximum, maximum: granted.maximum };
    setrlimit(Resource::Nofile, raised).expect("more descriptors");
}

/// The time that 99 of 100 requests stay below, when so many clients ask so often each: the best of
/// three rounds, so that what else this machine does is left out. `asks` gets the number of the
/// client.
///
/// # Panics
/// When a client does.
pub fn p99(clients: usize, requests: usize, asks: impl Fn(usize) + Sync) -> Duration {
    let rounds = (0..3).map(|_| round(clients, requests, &asks));
    rounds.min().unwrap_or_default()
}

fn round(clients: usize, requests: usize, asks: &(impl Fn(usize) + Sync)) -> Duration {
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let client = |number| {
            scope.spawn(move || {
                let timed = |_| {
                    let began = now();
                    asks(number);
                    now().duration_since(began)
                };
                (0..requests).map(timed).collect::<Vec<_>>()
            })
        };
        let running: Vec<_> = (0..clients).map(client).collect();
        running.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    times.sort_unstable();
    times[times.len() * 99 / 100]
}
