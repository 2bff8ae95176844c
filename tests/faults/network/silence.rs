//! Clients that say nothing, or next to nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::Duration;

use ostler_runtime::now;
use ostler_tests::clients::{
    connect_from, connect_to, make_room_for_connections, p99, port, source,
};
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::wire::frame;
use ostler_tests::{FakeBurp, wire};

use super::{CLIENTS, POOL, query, standard};

/// What the kernel and the daemon's own tick may add to a deadline, in seconds.
const LATE: f64 = 0.5;

#[test]
fn n01_a_thousand_silent_clients_are_closed_and_slow_down_nobody() {
    let burp = FakeBurp::new();
    let daemon = standard(&burp).start();
    daemon.wait_ready(POOL);
    make_room_for_connections();
    let mut fault = Fault::begin("N01");
    let asks = |client: usize| {
        let text = format!("c:client{}:b:{}", client % 3 + 1, client / 3 % 2 + 1);
        assert_eq!(wire::query(daemon.address(), &text).status(), "OK");
    };
    let alone = p99(CLIENTS, 100, asks);
    let to = port(daemon.address());
    let opened = now();
    let silent: Vec<(TcpStream, _)> =
        (0..1000).map(|number| (connect_from(source(number), to), now())).collect();
    let crowded = p99(CLIENTS, 100, asks);
    let measured = now().duration_since(opened);
    let longest = silent.into_iter().map(|(mut stream, since)| {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "silence has no answer");
        now().duration_since(since)
    });
    let longest = longest.max().unwrap();
    // They were there while the others asked.
    fault.figure(format!("asked within {measured:.1?}"), measured < Duration::from_secs(5));
    fault.within("the last was closed", longest, 5.0 + LATE);
    let words = format!("p99 of others {crowded:.1?}, {alone:.1?} without the silent ones");
    fault.figure(words, crowded <= alone * 2);
}

/// Sends a byte a second until the daemon closes: how many it took, and how long.
fn drip(mut stream: TcpStream, bytes: &[u8]) -> (usize, Duration) {
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let began = now();
    for (count, byte) in bytes.iter().enumerate() {
        // The byte after the last that it took may be refused in either call.
        let ended = stream.write_all(&[*byte]).is_err()
            || match stream.read(&mut [0]) {
                Ok(count) => {
                    assert_eq!(count, 0, "half a request has no answer");
                    true
                }
                Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            };
        if ended {
            return (count, now().duration_since(began));
        }
    }
    panic!("all of it was taken");
}

#[test]
fn n02_a_byte_a_second_ends_at_the_total_deadline() {
    let burp = FakeBurp::new();
    // The usual ones, or shorter.
    let (header, whole) = if is_long() { (5, 10) } else { (2, 3) };
    let daemon = standard(&burp)
        .set("header_deadline", &header.to_string())
        .set("request_deadline", &whole.to_string())
        .start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("N02");
    let request = frame(&query("c:client1"));
    let to = port(daemon.address());
    let (in_header, in_body) = thread::scope(|scope| {
        let in_header = scope.spawn(|| drip(connect_to(to), &request));
        let in_body = scope.spawn(|| {
            let mut stream = connect_from(Ipv4Addr::new(127, 0, 0, 2), to);
            stream.write_all(&request[..8]).unwrap();
            drip(stream, &request[8..])
        });
        (in_header.join().unwrap(), in_body.join().unwrap())
    });
    for (what, (count, time), limit) in [("header", in_header, header), ("body", in_body, whole)] {
        fault.within(&format!("{what}: closed with {count} bytes"), time, f64::from(limit) + LATE);
    }
    assert_eq!(daemon.query("c:client1").status(), "OK");
}
