//! Connections that come through a proxy which says for whom: the PROXY protocol, version 2.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use ostler_net::{Drained, Limits};
use ostler_tests::clients::{connect_from, connect_to, port};
use ostler_tests::echo::{ask, last, one};
use ostler_tests::proxy::{header, local, raw};
use ostler_tests::wire::{PASSWORD, frame};
use ostler_tests::{
    Address, Answer, Certificates, Echo, FakeBurp, PATIENCE, Secure, Version, Wire,
};
use serde_json::json;

const CLIENT: &str = "192.0.2.7:4321";

/// What a server answers that is asked `who` by it.
const IS_CLIENT: &[u8] = b"192.0.2.7:4321, 192.0.2.7";

/// Proxies are at 127.0.0.1, and one network of clients is trusted as they are.
fn limits() -> Limits {
    let trusted = ["127.0.0.1", "198.51.100.0/24", "2001:db8:1::/48"];
    let trusted = trusted.map(|network| network.parse().unwrap()).to_vec();
    // Long, so that a slow machine closes nobody.
    let (header_deadline, request_deadline) = (PATIENCE, PATIENCE);
    Limits { trusted, header_deadline, request_deadline, ..Limits::default() }
}

fn plain() -> Echo {
    Echo::new(None, limits())
}

/// Says `bytes` and then asks who that was.
fn who(echo: &Echo, bytes: &[u8]) -> String {
    let mut stream = connect_to(echo.address());
    stream.write_all(&[bytes, &frame(b"who")].concat()).unwrap();
    String::from_utf8(last(&mut stream).unwrap()).unwrap()
}

/// Whether it ends without a byte more, by whatever way.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 1]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn the_client_that_a_proxy_names_is_the_peer_and_is_counted() {
    let echo = plain();
    assert_eq!(who(&echo, &header(CLIENT)).as_bytes(), IS_CLIENT);
    let ipv6 = "[2001:db8::1:2:3:4]:9";
    assert_eq!(who(&echo, &header(ipv6)), format!("{ipv6}, 2001:db8::/64"));
    for trusted in ["198.51.100.9:1", "[2001:db8:1::7]:2", "127.0.0.1:3"] {
        assert_eq!(who(&echo, &header(trusted)), format!("{trusted}, exempt"));
    }
    assert_eq!(echo.statistics().proxied, 5);
}

#[test]
fn without_a_client_that_is_named_the_peer_is_the_proxy_and_is_trusted() {
    let echo = plain();
    let unknown = [raw(0x21, 0, &[]), raw(0x21, 0x31, &[0; 216]), raw(0x21, 0x12, &[7; 12])];
    for header in [vec![], local(), raw(0x20, 0x11, &[7; 30])].iter().chain(&unknown) {
        let who = who(&echo, header);
        assert!(who.starts_with("127.0.0.1:") && who.ends_with(", exempt"), "{who}");
    }
    assert_eq!(echo.statistics().proxied, 3, "a check of health is none");
}

/// Writes these bytes before the first ones of its owner, in one write or each byte for itself.
struct After {
    stream: TcpStream,
    header: Vec<u8>,
    trickles: bool,
}

impl Read for After {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.read(bytes)
    }
}

impl Write for After {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.header);
        all.extend_from_slice(bytes);
        for piece in all.chunks(if self.trickles { 1 } else { all.len() }) {
            self.stream.write_all(piece)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_header_comes_before_the_handshake_and_however_it_is_cut() {
    let made = Certificates::new();
    let echo = Echo::secured(&made.own("server"), limits());
    for version in [Version::Tls12, Version::Tls13] {
        for trickles in [false, true] {
            for (header, told) in [(header(CLIENT), "192.0.2.7:4321, 192"), (vec![], "127.0.0.1:")]
            {
                let stream = connect_to(echo.address());
                let after = After { stream, header, trickles };
                let mut talk = Secure::new(version, None).over(after);
                talk.write_all(&frame(b"who")).unwrap();
                let who = String::from_utf8(last(&mut talk).unwrap()).unwrap();
                assert!(who.starts_with(told), "{version:?}, trickles: {trickles}: {who}");
            }
        }
    }
    let counted = echo.statistics();
    assert_eq!((counted.proxied, counted.tls_failures, counted.proxy_failures), (4, 0, 0));
}

#[test]
fn a_header_alone_or_a_part_of_one_holds_no_thread() {
    let echo = plain();
    let whole = header(CLIENT);
    let mut waiting: Vec<_> = (0..=whole.len()).map(|_| connect_to(echo.address())).collect();
    for (said, stream) in waiting.iter_mut().enumerate() {
        stream.write_all(&whole[..said]).unwrap();
    }
    echo.counts("all wait", |counted| counted.parked == whole.len() + 1);
    assert_eq!(who(&echo, &whole).as_bytes(), IS_CLIENT);
    for (said, stream) in waiting.iter_mut().enumerate() {
        stream.write_all(&whole[said..]).unwrap();
        assert_eq!(ask(stream, b"who").unwrap(), IS_CLIENT, "{said} bytes came first");
    }
    assert_eq!(echo.statistics().timeouts, 0);
}

#[test]
fn a_header_of_4_kib_is_read_and_a_kept_connection_stays_its_clients() {
    let echo = plain();
    let addresses = &header(CLIENT)[16..];
    let padding = [&[4, 0x0f, 0xe1][..], &[0; 4065]].concat();
    let mut stream = connect_to(echo.address());
    stream.write_all(&raw(0x21, 0x11, &[addresses, &padding].concat())).unwrap();
    assert_eq!(ask(&mut stream, b"keep").unwrap(), b"keep");
    assert_eq!(ask(&mut stream, b"who").unwrap(), IS_CLIENT);
    // One header is for the whole connection.
    stream.write_all(&header(CLIENT)).unwrap();
    assert!(one(&mut stream).unwrap().starts_with(b"Oversized"));
    assert_eq!(echo.statistics().proxied, 1);
}

#[test]
fn a_malformed_header_is_closed_without_an_answer_and_counted() {
    let made = Certificates::new();
    let malformed = [
        raw(0x11, 0x11, &[0; 12]),
        raw(0x22, 0x11, &[0; 12]),
        raw(0x21, 0x41, &[0; 12]),
        raw(0x21, 0x11, &[0; 11]),
        raw(0x21, 0x21, &[0; 12]),
        raw(0x20, 0x00, &[0; 4081]),
        raw(0x21, 0x11, &[[0; 12], [4; 12]].concat()),
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4321 11111\r\n".to_vec(),
    ];
    for echo in [plain(), Echo::secured(&made.own("server"), limits())] {
        for bytes in &malformed {
            let mut stream = connect_to(echo.address());
            // It may be closed before all is written.
            let _ = stream.write_all(&[&bytes[..], &frame(b"who")].concat());
            assert!(is_closed(&mut stream), "{}", bytes.escape_ascii());
        }
        let mut stream = connect_to(echo.address());
        stream.write_all(&header(CLIENT)[..20]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert!(is_closed(&mut stream), "it was cut short");
        let counted = echo.statistics();
        assert_eq!(counted.proxy_failures, malformed.len() as u64 + 1);
        assert_eq!((counted.requests, counted.proxied, counted.tls_failures), (0, 0, 0));
    }
}

#[test]
fn what_is_no_header_is_served_and_refused_as_ever() {
    let echo = plain();
    let mut stream = connect_to(echo.address());
    // It begins like a header, and is a length.
    stream.write_all(b"\r\n\r\n\0\r\nX").unwrap();
    assert!(one(&mut stream).unwrap().starts_with(b"Oversized"));
    let mut stream = connect_to(echo.address());
    stream.write_all(b"\r\n\r").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(last(&mut stream).unwrap(), b"Truncated { got: 3, announced: None }");
    assert_eq!(echo.statistics().proxy_failures, 0);

    let made = Certificates::new();
    let echo = Echo::secured(&made.own("server"), limits());
    for bytes in [&b"\r\n\r\n\0\r\nX"[..], &frame(b"plain")] {
        let mut stream = connect_to(echo.address());
        stream.write_all(bytes).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    echo.counts("they do not speak TLS", |counted| counted.tls_failures == 2);
    assert_eq!(echo.statistics().proxy_failures, 0);
}

#[test]
fn from_a_stranger_a_header_is_none() {
    let echo = plain();
    let stranger = Ipv4Addr::new(127, 0, 0, 2);
    let old = b"PROXY TCP4 192.0.2.7 192.0.2.1 4321 11111\r\n".to_vec();
    // The last one only begins like a header, and is a length.
    for bytes in [header("198.51.100.9:1"), old, b"\r\n\r\n\0\r\nX".to_vec()] {
        let mut stream = connect_from(stranger, echo.address());
        stream.write_all(&[bytes, frame(b"who")].concat()).unwrap();
        assert!(last(&mut stream).unwrap().starts_with(b"Oversized"));
    }
    let counted = echo.statistics();
    assert_eq!((counted.proxied, counted.proxy_failures, counted.oversized), (0, 2, 3));

    let made = Certificates::new();
    let echo = Echo::secured(&made.own("server"), limits());
    let after = After {
        stream: connect_from(stranger, echo.address()),
        header: header(CLIENT),
        trickles: false,
    };
    let mut talk = Secure::new(Version::Tls13, None).over(after);
    assert!(talk.shake_hands().is_err());
    echo.counts("it does not speak TLS", |counted| counted.tls_failures == 1);
    echo.counts("it may be a proxy", |counted| counted.proxy_failures == 1);
    assert_eq!(echo.statistics().proxied, 0);
}

#[test]
fn a_proxy_that_is_not_trusted_is_named_in_the_log() {
    let made = Certificates::new();
    let own = made.own("daemon");
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    for ssl in ["false", "true"] {
        let fake = FakeBurp::new();
        let settings = fake.settings().set("trusted", "198.51.100.7").set("ssl", ssl);
        let settings = settings.set("sslcert", &path(&own.certificate));
        let daemon = settings.set("sslkey", &path(&own.key)).start();
        let mut stream = connect_from(Ipv4Addr::new(127, 0, 0, 2), port(daemon.address()));
        let source = stream.local_addr().unwrap();
        stream.write_all(&header(CLIENT)).unwrap();
        let line = daemon.wait_log("a PROXY header from");
        let told =
            format!("a PROXY header from {source}, which is not in `trusted` (0 more before)");
        assert!(line.ends_with(&told) && line.contains("WARN"), "ssl = {ssl}: {line}");
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

#[test]
fn the_header_deadline_is_for_a_proxys_header_too() {
    let soon = Duration::from_millis(1);
    for bytes in [&b""[..], &header(CLIENT)[..20], &header(CLIENT)] {
        let echo = Echo::new(None, Limits { header_deadline: soon, ..limits() });
        let mut stream = connect_to(echo.address());
        // It may be over already.
        let _ = stream.write_all(bytes);
        assert!(is_closed(&mut stream));
        assert_eq!(echo.statistics().timeouts, 1);
    }
}

#[test]
fn the_cap_of_an_address_is_for_the_clients_behind_a_proxy() {
    let echo = Echo::new(None, Limits { max_unauthenticated: 5, ..limits() });
    let connect = |client: &str| {
        let mut stream = connect_to(echo.address());
        stream.write_all(&header(client)).unwrap();
        stream
    };
    let crowd: Vec<_> = (1..=15).map(|port| connect(&format!("192.0.2.7:{port}"))).collect();
    let others = ["192.0.2.8:1", "198.51.100.9:1"];
    let mut others: Vec<_> = (0..5).flat_map(|_| others.map(connect)).collect();
    echo.counts("what is too much goes", |counted| counted.evicted == 10);
    let mut closed = 0;
    for mut stream in crowd {
        let answered = ask(&mut stream, b"hello").is_ok();
        closed += u64::from(!answered);
    }
    assert_eq!(closed, 10);
    for stream in &mut others {
        assert_eq!(ask(stream, b"hello").unwrap(), b"hello");
    }
    assert_eq!(echo.statistics().evicted, 10);
}

#[test]
fn a_drain_waits_for_those_that_a_proxy_has_connected_for() {
    let mut echo = plain();
    let mut silent = connect_from(Ipv4Addr::new(127, 0, 0, 2), echo.address());
    let mut late = connect_to(echo.address());
    let mut named = connect_to(echo.address());
    named.write_all(&header(CLIENT)).unwrap();
    let mut idle = connect_to(echo.address());
    idle.write_all(&header(CLIENT)).unwrap();
    assert_eq!(ask(&mut idle, b"keep").unwrap(), b"keep");
    let mut checked = connect_to(echo.address());
    checked.write_all(&local()).unwrap();
    echo.counts("all wait", |counted| counted.parked == 5 && counted.proxied == 2);
    thread::scope(|scope| {
        let drained = scope.spawn(|| echo.drain());
        for stream in [&mut silent, &mut idle, &mut checked] {
            assert!(is_closed(stream), "nobody is to be waited for");
        }
        late.write_all(&header(CLIENT)).unwrap();
        for stream in [&mut late, &mut named] {
            assert_eq!(ask(stream, b"who").unwrap(), IS_CLIENT);
        }
        assert_eq!(drained.join().unwrap(), Drained::Whole);
    });
}

#[test]
fn who_sits_at_a_unix_socket_may_be_a_proxy() {
    let fake = FakeBurp::new();
    let path = fake.directory().join("socket");
    let daemon = fake.settings().set("bind", &format!("unix:{}", path.display())).start();
    let address = Address::Unix(path);
    let guess = |header: &[u8], password: &str| {
        let request = json!({ "func": "monitor_version", "password": password }).to_string();
        let mut wire = Wire::connect(&address);
        wire.send(&[header, &frame(request.as_bytes())].concat());
        wire.answer()
    };
    assert_eq!(guess(&header(CLIENT), PASSWORD).text(), "1.1.1");
    assert_eq!(guess(&header(CLIENT), "wrong"), Answer::Ko);
    daemon.wait_log("wrong password from 192.0.2.7:4321 ");
    assert_eq!(guess(&raw(0x31, 0, &[]), PASSWORD), Answer::Closed);
    daemon.wait_log("the PROXY header of unix is malformed");
    assert_eq!(guess(&[], PASSWORD).text(), "1.1.1");
    let connections = &daemon.status()["connections"];
    assert_eq!(
        (connections["proxied"].as_u64(), connections["proxy_failures"].as_u64()),
        (Some(2), Some(1))
    );
}
